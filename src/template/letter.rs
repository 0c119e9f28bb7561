//! Which characters make a word, by Go's reading of Unicode.

use std::sync::LazyLock;

use regex::Regex;

/// Letters (category L) and decimal digits (category Nd). The pattern is a constant, so it compiles.
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\A[\p{L}\p{Nd}]\z").ok());

/// Whether `c` may stand in an identifier or a field's name: a letter, a digit or `_`.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c == '_' || c.is_ascii_alphanumeric();
    }
    let mut buffer = [0; 4];
    WORD.as_ref()
        .is_some_and(|word| word.is_match(c.encode_utf8(&mut buffer)))
}
