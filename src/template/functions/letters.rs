//! Upper and lower case, character by character, as Go's `unicode` package maps them.

use super::function;
use crate::template::call::Function;

pub(super) const FUNCTIONS: &[Function] = &[
    function!("title", "s", |args, run| run.string(title(&args.text(0)))),
    function!("untitle", "s", |args, run| run
        .string(untitle(&args.text(0)))),
    function!("swapcase", "s", |args, run| {
        let swap = |c: char| if c.is_uppercase() { lower(c) } else { upper(c) };
        run.string(map(args.bytes(0), swap))
    }),
    function!("initials", "s", |args, run| run
        .string(initials(args.bytes(0)))),
    function!("snakecase", "s", |args, run| run
        .string(super::words::separated(&args.text(0), '_'))),
    function!("kebabcase", "s", |args, run| run
        .string(super::words::separated(&args.text(0), '-'))),
    function!("camelcase", "s", |args, run| run
        .string(super::words::camel(&args.text(0)))),
];

/// `text` with each character mapped; a stray byte becomes U+FFFD.
pub(super) fn map(text: &[u8], with: impl Fn(char) -> char) -> String {
    String::from_utf8_lossy(text).chars().map(with).collect()
}

/// The one character that is this one's upper case.
pub(super) fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        // Several characters, but Unicode has a simple mapping, too.
        _ => match u32::from(c) {
            code @ (0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7) => {
                char::from_u32(code + 8).unwrap_or(c)
            }
            code @ (0x1fb3 | 0x1fc3 | 0x1ff3) => char::from_u32(code + 9).unwrap_or(c),
            _ => c,
        },
    }
}

/// The one character that is this one's lower case.
pub(super) fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The first character of each word in upper case.
pub(super) fn title(text: &str) -> String {
    let mut after_letter = false;
    text.chars()
        .map(|c| {
            let mapped = if after_letter { c } else { upper(c) };
            after_letter = match c.is_ascii() {
                true => c == '_' || c.is_ascii_alphanumeric(),
                false => crate::template::letter::is_word(c) || !c.is_whitespace(),
            };
            mapped
        })
        .collect()
}

fn untitle(text: &str) -> String {
    let mut first = true;
    text.chars()
        .map(|c| {
            let mapped = if first && !c.is_whitespace() {
                lower(c)
            } else {
                c
            };
            first = c.is_whitespace();
            mapped
        })
        .collect()
}

/// The first byte of each word, as the character of that number.
fn initials(text: &[u8]) -> String {
    let mut gap = true;
    let mut initials = String::new();
    for byte in text {
        let c = char::from(*byte);
        if c.is_whitespace() {
            gap = true;
        } else if std::mem::take(&mut gap) {
            initials.push(c);
        }
    }
    initials
}
