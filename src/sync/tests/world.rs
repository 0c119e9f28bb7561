//! Virtual time, a Vault without a network, volumes without a disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

use crate::payload::Payload;
use crate::secret::{Lease, LeaseId, SecretBytes, SecretValue, VaultSecret};
use crate::spec::{SecretRef, SyncSpec, VolumeName};
use crate::sync::{Action, Attempt, Engine, Event, Notice, NotificationId, Now, Options, TokenId};
use crate::vault::{Class, Engine as Kv, LeaseTerm, SecretsMount, TokenLease, VaultError};

/// A Vault with one KV mount, `secret`, and faults to order.
pub(super) struct Vault {
    /// Version and value of key `password` by path.
    pub(super) secrets: BTreeMap<String, (u64, String)>,
    pub(super) engine: Kv,
    /// The life of a token, its renewals included; `None` is without end.
    pub(super) max_life: Option<Duration>,
    pub(super) life: Duration,
    pub(super) renewable: bool,
    /// The answer to every request, while set.
    pub(super) outage: Option<VaultError>,
    /// Answers by the words of the log, e.g. `read secret/db`.
    pub(super) faults: BTreeMap<String, VaultError>,
    /// Makes a credential at each read below `secret/creds`, which lives for so long, and with renewals for
    /// so long at most.
    pub(super) lease: Option<(Duration, Duration)>,
    pub(super) lease_renewable: bool,
    /// The leases that were given: for which credential, with which token, from when, until when.
    pub(super) leases: BTreeMap<String, LeaseEntry>,
    made: usize,
    /// What a revoked token is answered with.
    pub(super) refusal: Class,
    tokens: BTreeMap<TokenId, (Duration, Duration)>,
}

/// A lease of a credential.
pub(super) struct LeaseEntry {
    token: TokenId,
    issued: Duration,
    end: Duration,
}

impl Vault {
    fn answer(&mut self, action: &Action, now: Duration) -> Event {
        match action {
            Action::LogIn(id) => {
                let result = self.check("login", None, now).map(|()| {
                    self.tokens.insert(*id, (now, now + self.life));
                    self.lease(self.life)
                });
                Event::LoggedIn(*id, result)
            }
            Action::Renew(id) => {
                let result = self.check("renew", Some(*id), now).map(|()| {
                    let (issued, _) = self.tokens[id];
                    let left = self.max_life.map(|max| (issued + max).saturating_sub(now));
                    let life = self.life.min(left.unwrap_or(self.life));
                    self.tokens.insert(*id, (issued, now + life));
                    self.lease(life)
                });
                Event::Renewed(*id, result)
            }
            Action::Revoke(id) => {
                let result = self.check("revoke", Some(*id), now);
                if self.outage.is_none() {
                    self.tokens.remove(id);
                }
                Event::Revoked(*id, result)
            }
            Action::LookUp(id, secret) => {
                let result = self.check(&format!("look up {secret}"), Some(*id), now);
                let mount = SecretsMount {
                    path: "secret".parse().expect("a mount"),
                    engine: self.engine,
                };
                Event::LookedUp(secret.clone(), result.map(|()| mount))
            }
            Action::CheckVersion(id, _, secret) => {
                let result = self.check(&format!("version {secret}"), Some(*id), now);
                let found = result.and_then(|()| self.find(secret));
                Event::CheckedVersion(secret.clone(), found.map(|(version, _)| version))
            }
            Action::Read(id, _, secret) => {
                let result = self.check(&format!("read {secret}"), Some(*id), now);
                let found = result.and_then(|()| self.find(secret));
                let found = found.map(|found| {
                    let is_dynamic = secret.path.as_str().starts_with("secret/creds");
                    self.secret(found, (*id, now), is_dynamic)
                });
                Event::Read(secret.clone(), found)
            }
            Action::RenewLease(..) | Action::CheckLease(..) | Action::RevokeLease(..) => {
                self.answer_of_lease(action, now)
            }
            Action::Write(..)
            | Action::Notify(..)
            | Action::Remember(_)
            | Action::Tell(_)
            | Action::Forget(_)
            | Action::Exit => {
                panic!("not for Vault: {action:?}")
            }
        }
    }

    /// Takes a token out of the world.
    pub(super) fn revoke_all(&mut self) {
        self.tokens.clear();
    }

