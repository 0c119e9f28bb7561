//! Telling the application that its files have switched: when, how often, and what came of it.
//!
//! However many files a switch changes, however many volumes switch shortly after one another, and
//! however many names ask for the same, each action is taken once, a moment after the last of them.
//! What fails is tried again for some minutes. A switch while one is under way is told when that has
//! ended; what was not told when the process ends, the next one tells.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use serde::Serialize;

use super::backoff::{Backoff, between};
use super::event::{Action, Now};
use super::notice::Notice;
use super::timestamp::Timestamp;
use crate::spec::{ChangeAction, OnChange};

/// Volumes that switch within this time of one another are told together.
const QUIET: Duration = Duration::from_secs(1);
/// For so long at most a switch waits for others.
const LONGEST_QUIET: Duration = Duration::from_secs(10);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After so many attempts in a row, some five minutes, it has failed.
const ATTEMPTS: u32 = 10;

/// One action, by its place among the pod's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotificationId(usize);

/// Whether an action is new, or repeated because it was not done everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Nobody has been told of this switch.
    First,
    /// Some may have been told of it, and need not be again.
    Again,
}

/// All actions.
#[derive(Debug)]
pub(super) struct Notifications(Vec<Notification>);

#[derive(Debug)]
struct Notification {
    action: ChangeAction,
    /// Whose change is told; `None` is any.
    names: Option<BTreeSet<String>>,
    phase: Phase,
    attempts: u32,
    backoff: Backoff,
    last: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is to be told.
    Idle,
    /// To be told at `at`; the first switch of it was at `since`.
    Due { since: Duration, at: Duration },
    /// Being told; whether there was another switch since.
    UnderWay { again: bool },
}

#[derive(Debug)]
struct Outcome {
    at: SystemTime,
    failure: Option<String>,
}

/// How one action stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationStatus {
    /// What is done, and after whose change.
    pub on_change: String,
    /// When it was done, or failed, for the last time.
    pub last: Option<Timestamp>,
    /// Why it failed.
    pub message: Option<String>,
    /// When it is done next.
    pub next: Option<Timestamp>,
}

/// How long after a switch, and no other, the application is told at the latest.
pub(super) fn longest_delay(action: &ChangeAction) -> Duration {
    match action {
        ChangeAction::Restart(splay) => QUIET + splay.get(),
        _ => QUIET,
    }
}

impl Notifications {
    /// Of those that do the same, one is made.
    pub(super) fn new(all: Vec<OnChange>) -> Self {
        let mut notifications: Vec<Notification> = Vec::new();
        for OnChange { name, action } in all {
            let name = name.map(|name| name.to_string());
            let mut known = notifications.iter_mut();
            match known.find(|known| known.action == action) {
                Some(known) => match (&mut known.names, name) {
                    (Some(names), Some(name)) => {
                        names.insert(name);
                    }
                    (names, _) => *names = None,
                },
                None => notifications.push(Notification::new(action, name)),
            }
        }
        Self(notifications)
    }

    /// Readers see something new under these names.
    pub(super) fn switched(&mut self, names: &BTreeSet<String>, now: Duration, rng: &mut Rng) {
        let concerned = self.0.iter_mut();
        concerned
            .filter(|notification| notification.concerns(names))
            .for_each(|notification| notification.switched(now, rng));
    }

    /// Begins what is due.
    pub(super) fn advance(&mut self, now: Duration, out: &mut Vec<Action>) {
        let mut restarts = false;
        for (index, notification) in self.0.iter_mut().enumerate() {
            if notification.due().is_some_and(|at| at <= now) {
                notification.phase = Phase::UnderWay { again: false };
                let attempt = match notification.attempts {
                    0 => Attempt::First,
                    _ => Attempt::Again,
                };
                let action = notification.action.clone();
                restarts |= attempt == Attempt::First && notification.is_restart();
                out.push(Action::Notify(NotificationId(index), action, attempt));
            }
        }
        // Whatever the application is started anew for, it finds all that is new.
        if restarts {
            let waiting = self.0.iter_mut().filter(|other| other.due().is_some());
            waiting
                .filter(|other| other.is_restart())
                .for_each(Notification::settle);
        }
    }

