//! Cuts a template's source into words.

mod number;

use super::ast::Span;
use super::letter;
use super::token::{Kind, Token};

/// The words of `source`; the last is [`Kind::Eof`], or [`Kind::Error`] with the reason beside it.
pub(super) fn tokens(source: &str, left: &str, right: &str) -> (Vec<Token>, Option<String>) {
    let mut lexer = Lexer {
        source,
        left,
        right,
        start: 0,
        at: 0,
        tokens: Vec::new(),
    };
    let error = lexer.run().err();
    let kind = if error.is_some() {
        Kind::Error
    } else {
        Kind::Eof
    };
    lexer.push(kind);
    (lexer.tokens, error)
}

struct Lexer<'a> {
    source: &'a str,
    left: &'a str,
    right: &'a str,
    /// Where the current word begins.
    start: usize,
    at: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(offset) = self.rest().find(self.left) {
            let action = self.at + offset;
            let after = action + self.left.len();
            let trims = trims_left(&self.source[after..]);
            let text = &self.source[self.at..action];
            let kept = if trims {
                text.trim_end_matches(is_space)
            } else {
                text
            };
            self.at += kept.len();
            if !kept.is_empty() {
                self.push(Kind::Text);
            }
            self.start = action;
            self.at = after;
            let marker = if trims { 2 } else { 0 };
            if self.source[after + marker..].starts_with("/*") {
                self.at += marker;
                self.comment()?;
            } else {
                self.push(Kind::LeftDelimiter);
                self.at += marker;
                self.start = self.at;
                self.action()?;
            }
        }
        self.at = self.source.len();
        if self.at > self.start {
            self.push(Kind::Text);
        }
        Ok(())
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn push(&mut self, kind: Kind) {
        let span = Span {
            start: self.start,
            end: self.at,
        };
        self.tokens.push(Token { kind, span });
        self.start = self.at;
    }

    /// Whether the action ends here, and whether with a trim marker.
    fn at_right(&self) -> Option<bool> {
        let rest = self.rest();
        if trims_right(rest) && rest[2..].starts_with(self.right) {
            return Some(true);
        }
        rest.starts_with(self.right).then_some(false)
    }

    fn comment(&mut self) -> Result<(), String> {
        let length = self.rest()[2..].find("*/").ok_or("unclosed comment")?;
        self.at += 2 + length + 2;
        let trims = self
            .at_right()
            .ok_or("comment ends before closing delimiter")?;
        self.skip_right(trims);
        self.start = self.at;
        Ok(())
    }

    fn skip_right(&mut self, trims: bool) {
        self.at += if trims { 2 } else { 0 } + self.right.len();
        if trims {
            self.at += self.rest().len() - self.rest().trim_start_matches(is_space).len();
        }
    }

    fn action(&mut self) -> Result<(), String> {
        let mut parens = 0_usize;
        loop {
            if let Some(trims) = self.at_right() {
                if parens > 0 {
                    return Err("unclosed left paren".into());
                }
                self.at += if trims { 2 } else { 0 };
                self.start = self.at;
                self.at += self.right.len();
                self.push(Kind::RightDelimiter);
                self.at -= self.right.len() + if trims { 2 } else { 0 };
                self.skip_right(trims);
                self.start = self.at;
                return Ok(());
            }
            let next = self.bump().ok_or("unclosed action")?;
            match next {
                _ if is_space(next) => self.space(),
                '=' => self.push(Kind::Assign),
                ':' if self.bump() == Some('=') => self.push(Kind::Declare),
                ':' => return Err("expected :=".into()),
                '|' => self.push(Kind::Pipe),
                '"' => self.quoted('"', Kind::String, "unterminated quoted string")?,
                '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant")?,
                '`' => {
                    let length = self
                        .rest()
                        .find('`')
                        .ok_or("unterminated raw quoted string")?;
                    self.at += length + 1;
                    self.push(Kind::RawString);
                }
                '$' => self.name(Kind::Variable, Kind::Variable)?,
                '.' if !self.peek().is_some_and(|next| next.is_ascii_digit())
                    && !self.rest().is_empty() =>
                {
                    self.name(Kind::Field, Kind::Dot)?;
                }
                '.' | '+' | '-' | '0'..='9' => {
                    self.at -= 1;
                    self.number()?;
                }
                '(' => {
                    parens += 1;
                    self.push(Kind::LeftParen);
                }
                ')' => {
                    parens = parens.checked_sub(1).ok_or("unexpected right paren")?;
                    self.push(Kind::RightParen);
                }
                _ if letter::is_word(next) => self.identifier()?,
                ' '..='~' => self.push(Kind::Char),
                _ => return Err(format!("unrecognized character in action: {}", shown(next))),
            }
        }
    }

    /// The first space is read. The one before a trim marker belongs to the delimiter.
    fn space(&mut self) {
        loop {
            self.at -= 1;
            if self.at_right() == Some(true) {
                break;
            }
            self.at += 1;
            match self.peek() {
                Some(next) if is_space(next) => self.at += 1,
                _ => break,
            }
        }
        if self.at > self.start {
            self.push(Kind::Space);
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Result<(), String> {
        loop {
            match self.bump() {
                Some('\\') => match self.bump() {
                    None | Some('\n') => return Err(unterminated.into()),
                    Some(_) => {}
                },
                None | Some('\n') => return Err(unterminated.into()),
                Some(next) if next == quote => break,
                Some(_) => {}
            }
        }
        self.push(kind);
        Ok(())
    }

    /// A name after `.` or `$`, which is read; `bare` when there is none.
    fn name(&mut self, kind: Kind, bare: Kind) -> Result<(), String> {
        if self.at_terminator() {
            self.push(bare);
            return Ok(());
        }
        self.skip_word();
        self.terminated()?;
        self.push(kind);
        Ok(())
    }

    fn identifier(&mut self) -> Result<(), String> {
        self.skip_word();
        self.terminated()?;
        let word = &self.source[self.start..self.at];
        self.push(Kind::keyword(word).unwrap_or(Kind::Identifier));
        Ok(())
    }

    fn skip_word(&mut self) {
        while self.peek().is_some_and(letter::is_word) {
            self.bump();
        }
    }

    fn terminated(&self) -> Result<(), String> {
        match self.peek() {
            Some(next) if !self.at_terminator() => Err(format!("bad character {}", shown(next))),
            _ => Ok(()),
        }
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(next) => {
                is_space(next) || ".,|:()".contains(next) || self.rest().starts_with(self.right)
            }
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn trims_left(after_delimiter: &str) -> bool {
    let mut chars = after_delimiter.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn trims_right(before_delimiter: &str) -> bool {
    let mut chars = before_delimiter.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

/// `U+0021 '!'`
fn shown(c: char) -> String {
    if c.is_control() {
        return format!("U+{:04X}", u32::from(c));
    }
    format!("U+{:04X} '{c}'", u32::from(c))
}
