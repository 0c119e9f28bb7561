//! Secret values in memory: redacted in every text form, wiped when dropped.
//!
//! Nothing here implements `Serialize`, `Display` or `Clone`: a value leaves through an accessor
//! whose name says so.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// Bytes that must not be shown. Compared in ordinary time: they are only ever compared with bytes
/// from the same place.
#[derive(Default, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes over `bytes`; the buffer is wiped when the value is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for SecretBytes {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The data of a secret: its keys (which are not secret) and their values.
pub type SecretMap = BTreeMap<String, SecretValue>;

/// One value of a secret, as Vault's JSON holds it. Numbers keep their text, so nothing is ever
/// rounded.
#[derive(Debug, PartialEq, Eq)]
pub enum SecretValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(SecretBool),
    /// A number, in the text that Vault sent.
    Number(SecretBytes),
    /// A string, as UTF-8.
    String(SecretBytes),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(SecretMap),
}

/// A boolean that must not be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretBool(pub bool);

impl fmt::Debug for SecretBool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The text is not the JSON that was expected; says nothing of its content.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON, or nested too deeply")]
pub struct InvalidJson;

/// Deeper nesting is refused, so that hostile data cannot exhaust the stack.
const MAX_DEPTH: usize = 64;

impl SecretValue {
    /// Reads JSON text.
    ///
    /// # Errors
    /// When it is not valid JSON, or nested more than 64 deep.
    pub fn from_json(json: &str) -> Result<Self, InvalidJson> {
        let raw = serde_json::from_str::<&RawValue>(json).map_err(|_| InvalidJson)?;
        Self::from_raw(raw, MAX_DEPTH)
    }

    /// Reads JSON that an enclosing parser has kept as text.
    ///
    /// # Errors
    /// When a string in it is not valid, or it is nested more than 64 deep.
    pub fn from_raw_value(raw: &RawValue) -> Result<Self, InvalidJson> {
        Self::from_raw(raw, MAX_DEPTH)
    }

    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, InvalidJson> {
        let text = raw.get();
        let depth = depth.checked_sub(1).ok_or(InvalidJson)?;
        match text.as_bytes().first() {
            Some(b'n') => Ok(Self::Null),
            Some(b't') => Ok(Self::Bool(SecretBool(true))),
            Some(b'f') => Ok(Self::Bool(SecretBool(false))),
            Some(b'"') => serde_json::from_str::<String>(text)
                .map(|text| Self::String(text.into()))
                .map_err(|_| InvalidJson),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| InvalidJson)?;
                items
                    .into_iter()
                    .map(|item| Self::from_raw(item, depth))
                    .collect::<Result<_, _>>()
                    .map(Self::List)
            }
            Some(b'{') => {
                // Keys are owned: a key with an escape cannot be borrowed from the text.
                let entries: BTreeMap<String, &RawValue> =
                    serde_json::from_str(text).map_err(|_| InvalidJson)?;
                let entries = entries
                    .into_iter()
                    .map(|(key, value)| Ok((key, Self::from_raw(value, depth)?)));
                entries.collect::<Result<_, InvalidJson>>().map(Self::Map)
            }
            _ => Ok(Self::Number(text.to_owned().into())),
        }
    }

    /// The value as a file holds it: a string's bytes as they are, `null` as nothing, everything
    /// else as compact JSON with sorted keys.
    pub fn to_bytes(&self) -> SecretBytes {
        match self {
            Self::Null => SecretBytes::default(),
            Self::String(text) => SecretBytes::new(text.expose().to_vec()),
            other => other.to_json(),
        }
    }

    /// Compact JSON with sorted keys.
    pub fn to_json(&self) -> SecretBytes {
        let mut json = Zeroizing::new(Vec::new());
        self.write_json(&mut json);
        SecretBytes(json)
    }

    /// Appends compact JSON with sorted keys to `out`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(SecretBool(value)) => {
                out.extend_from_slice(if *value { b"true" } else { b"false" })
            }
            Self::Number(text) => out.extend_from_slice(text.expose()),
            Self::String(text) => write_json_string(text.expose(), out),
            Self::List(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write_json(out);
                }
                out.push(b']');
            }
            Self::Map(entries) => write_json_map(entries, out),
        }
    }
}

/// Appends `entries` as a compact JSON object to `out`.
pub fn write_json_map(entries: &SecretMap, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_json_string(key.as_bytes(), out);
        out.push(b':');
        value.write_json(out);
    }
    out.push(b'}');
}

/// Appends a JSON string; bytes that are not UTF-8 become U+FFFD, as in Go.
pub fn write_json_string(text: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    // Writing a string into a vector cannot fail.
    let _ = serde_json::to_writer(out, &*text);
}

/// A secret as it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct VaultSecret {
    /// The data, flattened: for KV v2 what lies under `data.data`.
    pub data: SecretMap,
    /// The version of a KV v2 secret, from the reply that brought the data.
    pub version: Option<u64>,
    /// The lease of a dynamic secret.
    pub lease: Option<Lease>,
    /// Whether there is no such secret, where that is an answer; the data is empty then.
    pub absent: bool,
    /// What Vault says of that version of a KV v2 secret: `created_time`, `custom_metadata`, …
    pub metadata: SecretMap,
    /// What an answer that brings a token has as `auth`.
    pub auth: Option<SecretMap>,
    /// The `lease_duration` of an answer without a lease, in seconds: how long Vault would keep the
    /// value.
    pub keep: u64,
}

impl VaultSecret {
    /// The answer that there is no such secret.
    pub fn absent() -> Self {
        Self {
            absent: true,
            ..Self::default()
        }
    }
}

/// A promise of Vault that a credential lives for a time.
#[derive(Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which one.
    pub id: LeaseId,
    /// How long it lives from the time of the reply.
    pub duration: Duration,
    /// Whether it can be extended.
    pub renewable: bool,
}

/// Vault's `lease_id`. Whoever knows it may renew and revoke, so it is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseId(Arc<SecretBytes>);

impl LeaseId {
    /// The text that Vault knows it by.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

impl From<String> for LeaseId {
    fn from(id: String) -> Self {
        Self(Arc::new(id.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text_and_keys_are_sorted() {
        let value = SecretValue::from_json(r#" {"b": [1.50, 12345678901234567890, 1e3], "a\n": "\u00e9\"", "c": null, "d": true} "#)
            .expect("valid");
        assert_eq!(
            value.to_json().expose(),
            "{\"a\\n\":\"é\\\"\",\"b\":[1.50,12345678901234567890,1e3],\"c\":null,\"d\":true}"
                .as_bytes()
        );
    }

    #[test]
    fn nothing_shows_in_debug_output() {
        let value =
            SecretValue::from_json(r#"{"password":"hunter2","n":42,"b":true,"l":["x-marks"]}"#)
                .expect("valid");
        let shown = format!("{value:?}");
        assert!(
            ["hunter2", "42", "true", "x-marks"]
                .iter()
                .all(|secret| !shown.contains(secret)),
            "{shown}"
        );
        assert!(shown.contains("password"));
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert_eq!(
            SecretValue::from_json(&format!("{}{}", "[".repeat(100), "]".repeat(100))),
            Err(InvalidJson)
        );
        assert!(SecretValue::from_json(&format!("{}{}", "[".repeat(60), "]".repeat(60))).is_ok());
    }
}
