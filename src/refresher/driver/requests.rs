//! Requests to Vault: each with the token that it names, and its answer as an event.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::refresher::login_files::LoginFiles;
use crate::refresher::refused_ids::RefusedIds;
use crate::refresher::way::Way;
use crate::secret::VaultSecret;
use crate::spec::{KvPart, Profile, SecretRef};
use crate::sync::{Action, Event, TokenId};
use crate::vault::{Class, SecretsMount, Token, TokenLease, VaultApi, VaultError};

/// What a request needs while it is under way.
pub(super) struct Requests<V> {
    doors: BTreeMap<Option<Profile>, Door<V>>,
    /// Those that are good, as far as is known.
    pub(super) tokens: RefCell<BTreeMap<TokenId, Rc<HeldToken>>>,
}

/// The server of one login, and what the login needs.
struct Door<V> {
    vault: V,
    login_files: LoginFiles,
    refused_ids: RefusedIds,
}

/// A token, and whose it is: it is shown to no other server.
pub(super) struct HeldToken {
    pub(super) token: Token,
    pub(super) profile: Option<Profile>,
}

impl<V: VaultApi> Requests<V> {
    /// Requests by `ways`, which log in with what their files hold at that time.
    pub(super) fn new(ways: BTreeMap<Option<Profile>, Way<V>>) -> Self {
        let door = |(profile, way): (Option<Profile>, Way<V>)| {
            let door = Door {
                login_files: LoginFiles::of(&way.auth, &way.token),
                vault: way.vault,
                refused_ids: RefusedIds::default(),
            };
            (profile, door)
        };
        Self {
            doors: ways.into_iter().map(door).collect(),
            tokens: RefCell::default(),
        }
    }

    /// Whose login `action` uses; nothing where its token is not known any more.
    pub(super) fn profile(&self, action: &Action) -> Option<Profile> {
        match action {
            Action::LogIn(_, profile) => profile.clone(),
            Action::Renew(id)
            | Action::Revoke(id)
            | Action::LookUp(id, _)
            | Action::CheckVersion(id, ..)
            | Action::Read(id, ..)
            | Action::CheckAuthority(id, ..)
            | Action::RenewLease(id, ..)
            | Action::CheckLease(id, ..)
            | Action::RevokeLease(id, ..) => self.tokens.borrow().get(id)?.profile.clone(),
            _ => None,
        }
    }

    /// The answer to `action`; none where it is no request.
    pub(super) async fn answer(&self, action: Action) -> Option<Event> {
        Some(match action {
            Action::LogIn(id, profile) => Event::LoggedIn(id, self.log_in(id, profile).await),
            Action::Renew(id) => {
                let ask = async |vault: &V, token: &Token| vault.renew_token(token).await;
                Event::Renewed(id, self.with(id, ask).await)
            }
            Action::Revoke(id) => Event::Revoked(id, self.revoke(id).await),
            Action::LookUp(id, secret) => {
                let ask = async |vault: &V, token: &Token| vault.mount(token, &secret.path).await;
                let result = self.with(id, ask).await;
                Event::LookedUp(secret, result)
            }
            Action::CheckVersion(id, mount, secret) => {
                let (mount, path) = mount.place(&secret);
                let ask =
                    async |vault: &V, token: &Token| vault.kv_version(token, &mount, &path).await;
                let result = self.with(id, ask).await;
                Event::CheckedVersion(secret, result)
            }
            Action::Read(id, mount, secret) => {
                let ask =
                    async |vault: &V, token: &Token| read(vault, token, &mount, &secret).await;
                let result = self.with(id, ask).await;
                Event::Read(secret, result)
            }
            Action::CheckAuthority(id, mount, secret) => {
                let ask = async |vault: &V, token: &Token| {
                    vault.authority(token, &mount, &secret.path).await
                };
                let result = self.with(id, ask).await;
                Event::AuthorityChecked(secret, result)
            }
            Action::RenewLease(..) | Action::CheckLease(..) | Action::RevokeLease(..) => {
                return self.answer_of_lease(action).await;
            }
            Action::Write(..)
            | Action::Notify(..)
            | Action::Remember(_)
            | Action::Tell(_)
            | Action::Forget(_)
            | Action::Exit => return None,
        })
    }

