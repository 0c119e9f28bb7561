//! HCL's texts in double quotes: Go's escapes, but for what stands in `${…}`, which comes through as
//! it is, quotes and all.

/// The text at the beginning of `rest`, which starts with the quote, and the bytes that it took.
pub(super) fn read(rest: &str) -> Result<(String, usize), &'static str> {
    const NO_END: &str = "the text has no closing quote in its line";
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    let mut braces = 0_u32;
    while let Some((at, c)) = chars.next() {
        let follows = || rest.get(at + 1..).and_then(|rest| rest.chars().next());
        match c {
            '"' if braces == 0 => return Ok((text, at + 1)),
            '\n' if braces == 0 => return Err(NO_END),
            '\\' if braces == 0 => {
                text.push(escape(&mut chars)?);
                continue;
            }
            '$' if braces == 0 && follows() == Some('{') => {
                braces = 1;
                chars.next();
                text.push_str("${");
                continue;
            }
            '{' if braces > 0 => braces += 1,
            '}' if braces > 0 => braces -= 1,
            _ => {}
        }
        text.push(c);
    }
    Err(NO_END)
}

/// What stands behind a backslash.
fn escape(chars: &mut impl Iterator<Item = (usize, char)>) -> Result<char, &'static str> {
    const WRONG: &str = "is no escape of HCL: write \\\\ for a backslash, or take a heredoc, <<EOT";
    let (_, kind) = chars.next().ok_or(WRONG)?;
    let mut numbered = |first: Option<char>, count: usize, radix: u32| {
        let mut digits = first.into_iter().chain(chars.map(|(_, c)| c));
        let mut number: u32 = 0;
        for _ in 0..count {
            let digit = digits.next().and_then(|c| c.to_digit(radix)).ok_or(WRONG)?;
            number = number.wrapping_mul(radix) + digit;
        }
        // A single byte beyond ASCII would be half a character.
        let is_whole = count > 3 || number < 0x80;
        let character = char::from_u32(number).filter(|_| is_whole);
        character.ok_or(WRONG)
    };
    Ok(match kind {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '"' => kind,
        'x' => numbered(None, 2, 16)?,
        'u' => numbered(None, 4, 16)?,
        'U' => numbered(None, 8, 16)?,
        '0'..='7' => numbered(Some(kind), 3, 8)?,
        _ => return Err(WRONG),
    })
}
