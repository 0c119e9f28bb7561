//! What becomes of the keys of an object or of found secrets, and of the values under them.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::error::TargetReason;
use super::value::Keys;
use crate::secret::SecretBytes;
use crate::spec::target::{Conversion, Decoding, NullBytes};

/// The longest key of a Secret.
const LONGEST: usize = 253;

/// Replaces what no key may have.
pub(super) fn converted(keys: Keys, conversion: Conversion) -> Result<Keys, TargetReason> {
    let mut out = Keys::new();
    for (key, value) in keys {
        let key: String = key.chars().map(|c| replacement(c, conversion)).collect();
        if out.contains_key(&key) {
            return Err(TargetReason::Collision(key));
        }
        out.insert(key, value);
    }
    Ok(out)
}

fn replacement(c: char, conversion: Conversion) -> String {
    match conversion {
        _ if is_allowed(c) => c.to_string(),
        Conversion::Default => "_".to_owned(),
        Conversion::Unicode => format!("_U{:04x}_", u32::from(c)),
    }
}

/// Go's letters and numbers of Unicode, and three characters more.
fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.' | '_')
}

/// Drops the empty key and refuses others that no Secret can have.
pub(super) fn checked(mut keys: Keys) -> Result<Keys, TargetReason> {
    keys.remove("");
    match keys.keys().find(|key| !is_valid(key)) {
        Some(key) => Err(TargetReason::BadKey(key.chars().take(LONGEST).collect())),
        None => Ok(keys),
    }
}

fn is_valid(key: &str) -> bool {
    key.len() <= LONGEST && key.chars().all(is_allowed)
}

/// Decodes the value, and holds it to the rule about NUL bytes.
pub(super) fn decoded(
    value: SecretBytes,
    decoding: Decoding,
    null_bytes: NullBytes,
) -> Result<SecretBytes, TargetReason> {
    let value = decode(value, decoding)?;
    match null_bytes {
        NullBytes::Fail if value.expose().contains(&0) => Err(TargetReason::NullByte),
        _ => Ok(value),
    }
}

/// Decodes the value.
pub(super) fn decode(value: SecretBytes, decoding: Decoding) -> Result<SecretBytes, TargetReason> {
    let standard = || base64(&value, &STANDARD);
    let url = || base64(&value, &URL_SAFE);
    match decoding {
        Decoding::None => Ok(value),
        Decoding::Base64 => standard().ok_or(TargetReason::NotDecodable(
            "base64 (decodingStrategy: Base64)",
        )),
        Decoding::Base64Url => url().ok_or(TargetReason::NotDecodable(
            "base64 of the URL alphabet (decodingStrategy: Base64URL)",
        )),
        Decoding::Auto => Ok(standard().or_else(url).unwrap_or(value)),
    }
}

/// Padded base64; line breaks are skipped and loose bits at the end are too, as in Go.
fn base64(value: &SecretBytes, alphabet: &base64::alphabet::Alphabet) -> Option<SecretBytes> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let line_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let text: Vec<u8> = value
        .expose()
        .iter()
        .copied()
        .filter(|byte| !line_break(byte))
        .collect();
    let text = SecretBytes::new(text);
    let bytes = GeneralPurpose::new(alphabet, config).decode(text.expose());
    bytes.ok().map(SecretBytes::new)
}
