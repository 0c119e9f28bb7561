//! Numbers, characters and strings as Go spells them.

mod float;

use super::ast::{Ideal, Number};

pub(super) use self::float::float;

const SYNTAX: &str = "invalid syntax";

/// The bytes of `"…"` or `` `…` ``, quotes included in `quoted`.
pub(super) fn string(quoted: &str) -> Result<Vec<u8>, String> {
    if quoted.starts_with('`') {
        let raw = quoted.trim_matches('`');
        return Ok(raw.bytes().filter(|byte| *byte != b'\r').collect());
    }
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or(SYNTAX)?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (unit, tail) = unescape(rest, '"')?;
        match unit {
            Unit::Byte(byte) => bytes.push(byte),
            Unit::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = tail;
    }
    Ok(bytes)
}

/// A number, a character constant (`'x'`) or an imaginary number (`2i`).
pub(super) fn number(text: &str) -> Result<Number, String> {
    if let Some(inner) = text.strip_prefix('\'') {
        return character(inner).map_err(|_| format!("malformed character constant: {text}"));
    }
    if let Some(imaginary) = text.strip_suffix('i').and_then(float) {
        return Ok(complex(0.0, imaginary));
    }
    let mut number = Number {
        uint: unsigned(text),
        int: signed(text),
        ideal: ideal(text),
        ..Number::default()
    };
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    number.float = number
        .int
        .map(|int| int as f64)
        .or_else(|| number.uint.map(|uint| uint as f64));
    if number.float.is_none() {
        let value = float(text).ok_or_else(|| format!("illegal number syntax: {text:?}"))?;
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {text:?}"));
        }
        number = Number {
            ideal: number.ideal,
            ..whole(value)
        };
    }
    Ok(number)
}

/// A complex constant: `1+2i`.
pub(super) fn complex_pair(text: &str) -> Result<Number, String> {
    let illegal = || format!("illegal number syntax: {text:?}");
    // The sign that separates the parts is not the first character, nor that of an exponent.
    let split = text
        .char_indices()
        .skip(1)
        .find(|(at, c)| matches!(c, '+' | '-') && !text[..*at].ends_with(['e', 'E', 'p', 'P']))
        .map(|(at, _)| at)
        .ok_or_else(illegal)?;
    let real = float(&text[..split]).ok_or_else(illegal)?;
    let imaginary = text[split..]
        .strip_suffix('i')
        .and_then(float)
        .ok_or_else(illegal)?;
    Ok(complex(real, imaginary))
}

fn character(inner: &str) -> Result<Number, &'static str> {
    let (unit, tail) = unescape(inner, '\'')?;
    if tail != "'" {
        return Err(SYNTAX);
    }
    let code = match unit {
        Unit::Byte(byte) => u32::from(byte),
        Unit::Char(c) => u32::from(c),
    };
    Ok(Number {
        int: Some(i64::from(code)),
        uint: Some(u64::from(code)),
        float: Some(f64::from(code)),
        complex: None,
        ideal: Ideal::Int,
    })
}

fn ideal(text: &str) -> Ideal {
    // As in Go, a sign hides that a number is hexadecimal, so that -0x1E is a float.
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let is_hex_int = hexadecimal && text.len() > 2 && !text.contains(['p', 'P']);
    match !is_hex_int && text.contains(['.', 'e', 'E', 'p', 'P']) {
        true => Ideal::Float,
        false => Ideal::Int,
    }
}

fn complex(real: f64, imaginary: f64) -> Number {
    let simple = if imaginary == 0.0 {
        whole(real)
    } else {
        Number::default()
    };
    Number {
        complex: Some((real, imaginary)),
        ideal: Ideal::Complex,
        ..simple
    }
}

/// A float, and the integers that are equal to it.
#[allow(
    clippy::float_cmp,
    reason = "whether a float is a whole number is a question of equality"
)]
fn whole(value: f64) -> Number {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let is_whole = value.trunc() == value;
    Number {
        float: Some(value),
        int: (is_whole && (-TWO_TO_63..TWO_TO_63).contains(&value)).then_some(value as i64),
        uint: (is_whole && (0.0..2.0 * TWO_TO_63).contains(&value)).then_some(value as u64),
        ..Number::default()
    }
}

