//! HCL's texts of many lines: `<<EOT` up to a line that is `EOT`, which may be indented. Nothing in
//! them is an escape or a template.

/// The heredoc at the beginning of `rest`, and the bytes that it took.
pub(super) fn read(rest: &str) -> Result<(String, usize), &'static str> {
    let head_end = rest.find('\n').ok_or("the heredoc has no end")?;
    let (head, body) = rest.split_at(head_end + 1);
    let word = head.trim_end_matches('\n').trim_end_matches('\r');
    let word = word.strip_prefix("<<").ok_or("a heredoc begins with <<")?;
    let (is_indented, word) = match word.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, word),
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if word.is_empty() || !word.chars().all(is_word) {
        return Err("<< takes a word that ends the heredoc, e.g. <<EOT, and nothing behind it");
    }
    let mut text_bytes = 0;
    for line in body.split_inclusive('\n') {
        let is_end = line.trim_end_matches(['\n', '\r']).trim_start() == word;
        if is_end {
            let text = body.get(..text_bytes).unwrap_or_default();
            let indent = line.split(word).next().unwrap_or_default();
            let took = head.len() + text_bytes + line.trim_end_matches('\n').len();
            return Ok((unindented(text, indent, is_indented), took));
        }
        text_bytes += line.len();
    }
    Err("the heredoc has no end: its word stands on no line of its own")
}

/// `<<-` takes the indent of the last line off every line, where every line has it. Without the
/// hyphen the indent of the last line is the text's own last one, as in the agent.
fn unindented(text: &str, indent: &str, is_indented: bool) -> String {
    if !is_indented {
        return format!("{text}{indent}");
    }
    let lines = || text.split_inclusive('\n');
    match lines().all(|line| line.starts_with(indent)) {
        true => lines()
            .map(|line| line.strip_prefix(indent).unwrap_or(line))
            .collect(),
        false => text.to_owned(),
    }
}
