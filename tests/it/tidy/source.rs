//! Just enough of Rust's grammar for the architecture tests: code without its comments, texts and
//! tests, and the paths that it names.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file of the crate.
pub(crate) struct Source {
    /// Relative to the package, with `/`.
    pub(crate) path: String,
    /// As it is on disk.
    pub(crate) text: String,
    /// Without comments, the content of literals, and items under `#[cfg(test)]`; the line breaks
    /// of what is left stay.
    pub(crate) code: String,
}

impl Source {
    /// The file `path`, relative to the package, with this content.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            code: without_tests(&blank(text)),
            text: text.to_owned(),
        }
    }

    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a Rust file is UTF-8");
        Self::new(&relative(root, path), &text)
    }

    /// Tests may do what they like: read fixtures, block, panic.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// `inject` for `src/inject.rs` and all below `src/inject/`.
    pub(crate) fn module(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inner.split(['/', '.']).next().unwrap_or(inner)
    }

    /// How many lines hold code.
    pub(crate) fn code_lines(&self) -> usize {
        self.code
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count()
    }

    /// Every path of two or more segments in the code, groups of `use` written out.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        paths(&self.code)
    }
}

/// The Rust files below `folder`, in the order of their names.
pub(crate) fn rust_files(root: &Path, folder: &str) -> Vec<Source> {
    files(&root.join(folder))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| Source::read(root, &path))
        .collect()
}

/// All files below `folder`, in the order of their names; nothing when there is no such folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `path` below `root`, with `/`.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(root).unwrap_or(path);
    inner.to_string_lossy().replace('\\', "/")
}

/// Replaces comments and the content of string and character literals by spaces.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let kept = |c: &char| if *c == '\n' { '\n' } else { ' ' };
        // A literal stays visible as an empty text, so that an argument list keeps its shape.
        let opens = !chars[at..].starts_with(&['/']);
        out.push(if opens { '"' } else { ' ' });
        out.extend(chars[at + 1..end].iter().map(kept));
        at = end;
    }
    out
}

/// The index after the comment or literal that starts at `at`; `at` when none does.
fn literal_or_comment(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let after_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match rest {
        ['/', '/', ..] => at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => at + block_comment(rest),
        ['b' | 'r' | 'c', ..] if !after_name => prefixed(rest).map_or(at, |length| at + length),
        ['"', ..] => at + quoted(rest, '"'),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => at + quoted(rest, '\''),
        _ => at,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] if depth == 1 => return at + 2,
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

/// The length of `b"…"`, `b'…'`, `c"…"`, `r#"…"#`, `br"…"`.
fn prefixed(rest: &[char]) -> Option<usize> {
    let letters = rest.iter().take_while(|c| "brc".contains(**c)).count();
    let raw = rest[..letters].contains(&'r');
    let hashes = rest[letters..].iter().take_while(|c| **c == '#').count();
    let open = letters + hashes;
    match rest.get(open) {
        Some('"') if raw => {
            let mut close = vec!['"'];
            close.extend(vec!['#'; hashes]);
            let inner = &rest[open + 1..];
            let length = inner.windows(close.len()).position(|part| part == close)?;
            Some(open + 1 + length + close.len())
        }
        Some(quote @ ('"' | '\'')) if hashes == 0 && letters == 1 => {
            Some(open + quoted(&rest[open..], *quote))
        }
        _ => None,
    }
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Cuts every item that stands under `#[cfg(test)]`: up to its semicolon or its closing brace.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        out.push_str(before);
        let mut depth = 0usize;
        let end = after.char_indices().find(|(_, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(c, ';' | '}')
        });
        rest = end.map_or("", |(index, _)| &after[index + 1..]);
    }
    out.push_str(rest);
    out
}

fn paths(code: &str) -> Vec<Vec<String>> {
    let chars: Vec<char> = code
        .chars()
        .filter(|c| !c.is_whitespace() || *c == '\n' || *c == ' ')
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if is_name(chars[at]) && (at == 0 || !is_name(chars[at - 1])) {
            at = path(&chars, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found.retain(|segments| segments.len() > 1);
    found
}

/// Reads one path from `at` on, below `prefix`; answers the index after it.
fn path(chars: &[char], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut segments = prefix.to_vec();
    loop {
        at = skip_spaces(chars, at);
        let length = chars[at..].iter().take_while(|c| is_name(**c)).count();
        if length > 0 {
            segments.push(chars[at..at + length].iter().collect());
            at += length;
        }
        let next = skip_spaces(chars, at);
        if length > 0 && chars[next..].starts_with(&[':', ':']) {
            at = next + 2;
        } else if length == 0 && chars[next..].starts_with(&['{']) {
            return group(chars, next + 1, &segments, found);
        } else {
            found.push(segments);
            return at;
        }
    }
}

/// Reads `a, b::c}` of a `use` below `prefix`; answers the index after the brace.
fn group(chars: &[char], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    while at < chars.len() && chars[at] != '}' {
        if is_name(chars[at]) {
            at = path(chars, at, prefix, found);
        } else {
            at += 1;
        }
    }
    (at + 1).min(chars.len())
}

fn skip_spaces(chars: &[char], at: usize) -> usize {
    at + chars[at..].iter().take_while(|c| c.is_whitespace()).count()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_paths(text: &str, want: &[&str]) {
        let got: Vec<_> = paths(&without_tests(&blank(text)))
            .into_iter()
            .map(|segments| segments.join("::"))
            .collect();
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn groups_are_written_out() {
        check_paths(
            "use crate::{spec::{self, Role}, secret};",
            &["crate::spec::self", "crate::spec::Role", "crate::secret"],
        );
        check_paths(
            "let x = std :: fs::read(&p)?; a::b::<C>::d()",
            &["std::fs::read", "a::b"],
        );
        check_paths("match x { A::B { y } => z, _ => C::D }", &["A::B", "C::D"]);
    }

    #[test]
    fn comments_texts_and_tests_do_not_count() {
        check_paths(
            "/// [`std::fs`]\n//! a::b\n/* c::d /* e::f */ g::h */ i::j",
            &["i::j"],
        );
        check_paths(
            r##"f("a::b \" c::d", r#"e::f " g::h"#, b'"', '"', '\'', 'x'); k::l"##,
            &["k::l"],
        );
        check_paths("fn f<'a>(x: &'a str) -> &'a str { m::n }", &["m::n"]);
        check_paths(
            "a::b; #[cfg(test)] mod t { fn f() { c::d } } #[cfg(test)] mod u; e::f",
            &["a::b", "e::f"],
        );
    }
}
