//! Where one document of a YAML stream ends and the next begins.
//!
//! A line that begins with `---` and a blank, or is nothing else, starts a document wherever it
//! stands (YAML 1.2 §9.1.2: nothing inside a document may look like that), and a line `...` ends one.

/// The text of one document in two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Comments and directives before the separator, and the separator.
    pub(super) head: &'a str,
    /// The document.
    pub(super) body: &'a str,
    /// The line of the file at which the body begins, from 1.
    pub(super) line: usize,
}

/// Splits a text into documents. Their heads and bodies together are the text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut piece = Open::at(text, 0, 1);
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches(['\n', '\r']);
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        if is_marker(content, "---") {
            if piece.has_begun() {
                pieces.extend(piece.close(at));
                piece = Open::at(text, at, index + 1);
            }
            piece.separated(at, line, index + 1);
        } else if is_marker(content, "...") {
            pieces.extend(piece.close(at + line.len()));
            piece = Open::at(text, at + line.len(), index + 2);
        } else {
            piece.line(content);
        }
        at += line.len();
    }
    pieces.extend(piece.close(text.len()));
    pieces
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// A document whose end has not been seen.
struct Open<'a> {
    text: &'a str,
    begin: usize,
    body: usize,
    line: usize,
    /// A separator or content has been seen, so the next separator starts another document.
    begun: bool,
}

impl<'a> Open<'a> {
    fn at(text: &'a str, begin: usize, line: usize) -> Self {
        Self {
            text,
            begin,
            body: begin,
            line,
            begun: false,
        }
    }

    fn has_begun(&self) -> bool {
        self.begun
    }

    /// A line that is no marker. Comments, and directives (`%YAML 1.2`), may precede a separator.
    fn line(&mut self, content: &str) {
        let content = content.trim_start();
        self.begun |= !(content.is_empty() || content.starts_with(['#', '%']));
    }

    /// The separator is `line`, which begins at `at`. What follows on the line is content, unless it
    /// is a comment.
    fn separated(&mut self, at: usize, line: &str, number: usize) {
        self.begun = true;
        let marker = line.find("---").unwrap_or_default() + 3;
        let rest = line[marker..].trim();
        if rest.is_empty() || rest.starts_with('#') {
            self.body = at + line.len();
            self.line = number + 1;
        } else {
            self.body = at + marker;
            self.line = number;
        }
    }

    fn close(&self, end: usize) -> Option<Piece<'a>> {
        (end > self.begin).then(|| Piece {
            head: &self.text[self.begin..self.body],
            body: &self.text[self.body..end],
            line: self.line,
        })
    }
}

impl Piece<'_> {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.head, self.body)
    }

    /// Whether a separator stands before the document.
    pub(super) fn is_separated(&self) -> bool {
        self.head
            .lines()
            .any(|line| line.trim_start_matches('\u{feff}').starts_with("---"))
    }

    /// The head, and the comments at the top of the body.
    pub(super) fn head_and_comments(&self) -> String {
        let comments = self.body.split_inclusive('\n').take_while(|line| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#')
        });
        let mut head = self.head.to_owned();
        if !head.is_empty() && !head.ends_with('\n') {
            head.push('\n');
            return head;
        }
        head.extend(comments);
        head
    }
}
