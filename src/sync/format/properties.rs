//! Lines of Java's `.properties`, escaped as `java.util.Properties.store` does.
//!
//! Everything outside printable ASCII becomes `\uXXXX`: `Properties.load` reads bytes as ISO 8859-1.

/// Appends one line. `value` is text of a secret; bytes that are not UTF-8 become U+FFFD.
pub(super) fn write_line(key: &str, value: &[u8], out: &mut Vec<u8>) {
    for c in key.chars() {
        match c {
            ' ' => out.extend_from_slice(br"\ "),
            other => write_char(other, out),
        }
    }
    out.push(b'=');
    // Only a space at the beginning would be taken for the separator.
    for (index, c) in String::from_utf8_lossy(value).chars().enumerate() {
        match c {
            ' ' if index == 0 => out.extend_from_slice(br"\ "),
            other => write_char(other, out),
        }
    }
    out.push(b'\n');
}

fn write_char(c: char, out: &mut Vec<u8>) {
    match c {
        '\t' => out.extend_from_slice(br"\t"),
        '\n' => out.extend_from_slice(br"\n"),
        '\r' => out.extend_from_slice(br"\r"),
        '\u{c}' => out.extend_from_slice(br"\f"),
        '=' | ':' | '#' | '!' | '\\' => {
            out.push(b'\\');
            out.push(c as u8);
        }
        ' '..='~' => out.push(c as u8),
        other => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(format!("\\u{unit:04X}").as_bytes());
            }
        }
    }
}
