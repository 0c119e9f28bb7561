//! Go's `strconv.Quote` and its relatives.

/// `text` between two `quote`s, with what is not printable escaped; with `ascii`, everything
/// outside of ASCII too.
pub(in crate::template) fn quote(text: &[u8], quote: char, ascii: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.extend_from_slice(quote.encode_utf8(&mut [0; 4]).as_bytes());
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape(c, quote, ascii, &mut out);
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    out.extend_from_slice(quote.encode_utf8(&mut [0; 4]).as_bytes());
    out
}

fn escape(c: char, quote: char, ascii: bool, out: &mut Vec<u8>) {
    let short = match c {
        '\u{07}' => "\\a",
        '\u{08}' => "\\b",
        '\u{0c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{0b}' => "\\v",
        '\\' => "\\\\",
        _ => "",
    };
    if !short.is_empty() {
        out.extend_from_slice(short.as_bytes());
    } else if c == quote {
        out.push(b'\\');
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else if is_printable(c) && (c.is_ascii() || !ascii) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let code = u32::from(c);
        let escaped = match code {
            0..0x20 | 0x7f => format!("\\x{code:02x}"),
            0..0x1_0000 => format!("\\u{code:04x}"),
            _ => format!("\\U{code:08x}"),
        };
        out.extend_from_slice(escaped.as_bytes());
    }
}

/// Whether Go prints the character as it is: letters, marks, numbers, punctuation, symbols and the
/// ASCII space.
pub(in crate::template) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    // The standard library knows the same table; a combining mark is only escaped where it stands
    // first.
    let text = format!("a{c}");
    text.escape_debug().count() == 2
}

/// Whether Go writes the text between backquotes: no control character but the tab, no backquote.
pub(super) fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        text.chars()
            .all(|c| c == '\t' || !c.is_ascii_control() && !matches!(c, '`' | '\u{feff}'))
    })
}
