//! Floats as Go spells them.

use super::underscores_separate_digits;

/// Go's `strconv.ParseFloat`.
pub(in crate::template) fn float(text: &str) -> Option<f64> {
    if !underscores_separate_digits(text) {
        return None;
    }
    let plain = text.replace('_', "").to_ascii_lowercase();
    let (sign, magnitude) = match plain.as_bytes().first()? {
        b'-' => (-1.0, &plain[1..]),
        b'+' => (1.0, &plain[1..]),
        _ => (1.0, plain.as_str()),
    };
    match magnitude {
        "inf" | "infinity" => return Some(sign * f64::INFINITY),
        "nan" if magnitude == plain => return Some(f64::NAN),
        _ => {}
    }
    let value = match magnitude.strip_prefix("0x") {
        Some(hexadecimal) => hex_float(hexadecimal)?,
        None if magnitude.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            magnitude.parse::<f64>().ok()?
        }
        None => return None,
    };
    value.is_finite().then_some(sign * value)
}

/// `1.ep+2` of `0x1.ep+2`; the exponent is required.
fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut power = exponent.parse::<i64>().ok()?.clamp(-100_000, 100_000);
    power -= 4 * i64::try_from(fraction.len()).ok()?;
    let mut bits = 0_u64;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(digit.to_digit(16)?);
        if bits >> 60 == 0 {
            bits = bits << 4 | digit;
        } else {
            // What does not fit decides only how the last bit is rounded.
            bits |= u64::from(digit != 0);
            power += 4;
        }
    }
    let mut value = bits as f64;
    while power > 0 && value.is_finite() && value != 0.0 {
        let step = power.min(1000);
        value *= 2_f64.powi(i32::try_from(step).ok()?);
        power -= step;
    }
    while power < 0 && value != 0.0 {
        let step = power.max(-1000);
        value *= 2_f64.powi(i32::try_from(step).ok()?);
        power -= step;
    }
    Some(value)
}
