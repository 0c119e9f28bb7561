//! Moments for people and for JSON: RFC 3339, in UTC, to the second.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

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
        let seconds = self.unix_seconds();
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar. Years are counted from
/// March, so that the leap day is a year's last, and in cycles of 400 years, which all have the
/// same number of days.
fn civil(days: u64) -> (u64, u64, u64) {
    const CYCLE: u64 = 146_097;
    // From 0000-03-01 to 1970-01-01.
    let days = days + 719_468;
    let (cycle, day_of_cycle) = (days / CYCLE, days % CYCLE);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
        - day_of_cycle / 146_096)
        / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carried) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year_of_cycle + carried, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: u64, want: &str) {
        let text = Timestamp::from_unix_seconds(seconds).map(|at| at.to_string());
        assert_eq!(text.as_deref(), Some(want));
    }

    #[test]
    fn moments_are_written_as_rfc_3339() {
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(951_868_799, "2000-02-29T23:59:59Z");
        check(1_709_164_800, "2024-02-29T00:00:00Z");
        check(1_735_689_599, "2024-12-31T23:59:59Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
        check(1_795_489_212, "2026-11-24T03:00:12Z");
    }
}
