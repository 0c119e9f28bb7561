//! Go's durations ("1h30m"), as Kubernetes and Vault users write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::invalid::Invalid;
use super::text::serde_as_text;

/// A length of time that is not negative, written as Go's `time.ParseDuration` reads it: `300ms`,
/// `1m`, `1h30m`, `0`.
///
/// The range is Go's: up to 2^63-1 nanoseconds, about 292 years. Display writes Go's own form
/// (`1m0s`), which parses back to the same value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(u64);

impl GoDuration {
    /// `seconds` seconds.
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds as u64 * NANOS_PER_SECOND)
    }

    /// The same length as a [`Duration`].
    pub const fn get(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const ACCEPTED: &str = "must be a duration, e.g. 30s, 5m or 1h30m";

/// Longest spelling first, so that `ms` is not read as minutes.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("h", 3600 * NANOS_PER_SECOND),
];

impl FromStr for GoDuration {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut rest = text.strip_prefix('+').unwrap_or(text);
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(Invalid::new(ACCEPTED));
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (nanos, after) = one_term(rest).ok_or_else(|| Invalid::new(ACCEPTED))?;
            total = total
                .checked_add(nanos)
                .filter(|total| i64::try_from(*total).is_ok())
                .ok_or_else(|| Invalid::new(ACCEPTED))?;
            rest = after;
        }
        Ok(Self(total))
    }
}

/// Reads one `NUMBER UNIT` and returns its nanoseconds and what follows.
fn one_term(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let (unit, nanos) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let total = whole
        .checked_mul(*nanos)?
        .checked_add(fraction_of(fraction, *nanos)?)?;
    Some((total, &rest[unit.len()..]))
}

/// The nanoseconds of `0.<digits>` of a unit, cut off. An hour has fewer than 13 digits of
/// nanoseconds, so 18 digits of a fraction are enough.
fn fraction_of(digits: &str, unit: u64) -> Option<u64> {
    let digits = &digits[..digits.len().min(18)];
    if digits.is_empty() {
        return Some(0);
    }
    let fraction: u128 = digits.parse().ok()?;
    u64::try_from(fraction * u128::from(unit) / 10u128.pow(digits.len() as u32)).ok()
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0;
        if nanos == 0 {
            return f.write_str("0s");
        }
        if nanos < NANOS_PER_SECOND {
            let (divisor, unit) = match nanos {
                0..1_000 => (1, "ns"),
                1_000..1_000_000 => (1_000, "\u{b5}s"),
                _ => (1_000_000, "ms"),
            };
            return write!(f, "{}{unit}", decimal(nanos, divisor));
        }
        let (hours, minutes) = (
            nanos / (3600 * NANOS_PER_SECOND),
            nanos / (60 * NANOS_PER_SECOND) % 60,
        );
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        write!(
            f,
            "{}s",
            decimal(nanos % (60 * NANOS_PER_SECOND), NANOS_PER_SECOND)
        )
    }
}

/// `nanos / divisor` as a decimal without trailing zeros.
fn decimal(nanos: u64, divisor: u64) -> String {
    let (whole, fraction) = (nanos / divisor, nanos % divisor);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = divisor.ilog10() as usize;
    format!("{whole}.{fraction:0width$}")
        .trim_end_matches('0')
        .to_owned()
}

serde_as_text!(GoDuration);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, canonical: &str) {
        assert_eq!(
            text.parse::<GoDuration>()
                .map(|duration| duration.to_string()),
            Ok(canonical.to_owned()),
            "{text}"
        );
    }

    #[test]
    fn reads_what_go_reads() {
        check("1h30m", "1h30m0s");
        check("1m", "1m0s");
        check("+5s", "5s");
        check("0", "0s");
        check("1.5s", "1.5s");
        check(".5s", "500ms");
        check("1500us", "1.5ms");
        check("90m", "1h30m0s");
        check("1\u{b5}s", "1\u{b5}s");
    }

    #[test]
    fn refuses_what_go_refuses_and_negative_lengths() {
        for text in [
            "",
            "1",
            "m",
            "-1s",
            "1 s",
            "1d",
            ".s",
            "1..5s",
            "9999999999h",
            "1e3s",
        ] {
            assert!(text.parse::<GoDuration>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn text_and_value_round_trip(nanos in 0..=i64::MAX as u64) {
            let duration = GoDuration(nanos);
            prop_assert_eq!(duration.to_string().parse::<GoDuration>(), Ok(duration));
        }
    }
}
