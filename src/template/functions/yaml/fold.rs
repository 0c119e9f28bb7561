//! Long scalars on several lines, as the emitter of `yaml.v2` breaks them.

/// The column after which a line is broken at the next space.
const WIDTH: usize = 80;

/// A scalar that begins at `column`, with its further lines indented by `indent`. Literal blocks
/// stay.
pub(super) fn folded(scalar: &[u8], column: usize, indent: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(scalar);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    if text.starts_with('|') {
        return scalar.to_vec();
    }
    let chars: Vec<char> = text.chars().collect();
    // In quotes the first and the last character stay where they are.
    let inside = match quote {
        Some(_) => 2..chars.len().saturating_sub(2),
        None => 0..chars.len(),
    };
    let mut out = String::with_capacity(scalar.len());
    let (mut column, mut after_space) = (column, false);
    for (at, c) in chars.iter().enumerate() {
        let before_space = chars.get(at + 1) == Some(&' ');
        let breaks = *c == ' '
            && !after_space
            && column > WIDTH
            && inside.contains(&at)
            && (quote == Some('"') || !before_space);
        after_space = *c == ' ';
        if !breaks {
            out.push(*c);
            column += 1;
            continue;
        }
        out.push('\n');
        out.push_str(&" ".repeat(indent));
        column = indent;
        if before_space {
            // Else the line would lose it.
            out.push('\\');
            column += 1;
        }
    }
    out.into_bytes()
}
