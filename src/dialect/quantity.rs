//! Kubernetes quantities: `100m`, `32Mi`, `1.5`, `2e3`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::spec::Invalid;

/// An amount of a resource that is not negative, in the syntax of Kubernetes'
/// `resource.Quantity`. It keeps the author's text and compares by value.
#[derive(Clone, Debug)]
pub struct Quantity {
    text: String,
    /// Billionths: the finest unit that Kubernetes keeps.
    nanos: u128,
}

impl Quantity {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The amount in billionths of a unit.
    pub(crate) fn nanos(&self) -> u128 {
        self.nanos
    }

    /// The amount in whole units (bytes, cores), rounded up as Kubernetes does.
    pub fn whole(&self) -> u128 {
        self.nanos.div_ceil(NANO)
    }

    /// Whether the amount is a whole number of units; a fraction of a byte is a slip for `Mi`.
    pub fn is_whole(&self) -> bool {
        self.nanos.is_multiple_of(NANO)
    }
}

const NANO: u128 = 1_000_000_000;
const ACCEPTED: &str = "must be a Kubernetes quantity, e.g. 10m, 0.5, 64Mi";

impl FromStr for Quantity {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.starts_with('-') {
            return Err(Invalid::new("must not be negative"));
        }
        let nanos = nanos_of(text).ok_or_else(|| Invalid::new(ACCEPTED))?;
        Ok(Self {
            text: text.to_owned(),
            nanos,
        })
    }
}

/// `[+]digits[.digits][suffix]`, in billionths, rounded up; `None` when it is something else or too
/// large.
fn nanos_of(text: &str) -> Option<u128> {
    let number = text.strip_prefix('+').unwrap_or(text);
    let end = number
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(number.len());
    let (number, suffix) = number.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits: u128 = match format!("{whole}{fraction}").trim_start_matches('0') {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let (base, exponent) = scale_of(suffix)?;
    let mut nanos = digits.checked_mul(base)?.checked_mul(NANO)?;
    let exponent = exponent - i32::try_from(fraction.len()).ok()?;
    let power = 10u128.checked_pow(exponent.unsigned_abs());
    if exponent >= 0 {
        nanos = nanos.checked_mul(power?)?;
    } else {
        // A divisor too large to write leaves the least amount of all, rounded up.
        nanos = nanos.div_ceil(power.unwrap_or(u128::MAX));
    }
    Some(nanos)
}

/// What a suffix multiplies with: a power of two, and the exponent of a power of ten.
fn scale_of(suffix: &str) -> Option<(u128, i32)> {
    let decimal = |exponent| Some((1, exponent));
    match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => Some((1 << 10, 0)),
        "Mi" => Some((1 << 20, 0)),
        "Gi" => Some((1 << 30, 0)),
        "Ti" => Some((1 << 40, 0)),
        "Pi" => Some((1 << 50, 0)),
        "Ei" => Some((1 << 60, 0)),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let sound =
                (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            decimal(sound.then(|| exponent.parse().ok())??)
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, nanos: u128) {
        assert_eq!(
            text.parse::<Quantity>().map(|quantity| quantity.nanos),
            Ok(nanos),
            "{text}"
        );
    }

    #[test]
    fn reads_what_kubernetes_reads() {
        check("0", 0);
        check("5m", 5_000_000);
        check("+1", NANO);
        check("1.5", 1_500_000_000);
        check(".5", 500_000_000);
        check("5.", 5 * NANO);
        check("8Mi", (8 << 20) * NANO);
        check("1.5Ki", 1536 * NANO);
        check("2e3", 2000 * NANO);
        check("1E", 10u128.pow(18) * NANO);
        check("1E2", 100 * NANO);
        check("1e-3", 1_000_000);
        check("0.1n", 1);
        check("1e-99", 1);
    }

    #[test]
    fn refuses_what_kubernetes_refuses_and_negative_amounts() {
        for text in [
            "", "m", "-1", "1 Mi", "1mi", "1MB", "1.2.3", "0x1", "1e", "1e+", "1e1.5", "1ee3",
            "+-1", "1e999",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn compares_by_value() {
        let quantity = |text: &str| text.parse::<Quantity>().expect("quantity");
        assert!(quantity("1Ki") > quantity("1k"));
        assert_eq!(quantity("1000m"), quantity("1"));
        assert_eq!(
            (quantity("100m").whole(), quantity("100m").is_whole()),
            (1, false)
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "[+-]?[0-9.]{0,60}[a-zA-Z]{0,2}[+-]?[0-9]{0,5}") {
            let _ = text.parse::<Quantity>();
        }
    }
}
