//! The engine itself: what it knows, and the order in which it decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fastrand::Rng;

use super::event::{Action, Event, Now};
use super::mount_state::MountState;
use super::notice::Notice;
use super::notification::Notifications;
use super::options::Options;
use super::render::TemplateFiles;
use super::retired_leases::RetiredLeases;
use super::rounds::Rounds;
use super::secret_state::SecretState;
use super::sessions::Sessions;
use super::target::ConfigMaps;
use crate::secret::SecretBytes;
use crate::spec::{SecretRef, VolumeName};

/// Decides what the refresher does: [`feed`](Self::feed) it what happens, carry out what it answers.
#[derive(Debug)]
pub struct Engine {
    pub(super) options: Options,
    pub(super) rng: Rng,
    pub(super) started: SystemTime,
    /// The time of the last event.
    pub(super) now: Duration,
    /// The same for people and templates.
    wall: SystemTime,
    pub(super) interval: Duration,
    /// Whether there is a SyncSpec.
    pub(super) followed: bool,
    pub(super) spec_error: Option<String>,
    pub(super) secrets: BTreeMap<SecretRef, SecretState>,
    pub(super) mounts: Vec<MountState>,
    pub(super) notifications: Notifications,
    /// What the next process would be told that the application was not told of.
    pub(super) untold: BTreeSet<String>,
    pub(super) sessions: Sessions,
    /// The secrets that Vault may be making a credential for: one of a login at a time, so that a
    /// process that is killed leaves no more than that behind.
    pub(super) issuing: BTreeSet<SecretRef>,
    pub(super) retired_leases: RetiredLeases,
    /// What an earlier process left, until somebody needs it.
    pub(super) recalled: BTreeMap<SecretRef, SecretState>,
    /// What it may have left behind.
    pub(super) orphans: BTreeSet<SecretRef>,
    /// What the next process needs has changed.
    pub(super) memorable: bool,
    /// There is no use in going on.
    pub(super) hopeless: bool,
    /// When healthy secrets are looked at next.
    pub(super) rounds: Rounds,
    /// The texts that templates are taken from.
    pub(super) config_maps: ConfigMaps,
    pub(super) template_files: TemplateFiles,
    /// The token of the pod's own login in use; when that is lost, until there is another one.
    pub(super) token: Option<Arc<SecretBytes>>,
    pub(super) service_account_token_expires: Option<SystemTime>,
    ready_told: bool,
    ending: bool,
    ended: bool,
}

impl Engine {
    /// An engine that knows nothing yet; the first event is usually [`Event::Spec`]. All that is
    /// left to chance follows from `seed`.
    pub fn new(options: Options, seed: u64, now: Now) -> Self {
        Self {
            notifications: Notifications::new(options.on_change.clone()),
            untold: BTreeSet::new(),
            sessions: Sessions::new(&options.profiles),
            options,
            rng: Rng::with_seed(seed),
            started: now.wall,
            now: now.elapsed,
            wall: now.wall,
            interval: Duration::ZERO,
            followed: false,
            spec_error: None,
            secrets: BTreeMap::new(),
            mounts: Vec::new(),
            issuing: BTreeSet::new(),
            retired_leases: RetiredLeases::default(),
            recalled: BTreeMap::new(),
            orphans: BTreeSet::new(),
            memorable: false,
            hopeless: false,
            rounds: Rounds::default(),
            config_maps: ConfigMaps::new(),
            template_files: TemplateFiles::new(),
            token: None,
            service_account_token_expires: None,
            ready_told: false,
            ending: false,
            ended: false,
        }
    }

    /// Takes what has happened and answers what shall be done now.
    pub fn feed(&mut self, event: Event, now: Now) -> Vec<Action> {
        let mut out = Vec::new();
        self.now = now.elapsed;
        self.wall = now.wall;
        let longest = self.longest_wait();
        self.tell_orphans(&mut out);
        if matches!(event, Event::LoggedIn(..) | Event::Renewed(..)) {
            self.memorable |= self.has_credentials();
        }
        match event {
            Event::Tick => {}
            Event::Spec(spec) => self.respec(spec, &mut out),
            Event::ConfigMaps(config_maps) => self.supply(config_maps),
            Event::TemplateFiles(files) => self.supply_templates(files),
            Event::Token(id, token) => self.supply_token(id, token),
            Event::LookNow => self.look_now(),
            Event::ServiceAccountToken { expires } => self.service_account_token_expires = expires,
            Event::LoggedIn(token, result) => {
                let times = (now.elapsed, self.options.grace, longest);
                if let Some(session) = self.sessions.holder(token) {
                    session.logged_in(token, result, times, &mut self.rng, &mut out);
                }
                if self.ending {
                    self.sessions.revoke_all(&mut out);
                }
            }
            Event::Renewed(token, result) => self.renewed(token, result, &mut out),
            Event::Revoked(token, result) => {
                if let Some(session) = self.sessions.holder(token) {
                    session.revoked(token, result, &mut out);
                }
            }
            Event::LookedUp(secret, result) => self.looked_up(&secret, result, &mut out),
            Event::CheckedVersion(secret, result) => {
                self.checked_version(&secret, result, now, &mut out);
            }
            Event::Read(secret, result) => self.read(&secret, result, now, &mut out),
            Event::AuthorityChecked(secret, result) => {
                self.authority_checked(&secret, result, now, &mut out);
            }
            Event::LeaseRenewed(secret, result) => {
                self.lease_renewed(&secret, result, now, &mut out);
            }
            Event::LeaseChecked(secret, result) => {
                self.lease_checked(&secret, result, now, &mut out);
            }
            Event::LeaseRevoked(lease, result) => {
                self.retired_leases.revoked(&lease, result, &mut out);
            }
            Event::Written(volume, result) => self.written(&volume, result, &mut out),
            Event::Notified(id, result) => {
                let rng = &mut self.rng;
                self.notifications.notified(id, result, now, rng, &mut out);
            }
            Event::Shutdown => self.end(&mut out),
        }
        self.advance(&mut out);
        self.remember(now, &mut out);
        out
    }

