//! The two languages of an agent's configuration, HCL and JSON, as one tree.
//!
//! HCL is read as the agent reads it, which is its first version. Parsers of the second take `${…}`
//! and `%{…}` in strings and heredocs for templates, refuse shell's `${NAME:-word}` therein, and take
//! another indent off `<<-`.

mod hcl;
mod json;

use std::fmt;

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Truth(bool),
    List(Vec<Self>),
    Body(Vec<Item>),
    /// JSON's null, which is as good as absent.
    Null,
}

/// A key, of a block with its labels, and what stands behind it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// Never empty.
    pub(super) keys: Vec<String>,
    pub(super) value: Value,
}

/// Why a text is neither. Nothing of the text is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    line: usize,
    message: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// How deep bodies and lists may lie in each other.
const DEPTH: usize = 32;

/// Reads a configuration: JSON when it begins with a brace, or else HCL.
///
/// # Errors
/// The first place that is not of the language.
pub(super) fn parse(text: &str) -> Result<Vec<Item>, SyntaxError> {
    match text.trim_start().starts_with('{') {
        true => json::parse(text),
        false => hcl::parse(text),
    }
}
