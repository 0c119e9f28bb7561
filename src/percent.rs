//! Percent-encoding (RFC 3986, 2.1), for whoever reads a URL or a part of one.

/// The bytes that `text` stands for: `%` and two hexadecimal digits are a byte, and all else, a plus
/// too, is itself. `None` where a `%` has no two digits behind it.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let code = digit()? << 4 | digit()?;
        decoded.push(u8::try_from(code).ok()?);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_are_a_byte() {
        for (text, want) in [
            ("", ""),
            ("a+b", "a+b"),
            ("%41%2f%2F", "A//"),
            ("é%C3%a9", "éé"),
            ("%2541", "%41"),
        ] {
            assert_eq!(decoded(text), Some(want.into()), "{text}");
        }
        assert_eq!(decoded("%ff"), Some(vec![0xff]));
    }

    #[test]
    fn anything_else_behind_a_percent_sign_is_refused() {
        for text in ["%", "%4", "a%4", "%4g", "%+1", "%-1", "%%41", "% 1", "%é"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