/// Go's `strconv.ParseInt` with base 0.
pub(super) fn signed(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = i128::from(unsigned(digits)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Go's `strconv.ParseUint` with base 0.
pub(super) fn unsigned(text: &str) -> Option<u64> {
    if !underscores_separate_digits(text) || text.starts_with(['+', '-']) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    u64::from_str_radix(&digits.replace('_', ""), radix).ok()
}

fn underscores_separate_digits(text: &str) -> bool {
    if !text.contains('_') {
        return true;
    }
    let digits = text
        .strip_prefix(['+', '-'])
        .unwrap_or(text)
        .to_ascii_lowercase();
    let (prefixed, hexadecimal) = match digits.as_bytes() {
        [b'0', b'x', ..] => (true, true),
        [b'0', b'b' | b'o', ..] => (true, false),
        _ => (false, false),
    };
    let mut last = if prefixed { '0' } else { '^' };
    for c in digits.chars().skip(if prefixed { 2 } else { 0 }) {
        let is_digit = c.is_ascii_digit() || hexadecimal && c.is_ascii_hexdigit();
        match (c, last) {
            _ if is_digit => last = '0',
            ('_', '0') => last = '_',
            ('_', _) | (_, '_') => return false,
            _ => last = '!',
        }
    }
    last != '_'
}

enum Unit {
    Byte(u8),
    Char(char),
}

/// The first character of `text`, which stands between two `quote`s, and what follows it.
fn unescape(text: &str, quote: char) -> Result<(Unit, &str), &'static str> {
    let mut chars = text.chars();
    let first = chars.next().ok_or(SYNTAX)?;
    if first == quote || first == '\n' {
        return Err(SYNTAX);
    }
    if first != '\\' {
        return Ok((Unit::Char(first), chars.as_str()));
    }
    let escape = chars.next().ok_or(SYNTAX)?;
    let rest = chars.as_str();
    let byte = match escape {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        _ if escape == quote => return Ok((Unit::Char(escape), rest)),
        'x' => return digits(rest, 2, 16).map(|(code, rest)| (Unit::Byte(code as u8), rest)),
        'u' => return code_point(rest, 4),
        'U' => return code_point(rest, 8),
        '0'..='7' => {
            let (code, rest) = digits(&text[1..], 3, 8)?;
            let byte = u8::try_from(code).map_err(|_| SYNTAX)?;
            return Ok((Unit::Byte(byte), rest));
        }
        _ => return Err(SYNTAX),
    };
    Ok((Unit::Byte(byte), rest))
}

fn code_point(text: &str, length: usize) -> Result<(Unit, &str), &'static str> {
    let (code, rest) = digits(text, length, 16)?;
    let c = char::from_u32(code).ok_or(SYNTAX)?;
    Ok((Unit::Char(c), rest))
}

fn digits(text: &str, length: usize, radix: u32) -> Result<(u32, &str), &'static str> {
    let number = text.get(..length).ok_or(SYNTAX)?;
    if !number.chars().all(|c| c.is_digit(radix)) {
        return Err(SYNTAX);
    }
    let code = u32::from_str_radix(number, radix).map_err(|_| SYNTAX)?;
    Ok((code, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        let float = |text: &str| number(text).ok().and_then(|number| number.float);
        assert_eq!(float("+0x_1.e_0p+0_2"), Some(7.5));
        assert_eq!(float("0_0_1_2_3.4"), Some(123.4));
        assert_eq!(number("0377").ok().and_then(|number| number.int), Some(255));
        assert_eq!(number("-0x1E").map(|number| number.ideal), Ok(Ideal::Float));
        for text in [
            "08",
            "0xi",
            "1__0",
            "1_",
            "0x1.8",
            "1e400",
            "18446744073709551616",
        ] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strings_hold_any_bytes() {
        assert_eq!(
            string(r#""\xff\377\u00e9\a""#),
            Ok(b"\xff\xff\xc3\xa9\x07".to_vec())
        );
        assert_eq!(string("`a\r\n\\x`"), Ok(b"a\n\\x".to_vec()));
        for text in [r#""\'""#, r#""\400""#, r#""\ud800""#, r#""\q""#] {
            assert!(string(text).is_err(), "{text}");
        }
    }
}
