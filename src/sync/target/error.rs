//! Why a target cannot be made, in words that hold no secret value. The keys of a secret are not
//! secret.

use crate::template::{ExecError, Fault, ParseError};

/// What is wrong, and with what: a key, an entry or a text of the ExternalSecret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct TargetError {
    /// The key of the target, or the part of the ExternalSecret.
    pub place: String,
    /// What is wrong.
    pub reason: TargetReason,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetReason {
    /// Neither a key nor a path of the secret.
    #[error("{secret} has no property {property:?}: it has {keys}")]
    NoSuchProperty {
        /// The secret.
        secret: String,
        /// The property.
        property: String,
        /// The top-level keys of the secret, as a list for people.
        keys: String,
    },
    /// `extract` of something else than an object.
    #[error("what is extracted from {0} is no JSON object")]
    NotAnObject(String),
    /// A number that External Secrets would refuse, too.
    #[error("a number in {0} does not fit into 64 bits")]
    NumberTooLarge(String),
    /// A value that does not decode.
    #[error("the value is not {0}")]
    NotDecodable(&'static str),
    /// `nullBytePolicy: Fail`.
    #[error("the value holds a NUL byte, and nullBytePolicy is Fail")]
    NullByte,
    /// Two keys become one.
    #[error("the key {0:?} is made of two keys: set a rewrite, or conversionStrategy: Unicode")]
    Collision(String),
    /// A key that no Secret can have.
    #[error(
        "the key {0:?} cannot be one of a Secret: letters, digits, \"-\", \".\" and \"_\", at most 253"
    )]
    BadKey(String),
    /// A key that is no file name.
    #[error("the key {0:?} cannot be a file name: it {1}")]
    NotAFileName(String, String),
    /// An item of the volume names a key that is not there.
    #[error("the pod asks for the key {0:?}, which is not there: it has {1}")]
    NoSuchKey(String, String),
    /// `merge` of something else than JSON objects.
    #[error("merge: the value of {0:?} is no JSON object")]
    NotMergeable(String),
    /// `merge` without a key of `priority`.
    #[error("merge: there is no key {0:?}, which priority names")]
    NoPriority(String),
    /// `merge` of objects that have a key in common.
    #[error("merge: the key {0:?} is in two of the objects, and conflictPolicy is Error")]
    Conflict(String),
    /// A list whose entries are no names.
    #[error("the list of {0} holds something else than names")]
    NotAList(String),
    /// A name in Vault that is no path.
    #[error("the name {0:?} in Vault {1}")]
    NotAPath(String, String),
    /// A ConfigMap that is not there yet.
    #[error("the ConfigMap {0} has no key {1:?}, or is not mounted yet")]
    NoConfigMap(String, String),
    /// A template that cannot be parsed.
    #[error("unable to parse the template: {0}")]
    Unparsable(ParseError),
    /// A template that fails.
    #[error("unable to execute the template: {0}")]
    Failed(ExecError),
    /// A template whose output is no YAML mapping of texts.
    #[error("the rendered text is no YAML mapping of texts: {0}")]
    NotKeysAndValues(String),
    /// A regular expression that cannot be compiled.
    #[error("{0}")]
    Regex(String),
}

impl TargetReason {
    /// The error of `place`.
    pub(super) fn at(self, place: impl Into<String>) -> TargetError {
        TargetError {
            place: place.into(),
            reason: self,
        }
    }

    /// An expression that cannot be compiled.
    pub(super) fn regex(fault: &Fault) -> Self {
        Self::Regex(fault.to_string())
    }
}

/// The keys in quotes; of very many the first ones.
pub(super) fn listed<'a>(keys: impl ExactSizeIterator<Item = &'a String>) -> String {
    const SHOWN: usize = 20;
    let more = keys.len().saturating_sub(SHOWN);
    let quoted: Vec<String> = keys.take(SHOWN).map(|key| format!("{key:?}")).collect();
    match (quoted.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (false, 0) => quoted.join(", "),
        (false, more) => format!("{} and {more} more", quoted.join(", ")),
    }
}
