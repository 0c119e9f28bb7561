//! Telling the application that its files have switched: when, how often, and what came of it.
//!
//! However many files a switch changes, and however many volumes switch shortly after one another,
//! each way of telling is used once, a moment after the last of them. What fails is tried again for
//! some minutes. A switch while one is under way is told when that has ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use serde::Serialize;

use super::backoff::{Backoff, between};
use super::event::{Action, Now};
use super::notice::Notice;
use super::timestamp::Timestamp;
use crate::payload::Payload;
use crate::spec::{ChangeAction, Mount, OnChange};

/// Volumes that switch within this time of one another are told together.
const QUIET: Duration = Duration::from_secs(1);
/// For so long at most a switch waits for others.
const LONGEST_QUIET: Duration = Duration::from_secs(10);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After so many attempts in a row, some five minutes, it has failed.
const ATTEMPTS: u32 = 10;

/// One way of telling, by its place among the pod's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotificationId(usize);

/// All ways of telling.
#[derive(Debug)]
pub(super) struct Notifications(Vec<Notification>);

#[derive(Debug)]
struct Notification {
    on_change: OnChange,
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

/// How one way of telling stands.
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

impl Notifications {
    pub(super) fn new(all: Vec<OnChange>) -> Self {
        let new = |on_change| Notification {
            on_change,
            phase: Phase::Idle,
            attempts: 0,
            backoff: Backoff::default(),
            last: None,
        };
        Self(all.into_iter().map(new).collect())
    }

    /// Readers see something new under these names.
    pub(super) fn switched(&mut self, names: &BTreeSet<String>, now: Duration, rng: &mut Rng) {
        for notification in &mut self.0 {
            let concerns = match &notification.on_change.name {
                None => true,
                Some(name) => names.contains(name.as_str()),
            };
            if concerns {
                notification.switched(now, rng);
            }
        }
    }

    /// Begins what is due.
    pub(super) fn advance(&mut self, now: Duration, out: &mut Vec<Action>) {
        for (index, notification) in self.0.iter_mut().enumerate() {
            if notification.due().is_some_and(|at| at <= now) {
                notification.phase = Phase::UnderWay { again: false };
                let action = notification.on_change.action.clone();
                out.push(Action::Notify(NotificationId(index), action));
            }
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

    pub(super) fn status(&self, moment: impl Fn(Duration) -> Timestamp) -> Vec<NotificationStatus> {
        let notifications = self.0.iter();
        notifications
            .map(|notification| {
                let last = notification.last.as_ref();
                NotificationStatus {
                    on_change: notification.on_change.to_string(),
                    last: last.map(|last| Timestamp(last.at)),
                    message: last.and_then(|last| last.failure.clone()),
                    next: notification.due().map(&moment),
                }
            })
            .collect()
    }
}

impl Notification {
    fn due(&self) -> Option<Duration> {
        match self.phase {
            Phase::Due { at, .. } => Some(at),
            _ => None,
        }
    }

    fn switched(&mut self, now: Duration, rng: &mut Rng) {
        self.phase = match self.phase {
            Phase::Idle => {
                let at = now + QUIET + self.splay(rng);
                Phase::Due { since: now, at }
            }
            // A restart that waits for its moment will find the newest files anyway.
            Phase::Due { since, at } => {
                let quiet = (now + QUIET).min(since + LONGEST_QUIET);
                Phase::Due {
                    since,
                    at: at.max(quiet),
                }
            }
            Phase::UnderWay { .. } => Phase::UnderWay { again: true },
        };
    }

    fn splay(&self, rng: &mut Rng) -> Duration {
        match &self.on_change.action {
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
        self.phase = Phase::Idle;
        let told = self.on_change.clone();
        let known = self.last.take().and_then(|last| last.failure);
        match &result {
            Ok(()) => {
                self.attempts = 0;
                self.backoff.reset();
                out.push(Action::Tell(Notice::Notified(told)));
            }
            Err(message) => {
                self.attempts += 1;
                let retry = (self.attempts < ATTEMPTS && !again).then(|| {
                    let wait = self.backoff.fail(LONGEST_WAIT, None, rng);
                    let at = now.elapsed + wait;
                    let since = now.elapsed;
                    self.phase = Phase::Due { since, at };
                    wait
                });
                if retry.is_none() {
                    self.attempts = 0;
                    self.backoff.reset();
                }
                if known.as_ref() != Some(message) || retry.is_none() {
                    let message = message.clone();
                    out.push(Action::Tell(Notice::NotificationFailed {
                        on_change: told,
                        message,
                        retry,
                    }));
                }
            }
        }
        self.last = Some(Outcome {
            at: now.wall,
            failure: result.err(),
        });
        if again {
            self.switched(now.elapsed, rng);
        }
    }
}

/// A mark of what each name of a mount holds: equal marks mean equal content.
///
/// It is kept in memory alone, so a hash that an attacker could invert would tell him nothing that
/// is not beside it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Fingerprints(BTreeMap<String, u64>);

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Fingerprints {
    /// Those of the files of `mount`, which were rendered to `payload`.
    pub(super) fn of(mount: &Mount, payload: &Payload) -> Self {
        let marks = mount.files.iter().map(|file| {
            let mut hasher = DefaultHasher::new();
            for (path, written) in payload.iter() {
                let content = written.content.expose();
                if mount.environment {
                    variable(content, file.path.as_str()).hash(&mut hasher);
                } else if *path == file.path || path.conflicts_with(&file.path) {
                    (path, written.mode.bits(), content).hash(&mut hasher);
                }
            }
            (file.name.to_string(), hasher.finish())
        });
        Self(marks.collect())
    }

    /// The names whose content is not as in `before`; all, where nobody knows that.
    pub(super) fn changed_since(&self, before: Option<&Self>) -> BTreeSet<String> {
        let marks = self.0.iter();
        let changed = marks
            .filter(|(name, mark)| before.is_none_or(|before| before.0.get(*name) != Some(*mark)));
        changed.map(|(name, _)| name.clone()).collect()
    }
}

/// The value of a variable in the file of all.
fn variable<'c>(content: &'c [u8], name: &str) -> Option<&'c [u8]> {
    let mut all = content.split(|byte| *byte == 0);
    all.find_map(|text| text.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}
