//! The architecture, as tests: the arrows and invariants that `src/lib.rs` promises, and the rules
//! for files. A test that fails here names the file and what to do about it.

mod arrows;
mod invariants;
mod layout;
mod source;

use std::path::Path;

use self::source::{Source, rust_files};

/// The production code below `folder`.
fn production(folder: &str) -> Vec<Source> {
    let mut sources = rust_files(root(), folder);
    sources.retain(|source| !source.is_test());
    assert!(!sources.is_empty(), "{folder} holds no Rust file");
    sources
}

/// Where `source` names one of `forbidden`.
fn named(source: &Source, forbidden: &[&str]) -> Vec<String> {
    let paths = source.paths();
    let mut found: Vec<_> = paths
        .iter()
        .map(|path| path.join("::"))
        .filter(|path| {
            forbidden
                .iter()
                .any(|name| path == name || path.starts_with(&format!("{name}::")))
        })
        .map(|path| format!("{}: {path}", source.path))
        .collect();
    found.dedup();
    found
}

/// Fails with all that was `found`.
#[track_caller]
fn none(found: Vec<String>, advice: &str) {
    assert!(found.is_empty(), "{advice}\n{}", found.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
