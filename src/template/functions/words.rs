//! Words in `camelCase`, `snake_case` and `kebab-case`.

use super::letters;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Number,
    /// Begins with a capital.
    Capital,
    Small,
    Connector,
    Punctuation,
    Other,
}

/// `FirstName2` as `first_name2`: words in lower case with `connector` between them.
pub(super) fn separated(text: &str, connector: char) -> String {
    let mut out = String::new();
    let mut words = Words { rest: text };
    let mut current = words.next_word();
    while !words.rest.is_empty() {
        let (kind, word) = current;
        if kind != Kind::Connector {
            put(&mut out, current, connector);
        }
        current = words.next_word();
        match kind {
            Kind::Number => {
                current = words.run(&mut out, current, connector);
                if !matches!(current.0, Kind::None | Kind::Punctuation | Kind::Connector) {
                    out.push(connector);
                }
            }
            Kind::Connector => put(&mut out, (kind, word), connector),
            Kind::Punctuation => {}
            _ if current.0 != Kind::Number => {
                if !matches!(current.0, Kind::Connector | Kind::Punctuation) {
                    out.push(connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = current;
                current = words.next_word();
                if current.0 == Kind::Small {
                    out.push(connector);
                    put(&mut out, number, connector);
                    current = words.run(&mut out, current, connector);
                    if !matches!(current.0, Kind::None | Kind::Punctuation | Kind::Connector) {
                        out.push(connector);
                    }
                } else {
                    put(&mut out, number, connector);
                    if !matches!(current.0, Kind::Connector | Kind::Punctuation) {
                        out.push(connector);
                    }
                }
            }
        }
    }
    put(&mut out, current, connector);
    out
}

fn put(out: &mut String, (kind, word): (Kind, &str), connector: char) {
    match kind {
        Kind::Connector => out.extend(word.chars().map(|_| connector)),
        Kind::Capital | Kind::Small => out.extend(word.chars().map(letters::lower)),
        _ => out.push_str(word),
    }
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    /// Writes words while they are small letters or numbers; the first that is neither.
    fn run(
        &mut self,
        out: &mut String,
        mut current: (Kind, &'a str),
        connector: char,
    ) -> (Kind, &'a str) {
        while matches!(current.0, Kind::Small | Kind::Number) {
            put(out, current, connector);
            current = self.next_word();
        }
        current
    }

    fn next_word(&mut self) -> (Kind, &'a str) {
        let Some(first) = self.rest.chars().next() else {
            return (Kind::None, "");
        };
        let kind = kind(first);
        let length = match kind {
            Kind::Capital => capital(self.rest),
            Kind::Small => prefix(self.rest, |c| is_letter(c) && !c.is_uppercase()),
            Kind::Other => prefix(self.rest, |c| self::kind(c) == Kind::Other),
            same => prefix(self.rest, |c| self::kind(c) == same),
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (kind, word)
    }
}

fn prefix(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// `HTTP` of `HTTPServer`, `First` of `FirstName`.
fn capital(text: &str) -> usize {
    let capitals = prefix(text, char::is_uppercase);
    let count = text[..capitals].chars().count();
    let letter_follows = text[capitals..].chars().next().is_some_and(is_letter);
    match (count, letter_follows) {
        (1, true) => capitals + prefix(&text[capitals..], |c| is_letter(c) && !c.is_uppercase()),
        // The last capital begins the next word.
        (_, true) => text[..capitals]
            .char_indices()
            .next_back()
            .map_or(capitals, |(at, _)| at),
        _ => capitals,
    }
}

fn kind(c: char) -> Kind {
    match c {
        _ if is_connector(c) => Kind::Connector,
        _ if c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c) => Kind::Punctuation,
        _ if c.is_uppercase() => Kind::Capital,
        _ if is_letter(c) => Kind::Small,
        _ if c.is_numeric() => Kind::Number,
        _ => Kind::Other,
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic()
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `http_server` as `HttpServer`; connectors at the start stay.
pub(super) fn camel(text: &str) -> String {
    let start = text.find(|c| !is_connector(c)).unwrap_or(text.len());
    let (connectors, word) = text.split_at(start);
    let mut out = connectors.to_owned();
    let mut chars = word.chars();
    let Some(first) = chars.next() else {
        return out;
    };
    let mut capitals = first.is_uppercase();
    let mut last = letters::upper(first);
    for c in chars {
        let mut next = c;
        if is_connector(next) && is_connector(last) {
            out.push(last);
        } else if is_connector(last) {
            capitals = next.is_uppercase();
            next = letters::upper(next);
        } else {
            if capitals {
                match next.is_uppercase() {
                    true => next = letters::lower(next),
                    false => capitals = false,
                }
            }
            out.push(last);
        }
        last = next;
    }
    out.push(last);
    out
}