    /// When [`advance`](Self::advance) is due.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.0.iter().filter_map(Notification::due).min()
    }

    /// Takes the answer to [`Action::Notify`].
    pub(super) fn notified(
        &mut self,
        NotificationId(index): NotificationId,
        result: Result<(), String>,
        now: Now,
        rng: &mut Rng,
        out: &mut Vec<Action>,
    ) {
        if let Some(notification) = self.0.get_mut(index) {
            notification.notified(result, now, rng, out);
        }
    }

    /// Whether a switch of these names is still to be told.
    pub(super) fn awaits(&self, names: &BTreeSet<String>) -> bool {
        let mut notifications = self.0.iter();
        notifications.any(|own| own.phase != Phase::Idle && own.concerns(names))
    }

    /// What the next process has to tell if this one ends now, and the names of each mount that is
    /// being written have switched.
    pub(super) fn unfinished(&self, switching: &[BTreeSet<String>]) -> BTreeSet<String> {
        let pending = |own: &&Notification| {
            own.phase != Phase::Idle || switching.iter().any(|names| own.concerns(names))
        };
        let pending = self.0.iter().filter(pending);
        pending.map(Notification::text).collect()
    }

    /// Takes over what an earlier process left [unfinished](Self::unfinished).
    pub(super) fn recall(&mut self, unfinished: &BTreeSet<String>, now: Duration, rng: &mut Rng) {
        let own = self.0.iter_mut();
        own.filter(|own| unfinished.contains(&own.text()))
            .for_each(|own| own.switched(now, rng));
    }

    pub(super) fn status(&self, moment: impl Fn(Duration) -> Timestamp) -> Vec<NotificationStatus> {
        let notifications = self.0.iter();
        notifications
            .map(|notification| {
                let last = notification.last.as_ref();
                NotificationStatus {
                    on_change: notification.text(),
                    last: last.map(|last| Timestamp(last.at)),
                    message: last.and_then(|last| last.failure.clone()),
                    next: notification.due().map(&moment),
                }
            })
            .collect()
    }
}

impl Notification {
    fn new(action: ChangeAction, name: Option<String>) -> Self {
        Self {
            action,
            names: name.map(|name| BTreeSet::from([name])),
            phase: Phase::Idle,
            attempts: 0,
            backoff: Backoff::default(),
            last: None,
        }
    }

    /// `signal:HUP`, or `key,web=signal:HUP` where it is for names.
    fn text(&self) -> String {
        let names = self.names.iter().flatten();
        let names: Vec<_> = names.map(String::as_str).collect();
        match names.is_empty() {
            true => self.action.to_string(),
            false => format!("{}={}", names.join(","), self.action),
        }
    }

    fn concerns(&self, names: &BTreeSet<String>) -> bool {
        let own = self.names.as_ref();
        own.is_none_or(|own| !own.is_disjoint(names))
    }

    fn is_restart(&self) -> bool {
        matches!(self.action, ChangeAction::Restart(_))
    }

    fn due(&self) -> Option<Duration> {
        match self.phase {
            Phase::Due { at, .. } => Some(at),
            _ => None,
        }
    }

    fn settle(&mut self) {
        self.phase = Phase::Idle;
        self.attempts = 0;
        self.backoff.reset();
    }

    fn switched(&mut self, now: Duration, rng: &mut Rng) {
        self.phase = match self.phase {
            // A restart that waits for its moment will find the newest files anyway.
            Phase::Due { since, at } if self.attempts == 0 => {
                let quiet = (now + QUIET).min(since + LONGEST_QUIET);
                Phase::Due {
                    since,
                    at: at.max(quiet),
                }
            }
            // What failed before is of no interest any more.
            Phase::Idle | Phase::Due { .. } => {
                self.settle();
                let at = now + QUIET + self.splay(rng);
                Phase::Due { since: now, at }
            }
            Phase::UnderWay { .. } => Phase::UnderWay { again: true },
        };
    }

    fn splay(&self, rng: &mut Rng) -> Duration {
        match &self.action {
            ChangeAction::Restart(splay) => between(Duration::ZERO, splay.get(), rng),
            _ => Duration::ZERO,
        }
    }

    fn notified(
        &mut self,
        result: Result<(), String>,
        now: Now,
        rng: &mut Rng,
        out: &mut Vec<Action>,
    ) {
        let Phase::UnderWay { again } = self.phase else {
            return;
        };
        let attempts = self.attempts + 1;
        match (again, &result) {
            (false, Err(_)) if attempts < ATTEMPTS => {
                self.attempts = attempts;
                let since = now.elapsed;
                let at = since + self.backoff.fail(LONGEST_WAIT, None, rng);
                self.phase = Phase::Due { since, at };
            }
            _ => self.settle(),
        }
        if again {
            self.switched(now.elapsed, rng);
        }
        let known = self.last.take().and_then(|last| last.failure);
        let retry = self.due().map(|at| at.saturating_sub(now.elapsed));
        match &result {
            Ok(()) => out.push(Action::Tell(Notice::Notified(self.text()))),
            Err(message) if known.as_ref() == Some(message) && retry.is_some() => {}
            Err(message) => out.push(Action::Tell(Notice::NotificationFailed {
                on_change: self.text(),
                message: message.clone(),
                retry,
            })),
        }
        self.last = Some(Outcome {
            at: now.wall,
            failure: result.err(),
        });
    }
}
