//! Carries out what the engine asks for: requests to Vault, writes to volumes, lines in the log.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::counters::Counters;
use super::login_files::LoginFiles;
use super::memory_file::MemoryFile;
use super::notifier::Notifier;
use super::refused_ids::RefusedIds;
use crate::files::{AtomicWriter, Changed, WriteError};
use crate::payload::Payload;
use crate::secret::{SecretBytes, VaultSecret};
use crate::spec::{ChangeAction, KvPart, SecretRef, VolumeName};
use crate::sync::{Action, Attempt, Event, Memory, Notice, NotificationId, TokenId};
use crate::vault::{Class, SecretsMount, Token, TokenLease, VaultApi, VaultError};

/// The engine's hands.
pub(crate) struct Driver<V> {
    vault: Rc<Requests<V>>,
    writers: BTreeMap<VolumeName, AtomicWriter>,
    notifier: Rc<Notifier>,
    answers: mpsc::UnboundedSender<Event>,
    counters: Counters,
    /// Where credentials are kept; nothing is kept without it.
    memory: Option<MemoryFile>,
}

/// What a request needs while it is under way.
struct Requests<V> {
    vault: V,
    login_files: LoginFiles,
    refused_ids: RefusedIds,
    tokens: RefCell<BTreeMap<TokenId, Rc<Token>>>,
}

/// What became of an action.
pub(crate) enum Done {
    /// The answer comes later, or there is none.
    Begun,
    /// The answer.
    Answered(Event),
    /// The program ends.
    Exit,
}

/// Opens the volumes.
///
/// # Errors
/// When one cannot be opened or mended.
pub(crate) fn open<P: AsRef<Path>>(
    volumes: &BTreeMap<VolumeName, P>,
) -> Result<BTreeMap<VolumeName, AtomicWriter>, WriteError> {
    let open = |(volume, path): (&VolumeName, &P)| {
        Ok((volume.clone(), AtomicWriter::open(path.as_ref())?))
    };
    volumes.iter().map(open).collect()
}

