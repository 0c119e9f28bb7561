//! A volume, and what is seen in it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use super::AtomicWriter;
use crate::payload::{FileProjection, Payload};

pub(super) fn volume() -> (TempDir, AtomicWriter) {
    let directory = tempfile::tempdir().expect("a directory");
    let writer = AtomicWriter::open(directory.path()).expect("opens");
    (directory, writer)
}

/// Everything below `directory`: modes, links, contents (long ones as their length).
pub(super) fn listing(directory: &Path) -> String {
    let mut text = String::new();
    list(directory, "", &mut text);
    text
}

fn list(directory: &Path, indent: &str, text: &mut String) {
    let mut paths: Vec<_> = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        let metadata = fs::symlink_metadata(&path).expect("metadata");
        let name = path.file_name().expect("a name").display();
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_symlink() {
            let target = fs::read_link(&path).expect("a link");
            writeln!(text, "{indent}{name} -> {}", target.display()).expect("writes");
        } else if metadata.is_dir() {
            writeln!(text, "{indent}{name}/ {mode:04o}").expect("writes");
            list(&path, &format!("{indent}  "), text);
        } else if metadata.len() > 100 {
            writeln!(text, "{indent}{name} {mode:04o} {} bytes", metadata.len()).expect("writes");
        } else {
            let content = fs::read_to_string(&path).expect("content");
            writeln!(text, "{indent}{name} {mode:04o} {content:?}").expect("writes");
        }
    }
}

/// What a reader sees who knows nothing of generations: the visible names, followed.
pub(super) fn visible(directory: &Path) -> Payload {
    fn walk(root: &Path, at: &Path, found: &mut Payload) {
        for entry in fs::read_dir(at).expect("a directory") {
            let path = entry.expect("an entry").path();
            let shown = path
                .strip_prefix(root)
                .expect("below")
                .to_str()
                .expect("UTF-8");
            if shown.starts_with("..") {
                continue;
            }
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.exists() {
                let mode = fs::metadata(&path).expect("metadata").permissions().mode();
                let file = FileProjection {
                    content: fs::read_to_string(&path).expect("content").into(),
                    mode: format!("{:04o}", mode & 0o777).parse().expect("a mode"),
                };
                found
                    .insert(shown.parse().expect("a path"), file)
                    .expect("no conflict");
            }
        }
    }
    let mut found = Payload::default();
    walk(directory, directory, &mut found);
    found
}

pub(super) fn generations(directory: &Path) -> usize {
    let names = fs::read_dir(directory).expect("a directory");
    names
        .filter(|entry| {
            let name = entry.as_ref().expect("an entry").file_name();
            name.to_string_lossy().starts_with("..generation-")
        })
        .count()
}
