//! What the engine is told and what it asks for: the whole of its contact with the world.
//!
//! A [`SecretRef`] in here never has a key: one request reads a whole secret.

use std::time::{Duration, SystemTime};

use super::memory::Memory;
use super::notice::Notice;
use super::notification::{Attempt, NotificationId};
use super::render::TemplateFiles;
use super::target::ConfigMaps;
use crate::payload::Payload;
use crate::secret::{LeaseId, SecretBytes, VaultSecret};
use crate::spec::{ChangeAction, Invalid, Profile, SecretRef, SyncSpec, VolumeName};
use crate::vault::{Authority, LeaseTerm, SecretsMount, TokenLease, VaultError};

/// The time of an event. The engine has no clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since any fixed moment before the engine was made; it never runs backwards.
    pub elapsed: Duration,
    /// The time of day, for people.
    pub wall: SystemTime,
}

/// One token, of whichever login. The engine never sees the token itself: the shell keeps it under this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub(crate) u64);

impl TokenId {
    /// The number, for what outlives the process.
    pub fn number(self) -> u64 {
        self.0
    }
}

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
    /// The template files that the SyncSpec names were read, for the first time or because one
    /// changed: all of them.
    TemplateFiles(TemplateFiles),
    /// Somebody asks to look at Vault now.
    LookNow,
    /// The projected service-account token was read; when it expires, as far as it says so.
    ServiceAccountToken {
        /// The claim `exp`.
        expires: Option<SystemTime>,
    },
    /// The answer to [`Action::LogIn`].
    LoggedIn(TokenId, Result<TokenLease, VaultError>),
    /// The token of a login, for files that hold it: told right after
    /// [`LoggedIn`](Self::LoggedIn), and for one of an earlier process at the start.
    Token(TokenId, SecretBytes),
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
    /// The answer to [`Action::CheckAuthority`].
    AuthorityChecked(SecretRef, Result<Authority, VaultError>),
    /// The answer to [`Action::RenewLease`].
    LeaseRenewed(SecretRef, Result<LeaseTerm, VaultError>),
    /// The answer to [`Action::CheckLease`].
    LeaseChecked(SecretRef, Result<LeaseTerm, VaultError>),
    /// The answer to [`Action::RevokeLease`].
    LeaseRevoked(LeaseId, Result<(), VaultError>),
    /// The answer to [`Action::Write`]: whether readers see something new, or why not.
    Written(VolumeName, Result<bool, String>),
    /// The answer to [`Action::Notify`].
    Notified(NotificationId, Result<(), String>),
    /// The program is asked to end.
    Shutdown,
}

/// What shall be done. Each action but [`Action::Tell`] and [`Action::Exit`] is answered by exactly
/// one event.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Log in, as the profile or as the pod itself, with the credentials as they are on disk now, and
    /// keep Vault's token.
    LogIn(TokenId, Option<Profile>),
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
    /// Read the secret, or what else the reference is to; a request is written.
    Read(TokenId, SecretsMount, SecretRef),
    /// Ask for the CA that the secret's certificates are issued by now.
    CheckAuthority(TokenId, SecretsMount, SecretRef),
    /// Extend the lease of the secret's credential.
    RenewLease(TokenId, SecretRef, LeaseId),
    /// Ask whether the lease of the secret's credential still lives.
    CheckLease(TokenId, SecretRef, LeaseId),
    /// End the lease of a credential of the secret that no file holds any more.
    RevokeLease(TokenId, SecretRef, LeaseId),
    /// Keep this for the next process, in place of what was kept before, and before what stands
    /// behind it is done. Not answered.
    Remember(Memory),
    /// Make the volume hold these files and no others.
    Write(VolumeName, Payload),
    /// Tell the application in this way that its files have switched.
    Notify(NotificationId, ChangeAction, Attempt),
    /// Log it.
    Tell(Notice),
    /// End the program: nothing is left to be done.
    Exit,
}
