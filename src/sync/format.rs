//! A secret as text: the formats of `freshet.dev/format-<name>` that are one file.
//!
//! Errors name keys, which are not secret, and never a value.

mod certificate;
mod env;
mod properties;
mod yaml;

use crate::secret::{SecretBytes, SecretMap, SecretValue, write_json_map};

pub(super) use self::certificate::{Issued, NotIssued};

/// Why a secret has no text in a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A key that is no name of a shell variable.
    #[error(
        "key {0:?} cannot be a variable: format env needs letters, digits and \"_\", not beginning with a digit; rename the key, or use another format or a template"
    )]
    NotAVariable(String),
    /// A value with a NUL byte.
    #[error(
        "the value of key {0:?} holds a NUL byte, which no shell variable can hold; use another format"
    )]
    NulByte(String),
}

/// What is written: a whole secret, or what `#key` selects.
#[derive(Clone, Copy, Debug)]
pub(super) enum Selected<'a> {
    Whole(&'a SecretMap),
    Key(&'a str, &'a SecretValue),
}

impl<'a> Selected<'a> {
    /// The keys and values of the formats that write one entry for each key.
    pub(super) fn entries(self) -> Box<dyn Iterator<Item = (&'a str, &'a SecretValue)> + 'a> {
        match self {
            Self::Whole(data) => Box::new(data.iter().map(|(key, value)| (key.as_str(), value))),
            Self::Key(key, value) => Box::new(std::iter::once((key, value))),
        }
    }
}

/// JSON, keys sorted, no newline at the end; with a key that value alone.
pub(super) fn json(selected: Selected<'_>) -> SecretBytes {
    match selected {
        Selected::Whole(data) => {
            let mut out = Vec::new();
            write_json_map(data, &mut out);
            SecretBytes::new(out)
        }
        Selected::Key(_, value) => value.to_json(),
    }
}

/// A YAML block mapping, keys sorted; with a key that value alone.
pub(super) fn yaml(selected: Selected<'_>) -> SecretBytes {
    let mut out = Vec::new();
    match selected {
        Selected::Whole(data) => yaml::write_document_map(data, &mut out),
        Selected::Key(_, value) => yaml::write_document(value, &mut out),
    }
    SecretBytes::new(out)
}

/// `KEY=value` lines that a POSIX shell can source.
///
/// # Errors
/// At every key or value that a shell cannot hold.
pub(super) fn env(selected: Selected<'_>) -> Result<SecretBytes, Vec<FormatError>> {
    let mut out = Vec::new();
    let mut errors = Vec::new();
    for (key, value) in selected.entries() {
        if let Err(error) = env::write_line(key, value.to_bytes().expose(), &mut out) {
            errors.push(error);
        }
    }
    // Taken over in either case, so that what was written is wiped.
    let text = SecretBytes::new(out);
    if errors.is_empty() {
        Ok(text)
    } else {
        Err(errors)
    }
}

/// `key=value` lines as `java.util.Properties` reads them.
pub(super) fn properties(selected: Selected<'_>) -> SecretBytes {
    let mut out = Vec::new();
    for (key, value) in selected.entries() {
        properties::write_line(key, value.to_bytes().expose(), &mut out);
    }
    SecretBytes::new(out)
}

#[cfg(test)]
mod tests;
