//! What is wrong with a template, and where. No text here holds a value of the data.

use std::fmt;

use super::ast::Span;

/// The source is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(Place);

/// The template failed while it was rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecError(Box<Place>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    snippet: String,
    message: String,
}

impl ParseError {
    pub(super) fn new(source: &str, span: Span, message: String) -> Self {
        Self(Place::new(source, span, message))
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The column in bytes, from 1.
    pub fn column(&self) -> usize {
        self.0.column
    }
}

impl ExecError {
    pub(super) fn new(source: &str, span: Span, message: String) -> Self {
        Self(Box::new(Place::new(source, span, message)))
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The column in bytes, from 1.
    pub fn column(&self) -> usize {
        self.0.column
    }
}

impl Place {
    fn new(source: &str, span: Span, message: String) -> Self {
        let before = &source[..span.start.min(source.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.len() - line_start + 1,
            snippet: snippet(source, span),
            message,
        }
    }
}

/// The longest piece of a template that a message shows.
const SNIPPET: usize = 60;

fn snippet(source: &str, span: Span) -> String {
    let text = source.get(span.start..span.end).unwrap_or_default();
    let text = text.lines().next().unwrap_or_default();
    match text.char_indices().nth(SNIPPET) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            snippet,
            message,
        } = self;
        match snippet.is_empty() {
            true => write!(f, "template:{line}:{column}: {message}"),
            false => write!(f, "template:{line}:{column}: at <{snippet}>: {message}"),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ParseError {}

impl std::error::Error for ExecError {}
