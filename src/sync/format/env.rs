//! Lines of POSIX shell: `KEY=value`, quoted only where the shell would read something else.
//!
//! Source: POSIX.1-2024, Shell Command Language, §2.2 (quoting) and §3.216 (names).

use super::FormatError;

/// Appends one assignment.
///
/// # Errors
/// When the key is no name, or the value holds a NUL byte.
pub(super) fn write_line(key: &str, value: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
    if !is_name(key) {
        return Err(FormatError::NotAVariable(key.to_owned()));
    }
    if value.contains(&0) {
        return Err(FormatError::NulByte(key.to_owned()));
    }
    out.extend_from_slice(key.as_bytes());
    out.push(b'=');
    write_word(value, out);
    out.push(b'\n');
    Ok(())
}

fn is_name(key: &str) -> bool {
    !key.starts_with(|first: char| first.is_ascii_digit())
        && !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Inside single quotes every byte stands for itself, a newline too; a single quote ends them.
fn write_word(value: &[u8], out: &mut Vec<u8>) {
    if value.iter().copied().all(is_plain) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'\'');
    for byte in value {
        match byte {
            b'\'' => out.extend_from_slice(br"'\''"),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
}

/// Bytes that no shell, and no reader of `.env` files, gives a meaning to.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&byte)
}
