//! Virtual time, a Vault without a network, volumes without a disk.

mod certificates;
mod leases;
mod sync_spec;
mod vault;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

use self::vault::{Vault, suffix};
use crate::payload::Payload;
use crate::secret::SecretBytes;
use crate::spec::{Profile, SyncSpec, VolumeName};
use crate::sync::{Action, Attempt, Engine, Event, Notice, NotificationId, Now, Options};
use crate::vault::{Class, VaultError};

pub(super) use self::sync_spec::spec;

/// An engine, its Vault, its volumes, and what has happened.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) vault: Vault,
    pub(super) now: Duration,
    /// Every request: when, and in words.
    pub(super) log: Vec<(Duration, String)>,
    pub(super) notices: Vec<Notice>,
    /// Path and content of the files of each volume.
    pub(super) files: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) writes: usize,
    pub(super) full: bool,
    pub(super) exited: bool,
    /// What the application was told, and when.
    pub(super) told: Vec<(Duration, String)>,
    /// What comes of telling it, and how long that takes.
    pub(super) ear: Result<(), String>,
    pub(super) hearing: Duration,
    /// What the next process gets.
    pub(super) memory: Option<SecretBytes>,
    options: Options,
    seed: u64,
    /// Actions until the process is killed, and whether it was.
    kill_after: Option<usize>,
    killed: bool,
    /// How long an answer takes.
    pub(super) latency: Duration,
    /// The same of one login alone, by its profile.
    pub(super) latencies: BTreeMap<Option<Profile>, Duration>,
    /// Answers under way.
    pending: VecDeque<(Duration, Event)>,
    /// Secrets that are being asked for: never twice at a time.
    asking: BTreeSet<String>,
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn fault(class: Class, message: &str) -> VaultError {
    VaultError::new(class, message)
}

