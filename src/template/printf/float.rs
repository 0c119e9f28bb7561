//! Go's `strconv.FormatFloat`.

/// `value` in the format `b`, `e`, `E`, `f`, `g`, `G`, `x` or `X`; without a precision the fewest
/// digits that give the same float back.
pub(in crate::template) fn format(value: f64, format: u8, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return if sign.is_empty() {
            "+Inf".to_owned()
        } else {
            "-Inf".to_owned()
        };
    }
    let magnitude = value.abs();
    let text = match format {
        b'b' => binary(magnitude),
        b'x' => hexadecimal(magnitude, precision),
        b'X' => hexadecimal(magnitude, precision).to_ascii_uppercase(),
        b'e' => exponential(magnitude, precision),
        b'E' => exponential(magnitude, precision).to_ascii_uppercase(),
        b'f' => fixed(magnitude, precision),
        b'G' => general(magnitude, precision).to_ascii_uppercase(),
        _ => general(magnitude, precision),
    };
    format!("{sign}{text}")
}

fn fixed(value: f64, precision: Option<usize>) -> String {
    match precision {
        Some(precision) => format!("{value:.precision$}"),
        None => format!("{value}"),
    }
}

fn exponential(value: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{value:.precision$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{mantissa}e{}", two_digits(exponent.parse().unwrap_or(0)))
}

fn two_digits(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{:02}", exponent.abs())
}

fn general(value: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{value:.*e}", precision.max(1) - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or(0);
    let mut digits = mantissa.replace('.', "");
    let trimmed = digits.trim_end_matches('0').len().max(1);
    digits.truncate(trimmed);
    let limit = match precision {
        None => 6,
        Some(precision) => {
            let precision = precision.max(1);
            let before_point = usize::try_from(exponent + 1).unwrap_or(0);
            match digits.len() >= before_point && precision > digits.len() {
                true => digits.len(),
                false => precision,
            }
        }
    };
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= limit {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{first}{point}{rest}e{}", two_digits(exponent));
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(0);
    if digits.len() <= whole {
        return format!("{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (before, after) = digits.split_at(whole);
    format!("{before}.{after}")
}

/// Mantissa and exponent of a float, as it is stored.
fn parts(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let exponent = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    match exponent {
        0 => (mantissa, -1074),
        _ => (mantissa | 1 << 52, exponent - 1075),
    }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

fn hexadecimal(value: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        let zeros = "0".repeat(precision.unwrap_or(0));
        let point = if zeros.is_empty() { "" } else { "." };
        return format!("0x0{point}{zeros}p+00");
    }
    exponent += 60;
    // The leading 1 at bit 60, so that 15 hexadecimal digits follow it.
    let shift = mantissa.leading_zeros() - 3;
    mantissa <<= shift;
    exponent -= i64::from(shift);
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let dropped = 60 - 4 * u32::try_from(precision).unwrap_or(0);
        let extra = mantissa & ((1 << dropped) - 1);
        mantissa >>= dropped;
        let half = 1 << (dropped - 1);
        if extra > half || extra == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let digits = match precision {
        Some(precision) => format!("{digits:0<precision$}")[..precision].to_owned(),
        None => digits.trim_end_matches('0').to_owned(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let exponent = i32::try_from(exponent).unwrap_or(0);
    format!("0x1{point}{digits}p{}", two_digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::format;

    #[track_caller]
    fn check(value: f64, verb: u8, precision: Option<usize>, expected: &str) {
        assert_eq!(format(value, verb, precision), expected);
    }

    #[test]
    fn prints_as_go_prints() {
        check(1e6, b'g', None, "1e+06");
        check(123_456_789.0, b'g', None, "1.23456789e+08");
        check(100_000.0, b'g', None, "100000");
        check(0.0001, b'g', None, "0.0001");
        check(0.00001, b'g', None, "1e-05");
        check(123.456, b'g', Some(2), "1.2e+02");
        check(100.0, b'g', Some(3), "100");
        check(1e20, b'g', Some(30), "100000000000000000000");
        check(0.0, b'e', Some(2), "0.00e+00");
        check(1.0, b'x', None, "0x1p+00");
        check(-3.5, b'x', Some(3), "-0x1.c00p+01");
        check(1.0, b'b', None, "4503599627370496p-52");
    }
}
