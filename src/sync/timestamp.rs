//! Moments for people and for JSON: RFC 3339, in UTC, to the second.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::calendar::Civil;

/// A moment, written `2026-11-24T03:15:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub SystemTime);

impl Timestamp {
    /// Seconds since 1970, zero for earlier moments.
    pub fn unix_seconds(self) -> u64 {
        let since = self.0.duration_since(SystemTime::UNIX_EPOCH);
        since.map(|since| since.as_secs()).unwrap_or_default()
    }

    /// The moment `seconds` after the beginning of 1970; `None` when it cannot be expressed.
    pub fn from_unix_seconds(seconds: u64) -> Option<Self> {
        let since = Duration::from_secs(seconds);
        SystemTime::UNIX_EPOCH.checked_add(since).map(Self)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.unix_seconds()).unwrap_or(i64::MAX);
        write!(f, "{}Z", Civil::at(seconds))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339() {
        let text = Timestamp::from_unix_seconds(1_795_489_212).map(|at| at.to_string());
        assert_eq!(text.as_deref(), Some("2026-11-24T03:00:12Z"));
    }
}