impl World {
    /// A pod with the volumes `a` and `b`, and a Vault with `secret/db` and `secret/api`.
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, |_| {})
    }

    /// [`new`](Self::new), with other options.
    pub(super) fn with(seed: u64, change: impl FnOnce(&mut Options)) -> Self {
        let volume = |name: &str| (name.parse::<VolumeName>().expect("a volume"), false);
        let mut options = Options::new(BTreeMap::from([volume("a"), volume("b")]), |bytes| {
            bytes.fill(7)
        });
        change(&mut options);
        Self {
            engine: Engine::new(options.clone(), seed, at(Duration::ZERO)),
            memory: None,
            options,
            seed,
            kill_after: None,
            killed: false,
            vault: Vault::new(),
            now: Duration::ZERO,
            log: Vec::new(),
            notices: Vec::new(),
            files: BTreeMap::new(),
            writes: 0,
            full: false,
            exited: false,
            told: Vec::new(),
            ear: Ok(()),
            hearing: Duration::from_millis(5),
            latency: Duration::from_millis(2),
            latencies: BTreeMap::new(),
            pending: VecDeque::new(),
            asking: BTreeSet::new(),
        }
    }

    /// Follows `spec` and runs for `time`.
    pub(super) fn follow(&mut self, spec: SyncSpec, time: Duration) {
        self.feed(Event::Spec(Ok(spec)));
        self.run(time);
    }

    /// SIGKILL after so many more actions.
    pub(super) fn kill_after(&mut self, actions: usize) {
        self.kill_after = Some(actions);
    }

    /// SIGKILL now, unless it was killed before, and a new process, which has no SyncSpec yet.
    pub(super) fn restart(&mut self) {
        (self.kill_after, self.killed, self.exited) = (None, false, false);
        self.pending.clear();
        self.asking.clear();
        self.seed += 1;
        let mut options = self.options.clone();
        for (volume, complete) in &mut options.volumes {
            *complete = self.files.contains_key(volume.as_str());
        }
        self.engine = Engine::new(options, self.seed, at(self.now));
        if let Some(memory) = &self.memory {
            let recalled = self.engine.recall(memory.expose(), at(self.now));
            recalled.expect("what the process before it left");
        }
    }

    /// Lets `time` pass.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let answer = self.pending.iter().map(|(at, _)| *at).min();
            let next = answer.into_iter().chain(self.engine.deadline()).min();
            match next {
                Some(at) if at <= end && !self.killed => {
                    self.now = self.now.max(at);
                    let due = self.pending.iter().position(|(at, _)| *at <= self.now);
                    let event = due.and_then(|index| self.pending.remove(index));
                    self.feed(event.map_or(Event::Tick, |(_, event)| event));
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// Feeds one event and carries out what the engine answers.
    pub(super) fn feed(&mut self, event: Event) {
        match &event {
            Event::LookedUp(secret, _)
            | Event::CheckedVersion(secret, _)
            | Event::LeaseRenewed(secret, _)
            | Event::LeaseChecked(secret, _)
            | Event::AuthorityChecked(secret, _)
            | Event::Read(secret, _) => {
                self.asking.remove(&secret.to_string());
            }
            // A secret that goes and comes back while it is asked for is asked for again.
            Event::Spec(_) => self.asking.clear(),
            _ => {}
        }
        let now = at(self.now);
        let token = match &event {
            Event::LoggedIn(id, Ok(_)) => Some(*id),
            _ => None,
        };
        let actions = self.engine.feed(event, now);
        assert!(actions.len() <= 64, "too many actions: {actions:?}");
        for action in actions {
            self.kill_after = match self.kill_after {
                Some(0) => {
                    self.killed = true;
                    return;
                }
                left => left.map(|left| left - 1),
            };
            self.carry_out(action);
            if self.killed {
                return;
            }
        }
        if let Some(id) = token {
            let text = format!("token-{}", id.number());
            return self.feed(Event::Token(id, SecretBytes::from(text)));
        }
        let deadline = self.engine.deadline();
        assert!(
            deadline.is_none_or(|at| at > self.now),
            "a busy loop: {deadline:?} at {:?}",
            self.now
        );
    }

    fn carry_out(&mut self, action: Action) {
        let owner = self.vault.owner(&action);
        let words = match &action {
            Action::Write(volume, payload) => {
                let (volume, result) = (volume.clone(), self.write(volume, payload));
                return self.feed(Event::Written(volume, result));
            }
            Action::Tell(_) | Action::Remember(_) | Action::Forget(_) => return self.keep(action),
            Action::Notify(id, action, attempt) => {
                return self.tell(*id, action.to_string(), *attempt);
            }
            Action::Exit => {
                self.exited = true;
                return;
            }
            Action::LogIn(..) => format!("login{}", suffix(owner.as_ref())),
            Action::Renew(_) => format!("renew{}", suffix(owner.as_ref())),
            Action::Revoke(_) => format!("revoke{}", suffix(owner.as_ref())),
            Action::LookUp(_, secret) => format!("look up {secret}"),
            Action::RenewLease(_, secret, _) => format!("renew {secret}"),
            Action::CheckLease(_, secret, _) => format!("check {secret}"),
            Action::CheckAuthority(_, _, secret) => format!("see {}", secret.path),
            Action::RevokeLease(_, secret, _) => format!("revoke {secret}"),
            Action::CheckVersion(_, _, secret) => format!("version {secret}"),
            Action::Read(_, mount, secret) => match mount.engine == self.vault.engine {
                true => format!("read {secret}"),
                false => format!("read {secret} as {:?}", mount.engine),
            },
        };
        if let Action::LookUp(_, secret)
        | Action::CheckVersion(_, _, secret)
        | Action::RenewLease(_, secret, _)
        | Action::CheckLease(_, secret, _)
        | Action::CheckAuthority(_, _, secret)
        | Action::Read(_, _, secret) = &action
        {
            assert!(
                self.asking.insert(secret.to_string()),
                "asked twice: {words}"
            );
        }
        self.log.push((self.now, words));
        let wrong_engine =
            matches!(&action, Action::Read(_, mount, _) if mount.engine != self.vault.engine);
        let answer = match &action {
            Action::Read(_, _, secret) if wrong_engine => Event::Read(
                secret.clone(),
                Err(VaultError::new(Class::NotFound, "no such secret")),
            ),
            action => self.vault.answer(action, self.now),
        };
        let latency = self.latencies.get(&owner).copied();
        let latency = latency.unwrap_or(self.latency);
        self.pending.push_back((self.now + latency, answer));
    }

    fn keep(&mut self, action: Action) {
        match action {
            Action::Tell(notice) => self.notices.push(notice),
            Action::Remember(memory) => self.memory = Some(memory.json),
            _ => {}
        }
    }

    fn tell(&mut self, id: NotificationId, action: String, attempt: Attempt) {
        let again = match attempt {
            Attempt::First => "",
            Attempt::Again => " again",
        };
        self.told.push((self.now, action + again));
        let event = Event::Notified(id, self.ear.clone());
        self.pending.push_back((self.now + self.hearing, event));
    }

    fn write(&mut self, volume: &VolumeName, payload: &Payload) -> Result<bool, String> {
        if self.full {
            return Err("no space left on device".to_owned());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let files: BTreeMap<_, _> = payload
            .iter()
            .map(|(path, file)| (path.to_string(), text(file.content.expose())))
            .collect();
        let old = self.files.insert(volume.to_string(), files.clone());
        let changed = old != Some(files);
        self.writes += usize::from(changed);
        Ok(changed)
    }

    /// Writes a new version of a secret.
    pub(super) fn put(&mut self, path: &str, value: &str) {
        let secret = self.vault.secrets.entry(path.to_owned()).or_default();
        *secret = (secret.0 + 1, value.to_owned());
    }

    /// The content of a file.
    pub(super) fn file(&self, volume: &str, path: &str) -> Option<&str> {
        Some(self.files.get(volume)?.get(path)?.as_str())
    }

    /// The credentials in these files (volume, path, source) live.
    #[track_caller]
    pub(super) fn check_credentials(&self, files: &[(&str, &str, &str)]) {
        let live = self.vault.live_credentials(self.now);
        for (volume, path, _) in files {
            let credential = self.file(volume, path).expect("a credential");
            assert!(live.contains(credential), "{credential:?}: {live:?}");
        }
    }

    /// The requests so far, without their times; the log is empty afterwards.
    pub(super) fn requests(&mut self) -> Vec<String> {
        self.log.drain(..).map(|(_, words)| words).collect()
    }

    pub(super) fn count(&self, words: &str) -> usize {
        self.log
            .iter()
            .filter(|(_, logged)| logged == words)
            .count()
    }

    pub(super) fn status(&self) -> crate::sync::Status {
        self.engine.status(at(self.now))
    }
}

/// `elapsed` after the beginning of 2026.
pub(super) fn at(elapsed: Duration) -> Now {
    Now {
        elapsed,
        wall: SystemTime::UNIX_EPOCH + secs(1_767_225_600) + elapsed,
    }
}
