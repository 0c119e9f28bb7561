//! A property of a secret: the `remoteRef.property` of an ExternalSecret.

use super::invalid::Invalid;
use super::text::text_values;

/// Modifiers of GJSON whose output here is that of the Go library which External Secrets uses.
const MODIFIERS: [&str; 6] = ["this", "reverse", "ugly", "valid", "flatten", "join"];

/// The other modifiers of the Go library.
const OTHER_MODIFIERS: [&str; 7] = [
    "pretty", "keys", "values", "tostr", "fromstr", "group", "dig",
];

text_values! {
    /// The name of a top-level key, or else a path in GJSON's syntax: `a.b.0`, `items.#.name`,
    /// `items.#(id=="x").name`.
    ///
    /// What the Rust library answers otherwise than the Go library is refused rather than guessed:
    /// the modifiers that it lacks, literals (`!`), names for the members of a multipath, and
    /// wildcards before the last part. A property of one part that is none of these modifiers may be
    /// the name of a key, and is accepted.
    Property = |text| {
        if text.is_empty() {
            return Err(Invalid::new("must not be empty"));
        }
        let parts = parts(text);
        let is_modifier = |name: &str| OTHER_MODIFIERS.contains(&name.split(':').next().unwrap_or(name));
        let is_path = parts.len() > 1 || text.starts_with(['{', '[']) || text.strip_prefix('@').is_some_and(is_modifier);
        if is_path {
            for (index, part) in parts.iter().enumerate() {
                check(part, index + 1 == parts.len())?;
            }
        }
        Ok(text.to_owned())
    };
}

/// The parts between the dots and bars that stand outside of brackets and quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut depth, mut quoted, mut escaped) = (0, 0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // Outside of brackets a quote is a character like any other.
            '"' if depth > 0 => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '.' | '|' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

fn check(part: &str, is_last: bool) -> Result<(), Invalid> {
    if let Some(modifier) = part.strip_prefix('@') {
        let name = modifier.split(':').next().unwrap_or(modifier);
        return match MODIFIERS.contains(&name) {
            true => Ok(()),
            false => Err(Invalid::new(format!(
                "has the modifier @{name}, which is not offered: take the value as it is and write it with a template, e.g. {{{{ .key | fromJson }}}}"
            ))),
        };
    }
    if part.starts_with('!') {
        return Err(Invalid::new(
            "has a literal (!), which is not offered: write it in a template",
        ));
    }
    if part.starts_with('{') && part.contains('"') {
        return Err(Invalid::new(
            "names the members of a multipath, which is not offered: fetch the values one by one, or write them with a template",
        ));
    }
    if part.starts_with('#') && !matches!(part.as_bytes().get(1), None | Some(b'(')) {
        return Err(Invalid::new(
            "has a key that begins with \"#\": write a backslash before it",
        ));
    }
    let is_query = part.starts_with("#(") || part.starts_with(['[', '{']);
    if !is_last && !is_query && has_wildcard(part) {
        return Err(Invalid::new(
            "has a wildcard before its last part, which is not offered: name the key",
        ));
    }
    Ok(())
}

fn has_wildcard(part: &str) -> bool {
    let mut escaped = false;
    part.chars().any(|c| match c {
        _ if std::mem::take(&mut escaped) => false,
        '\\' => {
            escaped = true;
            false
        }
        _ => c == '*' || c == '?',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_two_libraries_agree_on_is_accepted() {
        for text in [
            "password",
            "tls.crt",
            "a.b.0",
            "@at",
            "#hash",
            "!x",
            "*",
            "items.#",
            "items.#.name",
            "items.#(id==\"a.*|b\").name",
            "items.#(a>1)#.b.c*",
            "a|@reverse|0",
            "@flatten:{\"deep\":true}.0",
            "{a.b,c}",
            "[a,b].1",
            "fav\\.mo\\*vie.x",
            "a.\\#x",
        ] {
            assert!(text.parse::<Property>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_they_answer_differently_is_refused() {
        for text in [
            "",
            "@keys",
            "@pretty:{\"width\":1}",
            "a.@keys",
            "a|@pretty",
            "a.@at",
            "a.!5",
            "{\"x\":a}",
            "a.{\"x\":b}.c",
            "*.first",
            "a.b?.c",
            "a.#x",
        ] {
            assert!(text.parse::<Property>().is_err(), "{text}");
        }
    }
}