impl<V: VaultApi + 'static> Driver<V> {
    /// Answers of requests go to `answers`.
    pub(crate) fn new(
        vault: V,
        login_files: LoginFiles,
        (writers, notifier): (BTreeMap<VolumeName, AtomicWriter>, Notifier),
        answers: mpsc::UnboundedSender<Event>,
        counters: Counters,
        memory: Option<MemoryFile>,
    ) -> Self {
        let vault = Rc::new(Requests {
            vault,
            login_files,
            refused_ids: RefusedIds::default(),
            tokens: RefCell::default(),
        });
        Self {
            vault,
            writers,
            notifier: Rc::new(notifier),
            answers,
            counters,
            memory,
        }
    }

    /// Takes over the tokens of an earlier process.
    pub(crate) fn recall(&self, tokens: BTreeMap<u64, SecretBytes>) {
        let mut known = self.vault.tokens.borrow_mut();
        for (id, secret) in tokens {
            // How long it lives, the engine knows.
            let lease = TokenLease {
                duration: Duration::ZERO,
                renewable: false,
            };
            known.insert(TokenId::recalled(id), Rc::new(Token { secret, lease }));
        }
    }

    /// Does it, or begins it.
    pub(crate) fn carry_out(&self, action: Action) -> Done {
        match action {
            Action::Write(volume, payload) => {
                let result = self.write(&volume, &payload);
                return Done::Answered(Event::Written(volume, result));
            }
            Action::Notify(id, action, attempt) => self.notify(id, action, attempt),
            Action::Tell(notice) => {
                self.counters.told(&notice);
                tell(&notice);
            }
            Action::Remember(memory) => self.remember(&memory),
            Action::Forget(id) => {
                self.vault.tokens.borrow_mut().remove(&id);
            }
            Action::Exit => return Done::Exit,
            request => self.ask(request),
        }
        Done::Begun
    }

    fn write(&self, volume: &VolumeName, payload: &Payload) -> Result<bool, String> {
        let writer = self.writers.get(volume);
        let writer = writer.ok_or_else(|| format!("volume {volume} is not mounted here"))?;
        let result = writer.write(payload);
        self.counters.wrote(volume, &result);
        match result {
            Ok(Changed::Yes) => Ok(true),
            Ok(Changed::No) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Without room for it a process that is killed leaves more behind: no reason not to go on.
    fn remember(&self, memory: &Memory) {
        let Some(file) = &self.memory else {
            return;
        };
        let tokens = self.vault.tokens.borrow();
        let kept = memory.tokens.iter();
        let kept = kept.filter_map(|id| Some((id.number(), &tokens.get(id)?.secret)));
        if let Err(error) = file.write(&memory.json, kept) {
            tracing::warn!("credentials are not kept for the next start: {error}");
        }
    }

    fn notify(&self, id: NotificationId, action: ChangeAction, attempt: Attempt) {
        let notifier = Rc::clone(&self.notifier);
        let answers = self.answers.clone();
        let counters = self.counters.clone();
        tokio::task::spawn_local(async move {
            let result = notifier.notify(id, &action, attempt).await;
            counters.notified(action.kind(), result.is_ok());
            let _ = answers.send(Event::Notified(id, result));
        });
    }

    fn ask(&self, action: Action) {
        let requests = Rc::clone(&self.vault);
        let answers = self.answers.clone();
        let counters = self.counters.clone();
        tokio::task::spawn_local(async move {
            tracing::debug!("asking Vault: {}", operation(&action));
            let name = operation(&action);
            if let Some(event) = requests.answer(action).await {
                counters.asked(name, error_of(&event));
                // Nobody listens once the loop has ended.
                let _ = answers.send(event);
            }
        });
    }
}

impl<V: VaultApi> Requests<V> {
    async fn answer(&self, action: Action) -> Option<Event> {
        Some(match action {
            Action::LogIn(id) => Event::LoggedIn(id, self.log_in(id).await),
            Action::Renew(id) => Event::Renewed(id, self.renew(id).await),
            Action::Revoke(id) => Event::Revoked(id, self.revoke(id).await),
            Action::LookUp(id, secret) => {
                let result = match self.token(id) {
                    Ok(token) => self.vault.mount(&token, &secret.path).await,
                    Err(error) => Err(error),
                };
                Event::LookedUp(secret, result)
            }
            Action::CheckVersion(id, mount, secret) => {
                let result = match self.token(id) {
                    Ok(token) => self.vault.kv_version(&token, &mount, &secret.path).await,
                    Err(error) => Err(error),
                };
                Event::CheckedVersion(secret, result)
            }
            Action::Read(id, mount, secret) => {
                let result = match self.token(id) {
                    Ok(token) => self.read(&token, &mount, &secret).await,
                    Err(error) => Err(error),
                };
                Event::Read(secret, result)
            }
            Action::CheckAuthority(id, mount, secret) => {
                let result = match self.token(id) {
                    Ok(token) => self.vault.authority(&token, &mount, &secret.path).await,
                    Err(error) => Err(error),
                };
                Event::AuthorityChecked(secret, result)
            }
            lease @ (Action::RenewLease(..) | Action::CheckLease(..) | Action::RevokeLease(..)) => {
                return self.answer_of_lease(lease).await;
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
                let result = match self.token(id) {
                    Ok(token) => self.vault.renew_lease(&token, &secret.path, &lease).await,
                    Err(error) => Err(error),
                };
                Event::LeaseRenewed(secret, result)
            }
            Action::CheckLease(id, secret, lease) => {
                let result = match self.token(id) {
                    Ok(token) => self.vault.check_lease(&token, &secret.path, &lease).await,
                    Err(error) => Err(error),
                };
                Event::LeaseChecked(secret, result)
            }
            Action::RevokeLease(id, secret, lease) => {
                let result = match self.token(id) {
                    Ok(token) => self.vault.revoke_lease(&token, &secret.path, &lease).await,
                    Err(error) => Err(error),
                };
                Event::LeaseRevoked(lease, result)
            }
            _ => return None,
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

    async fn renew(&self, id: TokenId) -> Result<TokenLease, VaultError> {
        let token = self.token(id)?;
        self.vault.renew_token(&token).await
    }

    async fn read(
        &self,
        token: &Token,
        mount: &SecretsMount,
        secret: &SecretRef,
    ) -> Result<VaultSecret, VaultError> {
        let path = &secret.path;
        if secret.is_request() {
            let parameters = &secret.parameters;
            return self.vault.write(token, mount, path, parameters).await;
        }
        match secret.part() {
            KvPart::Data => self.vault.read(token, mount, path, secret.version).await,
            KvPart::Metadata => self.vault.metadata(token, mount, path).await,
            KvPart::List => self.vault.list(token, mount, path).await,
        }
    }

    fn token(&self, id: TokenId) -> Result<Rc<Token>, VaultError> {
        let missing = || VaultError::new(Class::TokenInvalid, "the Vault token is gone");
        self.tokens.borrow().get(&id).cloned().ok_or_else(missing)
    }
}

/// The name of a request in logs and metrics.
fn operation(action: &Action) -> &'static str {
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

fn error_of(event: &Event) -> Option<Class> {
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

fn tell(notice: &Notice) {
    match notice.is_warning() {
        true => tracing::warn!("{notice}"),
        false => tracing::info!("{notice}"),
    }
}