    async fn answer_of_lease(&self, action: Action) -> Option<Event> {
        Some(match action {
            Action::RenewLease(id, secret, lease) => {
                let ask = async |vault: &V, token: &Token| {
                    vault.renew_lease(token, &secret.path, &lease).await
                };
                let result = self.with(id, ask).await;
                Event::LeaseRenewed(secret, result)
            }
            Action::CheckLease(id, secret, lease) => {
                let ask = async |vault: &V, token: &Token| {
                    vault.check_lease(token, &secret.path, &lease).await
                };
                let result = self.with(id, ask).await;
                Event::LeaseChecked(secret, result)
            }
            Action::RevokeLease(id, secret, lease) => {
                let ask = async |vault: &V, token: &Token| {
                    vault.revoke_lease(token, &secret.path, &lease).await
                };
                let result = self.with(id, ask).await;
                Event::LeaseRevoked(lease, result)
            }
            _ => return None,
        })
    }

    async fn revoke(&self, id: TokenId) -> Result<(), VaultError> {
        let held = self.tokens.borrow_mut().remove(&id);
        let held = held.as_ref();
        match held.and_then(|held| Some((held, self.doors.get(&held.profile)?))) {
            Some((held, door)) => door.vault.revoke_token(&held.token).await,
            None => Ok(()),
        }
    }

    async fn log_in(
        &self,
        id: TokenId,
        profile: Option<Profile>,
    ) -> Result<TokenLease, VaultError> {
        let stranger = || VaultError::new(Class::Invalid, "there is no such profile");
        let door = self.doors.get(&profile).ok_or_else(stranger)?;
        let unreadable = |message| {
            let message = format!("cannot log in to Vault: {message}");
            VaultError::new(Class::Invalid, message)
        };
        let credentials = door.refused_ids.wait_for_others(&door.login_files).await;
        let credentials = credentials.map_err(unreadable)?;
        let outcome = door.vault.login(&credentials).await;
        door.refused_ids.note(credentials, outcome.as_ref().err());
        let token = outcome?;
        let lease = token.lease;
        let held = HeldToken { token, profile };
        self.tokens.borrow_mut().insert(id, Rc::new(held));
        Ok(lease)
    }

    /// Asks the server that has issued the token of that name with it, if it is good yet.
    async fn with<T>(
        &self,
        id: TokenId,
        ask: impl AsyncFnOnce(&V, &Token) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let missing = || VaultError::new(Class::TokenInvalid, "the Vault token is gone");
        let held = self.tokens.borrow().get(&id).cloned();
        let held = held.ok_or_else(missing)?;
        let door = self.doors.get(&held.profile).ok_or_else(missing)?;
        ask(&door.vault, &held.token).await
    }
}

async fn read<V: VaultApi>(
    vault: &V,
    token: &Token,
    mount: &SecretsMount,
    secret: &SecretRef,
) -> Result<VaultSecret, VaultError> {
    let (mount, path) = mount.place(secret);
    let (mount, path, parameters) = (&mount, &path, &secret.parameters);
    if secret.is_request() {
        return vault.write(token, mount, path, parameters).await;
    }
    if !parameters.is_empty() {
        return vault.query(token, mount, path, parameters).await;
    }
    match secret.part() {
        KvPart::Data => vault.read(token, mount, path, secret.version).await,
        KvPart::Metadata => vault.metadata(token, mount, path).await,
        KvPart::List => vault.list(token, mount, path).await,
    }
}

/// The name of a request in logs and metrics.
pub(super) fn operation(action: &Action) -> &'static str {
    match action {
        Action::LogIn(..) => "login",
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
