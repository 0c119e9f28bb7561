//! Go's regular expressions: its syntax, leftmost-first, on bytes.
//!
//! The slim refresher is built without them: their tables of Unicode weigh as much as a tenth of it.
//! There every expression is refused; the webhook gives what needs one to the full refresher.

#[cfg(feature = "go-regex")]
mod syntax;

use super::call::Fault;

/// A compiled expression.
#[cfg(feature = "go-regex")]
#[derive(Debug)]
pub struct GoRegex(regex::bytes::Regex);

/// No expression at all.
#[cfg(not(feature = "go-regex"))]
#[derive(Debug)]
pub enum GoRegex {}

#[cfg(feature = "go-regex")]
impl GoRegex {
    /// What a compiled expression may take, in bytes.
    const SIZE_LIMIT: usize = 4 << 20;

    /// Compiles an expression. It may come from data, so no error shows it.
    ///
    /// # Errors
    /// Where Go refuses it, and when it would become too large.
    pub fn new(pattern: &[u8]) -> Result<Self, Fault> {
        let pattern =
            std::str::from_utf8(pattern).map_err(|_| "invalid UTF-8 in the regular expression")?;
        let translated = syntax::translated(pattern).map_err(Fault::new)?;
        regex::bytes::RegexBuilder::new(&translated)
            .size_limit(Self::SIZE_LIMIT)
            .build()
            .map(Self)
            .map_err(|_| Fault::new("the regular expression is not valid, or too large"))
    }

    /// Whether it matches anywhere in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    /// `text` with every match replaced; `$1`, `${1}` and `${name}` in `with` are what the group
    /// matched.
    pub fn replace_all(&self, text: &[u8], with: &[u8]) -> Vec<u8> {
        self.0.replace_all(text, with).into_owned()
    }
}

#[cfg(feature = "templates-full")]
impl GoRegex {
    /// The expression as its library has it.
    pub(super) fn into_inner(self) -> regex::bytes::Regex {
        self.0
    }
}

#[cfg(not(feature = "go-regex"))]
impl GoRegex {
    /// Refuses every expression.
    ///
    /// # Errors
    /// Always.
    pub fn new(_: &[u8]) -> Result<Self, Fault> {
        Err(Fault::new(
            "only the full refresher has regular expressions",
        ))
    }

    /// Never called: there is no expression.
    pub fn is_match(&self, _: &[u8]) -> bool {
        match *self {}
    }

    /// Never called: there is no expression.
    pub fn replace_all(&self, _: &[u8], _: &[u8]) -> Vec<u8> {
        match *self {}
    }
}
