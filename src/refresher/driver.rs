//! Carries out what the engine asks for: requests to Vault, writes to volumes, lines in the log.

mod requests;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;

use self::requests::{HeldToken, Requests, error_of, operation};
use super::counters::Counters;
use super::memory_file::MemoryFile;
use super::notifier::Notifier;
use super::way::Way;
use crate::files::{AtomicWriter, Changed, WriteError};
use crate::payload::Payload;
use crate::secret::SecretBytes;
use crate::spec::{ChangeAction, Profile, VolumeName};
use crate::sync::{Action, Attempt, Event, Memory, Notice, NotificationId, TokenId};
use crate::vault::{Token, TokenLease, VaultApi};

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

/// What became of an action.
pub(crate) enum Done {
    /// The answer comes later, or there is none.
    Begun,
    /// The answer.
    Answered(Box<Event>),
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
        ways: BTreeMap<Option<Profile>, Way<V>>,
        (writers, notifier): (BTreeMap<VolumeName, AtomicWriter>, Notifier),
        answers: mpsc::UnboundedSender<Event>,
        counters: Counters,
        memory: Option<MemoryFile>,
    ) -> Self {
        Self {
            vault: Rc::new(Requests::new(ways)),
            writers,
            notifier: Rc::new(notifier),
            answers,
            counters,
            memory,
        }
    }

    /// Takes over the tokens of an earlier process; answers their names.
    pub(crate) fn recall(
        &self,
        tokens: Vec<(TokenId, Option<Profile>, SecretBytes)>,
    ) -> Vec<TokenId> {
        let mut known = self.vault.tokens.borrow_mut();
        let take = |(id, profile, secret)| {
            // How long it lives, the engine knows.
            let lease = TokenLease {
                duration: Duration::ZERO,
                renewable: false,
            };
            let token = Token { secret, lease };
            known.insert(id, Rc::new(HeldToken { token, profile }));
            id
        };
        tokens.into_iter().map(take).collect()
    }

    /// The token of the pod's own login, for files that hold it; nothing where `id` is a profile's.
    pub(crate) fn token(&self, id: TokenId) -> Option<Event> {
        let known = self.vault.tokens.borrow();
        let held = known.get(&id).filter(|held| held.profile.is_none())?;
        let secret = held.token.secret.expose().to_vec();
        Some(Event::Token(id, SecretBytes::new(secret)))
    }

    /// Does it, or begins it.
    pub(crate) fn carry_out(&self, action: Action) -> Done {
        match action {
            Action::Write(volume, payload) => {
                let result = self.write(&volume, &payload);
                return Done::Answered(Box::new(Event::Written(volume, result)));
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
        let kept = kept.filter_map(|id| Some((id.number(), &tokens.get(id)?.token.secret)));
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
            let (name, profile) = (operation(&action), requests.profile(&action));
            match &profile {
                Some(profile) => tracing::debug!("asking Vault of profile {profile}: {name}"),
                None => tracing::debug!("asking Vault: {name}"),
            }
            if let Some(event) = requests.answer(action).await {
                counters.asked((name, profile.as_ref()), error_of(&event));
                // Nobody listens once the loop has ended.
                let _ = answers.send(event);
            }
        });
    }
}

fn tell(notice: &Notice) {
    match notice.is_warning() {
        true => tracing::warn!("{notice}"),
        false => tracing::info!("{notice}"),
    }
}
