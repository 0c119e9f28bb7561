//! The words of a template.

use super::ast::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text between actions.
    Text,
    LeftDelimiter,
    RightDelimiter,
    /// White space in an action; it separates arguments.
    Space,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    /// Any other printable ASCII character.
    Char,
    Bool,
    CharConstant,
    Number,
    /// `1+2i`
    Complex,
    /// `"…"`
    String,
    /// `` `…` ``
    RawString,
    Dot,
    /// `.name`
    Field,
    Identifier,
    /// `$` or `$name`
    Variable,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
    Eof,
    /// What follows is no template; the lexer's error says why.
    Error,
}

impl Kind {
    pub(super) fn keyword(word: &str) -> Option<Self> {
        Some(match word {
            "block" => Self::Block,
            "break" => Self::Break,
            "continue" => Self::Continue,
            "define" => Self::Define,
            "else" => Self::Else,
            "end" => Self::End,
            "if" => Self::If,
            "nil" => Self::Nil,
            "range" => Self::Range,
            "template" => Self::Template,
            "with" => Self::With,
            "true" | "false" => Self::Bool,
            _ => return None,
        })
    }
}
