//! The tokens of HCL.

use super::super::SyntaxError;
use super::{heredoc, string};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Heredoc(String),
    Integer(i64),
    Float(f64),
    Truth(bool),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    Assign,
    End,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    rest: &'a str,
    /// Where the last token began.
    start: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            text,
            rest,
            start: 0,
        }
    }

    /// The next token; [`Token::End`] for ever when there is none.
    pub(super) fn next(&mut self) -> Result<Token, SyntaxError> {
        self.blanks()?;
        self.start = self.position();
        let Some(first) = self.rest.chars().next() else {
            return Ok(Token::End);
        };
        let token = match first {
            '{' => Token::Open,
            '}' => Token::Close,
            '[' => Token::OpenList,
            ']' => Token::CloseList,
            ',' => Token::Comma,
            '=' => Token::Assign,
            '"' => {
                let read = string::read(self.rest);
                return self.taken(read, Token::Text);
            }
            '<' => {
                let read = heredoc::read(self.rest);
                return self.taken(read, Token::Heredoc);
            }
            '0'..='9' | '-' | '.' => return self.number(),
            first if is_letter(first) => return Ok(self.name()),
            _ => return Err(self.error("is no character of HCL outside quotes")),
        };
        self.advance(first.len_utf8());
        Ok(token)
    }

    /// Goes past the next token when it is this one.
    pub(super) fn skip(&mut self, token: &Token) -> Result<(), SyntaxError> {
        let rest = self.rest;
        if self.next()? != *token {
            self.rest = rest;
        }
        Ok(())
    }

    /// An error at the last token.
    pub(super) fn error(&self, message: &'static str) -> SyntaxError {
        let before = self.text.as_bytes().iter().take(self.start);
        SyntaxError {
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
            message,
        }
    }

    fn position(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// A text that was read, with the number of bytes that it took.
    fn taken(
        &mut self,
        read: Result<(String, usize), &'static str>,
        token: fn(String) -> Token,
    ) -> Result<Token, SyntaxError> {
        let (text, bytes) = read.map_err(|message| self.error(message))?;
        self.advance(bytes);
        Ok(token(text))
    }

    /// Blanks and comments.
    fn blanks(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
            if self.rest.starts_with('#') || self.rest.starts_with("//") {
                let line = self.rest.find('\n').unwrap_or(self.rest.len());
                self.advance(line);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                self.start = self.position();
                let end = comment.find("*/");
                let end = end.ok_or_else(|| self.error("the comment has no end"))?;
                self.advance(end + 4);
            } else {
                return Ok(());
            }
        }
    }

    fn word(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn name(&mut self) -> Token {
        let is_part = |c: char| is_letter(c) || c.is_numeric() || matches!(c, '-' | '.');
        match self.word(is_part) {
            "true" => Token::Truth(true),
            "false" => Token::Truth(false),
            name => Token::Name(name.to_owned()),
        }
    }

    /// Decimal, hexadecimal (`0x1f`), octal (`0640`), or with a point or an exponent.
    fn number(&mut self) -> Result<Token, SyntaxError> {
        let word = self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
        let (sign, digits) = match word.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", word),
        };
        let radix = |digits: &str, radix| {
            // `from_str_radix` takes a sign of its own, behind ours or behind a `0x`.
            let is_signed_again = digits.starts_with(['-', '+']);
            let number = i64::from_str_radix(&format!("{sign}{digits}"), radix);
            number.ok().filter(|_| !is_signed_again)
        };
        let hexadecimal = digits
            .strip_prefix("0x")
            .or_else(|| digits.strip_prefix("0X"));
        let integer = match (hexadecimal, digits.strip_prefix('0')) {
            (Some(digits), _) => radix(digits, 16),
            (None, Some(digits)) if !digits.is_empty() => radix(digits, 8),
            _ => radix(digits, 10),
        };
        if let Some(integer) = integer {
            return Ok(Token::Integer(integer));
        }
        let is_float = digits.contains(['.', 'e', 'E']);
        match word.parse::<f64>() {
            Ok(number) if is_float && number.is_finite() => Ok(Token::Float(number)),
            _ => Err(self.error("is no number")),
        }
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && c.is_alphabetic())
}
