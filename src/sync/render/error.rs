//! Why a file cannot be rendered, in words that hold no secret value.
//!
//! The keys of a secret are not secret, and whoever mistyped one needs to see them.

use std::fmt;

use crate::payload::PayloadConflict;
use crate::spec::{Invalid, SecretRef, TemplatePath};
use crate::sync::format::FormatError;
use crate::sync::target::TargetError;
use crate::template::{ExecError, ParseError};

/// One file that cannot be rendered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("secret {name}: {reason}")]
pub struct RenderError {
    /// The `<name>` in `freshet.dev/secret-<name>`, or the target of an ExternalSecret.
    pub name: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Reason {
    /// The secret has no such key.
    NoSuchKey {
        /// The secret, with the key.
        source: Box<SecretRef>,
        /// The keys that it has, sorted.
        keys: Vec<String>,
    },
    /// The format `raw` without a key.
    RawWithoutKey(SecretRef),
    /// The format cannot write a key or a value.
    Format(Box<SecretRef>, FormatError),
    /// With a format for certificates, data without a field of one.
    NotACertificate(Box<SecretRef>, &'static str),
    /// With the format `dir`, a key that is no file name.
    NotAFileName {
        /// The secret.
        source: Box<SecretRef>,
        /// The key.
        key: String,
        /// What a file name is.
        accepted: Invalid,
    },
    /// Two files that cannot both exist.
    Conflict(PayloadConflict),
    /// What stands in the annotation is no template.
    NotATemplate(ParseError),
    /// The template failed.
    Template(ExecError),
    /// The target of an ExternalSecret cannot be made.
    Target(TargetError),
    /// The template in that file cannot be used.
    TemplateFile(TemplatePath, FileFault),
    /// There was no login yet whose token it could hold.
    NoToken,
    /// The value cannot be a variable's.
    Variable(&'static str),
}

/// What is wrong with a template file.
#[derive(Debug, PartialEq, Eq)]
pub enum FileFault {
    /// It was not looked at yet.
    Awaited,
    /// It cannot be read.
    Unreadable(String),
    /// Its text is no template.
    NotATemplate(ParseError),
    /// The template failed.
    Template(ExecError),
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Awaited => f.write_str("it was not read yet"),
            Self::Unreadable(reason) => f.write_str(reason),
            Self::NotATemplate(error) => error.fmt(f),
            Self::Template(error) => error.fmt(f),
        }
    }
}

impl RenderError {
    pub(super) fn new(name: impl ToString, reason: Reason) -> Self {
        Self {
            name: name.to_string(),
            reason,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchKey { source, keys } => {
                let key = source.key.as_deref().unwrap_or_default();
                write!(f, "{} has no key {key:?}", source.whole())?;
                match keys.as_slice() {
                    [] => f.write_str(": it is empty"),
                    keys => write!(f, ": it has {}", listed(keys)),
                }
            }
            Self::RawWithoutKey(source) => write!(
                f,
                "{source} is written raw and names no key: append one, e.g. {source}#password, or use another format"
            ),
            Self::Format(source, error) => write!(f, "{}: {error}", source.whole()),
            Self::NotACertificate(source, missing) => write!(
                f,
                "{} has no {missing:?}: the formats pem, pem-bundle and pkcs12 need a certificate \
                 that Vault issued with its key, e.g. by pki/issue/web?common_name=web.shop.svc",
                source.path
            ),
            Self::NotAFileName {
                source,
                key,
                accepted,
            } => write!(
                f,
                "{}: key {key:?} cannot be a file name: it {accepted}; rename the key, or use another format",
                source.whole()
            ),
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::NotATemplate(error) => error.fmt(f),
            Self::Template(error) => error.fmt(f),
            Self::Target(error) => error.fmt(f),
            Self::TemplateFile(path, fault) => write!(f, "template file {path}: {fault}"),
            Self::NoToken => f.write_str("there is no Vault token yet"),
            Self::Variable(reason) => f.write_str(reason),
        }
    }
}

/// The keys in quotes; of very many the first ones.
fn listed(keys: &[String]) -> String {
    const SHOWN: usize = 20;
    let quoted: Vec<String> = keys
        .iter()
        .take(SHOWN)
        .map(|key| format!("{key:?}"))
        .collect();
    match keys.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", quoted.join(", ")),
        _ => quoted.join(", "),
    }
}
