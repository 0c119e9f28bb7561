//! For whom certificates are issued, how long they live, and what follows from that.

use std::time::Duration;

use super::identity::Identity;
use crate::spec::GoDuration;

/// For whom certificates are issued, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The host that API servers call: `SERVICE.NAMESPACE.svc`.
    pub name: String,
    /// How long a certificate lives.
    pub lifetime: Lifetime,
}

/// How long a certificate lives: ten seconds at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(Duration);

impl Lifetime {
    /// The length.
    pub fn get(self) -> Duration {
        self.0
    }
}

impl TryFrom<GoDuration> for Lifetime {
    type Error = &'static str;

    fn try_from(length: GoDuration) -> Result<Self, Self::Error> {
        let length = length.get();
        let accepted = Duration::from_secs(10)..=Duration::from_secs(10 * 365 * 24 * 3600);
        let refused = "must be between 10s (for tests; an hour at least elsewhere) and 87600h";
        accepted
            .contains(&length)
            .then_some(Self(length))
            .ok_or(refused)
    }
}

impl Policy {
    /// How long a CA is in the bundle before its certificate is served: 30 s, or a twelfth of a life
    /// shorter than six minutes. An API server learns of a change by a watch, within a second or so.
    pub fn publish_delay(&self) -> Duration {
        Duration::from_secs(30).min(self.lifetime.0 / 12)
    }

    /// How long a CA stays in the bundle after its certificate was replaced: ten minutes, or a sixth
    /// of a life shorter than an hour. A replica learns of a change by a watch, and looks by itself
    /// every minute.
    pub fn retire_delay(&self) -> Duration {
        Duration::from_secs(600).min(self.lifetime.0 / 6)
    }

    /// Whether API servers accept it at `now`, as far as name and time go.
    pub(super) fn works(&self, identity: &Identity, now: i64) -> bool {
        identity.is_for(&self.name) && now < identity.not_after()
    }

    /// Whether it is to be replaced: two thirds of its life are over, or it was issued for another
    /// name, or for a much longer life than is wanted now.
    pub(super) fn is_due(&self, identity: &Identity, now: i64) -> bool {
        let third = self.third();
        let remaining = identity.not_after() - now;
        !identity.is_for(&self.name) || remaining <= third || remaining > 4 * third
    }

    pub(super) fn third(&self) -> i64 {
        i64::try_from(self.lifetime.0.as_secs() / 3).unwrap_or(i64::MAX / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_neither_too_short_nor_too_long() {
        let accepted = |seconds| Lifetime::try_from(GoDuration::from_secs(seconds)).is_ok();
        let ten_years = 87_600 * 3600;
        let have = [9, 10, ten_years, ten_years + 1].map(accepted);
        assert_eq!(have, [false, true, true, false]);
    }
}
