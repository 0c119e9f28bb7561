//! The rounds in which healthy secrets are looked at: one for each interval that some mount asks for.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;

use super::schedule::{first_round, next_round};

/// When each round comes next, by its interval.
#[derive(Debug, Default)]
pub(crate) struct Rounds(BTreeMap<Duration, Duration>);

impl Rounds {
    /// Makes rounds for these intervals and no others; those that there were keep their time.
    pub(crate) fn set(
        &mut self,
        intervals: impl IntoIterator<Item = Duration>,
        now: Duration,
        rng: &mut Rng,
    ) {
        let mut before = std::mem::take(&mut self.0);
        for interval in intervals {
            let at = before.remove(&interval);
            self.0
                .entry(interval)
                .or_insert_with(|| at.unwrap_or_else(|| now + first_round(interval, rng)));
        }
    }

    /// When the next of them is due.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }

    /// When that of `interval` is due.
    pub(crate) fn at(&self, interval: Duration) -> Option<Duration> {
        self.0.get(&interval).copied()
    }

    /// The intervals whose round has come; each is due again an interval later.
    pub(crate) fn due(&mut self, now: Duration, rng: &mut Rng) -> Vec<Duration> {
        let mut due = Vec::new();
        for (interval, at) in self.0.iter_mut().filter(|(_, at)| **at <= now) {
            *at = now + next_round(*interval, rng);
            due.push(*interval);
        }
        due
    }
}
