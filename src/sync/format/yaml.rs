//! YAML that every reader takes the same way.
//!
//! Block style, and each scalar written so that YAML 1.1 (PyYAML, SnakeYAML, Ruby) and YAML 1.2
//! (and Go's mixture of the two) agree on it: strings are plain only when they look like a word or a
//! path, and double-quoted otherwise.

use crate::secret::{SecretBool, SecretMap, SecretValue};

/// Appends a document that is one value.
pub(super) fn write_document(value: &SecretValue, out: &mut Vec<u8>) {
    write_value(value, 0, Position::Document, out);
}

/// Appends a document that is a mapping.
pub(super) fn write_document_map(data: &SecretMap, out: &mut Vec<u8>) {
    write_map(data, 0, Position::Document, out);
}

/// What stands before a value on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Nothing.
    Document,
    /// `key:`
    AfterKey,
    /// `-`
    AfterDash,
}

fn write_value(value: &SecretValue, indent: usize, position: Position, out: &mut Vec<u8>) {
    match value {
        SecretValue::Map(entries) => write_map(entries, indent, position, out),
        SecretValue::List(items) => write_list(items, indent, position, out),
        scalar => write_line(position, out, |out| write_scalar(scalar, out)),
    }
}

fn write_line(position: Position, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    if position != Position::Document {
        out.push(b' ');
    }
    write(out);
    out.push(b'\n');
}

fn write_map(entries: &SecretMap, indent: usize, position: Position, out: &mut Vec<u8>) {
    if entries.is_empty() {
        write_line(position, out, |out| out.extend_from_slice(b"{}"));
        return;
    }
    for (index, (key, value)) in entries.iter().enumerate() {
        begin_entry(index, indent, position, out);
        write_string(key, out);
        out.push(b':');
        write_value(value, indent + 1, Position::AfterKey, out);
    }
}

fn write_list(items: &[SecretValue], indent: usize, position: Position, out: &mut Vec<u8>) {
    if items.is_empty() {
        write_line(position, out, |out| out.extend_from_slice(b"[]"));
        return;
    }
    for (index, item) in items.iter().enumerate() {
        begin_entry(index, indent, position, out);
        out.push(b'-');
        write_value(item, indent + 1, Position::AfterDash, out);
    }
}

/// The first entry of a collection inside a list follows the dash on the same line.
fn begin_entry(index: usize, indent: usize, position: Position, out: &mut Vec<u8>) {
    match (index, position) {
        (0, Position::AfterDash) => out.push(b' '),
        (0, Position::AfterKey) => {
            out.push(b'\n');
            out.resize(out.len() + 2 * indent, b' ');
        }
        _ => out.resize(out.len() + 2 * indent, b' '),
    }
}

fn write_scalar(value: &SecretValue, out: &mut Vec<u8>) {
    match value {
        SecretValue::Bool(SecretBool(true)) => out.extend_from_slice(b"true"),
        SecretValue::Bool(SecretBool(false)) => out.extend_from_slice(b"false"),
        SecretValue::Number(text) => write_number(text.expose(), out),
        SecretValue::String(text) => write_string(&String::from_utf8_lossy(text.expose()), out),
        SecretValue::Null | SecretValue::List(_) | SecretValue::Map(_) => {
            out.extend_from_slice(b"null");
        }
    }
}

/// YAML 1.1 takes `1e3` for a string: it wants a point and a sign, `1.0e+3`.
fn write_number(text: &[u8], out: &mut Vec<u8>) {
    let Some(at) = text.iter().position(|byte| matches!(byte, b'e' | b'E')) else {
        out.extend_from_slice(text);
        return;
    };
    let (mantissa, exponent) = text.split_at(at);
    out.extend_from_slice(mantissa);
    if !mantissa.contains(&b'.') {
        out.extend_from_slice(b".0");
    }
    out.push(b'e');
    let digits = exponent.get(1..).unwrap_or_default();
    if !matches!(digits.first(), Some(b'+' | b'-')) {
        out.push(b'+');
    }
    out.extend_from_slice(digits);
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    if is_plain(text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for c in text.chars() {
        write_quoted(c, out);
    }
    out.push(b'"');
}

/// Words and paths: they begin with a letter or a slash, so no reader takes them for a number or a
/// date, and hold nothing that has a meaning in YAML.
fn is_plain(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_./@+-".contains(&byte))
        && !MEANINGFUL.contains(&text.to_ascii_lowercase().as_str())
}

/// Words that some reader takes for a boolean, a null or a number.
const MEANINGFUL: [&str; 12] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity",
];

/// The escapes that JSON and YAML share; further whatever YAML does not count as printable, or
/// folds as a line break.
fn write_quoted(c: char, out: &mut Vec<u8>) {
    match c {
        '"' => out.extend_from_slice(br#"\""#),
        '\\' => out.extend_from_slice(br"\\"),
        '\n' => out.extend_from_slice(br"\n"),
        '\r' => out.extend_from_slice(br"\r"),
        '\t' => out.extend_from_slice(br"\t"),
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{feff}'
        | '\u{fffe}'
        | '\u{ffff}' => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
        other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}