    fn answer_of_lease(&mut self, action: &Action, now: Duration) -> Event {
        match action {
            Action::RenewLease(id, secret, lease) => {
                let result = self.check(&format!("renew {secret}"), Some(*id), now);
                let term = result.and_then(|()| self.renew_lease(lease, now));
                Event::LeaseRenewed(secret.clone(), term)
            }
            Action::CheckLease(id, secret, lease) => {
                let result = self.check(&format!("check {secret}"), Some(*id), now);
                let term = result.and_then(|()| {
                    let left = self.live_lease(lease, now)?.end - now;
                    Ok(self.term(left))
                });
                Event::LeaseChecked(secret.clone(), term)
            }
            Action::RevokeLease(id, secret, lease) => {
                let result = self.check(&format!("revoke {secret}"), Some(*id), now);
                if result.is_ok() {
                    self.leases.remove(&text(lease));
                }
                Event::LeaseRevoked(lease.clone(), result)
            }
            _ => panic!("not of a lease: {action:?}"),
        }
    }

    fn renew_lease(&mut self, lease: &LeaseId, now: Duration) -> Result<LeaseTerm, VaultError> {
        let issued = self.live_lease(lease, now)?.issued;
        let (life, longest) = self.lease.expect("leases are on");
        let left = life.min((issued + longest).saturating_sub(now));
        let term = self.term(left);
        let entry = self.leases.get_mut(&text(lease)).expect("it lives");
        entry.end = now + left;
        Ok(term)
    }

    fn term(&self, duration: Duration) -> LeaseTerm {
        LeaseTerm {
            // As Vault counts.
            duration: secs(duration.as_secs()),
            renewable: self.lease_renewable,
        }
    }

    fn live_lease(&self, lease: &LeaseId, now: Duration) -> Result<&LeaseEntry, VaultError> {
        let entry = self.leases.get(&text(lease));
        let live = entry.filter(|entry| self.is_live(entry, now));
        live.ok_or_else(|| VaultError::new(Class::NotFound, "invalid lease"))
    }

    fn is_live(&self, entry: &LeaseEntry, now: Duration) -> bool {
        let token = self.tokens.get(&entry.token);
        entry.end > now && token.is_some_and(|(_, end)| *end > now)
    }

    /// The credentials that Vault would let in.
    pub(super) fn live_credentials(&self, now: Duration) -> BTreeSet<String> {
        let live = self
            .leases
            .iter()
            .filter(|(_, entry)| self.is_live(entry, now));
        live.map(|(name, _)| name.clone()).collect()
    }

    /// How many tokens are good.
    pub(super) fn good_tokens(&self, now: Duration) -> usize {
        self.tokens.values().filter(|(_, end)| *end > now).count()
    }

    fn lease(&self, duration: Duration) -> TokenLease {
        TokenLease {
            duration,
            renewable: self.renewable,
        }
    }

    fn check(
        &self,
        request: &str,
        token: Option<TokenId>,
        now: Duration,
    ) -> Result<(), VaultError> {
        if let Some(error) = self.outage.as_ref().or_else(|| self.faults.get(request)) {
            return Err(error.clone());
        }
        let good = |token| self.tokens.get(&token).is_some_and(|(_, end)| *end > now);
        match token.is_none_or(good) {
            true => Ok(()),
            false => Err(VaultError::new(self.refusal, "permission denied")),
        }
    }

    fn find(&self, secret: &SecretRef) -> Result<(u64, String), VaultError> {
        let missing = || VaultError::new(Class::NotFound, "no such secret");
        let found = self.secrets.get(secret.path.as_str());
        found.cloned().ok_or_else(missing)
    }

    /// A secret as it was written, or a credential that is named by its lease.
    fn secret(
        &mut self,
        (version, value): (u64, String),
        (token, now): (TokenId, Duration),
        is_dynamic: bool,
    ) -> VaultSecret {
        let lease = self.lease.filter(|_| is_dynamic).map(|(duration, _)| {
            self.made += 1;
            let id = format!("{value} {}", self.made);
            let end = now + duration;
            let entry = LeaseEntry {
                token,
                issued: now,
                end,
            };
            self.leases.insert(id.clone(), entry);
            (id, duration)
        });
        let value = lease.as_ref().map_or(value, |(id, _)| id.clone());
        VaultSecret {
            data: BTreeMap::from([("password".to_owned(), SecretValue::String(value.into()))]),
            version: (self.engine == Kv::KvV2).then_some(version),
            lease: lease.map(|(id, duration)| Lease {
                id: id.into(),
                duration,
                renewable: self.lease_renewable,
            }),
            absent: false,
        }
    }
}

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
    /// Answers under way.
    pending: VecDeque<(Duration, Event)>,
    /// Secrets that are being asked for: never twice at a time.
    asking: BTreeSet<String>,
}

