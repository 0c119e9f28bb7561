//! What the engine tells people, in one line each.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::spec::{Profile, SecretRef, VolumeName};

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
    /// A secret cannot be read in this pod, whatever Vault says.
    SecretRefused {
        /// Which, and why.
        message: String,
    },
    /// A secret can be read again.
    SecretRecovered {
        /// The secret.
        secret: SecretRef,
    },
    /// A credential cannot be extended any more: it will have a successor.
    LeaseNearsItsEnd {
        /// The secret.
        secret: SecretRef,
        /// When its lease ends.
        left: Duration,
    },
    /// Vault does not know the lease of a credential any more: it gets a successor now.
    LeaseLost {
        /// The secret.
        secret: SecretRef,
        /// What Vault said.
        message: String,
    },
    /// Certificates of a request are issued by another CA now: it gets a successor.
    AuthorityChanged {
        /// The request.
        secret: SecretRef,
    },
    /// An earlier process was killed while Vault may have been making a credential: if it did, nobody
    /// uses it, and it ends by itself.
    CredentialOrphaned {
        /// The secret.
        secret: SecretRef,
    },
    /// A credential that is no longer used could not be revoked; it ends with its lease.
    LeaseRevocationFailed {
        /// What Vault said.
        message: String,
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
    /// The application was told that its files have switched: what was done, and after whose change.
    Notified(String),
    /// The application could not be told; told once for each new reason, and at the end.
    NotificationFailed {
        /// What was to be done.
        on_change: String,
        /// Why it was not.
        message: String,
        /// When the next attempt is made; `None` when there is none.
        retry: Option<Duration>,
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
    /// Another notice, of a login that is not the pod's own.
    OfProfile(Profile, Box<Self>),
}

impl Notice {
    /// The same, of the login of `profile`.
    pub(crate) fn of(self, profile: Option<&Profile>) -> Self {
        match profile {
            Some(profile) => Self::OfProfile(profile.clone(), Box::new(self)),
            None => self,
        }
    }

    /// Whether it needs somebody's attention.
    pub fn is_warning(&self) -> bool {
        if let Self::OfProfile(_, notice) = self {
            return notice.is_warning();
        }
        matches!(
            self,
            Self::LoginFailed { .. }
                | Self::RenewalFailed { .. }
                | Self::TokenLost
                | Self::RevocationFailed { .. }
                | Self::LeaseLost { .. }
                | Self::CredentialOrphaned { .. }
                | Self::LeaseRevocationFailed { .. }
                | Self::SecretFailing { .. }
                | Self::SecretRefused { .. }
                | Self::MountFailing { .. }
                | Self::NotificationFailed { .. }
                | Self::SpecRefused { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            Self::SecretRefused { message } => write!(f, "secret {message}"),
            Self::TokenLost => f.write_str("Vault no longer accepts the token: logging in again"),
            Self::RevocationFailed { message } => {
                write!(f, "{message}; the token expires by itself")
            }
            Self::SecretChanged { secret, version } => match version {
                Some(version) => write!(f, "secret {secret} has version {version}"),
                None => write!(f, "secret {secret} has changed"),
            },
            Self::SecretFailing {
                secret,
                message,
                retry,
            } => write!(
                f,
                "secret {secret}: {message}; next attempt in {}",
                seconds(retry)
            ),
            Self::LeaseNearsItsEnd { .. }
            | Self::LeaseLost { .. }
            | Self::AuthorityChanged { .. }
            | Self::CredentialOrphaned { .. }
            | Self::LeaseRevocationFailed { .. } => self.fmt_of_lease(f),
            Self::SecretRecovered { secret } => write!(f, "secret {secret} can be read again"),
            Self::MountWritten { .. } | Self::MountFailing { .. } => self.fmt_of_mount(f),
            Self::Notified(_) | Self::NotificationFailed { .. } => self.fmt_of_notification(f),
            Self::SpecAccepted => f.write_str("following a new SyncSpec"),
            Self::SpecRefused { message } => write!(
                f,
                "the SyncSpec in annotation {} is refused: {message}",
                crate::spec::ANNOTATION
            ),
            Self::Ready => f.write_str("every mount has its files"),
            Self::OfProfile(profile, notice) => write!(f, "profile {profile}: {notice}"),
        }
    }
}

impl Notice {
    fn fmt_of_lease(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaseNearsItsEnd { secret, left } => write!(
                f,
                "the lease of {secret} ends in {}: it gets a new credential",
                seconds(left)
            ),
            Self::LeaseLost { secret, message } => {
                write!(f, "secret {secret} gets a new credential: {message}")
            }
            Self::AuthorityChanged { secret } => write!(
                f,
                "certificates of {secret} are issued by another CA now: it gets a new one"
            ),
            Self::CredentialOrphaned { secret } => write!(
                f,
                "killed while Vault may have been making a credential of {secret}: if it did, \
                 that one is not used and ends by itself"
            ),
            Self::LeaseRevocationFailed { message } => {
                write!(f, "{message}; the old credential ends with its lease")
            }
            _ => Ok(()),
        }
    }

    fn fmt_of_mount(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MountWritten { volume, secrets } => {
                write!(f, "wrote the files of volume {volume}")?;
                for (index, secret) in secrets.iter().enumerate() {
                    write!(f, "{}{secret}", if index == 0 { " from " } else { ", " })?;
                }
                Ok(())
            }
            Self::MountFailing { volume, message } => write!(f, "volume {volume}: {message}"),
            _ => Ok(()),
        }
    }

    fn fmt_of_notification(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notified(on_change) => write!(f, "told the application: {on_change}"),
            Self::NotificationFailed {
                on_change,
                message,
                retry,
            } => {
                write!(f, "cannot tell the application ({on_change})")?;
                match retry {
                    Some(retry) => write!(f, ": {message}; next attempt in {}", seconds(retry)),
                    None => write!(
                        f,
                        ", and it is not tried again before the next change: {message}"
                    ),
                }
            }
            _ => Ok(()),
        }
    }
}

fn seconds(length: &Duration) -> String {
    format!("{:.1}s", length.as_secs_f64())
}