    fn written(
        &mut self,
        volume: &VolumeName,
        result: Result<bool, String>,
        out: &mut Vec<Action>,
    ) {
        let times = (self.time(), self.longest_wait());
        let mut mounts = self.mounts.iter_mut();
        let Some(mount) = mounts.find(|mount| mount.volume() == volume) else {
            return;
        };
        if let Some(names) = mount.write_ended(result, times, &mut self.rng, out) {
            self.notifications.switched(&names, self.now, &mut self.rng);
        }
    }

    fn has_credentials(&self) -> bool {
        let mut secrets = self.secrets.values().chain(self.recalled.values());
        secrets.any(|state| state.credential().is_some())
    }

    /// The time of the last event.
    pub(super) fn time(&self) -> Now {
        Now {
            elapsed: self.now,
            wall: self.wall,
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending
    }

    /// When [`Event::Tick`] is due at the latest; always later than the last event.
    pub fn deadline(&self) -> Option<Duration> {
        if self.ending {
            return None;
        }
        let sessions = self.sessions.iter();
        let sessions = sessions
            .filter(|(profile, _)| self.needs_token(profile))
            .filter_map(|(_, session)| session.deadline());
        let pauses = self.sessions.iter();
        let pauses = pauses.map(|(_, session)| session.paused_until());
        let secrets = self.secrets.values().filter_map(SecretState::deadline);
        let retired = self.retired_leases.deadline();
        let mounts = self.mounts.iter().filter_map(MountState::deadline);
        let ahead = secrets
            .chain(mounts)
            .chain(retired)
            .chain(pauses)
            .filter(|at| *at > self.now);
        ahead
            .chain(sessions)
            .chain(self.notifications.deadline())
            .chain(self.rounds.next())
            .min()
    }

    /// Whether what was asked for can never be done.
    pub fn is_hopeless(&self) -> bool {
        self.hopeless
    }

    /// Does all that is due: the token, the round, the files, the questions.
    fn advance(&mut self, out: &mut Vec<Action>) {
        if self.ending {
            let waits = self.options.revoke_on_shutdown && self.sessions.is_busy();
            if !waits && !std::mem::replace(&mut self.ended, true) {
                if self.options.revoke_on_shutdown && self.sessions.has_revoked_all() {
                    out.push(Action::Remember(self.unrevoked()));
                }
                out.push(Action::Exit);
            }
            return;
        }
        self.bind_sessions();
        self.tick_sessions(out);
        for interval in self.rounds.due(self.now, &mut self.rng) {
            let mounts = &self.mounts;
            let looked_at = |secret: &SecretRef| interval_of(secret, mounts, self.interval);
            for (secret, state) in &mut self.secrets {
                if looked_at(secret) == Some(interval) {
                    state.join_round(secret, self.now);
                }
            }
        }
        for (secret, state) in &mut self.secrets {
            state.wake(self.now, self.sessions.token(secret));
        }
        let now = self.time();
        for mount in &mut self.mounts {
            let can_ask = |secret: &SecretRef| self.sessions.can_ask(secret, now.elapsed);
            mount.render(&self.secrets, (now, can_ask), self.options.random, out);
        }
        self.adopt_secrets(out);
        self.forget_recalled();
        // A template that has just asked for the first secret of a login makes that login due.
        self.tick_sessions(out);
        self.notifications.advance(self.now, out);
        self.retire_leases(out);
        self.ask(out);
        if self.is_ready() && !std::mem::replace(&mut self.ready_told, true) {
            out.push(Action::Tell(Notice::Ready));
        }
    }

    /// Keeps a state for each secret that a mount needs, and none besides.
    pub(super) fn adopt_secrets(&mut self, out: &mut Vec<Action>) {
        let needed: BTreeSet<_> = self.mounts.iter().flat_map(MountState::inputs).collect();
        let stray = self
            .secrets
            .extract_if(.., |secret, _| !needed.contains(secret));
        for (secret, state) in stray {
            self.memorable |= state.certificate().is_some();
            if let Some(credential) = state.into_credential() {
                self.retired_leases.replaced(&secret, credential);
                self.memorable = true;
            }
        }
        for secret in needed {
            if !self.secrets.contains_key(secret) {
                let recalled = self.recalled.remove(secret);
                let mut state = recalled.unwrap_or_else(|| SecretState::new(self.now));
                if let Some(message) = self.options.stranger(secret) {
                    state.refuse(message.clone());
                    out.push(Action::Tell(Notice::SecretRefused { message }));
                }
                self.secrets.insert(secret.clone(), state);
            }
        }
    }

    fn look_now(&mut self) {
        self.sessions.hurry(self.now);
        for state in self.secrets.values_mut() {
            state.look(self.now);
        }
    }

    fn end(&mut self, out: &mut Vec<Action>) {
        self.ending = true;
        if self.options.revoke_on_shutdown {
            self.sessions.revoke_all(out);
        }
    }
}

/// How often a secret is looked at: as often as the mount that wants it most often; `None` is once.
pub(super) fn interval_of(
    secret: &SecretRef,
    mounts: &[MountState],
    usual: Duration,
) -> Option<Duration> {
    let users = mounts
        .iter()
        .filter(|mount| mount.inputs().contains(secret));
    users.filter_map(|mount| mount.interval(usual)).min()
}
