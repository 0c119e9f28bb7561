//! Requests to Vault: each with the token that it names, and its answer as an event.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::refresher::login_files::LoginFiles;
use crate::refresher::refused_ids::RefusedIds;
use crate::secret::VaultSecret;
use crate::spec::{KvPart, SecretRef};
use crate::sync::{Action, Event, TokenId};
use crate::vault::{Class, SecretsMount, Token, TokenLease, VaultApi, VaultError};

/// What a request needs while it is under way.
pub(super) struct Requests<V> {
    vault: V,
    login_files: LoginFiles,
    refused_ids: RefusedIds,
    /// Those that are good, as far as is known.
    pub(super) tokens: RefCell<BTreeMap<TokenId, Rc<Token>>>,
}

impl<V: VaultApi> Requests<V> {
    /// Requests to `vault`, which log in with what `login_files` hold at that time.
    pub(super) fn new(vault: V, login_files: LoginFiles) -> Self {
        Self {
            vault,
            login_files,
            refused_ids: RefusedIds::default(),
            tokens: RefCell::default(),
        }
    }

    /// The answer to `action`; none where it is no request.
    pub(super) async fn answer(&self, action: Action) -> Option<Event> {
        Some(match action {
            Action::LogIn(id) => Event::LoggedIn(id, self.log_in(id).await),
            Action::Renew(id) => {
                let ask = async |token: &Token| self.vault.renew_token(token).await;
                Event::Renewed(id, self.with(id, ask).await)
            }
            Action::Revoke(id) => Event::Revoked(id, self.revoke(id).await),
            Action::LookUp(id, secret) => {
                let ask = async |token: &Token| self.vault.mount(token, &secret.path).await;
                let result = self.with(id, ask).await;
                Event::LookedUp(secret, result)
            }
            Action::CheckVersion(id, mount, secret) => {
                let (mount, path) = mount.place(&secret);
                let ask = async |token: &Token| self.vault.kv_version(token, &mount, &path).await;
                let result = self.with(id, ask).await;
                Event::CheckedVersion(secret, result)
            }
            Action::Read(id, mount, secret) => {
                let ask = async |token: &Token| self.read(token, &mount, &secret).await;
                let result = self.with(id, ask).await;
                Event::Read(secret, result)
            }
            Action::CheckAuthority(id, mount, secret) => {
                let ask =
                    async |token: &Token| self.vault.authority(token, &mount, &secret.path).await;
                let result = self.with(id, ask).await;
                Event::AuthorityChecked(secret, result)
            }
            Action::RenewLease(id, secret, lease) => {
                let ask =
                    async |token: &Token| self.vault.renew_lease(token, &secret.path, &lease).await;
                let result = self.with(id, ask).await;
                Event::LeaseRenewed(secret, result)
            }
            Action::CheckLease(id, secret, lease) => {
                let ask =
                    async |token: &Token| self.vault.check_lease(token, &secret.path, &lease).await;
                let result = self.with(id, ask).await;
                Event::LeaseChecked(secret, result)
            }
            Action::RevokeLease(id, secret, lease) => {
                let ask = async |token: &Token| {
                    self.vault.revoke_lease(token, &secret.path, &lease).await
                };
                let result = self.with(id, ask).await;
                Event::LeaseRevoked(lease, result)
            }
            Action::Write(..)
            | Action::Notify(..)
            | Action::Remember(_)
            | Action::Tell(_)
            | Action::Forget(_)
            | Action::Exit => return None,
        })
    }

    async fn revoke(&self, id: TokenId) -> Result<(), VaultError> {
        let token = self.tokens.borrow_mut().remove(&id);
        match token {
            Some(token) => self.vault.revoke_token(&token).await,
            None => Ok(()),
        }
    }

    async fn log_in(&self, id: TokenId) -> Result<TokenLease, VaultError> {
        let unreadable = |message| {
            let message = format!("cannot log in to Vault: {message}");
            VaultError::new(Class::Invalid, message)
        };
        let credentials = self.refused_ids.wait_for_others(&self.login_files).await;
        let credentials = credentials.map_err(unreadable)?;
        let outcome = self.vault.login(&credentials).await;
        self.refused_ids.note(credentials, outcome.as_ref().err());
        let token = outcome?;
        let lease = token.lease;
        self.tokens.borrow_mut().insert(id, Rc::new(token));
        Ok(lease)
    }

    async fn read(
        &self,
        token: &Token,
        mount: &SecretsMount,
        secret: &SecretRef,
    ) -> Result<VaultSecret, VaultError> {
        let (mount, path) = mount.place(secret);
        let (mount, path, parameters) = (&mount, &path, &secret.parameters);
        if secret.is_request() {
            return self.vault.write(token, mount, path, parameters).await;
        }
        if !parameters.is_empty() {
            return self.vault.query(token, mount, path, parameters).await;
        }
        match secret.part() {
            KvPart::Data => self.vault.read(token, mount, path, secret.version).await,
            KvPart::Metadata => self.vault.metadata(token, mount, path).await,
            KvPart::List => self.vault.list(token, mount, path).await,
        }
    }

    /// Asks with the token of that name, if it is good yet.
    async fn with<T>(
        &self,
        id: TokenId,
        ask: impl AsyncFnOnce(&Token) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let missing = || VaultError::new(Class::TokenInvalid, "the Vault token is gone");
        let token = self.tokens.borrow().get(&id).cloned();
        let token = token.ok_or_else(missing)?;
        ask(&token).await
    }
}

/// The name of a request in logs and metrics.
pub(super) fn operation(action: &Action) -> &'static str {
    match action {
        Action::LogIn(_) => "login",
        Action::Renew(_) => "renew",
        Action::Revoke(_) => "revoke",
        Action::LookUp(..) => "look_up",
        Action::CheckVersion(..) => "check_version",
        Action::Read(_, _, secret) if secret.is_request() => "issue",
        Action::Read(..) => "read",
        Action::CheckAuthority(..) => "check_authority",
        Action::RenewLease(..) => "renew_lease",
        Action::CheckLease(..) => "check_lease",
        Action::RevokeLease(..) => "revoke_lease",
        Action::Write(..)
        | Action::Notify(..)
        | Action::Remember(_)
        | Action::Tell(_)
        | Action::Forget(_)
        | Action::Exit => "none",
    }
}

/// Why a request has failed.
pub(super) fn error_of(event: &Event) -> Option<Class> {
    match event {
        Event::LoggedIn(_, Err(error))
        | Event::Renewed(_, Err(error))
        | Event::Revoked(_, Err(error))
        | Event::LookedUp(_, Err(error))
        | Event::CheckedVersion(_, Err(error))
        | Event::AuthorityChecked(_, Err(error))
        | Event::LeaseRenewed(_, Err(error))
        | Event::LeaseChecked(_, Err(error))
        | Event::LeaseRevoked(_, Err(error))
        | Event::Read(_, Err(error)) => Some(error.class()),
        _ => None,
    }
}