fn text(lease: &LeaseId) -> String {
    String::from_utf8_lossy(lease.expose()).into_owned()
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn fault(class: Class, message: &str) -> VaultError {
    VaultError::new(class, message)
}

/// A SyncSpec with a file for each `(volume, file, reference)`, format `raw` where there is a key
/// and `json` where not, or a template where the reference starts with a brace.
pub(super) fn spec(interval: &str, files: &[(&str, &str, &str)]) -> SyncSpec {
    let volumes: BTreeSet<_> = files.iter().map(|(volume, ..)| *volume).collect();
    let mounts: Vec<_> = volumes
        .into_iter()
        .map(|volume| {
            let files: Vec<_> = files
                .iter()
                .filter(|file| file.0 == volume)
                .map(file)
                .collect();
            serde_json::json!({"volume": volume, "mountPath": format!("/{volume}"), "files": files})
        })
        .collect();
    let json = serde_json::json!({"version": 1, "refreshInterval": interval, "mounts": mounts});
    SyncSpec::from_annotation(&json.to_string()).expect("a SyncSpec")
}

fn file((_, name, text): &(&str, &str, &str)) -> serde_json::Value {
    let content = if text.starts_with('{') {
        serde_json::json!({"template": {"template": {
            "text": text, "functions": "external-secrets", "missingKey": "error",
            "delimiters": ["{{", "}}"],
        }}})
    } else {
        let format = if text.contains('#') { "raw" } else { "json" };
        serde_json::json!({"secret": {"source": text, "format": format}})
    };
    serde_json::json!({"name": name, "path": name, "mode": "0644", "content": content})
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
        let secret = |path: &str, value: &str| (path.to_owned(), (1, value.to_owned()));
        Self {
            engine: Engine::new(options.clone(), seed, at(Duration::ZERO)),
            memory: None,
            options,
            seed,
            kill_after: None,
            killed: false,
            vault: Vault {
                secrets: BTreeMap::from([
                    secret("secret/db", "one"),
                    secret("secret/api", "key"),
                    secret("secret/creds", "app"),
                    secret("secret/creds2", "other"),
                ]),
                engine: Kv::KvV2,
                max_life: None,
                life: secs(3600),
                renewable: true,
                outage: None,
                faults: BTreeMap::new(),
                lease: None,
                lease_renewable: true,
                leases: BTreeMap::new(),
                made: 0,
                refusal: Class::TokenInvalid,
                tokens: BTreeMap::new(),
            },
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
            | Event::Read(secret, _) => {
                self.asking.remove(&secret.to_string());
            }
            // A secret that goes and comes back while it is asked for is asked for again.
            Event::Spec(_) => self.asking.clear(),
            _ => {}
        }
        let now = at(self.now);
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
        let deadline = self.engine.deadline();
        assert!(
            deadline.is_none_or(|at| at > self.now),
            "a busy loop: {deadline:?} at {:?}",
            self.now
        );
    }

    fn carry_out(&mut self, action: Action) {
        let words = match &action {
            Action::Write(volume, payload) => {
                let (volume, result) = (volume.clone(), self.write(volume, payload));
                return self.feed(Event::Written(volume, result));
            }
            Action::Tell(_) => {
                if let Action::Tell(notice) = action {
                    self.notices.push(notice);
                }
                return;
            }
            Action::Forget(_) => return,
            Action::Remember(_) => {
                if let Action::Remember(memory) = action {
                    self.memory = Some(memory.json);
                }
                return;
            }
            Action::Notify(id, action, attempt) => {
                return self.tell(*id, action.to_string(), *attempt);
            }
            Action::Exit => {
                self.exited = true;
                return;
            }
            Action::LogIn(_) => "login".to_owned(),
            Action::Renew(_) => "renew".to_owned(),
            Action::Revoke(_) => "revoke".to_owned(),
            Action::LookUp(_, secret) => format!("look up {secret}"),
            Action::RenewLease(_, secret, _) => format!("renew {secret}"),
            Action::CheckLease(_, secret, _) => format!("check {secret}"),
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
        self.pending.push_back((self.now + self.latency, answer));
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
