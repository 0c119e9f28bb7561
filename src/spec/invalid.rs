//! Why a text is not a value: one short clause that says what is accepted.
//!
//! Every value type of [`crate::spec`] answers a bad text with [`Invalid`]. It never repeats the
//! text itself: the caller knows where the text stood and whether it may be shown, and writes
//! `PATH: "TEXT": CLAUSE`.

use std::borrow::Cow;
use std::fmt;

/// What is accepted instead, in the form "must be octal, e.g. 0640": lower case, no full stop, no
/// repetition of the refused text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Cow<'static, str>);

impl Invalid {
    /// A refusal with the clause `accepted`.
    pub fn new(accepted: impl Into<Cow<'static, str>>) -> Self {
        Self(accepted.into())
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}
