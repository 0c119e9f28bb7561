//! `toTitle`: the first letter of each word in upper case, by what Unicode holds for a word (UAX 29)
//! as far as letters with cases go.

use crate::template::functions::letters;

/// `text` with its words' first letters in upper case; the others stay.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    let mut after_joint = false;
    for c in text.chars() {
        let joint = is_joint(c);
        // One joint holds a word together, two do not.
        in_word &= !(after_joint && joint);
        if c.is_uppercase() || c.is_lowercase() || letters::upper(c) != c {
            match in_word {
                true => out.push(c),
                false => push_title(&mut out, c),
            }
            in_word = true;
        } else {
            out.push(c);
            in_word &= joint || is_part(c);
        }
        after_joint = joint;
    }
    out
}

/// Titles are upper case but for the letters that are two: `ǆ` becomes `ǅ`, `ﬁ` becomes `Fi`.
fn push_title(out: &mut String, c: char) {
    match c {
        '\u{1c4}'..='\u{1c6}' => out.push('\u{1c5}'),
        '\u{1c7}'..='\u{1c9}' => out.push('\u{1c8}'),
        '\u{1ca}'..='\u{1cc}' => out.push('\u{1cb}'),
        '\u{1f1}'..='\u{1f3}' => out.push('\u{1f2}'),
        // The apostrophe has no case.
        '\u{149}' => out.push_str("\u{2bc}N"),
        _ => {
            let mut upper = c.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
    }
}

/// What may stand inside of a word between letters.
fn is_joint(c: char) -> bool {
    matches!(
        c,
        '\'' | '.'
            | ':'
            | '\u{b7}'
            | '\u{387}'
            | '\u{55f}'
            | '\u{5f4}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{2024}'
            | '\u{2027}'
            | '\u{fe13}'
            | '\u{fe52}'
            | '\u{fe55}'
            | '\u{ff07}'
            | '\u{ff0e}'
            | '\u{ff1a}'
    )
}

/// What belongs to a word without being a letter with cases.
fn is_part(c: char) -> bool {
    match c {
        '_'
        | '\u{ad}'
        | '\u{200c}'..='\u{200f}'
        | '\u{202f}'
        | '\u{203f}'
        | '\u{2040}'
        | '\u{2054}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}' => true,
        // Combining marks.
        '\u{300}'..='\u{36f}' => true,
        // Syllables and ideographs are words of their own, and so are raised and lowered digits.
        '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => false,
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{bc}'..='\u{be}' | '\u{2070}'..='\u{2189}' => false,
        _ => c.is_alphanumeric(),
    }
}
