//! From the data of a secret to the bytes of a key, as External Secrets takes them.

use std::collections::BTreeMap;

use gjson::Kind;
use zeroize::Zeroizing;

use super::error::{TargetReason, listed};
use crate::secret::{SecretBool, SecretBytes, SecretMap, SecretValue, write_json_map};
use crate::spec::{Property, SecretRef};

/// Keys and their values: what an entry, or all of a target, gives.
pub(super) type Keys = BTreeMap<String, SecretBytes>;

/// The value of `property`, or all of the data as JSON.
///
/// A top-level key of that very name comes before a path. Numbers keep the text that Vault sent,
/// unless a path leads to one that is no plain integer.
pub(super) fn value(
    source: &SecretRef,
    property: Option<&Property>,
    data: &SecretMap,
) -> Result<SecretBytes, TargetReason> {
    let Some(property) = property else {
        return Ok(go_json(data));
    };
    if let Some(value) = data.get(property.as_str()) {
        return Ok(bytes(value));
    }
    let json = go_json(data);
    // Written from texts.
    let text = std::str::from_utf8(json.expose()).unwrap_or_default();
    let found = gjson::get(text, property.as_str());
    if !found.exists() {
        return Err(TargetReason::NoSuchProperty {
            secret: source.to_string(),
            property: property.to_string(),
            keys: listed(data.keys()),
        });
    }
    Ok(SecretBytes::from(match found.kind() {
        Kind::Null => String::new(),
        Kind::String => found.str().to_owned(),
        Kind::Number => plain_number(found.json()),
        Kind::False | Kind::True | Kind::Array | Kind::Object => found.json().to_owned(),
    }))
}

/// The keys of the object that `property` leads to. On the way every number becomes a float, as
/// Go's JSON reads it: digits beyond a float's are lost.
pub(super) fn extracted(
    source: &SecretRef,
    property: Option<&Property>,
    data: &SecretMap,
) -> Result<Keys, TargetReason> {
    let json = value(source, property, data)?;
    let object = object(&json).ok_or_else(|| TargetReason::NotAnObject(source.to_string()))?;
    let too_large = || TargetReason::NumberTooLarge(source.to_string());
    object
        .iter()
        .map(|(key, value)| Ok((key.clone(), float_bytes(value).ok_or_else(too_large)?)))
        .collect()
}

/// The object that is written in `json`; null is an empty one, as in Go.
pub(super) fn object(json: &SecretBytes) -> Option<SecretMap> {
    let text = String::from_utf8_lossy(json.expose());
    match SecretValue::from_json(text.trim()).ok()? {
        SecretValue::Map(object) => Some(object),
        SecretValue::Null => Some(SecretMap::new()),
        _ => None,
    }
}

/// Compact JSON as Go's `json.Marshal` writes it: keys sorted, `<`, `>`, `&` and two line separators
/// escaped, which can stand in texts alone.
fn go_json(data: &SecretMap) -> SecretBytes {
    let mut json = Zeroizing::new(Vec::new());
    write_json_map(data, &mut json);
    escaped(&json)
}

fn escaped(json: &[u8]) -> SecretBytes {
    let mut out = Vec::with_capacity(json.len() + json.len() / 8);
    let mut rest = json;
    while let Some((first, after)) = rest.split_first() {
        let (text, length): (&[u8], _) = match rest {
            [b'<', ..] => (b"\\u003c", 1),
            [b'>', ..] => (b"\\u003e", 1),
            [b'&', ..] => (b"\\u0026", 1),
            [0xe2, 0x80, 0xa8, ..] => (b"\\u2028", 3),
            [0xe2, 0x80, 0xa9, ..] => (b"\\u2029", 3),
            _ => (&[], 0),
        };
        match length {
            0 => {
                out.push(*first);
                rest = after;
            }
            length => {
                out.extend_from_slice(text);
                rest = &rest[length..];
            }
        }
    }
    SecretBytes::new(out)
}

/// The bytes of a value that was not read again: numbers as Vault sent them.
fn bytes(value: &SecretValue) -> SecretBytes {
    match value {
        SecretValue::Map(_) | SecretValue::List(_) => escaped(value.to_json().expose()),
        other => other.to_bytes(),
    }
}

/// The bytes of a value whose numbers are floats; `None` when one is no float.
pub(super) fn float_bytes(value: &SecretValue) -> Option<SecretBytes> {
    Some(match value {
        SecretValue::Number(text) => SecretBytes::from(float(text)?.to_string()),
        SecretValue::Map(_) | SecretValue::List(_) => {
            let mut json = Zeroizing::new(Vec::new());
            write_float_json(value, &mut json)?;
            escaped(&json)
        }
        other => other.to_bytes(),
    })
}

/// JSON whose numbers are floats, without Go's escapes.
pub(super) fn write_float_json(value: &SecretValue, out: &mut Vec<u8>) -> Option<()> {
    match value {
        SecretValue::Number(text) => out.extend_from_slice(json_number(float(text)?).as_bytes()),
        SecretValue::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_float_json(item, out)?;
            }
            out.push(b']');
        }
        SecretValue::Map(entries) => write_float_map(entries, out)?,
        SecretValue::Null | SecretValue::Bool(SecretBool(_)) | SecretValue::String(_) => {
            value.write_json(out);
        }
    }
    Some(())
}

/// The same of an object.
pub(super) fn write_float_map(entries: &SecretMap, out: &mut Vec<u8>) -> Option<()> {
    out.push(b'{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        crate::secret::write_json_string(key.as_bytes(), out);
        out.push(b':');
        write_float_json(value, out)?;
    }
    out.push(b'}');
    Some(())
}

fn float(text: &SecretBytes) -> Option<f64> {
    let text = std::str::from_utf8(text.expose()).ok()?;
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A float as Go's `json.Marshal` writes it: the shortest digits, with an exponent where the number
/// is very large or very small.
fn json_number(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.contains("e-") {
        true => text,
        false => text.replace('e', "e+"),
    }
}

/// A number as GJSON's `String` gives it: a plain integer as it is, any other number as a float.
fn plain_number(text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.to_owned(),
        false => text
            .parse()
            .map_or_else(|_| text.to_owned(), |number: f64| number.to_string()),
    }
}
