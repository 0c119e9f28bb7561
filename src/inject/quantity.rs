//! Kubernetes quantities (`50m`, `64Mi`, `1e3`), as far as comparing and adding goes.

use std::iter::Sum;

/// An amount that is not negative, in billionths: `n` is the smallest unit that Kubernetes has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity(u128);

const ONE: u128 = 1_000_000_000;

/// Longest first, so that `Mi` is not read as `M`.
const SUFFIXES: [(&str, u128); 16] = [
    ("Ki", ONE << 10),
    ("Mi", ONE << 20),
    ("Gi", ONE << 30),
    ("Ti", ONE << 40),
    ("Pi", ONE << 50),
    ("Ei", ONE << 60),
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("k", ONE * 1_000),
    ("M", ONE * 1_000_000),
    ("G", ONE * 1_000_000_000),
    ("T", ONE * 1_000_000_000_000),
    ("P", ONE * 1_000_000_000_000_000),
    ("E", ONE * 1_000_000_000_000_000_000),
    ("", ONE),
];

impl Quantity {
    /// Reads a quantity; `None` for what the API server would refuse, and for negative amounts.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('+').unwrap_or(text);
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
        let unit = unit(suffix)?;
        let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        Some(Self(digits.checked_mul(unit)?.div_ceil(scale)))
    }

    /// Whether it is nothing.
    pub(super) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is over `factor` times `other`.
    pub(super) fn exceeds(self, other: Self, factor: Self) -> bool {
        match other.0.checked_mul(factor.0) {
            Some(product) => self.0.saturating_mul(ONE) > product,
            None => false,
        }
    }

    /// The sum.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::plus)
    }
}

fn unit(suffix: &str) -> Option<u128> {
    if let Some((_, unit)) = SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return Some(*unit);
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    match exponent {
        0.. => ONE.checked_mul(10u128.checked_pow(exponent.unsigned_abs())?),
        _ => Some(ONE / 10u128.checked_pow(exponent.unsigned_abs())?).filter(|unit| *unit > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_amount_is_written_in_many_ways() {
        for same in [
            &["1", "1000m", "1e0", "1.0", "+1", "1000000u", "10e-1"][..],
            &["64Mi", "67108864", "65536Ki", "0.0625Gi"],
            &["1k", "1e3", "1E3", "1000"],
            &["1E", "1000P"],
        ] {
            for text in same {
                assert_eq!(Quantity::parse(text), Quantity::parse(same[0]), "{text}");
                assert!(Quantity::parse(text).is_some(), "{text}");
            }
        }
        assert!(Quantity::parse("5m") < Quantity::parse("0.1"));
        assert!(Quantity::parse("64M") < Quantity::parse("64Mi"));
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "m", "-1", "1 Mi", "1mi", "1.2.3", "1e", "64MB", "1e99"] {
            assert_eq!(Quantity::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_ratio_is_compared_without_rounding() {
        let quantity = |text| Quantity::parse(text).expect("a quantity");
        assert!(quantity("30Mi").exceeds(quantity("8Mi"), quantity("3.5")));
        assert!(!quantity("28Mi").exceeds(quantity("8Mi"), quantity("3.5")));
    }
}
