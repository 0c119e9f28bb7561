//! Character classes in brackets.

use super::{RANGE, Step, Translator};

impl Translator<'_> {
    /// A class after its bracket.
    pub(super) fn class(&mut self) -> Step {
        self.out.push('[');
        if self.peek() == Some('^') {
            self.replace("^");
        }
        let mut first = true;
        loop {
            match self
                .peek()
                .ok_or("missing closing ] in the regular expression")?
            {
                ']' if !first => {
                    self.replace("]");
                    return Ok(());
                }
                '[' if self.rest.starts_with("[:") && self.rest[2..].contains(":]") => {
                    self.posix()?
                }
                '\\' => {
                    self.bump();
                    match self.set()? {
                        Some(set) => self.out.push_str(&set),
                        None => {
                            let low = self.character()?;
                            self.range(low)?;
                        }
                    }
                }
                low => {
                    self.bump();
                    self.range(low)?;
                }
            }
            first = false;
        }
    }

    fn posix(&mut self) -> Step {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "word", "xdigit",
        ];
        let (name, rest) = self.rest[2..].split_once(":]").ok_or(RANGE)?;
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(RANGE);
        }
        self.out.push_str(&format!("[:{name}:]"));
        self.rest = rest;
        Ok(())
    }

    /// `low`, or `low-high`.
    fn range(&mut self, low: char) -> Step {
        self.literal(low);
        let Some(rest) = self
            .rest
            .strip_prefix('-')
            .filter(|rest| !rest.starts_with(']') && !rest.is_empty())
        else {
            return Ok(());
        };
        self.rest = rest;
        let high = match self.bump() {
            Some('\\') => self.character()?,
            Some(c) => c,
            None => return Err(RANGE),
        };
        if high < low {
            return Err(RANGE);
        }
        self.out.push('-');
        self.literal(high);
        Ok(())
    }
}
