//! Strings as YAML scalars, and what a plain scalar means.

use std::cmp::Ordering;

use crate::template::literal;
use crate::template::value::Value;

/// What a plain scalar is in YAML 1.1; `None` when it is a string.
pub(super) fn resolved(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Nil,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        _ => return number(text),
    })
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    let plain = text.replace('_', "");
    if let Some(int) = literal::signed(&plain) {
        return Some(Value::Int(int));
    }
    if let Some(uint) = literal::unsigned(&plain) {
        return Some(Value::Uint64(uint));
    }
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    match digits {
        ".inf" | ".Inf" | ".INF" => {
            return Some(Value::Float(if plain.starts_with('-') {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }));
        }
        ".nan" | ".NaN" | ".NAN" if digits == plain => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    let (mantissa, exponent) = digits
        .split_once(['e', 'E'])
        .map_or((digits, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa
        .split_once('.')
        .map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_good = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && (!whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty()));
    let exponent_is_good = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && all_digits(exponent)
    });
    if !mantissa_is_good || !exponent_is_good {
        return None;
    }
    let float = plain.parse().ok().filter(|float: &f64| float.is_finite());
    float.map(Value::Float)
}

/// A base-60 number of YAML 1.1, such as `1:30`.
fn is_sexagesimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut groups = digits.split(':');
    let first = groups.next().unwrap_or_default();
    let first_is_good = first.starts_with(|c: char| c.is_ascii_digit())
        && first
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_digit());
    let mut more = 0;
    for group in groups {
        more += 1;
        let whole = group.split('.').next().unwrap_or_default();
        if whole.is_empty() || whole.len() > 2 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
    }
    first_is_good && more > 0
}

/// `text` in the simplest style that reads back as the same string.
pub(super) fn string(text: &[u8], indent: usize, is_key: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let special = text.chars().any(|c| c != '\n' && !is_printable(c));
    let breaks = text.contains('\n');
    let space_before_break = text.contains(" \n");
    if breaks && !is_key && !special && !space_before_break && !text.ends_with(' ') {
        return literal_block(&text, indent);
    }
    if special
        || breaks
        || resolved(&text).is_some()
        || is_sexagesimal(&text)
        || is_timestamp(&text)
    {
        return double_quoted(&text);
    }
    if is_plain(&text) {
        return text.into_owned().into_bytes();
    }
    format!("'{}'", text.replace('\'', "''")).into_bytes()
}

/// `2006-01-02`, alone or before a time.
fn is_timestamp(text: &str) -> bool {
    let parts: Vec<_> = text.splitn(3, '-').collect();
    let [year, month, rest] = parts.as_slice() else {
        return false;
    };
    let day = rest
        .find(|c: char| !c.is_ascii_digit())
        .map_or(*rest, |end| &rest[..end]);
    let digits = |text: &str, low, high| {
        (low..=high).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let after = &rest[day.len()..];
    digits(year, 4, 4)
        && digits(month, 1, 2)
        && digits(day, 1, 2)
        && (after.is_empty()
            || after.starts_with(['T', 't', ' '])
                && after[1..].starts_with(|c: char| c.is_ascii_digit()))
}

fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let second = chars.next();
    let follows_space = second.is_none_or(|c| c == ' ');
    let bad_start = "#,[]{}&*!|>'\"%@`".contains(first)
        || "-?:".contains(first) && follows_space
        || text.starts_with("---")
        || text.starts_with("...")
        || first == ' ';
    let bad_inside =
        text.contains(": ") || text.ends_with(':') || text.contains(" #") || text.ends_with(' ');
    !bad_start && !bad_inside
}

fn literal_block(text: &str, indent: usize) -> Vec<u8> {
    let body = text.trim_end_matches('\n');
    let chomp = match text.len() - body.len() {
        0 => "-",
        1 if !body.is_empty() => "",
        _ => "+",
    };
    // Else the first line would tell a wrong indentation.
    let hint = if text.starts_with([' ', '\n']) {
        "2"
    } else {
        ""
    };
    let mut out = format!("|{hint}{chomp}");
    let kept = if chomp == "+" {
        &text[..text.len() - 1]
    } else {
        body
    };
    for line in kept.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent + 2));
            out.push_str(line);
        }
    }
    out.into_bytes()
}

/// What need not be escaped, which is less than YAML allows: nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn double_quoted(text: &str) -> Vec<u8> {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            _ if is_printable(c) => out.push(c),
            _ => match u32::from(c) {
                code @ 0..0x100 => out.push_str(&format!("\\x{code:02X}")),
                code @ 0x100..0x1_0000 => out.push_str(&format!("\\u{code:04X}")),
                code => out.push_str(&format!("\\U{code:08X}")),
            },
        }
    }
    out.push('"');
    out.into_bytes()
}

/// Keys sort with their numbers by value: `a2` before `a10`; letters after everything else.
pub(super) fn key_order(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (
        String::from_utf8_lossy(left),
        String::from_utf8_lossy(right),
    );
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut in_digits = false;
    for at in 0..a.len().min(b.len()) {
        if a[at] == b[at] {
            in_digits = a[at].is_ascii_digit();
            continue;
        }
        let (a_letter, b_letter) = (a[at].is_alphabetic(), b[at].is_alphabetic());
        if a_letter && b_letter {
            return a[at].cmp(&b[at]);
        }
        if a_letter || b_letter {
            return match in_digits {
                true => b_letter.cmp(&a_letter),
                false => a_letter.cmp(&b_letter),
            };
        }
        let number = |text: &[char]| {
            let digits: String = text[at..]
                .iter()
                .take_while(|c| c.is_ascii_digit())
                .collect();
            (
                digits.len(),
                digits.trim_start_matches('0').parse::<u128>().unwrap_or(0),
            )
        };
        let ((a_length, a_number), (b_length, b_number)) = (number(&a), number(&b));
        return a_number
            .cmp(&b_number)
            .then(a_length.cmp(&b_length))
            .then(a[at].cmp(&b[at]));
    }
    a.len().cmp(&b.len())
}
