//! Decimal arithmetic: `0.1` and `0.2` are `0.3`.

use crate::template::call::Outcome;
use crate::template::value::Value;

/// `mantissa * 10^-scale`.
#[derive(Clone, Copy)]
pub(super) struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// The digits behind the point that a quotient has.
const QUOTIENT_SCALE: u32 = 16;

type Operation = fn(Decimal, Decimal) -> Option<Decimal>;

/// Folds `operation` over `operands`, exactly where the numbers fit into 38 digits.
pub(super) fn fold(
    first: f64,
    operands: impl IntoIterator<Item = f64>,
    operation: Operation,
) -> Outcome {
    let inexact = "the numbers are too large or too small for decimal arithmetic";
    let mut result = Decimal::from_float(first).ok_or(inexact)?;
    for operand in operands {
        let operand = Decimal::from_float(operand).ok_or(inexact)?;
        if operation as usize == divide as Operation as usize && operand.mantissa == 0 {
            return Err("decimal division by 0".into());
        }
        result = operation(result, operand).ok_or(inexact)?;
    }
    Ok(Value::Float(result.to_float()))
}

impl Decimal {
    /// The shortest decimal that reads back as `value`.
    fn from_float(value: f64) -> Option<Self> {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let exponent = exponent.parse::<i32>().ok()?;
        let fraction = mantissa
            .split_once('.')
            .map_or(0, |(_, fraction)| fraction.len());
        let mantissa = mantissa.replace('.', "").parse::<i128>().ok()?;
        let scale = i32::try_from(fraction).ok()? - exponent;
        match u32::try_from(scale) {
            Ok(scale) => Some(Self { mantissa, scale }),
            Err(_) => {
                let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
                Some(Self {
                    mantissa: mantissa.checked_mul(factor)?,
                    scale: 0,
                })
            }
        }
    }

    fn to_float(self) -> f64 {
        format!("{}e-{}", self.mantissa, self.scale)
            .parse()
            .unwrap_or(0.0)
    }

    fn rescaled(self, scale: u32) -> Option<i128> {
        self.mantissa
            .checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }
}

pub(super) fn add(left: Decimal, right: Decimal) -> Option<Decimal> {
    let scale = left.scale.max(right.scale);
    let mantissa = left.rescaled(scale)?.checked_add(right.rescaled(scale)?)?;
    Some(Decimal { mantissa, scale })
}

pub(super) fn subtract(left: Decimal, right: Decimal) -> Option<Decimal> {
    add(
        left,
        Decimal {
            mantissa: -right.mantissa,
            ..right
        },
    )
}

pub(super) fn multiply(left: Decimal, right: Decimal) -> Option<Decimal> {
    let mantissa = left.mantissa.checked_mul(right.mantissa)?;
    Some(Decimal {
        mantissa,
        scale: left.scale.checked_add(right.scale)?,
    })
}

/// Rounded half away from zero.
pub(super) fn divide(left: Decimal, right: Decimal) -> Option<Decimal> {
    let (dividend, divisor) = match (QUOTIENT_SCALE + right.scale).checked_sub(left.scale) {
        Some(up) => (
            left.mantissa.checked_mul(10_i128.checked_pow(up)?)?,
            right.mantissa,
        ),
        None => {
            let down = left.scale - QUOTIENT_SCALE - right.scale;
            (
                left.mantissa,
                right.mantissa.checked_mul(10_i128.checked_pow(down)?)?,
            )
        }
    };
    let quotient = dividend.checked_div(divisor)?;
    let remainder = dividend % divisor;
    let rounds = remainder.unsigned_abs().checked_mul(2)? >= divisor.unsigned_abs();
    let away = if (dividend < 0) == (divisor < 0) {
        1
    } else {
        -1
    };
    Some(Decimal {
        mantissa: quotient + if rounds { away } else { 0 },
        scale: QUOTIENT_SCALE,
    })
}
