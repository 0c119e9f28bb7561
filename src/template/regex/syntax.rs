//! From Go's regular expressions to those of the crate `regex`.
//!
//! The two agree in most of it. Here: `\d`, `\s`, `\w` and `\b` know ASCII alone, `\Q…\E` quotes,
//! brackets in a class are themselves, `{` that repeats nothing is itself, and what Go refuses is
//! refused.

mod class;

/// The translation of `pattern`.
pub(super) fn translated(pattern: &str) -> Result<String, &'static str> {
    let mut translator = Translator {
        rest: pattern,
        out: String::with_capacity(pattern.len() + 16),
    };
    translator.run()?;
    Ok(translator.out)
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
}

type Step = Result<(), &'static str>;

const DIGIT: &str = "0-9";
const SPACE: &str = r"\t\n\f\r\x20";
const WORD: &str = "0-9A-Za-z_";
const ESCAPE: &str = "invalid escape sequence in the regular expression";
const RANGE: &str = "invalid character class in the regular expression";

impl Translator<'_> {
    fn run(&mut self) -> Step {
        // Whether what was read last is a repetition, which cannot be repeated.
        let mut repeats = false;
        while let Some(next) = self.bump() {
            let repeated = std::mem::take(&mut repeats);
            match next {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                '*' | '+' | '?' => {
                    repeats = true;
                    self.repetition(repeated, next.to_string())?;
                }
                '{' => match self.bounds()? {
                    Some(bounds) => {
                        repeats = true;
                        self.repetition(repeated, bounds)?;
                    }
                    None => self.out.push_str(r"\{"),
                },
                ')' | '|' | '^' | '$' | '.' => self.out.push(next),
                other => self.literal(other),
            }
        }
        Ok(())
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&format!("\\x{{{:X}}}", u32::from(c)));
    }

    fn repetition(&mut self, repeated: bool, operator: String) -> Step {
        if repeated {
            return Err("invalid nested repetition operator in the regular expression");
        }
        self.out.push_str(&operator);
        if self.peek() == Some('?') {
            self.bump();
            self.out.push('?');
        }
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,3}` after its brace; `None` for anything else, and nothing read.
    fn bounds(&mut self) -> Result<Option<String>, &'static str> {
        let Some((inner, rest)) = self.rest.split_once('}') else {
            return Ok(None);
        };
        let (low, high) = inner.split_once(',').unwrap_or((inner, inner));
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(low) || !high.is_empty() && !is_number(high) {
            return Ok(None);
        }
        let low = low.parse::<u32>().unwrap_or(u32::MAX);
        let high = if high.is_empty() {
            low
        } else {
            high.parse().unwrap_or(u32::MAX)
        };
        if low > 1000 || high > 1000 || low > high {
            return Err("invalid repeat count in the regular expression");
        }
        self.rest = rest;
        Ok(Some(format!("{{{inner}}}")))
    }

    /// A group after its parenthesis.
    fn group(&mut self) -> Step {
        self.out.push('(');
        let Some(rest) = self.rest.strip_prefix('?') else {
            return Ok(());
        };
        let named = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<'));
        if let Some((name, rest)) = named.and_then(|named| named.split_once('>')) {
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
            {
                return Err("invalid named capture in the regular expression");
            }
            self.out.push_str(&format!("?P<{name}>"));
            self.rest = rest;
            return Ok(());
        }
        let end = rest
            .find([':', ')'])
            .ok_or("missing closing ) in the regular expression")?;
        let flags = &rest[..end];
        let on_off = flags.replacen('-', "", 1);
        if !on_off.chars().all(|flag| "imsU".contains(flag)) || flags.ends_with('-') {
            return Err("invalid or unsupported Perl syntax in the regular expression");
        }
        self.out.push('?');
        self.out.push_str(flags);
        self.rest = &rest[end..];
        if let Some(c @ (':' | ')')) = self.bump() {
            // `(?)` changes nothing, and the other syntax has no word for it.
            if flags.is_empty() && c == ')' {
                self.out.push(':');
            }
            self.out.push(c);
        }
        Ok(())
    }

    fn escape(&mut self) -> Step {
        match self
            .peek()
            .ok_or("trailing backslash at end of the regular expression")?
        {
            'Q' => {
                self.bump();
                let (quoted, rest) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
                self.rest = rest;
                for c in quoted.chars() {
                    self.literal(c);
                }
            }
            'A' => self.replace(r"\A"),
            'z' => self.replace(r"\z"),
            'b' => self.replace(r"(?-u:\b)"),
            'B' => self.replace(r"(?-u:\B)"),
            _ => match self.set()? {
                Some(set) => self.out.push_str(&set),
                None => {
                    let c = self.character()?;
                    self.literal(c);
                }
            },
        }
        Ok(())
    }

    fn replace(&mut self, with: &str) {
        self.bump();
        self.out.push_str(with);
    }

    /// `\d`, `\pL` and their like after the backslash.
    fn set(&mut self) -> Result<Option<String>, &'static str> {
        let set = match self.peek() {
            Some('d') => format!("[{DIGIT}]"),
            Some('D') => format!("[^{DIGIT}]"),
            Some('s') => format!("[{SPACE}]"),
            Some('S') => format!("[^{SPACE}]"),
            Some('w') => format!("[{WORD}]"),
            Some('W') => format!("[^{WORD}]"),
            Some('p' | 'P') => return self.property().map(Some),
            _ => return Ok(None),
        };
        self.bump();
        Ok(Some(set))
    }

    fn property(&mut self) -> Result<String, &'static str> {
        let mut negated = self.bump() == Some('P');
        let mut name = match self.bump().ok_or(RANGE)? {
            '{' => {
                let (name, rest) = self.rest.split_once('}').ok_or(RANGE)?;
                self.rest = rest;
                name.to_owned()
            }
            c => c.to_string(),
        };
        if let Some(inner) = name.strip_prefix('^') {
            negated = !negated;
            name = inner.to_owned();
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c == '_' || c.is_ascii_alphabetic());
        match is_name {
            true => Ok(format!(r"\{}{{{name}}}", if negated { 'P' } else { 'p' })),
            false => Err(RANGE),
        }
    }

    /// One character after a backslash.
    fn character(&mut self) -> Result<char, &'static str> {
        let c = self.bump().ok_or(ESCAPE)?;
        Ok(match c {
            'a' => '\u{07}',
            'f' => '\u{0c}',
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'v' => '\u{0b}',
            'x' => return self.hexadecimal(),
            '0'..='7' => {
                // A lone digit other than 0 would be a backreference.
                let more = self.rest.len()
                    - self
                        .rest
                        .trim_start_matches(|c| matches!(c, '0'..='7'))
                        .len();
                if c != '0' && more == 0 {
                    return Err(ESCAPE);
                }
                let (digits, rest) = self.rest.split_at(more.min(2));
                self.rest = rest;
                let code = u32::from_str_radix(&format!("{c}{digits}"), 8).map_err(|_| ESCAPE)?;
                char::from_u32(code).ok_or(ESCAPE)?
            }
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
            _ => return Err(ESCAPE),
        })
    }

    fn hexadecimal(&mut self) -> Result<char, &'static str> {
        let digits = match self.rest.strip_prefix('{') {
            Some(rest) => {
                let (digits, rest) = rest.split_once('}').ok_or(ESCAPE)?;
                self.rest = rest;
                digits
            }
            None => {
                let digits = self.rest.get(..2).ok_or(ESCAPE)?;
                self.rest = &self.rest[2..];
                digits
            }
        };
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ESCAPE);
        }
        u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or(ESCAPE)
    }
}

#[cfg(test)]
mod tests;
