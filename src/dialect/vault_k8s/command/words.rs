//! The words of a command as `/bin/sh` would see them, as far as no shell is needed to know them
//! (POSIX.1-2024, Shell Command Language, sections 2.2, 2.3 and 2.6).

use std::iter::Peekable;
use std::str::Chars;

use super::WAY_OUT;
use crate::spec::Invalid;

/// Commands whose outputs are the inputs of the next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) commands: Vec<Vec<Word>>,
    /// It stands after `||`.
    pub(super) otherwise: bool,
}

/// A word of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    Plain(String),
    /// What another command prints: `$(pidof app)`; with its own text.
    Output(Vec<Line>, String),
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, Invalid> {
    let mut lexer = Lexer {
        rest: text.chars().peekable(),
        commands: vec![Vec::new()],
        lines: Vec::new(),
        otherwise: false,
    };
    lexer.read()?;
    lexer.end_line(false);
    Ok(lexer.lines)
}

/// The refusal of something that only a shell can do.
pub(super) fn needs_shell(what: &str) -> Invalid {
    Invalid::new(format!(
        "has {what:?}, and the refresher has no shell: {WAY_OUT}"
    ))
}

struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    /// The line that is being read.
    commands: Vec<Vec<Word>>,
    lines: Vec<Line>,
    otherwise: bool,
}

impl Lexer<'_> {
    fn read(&mut self) -> Result<(), Invalid> {
        while let Some(&next) = self.rest.peek() {
            match next {
                '\n' | ';' => {
                    self.rest.next();
                    self.end_line(false);
                }
                '|' => {
                    self.rest.next();
                    match self.takes('|') {
                        true => self.end_line(true),
                        false => self.commands.push(Vec::new()),
                    }
                }
                '&' => self.ampersand()?,
                '>' => self.redirection(String::new())?,
                '<' | '(' | ')' => return Err(needs_shell(&next.to_string())),
                '#' => while self.rest.next_if(|c| *c != '\n').is_some() {},
                c if c.is_whitespace() => {
                    self.rest.next();
                }
                _ => self.word()?,
            }
        }
        Ok(())
    }

    /// `&&`, or `&>/dev/null`, which bash knows.
    fn ampersand(&mut self) -> Result<(), Invalid> {
        self.rest.next();
        match self.rest.peek() {
            Some('&') => {
                self.rest.next();
                self.end_line(false);
                Ok(())
            }
            Some('>') => self.redirection(String::from("&")),
            _ => Err(needs_shell("&")),
        }
    }

    /// What is printed is thrown away anyhow.
    fn redirection(&mut self, descriptor: String) -> Result<(), Invalid> {
        let mut shown = descriptor;
        shown.extend(self.rest.next());
        let appends = self.takes('>');
        shown.push_str(if appends { ">" } else { "" });
        let copies = self.takes('&');
        shown.push_str(if copies { "&" } else { " " });
        while self.rest.next_if(|c| *c == ' ').is_some() {}
        let target = self.plain()?;
        let is_thrown_away = match copies {
            true => matches!(&*target, "1" | "2"),
            false => target == "/dev/null",
        };
        match is_thrown_away {
            true => Ok(()),
            false => Err(needs_shell(&format!("{shown}{target}"))),
        }
    }

    fn word(&mut self) -> Result<(), Invalid> {
        let quoted = self.rest.peek() == Some(&'"');
        let mut ahead = self.rest.clone();
        if quoted {
            ahead.next();
        }
        let opens = (ahead.next(), ahead.next());
        let close = match opens {
            (Some('$'), Some('(')) => ')',
            (Some('`'), _) => '`',
            _ => return self.plain_word(),
        };
        if quoted {
            self.rest.next();
        }
        self.rest.next();
        if close == ')' {
            self.rest.next();
        }
        let inner = self.until(close)?;
        if quoted && !self.takes('"') {
            return Err(needs_shell(&inner));
        }
        let shown = match close {
            ')' => format!("$({inner})"),
            _ => format!("`{inner}`"),
        };
        self.push(Word::Output(lines(&inner)?, shown));
        Ok(())
    }

    fn plain_word(&mut self) -> Result<(), Invalid> {
        let word = self.plain()?;
        let is_descriptor = matches!(&*word, "1" | "2") && self.rest.peek() == Some(&'>');
        match is_descriptor {
            true => self.redirection(word),
            false => {
                self.push(Word::Plain(word));
                Ok(())
            }
        }
    }

    /// A word without quotes around it or escapes in it.
    fn plain(&mut self) -> Result<String, Invalid> {
        let mut word = String::new();
        while let Some(&next) = self.rest.peek() {
            match next {
                '\'' => {
                    self.rest.next();
                    word.push_str(&self.until('\'')?);
                }
                '"' => {
                    self.rest.next();
                    self.double_quoted(&mut word)?;
                }
                '\\' => {
                    self.rest.next();
                    word.extend(self.rest.next().filter(|c| *c != '\n'));
                }
                '$' | '`' | '*' | '?' | '[' | '~' => return Err(needs_shell(&self.expansion())),
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => break,
                c if c.is_whitespace() => break,
                c => {
                    self.rest.next();
                    word.push(c);
                }
            }
        }
        Ok(word)
    }

    fn double_quoted(&mut self, word: &mut String) -> Result<(), Invalid> {
        loop {
            match self.rest.next() {
                None => return Err(unended('"')),
                Some('"') => return Ok(()),
                Some('\\') => match self.rest.next() {
                    Some('\n') => {}
                    Some(c) if "$`\"\\".contains(c) => word.push(c),
                    other => word.extend(['\\'].into_iter().chain(other)),
                },
                // The outer shell replaces it; it comes to the same when the inner one does.
                Some('$') if self.is_script() && self.takes('(') => {
                    let inner = self.until(')')?;
                    word.push_str(&format!("$({inner})"));
                }
                Some(c @ ('$' | '`')) => {
                    return Err(needs_shell(&format!("{c}{}", self.expansion())));
                }
                Some(c) => word.push(c),
            }
        }
    }

    /// Whether the word that is being read follows `sh -c`.
    fn is_script(&self) -> bool {
        let before = self.commands.last().and_then(|command| command.last());
        matches!(before, Some(Word::Plain(option)) if super::reading::SCRIPT.contains(&&**option))
    }

    /// What stands here up to the end of its word, to be shown.
    fn expansion(&mut self) -> String {
        let shown = |c: &char| !c.is_whitespace() && *c != '"';
        std::iter::from_fn(|| self.rest.next_if(shown)).collect()
    }

    /// All up to `close`, which is taken as well.
    fn until(&mut self, close: char) -> Result<String, Invalid> {
        let mut inner = String::new();
        loop {
            match self.rest.next() {
                None => return Err(unended(close)),
                Some(c) if c == close => return Ok(inner),
                Some(c) => inner.push(c),
            }
        }
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    fn push(&mut self, word: Word) {
        if let Some(command) = self.commands.last_mut() {
            command.push(word);
        }
    }

    fn end_line(&mut self, otherwise_next: bool) {
        let commands = std::mem::replace(&mut self.commands, vec![Vec::new()]);
        if commands.iter().any(|command| !command.is_empty()) {
            let otherwise = self.otherwise;
            self.lines.push(Line {
                commands,
                otherwise,
            });
        }
        self.otherwise = otherwise_next;
    }
}

fn unended(close: char) -> Invalid {
    Invalid::new(format!("has no end: {close} is missing"))
}
