//! Which characters make a word, by Go's reading of Unicode.

/// Whether `c` may stand in an identifier or a field's name: a letter, a digit or `_`.
pub(super) fn is_word(c: char) -> bool {
    match c.is_ascii() {
        true => c == '_' || c.is_ascii_alphanumeric(),
        false => is_letter_or_digit(c),
    }
}

/// Whether `c` is a letter (category L) or a decimal digit (category Nd).
#[cfg(feature = "templates-full")]
fn is_letter_or_digit(c: char) -> bool {
    use std::sync::LazyLock;

    use regex::Regex;

    // The pattern is a constant, so it compiles.
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\A[\p{L}\p{Nd}]\z").ok());
    let mut buffer = [0; 4];
    WORD.as_ref()
        .is_some_and(|word| word.is_match(c.encode_utf8(&mut buffer)))
}

/// Without the tables of Unicode no such character is taken: refused, rather than read differently.
#[cfg(not(feature = "templates-full"))]
fn is_letter_or_digit(_: char) -> bool {
    false
}
