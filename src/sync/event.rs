//! What the engine is told and what it asks for: the whole of its contact with the world.
//!
//! A [`SecretRef`] in here never has a key: one request reads a whole secret.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::target::ConfigMaps;
use crate::payload::Payload;
use crate::secret::VaultSecret;
use crate::spec::{Invalid, SecretRef, SyncSpec, VolumeName};
use crate::vault::{SecretsMount, TokenLease, VaultError};

/// The time of an event. The engine has no clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since any fixed moment before the engine was made; it never runs backwards.
    pub elapsed: Duration,
    /// The time of day, for people.
    pub wall: SystemTime,
}

/// One login's token. The engine never sees the token itself: the shell keeps it under this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub(crate) u64);

/// What has happened.
#[derive(Debug)]
pub enum Event {
    /// Time has passed: at the latest at [`Engine::deadline`](super::Engine::deadline).
    Tick,
    /// The SyncSpec was read, for the first time or because it changed.
    Spec(Result<SyncSpec, Invalid>),
    /// The ConfigMaps that templates are taken from were read, for the first time or because one
    /// changed: all of them.
    ConfigMaps(ConfigMaps),
    /// Somebody asks to look at Vault now.
    LookNow,
    /// The projected service-account token was read; when it expires, as far as it says so.
    ServiceAccountToken {
        /// The claim `exp`.
        expires: Option<SystemTime>,
    },
    /// The answer to [`Action::LogIn`].
    LoggedIn(TokenId, Result<TokenLease, VaultError>),
    /// The answer to [`Action::Renew`].
    Renewed(TokenId, Result<TokenLease, VaultError>),
    /// The answer to [`Action::Revoke`].
    Revoked(TokenId, Result<(), VaultError>),
    /// The answer to [`Action::LookUp`].
    LookedUp(SecretRef, Result<SecretsMount, VaultError>),
    /// The answer to [`Action::CheckVersion`].
    CheckedVersion(SecretRef, Result<u64, VaultError>),
    /// The answer to [`Action::Read`].
    Read(SecretRef, Result<VaultSecret, VaultError>),
    /// The answer to [`Action::Write`]: whether readers see something new, or why not.
    Written(VolumeName, Result<bool, String>),
    /// The program is asked to end.
    Shutdown,
}

/// What shall be done. Each action but [`Action::Tell`] and [`Action::Exit`] is answered by exactly
/// one event.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Log in with the service-account token as it is on disk now, and keep Vault's token.
    LogIn(TokenId),
    /// Extend the token.
    Renew(TokenId),
    /// Revoke the token and forget it, whatever the answer.
    Revoke(TokenId),
    /// Forget the token: it has expired or is no longer accepted. Not answered.
    Forget(TokenId),
    /// Ask which secrets engine serves the path.
    LookUp(TokenId, SecretRef),
    /// Ask for the newest version in the metadata.
    CheckVersion(TokenId, SecretsMount, SecretRef),
    /// Read the secret, or what else the reference is to.
    Read(TokenId, SecretsMount, SecretRef),
    /// Make the volume hold these files and no others.
    Write(VolumeName, Payload),
    /// Log it.
    Tell(Notice),
    /// End the program: nothing is left to be done.
    Exit,
}

/// What a person may want to know, at the moment when it happens.
#[derive(Debug, PartialEq, Eq)]
pub enum Notice {
    /// There is a Vault token.
    LoggedIn {
        /// How long it lives; `None` is for ever.
        life: Option<Duration>,
    },
    /// There is none, or no new one.
    LoginFailed {
        /// What Vault said.
        message: String,
        /// When the next attempt is made.
        retry: Duration,
    },
    /// A renewal gave less than the login: the token is near its maximal life.
    TokenNearsItsEnd {
        /// When a new login will be made.
        replace: Duration,
    },
    /// The token could not be extended.
    RenewalFailed {
        /// What Vault said.
        message: String,
    },
    /// The token is no longer accepted.
    TokenLost,
    /// A token that is no longer used could not be revoked; it expires by itself.
    RevocationFailed {
        /// What Vault said.
        message: String,
    },
    /// Vault has other data, or another version, than before.
    SecretChanged {
        /// The secret.
        secret: SecretRef,
        /// The version of a KV v2 secret.
        version: Option<u64>,
    },
    /// A secret cannot be read; told once for each new reason.
    SecretFailing {
        /// The secret.
        secret: SecretRef,
        /// What Vault said.
        message: String,
        /// When the next attempt is made.
        retry: Duration,
    },
    /// A secret can be read again.
    SecretRecovered {
        /// The secret.
        secret: SecretRef,
    },
    /// The files of a volume were switched to new ones.
    MountWritten {
        /// The volume.
        volume: VolumeName,
        /// The secrets that they are made of.
        secrets: BTreeSet<SecretRef>,
    },
    /// The files of a volume cannot be made or written; told once for each new reason.
    MountFailing {
        /// The volume.
        volume: VolumeName,
        /// Why.
        message: String,
    },
    /// A SyncSpec is followed from now on.
    SpecAccepted,
    /// A SyncSpec is not followed; the one before it still is.
    SpecRefused {
        /// What is wrong with it.
        message: String,
    },
    /// Every mount has a complete generation, for the first time.
    Ready,
}

impl Notice {
    /// Whether it needs somebody's attention.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::LoginFailed { .. }
                | Self::RenewalFailed { .. }
                | Self::TokenLost
                | Self::RevocationFailed { .. }
                | Self::SecretFailing { .. }
                | Self::MountFailing { .. }
                | Self::SpecRefused { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |length: &Duration| format!("{:.1}s", length.as_secs_f64());
        match self {
            Self::LoggedIn { life: Some(life) } => write!(
                f,
                "logged in to Vault, the token lives for {}",
                seconds(life)
            ),
            Self::LoggedIn { life: None } => {
                f.write_str("logged in to Vault, the token does not expire")
            }
            Self::LoginFailed { message, retry } => {
                write!(f, "{message}; next attempt in {}", seconds(retry))
            }
            Self::TokenNearsItsEnd { replace } => write!(
                f,
                "the Vault token nears its maximal life: new login in {}",
                seconds(replace)
            ),
            Self::RenewalFailed { message } => f.write_str(message),
            Self::TokenLost => f.write_str("Vault no longer accepts the token: logging in again"),
            Self::RevocationFailed { message } => {
                write!(f, "{message}; the token expires by itself")
            }
            Self::SecretChanged {
                secret,
                version: Some(version),
            } => write!(f, "secret {secret} has version {version}"),
            Self::SecretChanged {
                secret,
                version: None,
            } => write!(f, "secret {secret} has changed"),
            Self::SecretFailing {
                secret,
                message,
                retry,
            } => write!(
                f,
                "secret {secret}: {message}; next attempt in {}",
                seconds(retry)
            ),
            Self::SecretRecovered { secret } => write!(f, "secret {secret} can be read again"),
            Self::MountWritten { volume, secrets } => {
                write!(f, "wrote the files of volume {volume}")?;
                for (index, secret) in secrets.iter().enumerate() {
                    write!(f, "{}{secret}", if index == 0 { " from " } else { ", " })?;
                }
                Ok(())
            }
            Self::MountFailing { volume, message } => write!(f, "volume {volume}: {message}"),
            Self::SpecAccepted => f.write_str("following a new SyncSpec"),
            Self::SpecRefused { message } => write!(
                f,
                "the SyncSpec in annotation {} is refused: {message}",
                crate::spec::ANNOTATION
            ),
            Self::Ready => f.write_str("every mount has its files"),
        }
    }
}
