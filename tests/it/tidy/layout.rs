//! The rules for files: their names, their length, what they never hold.

use std::fs;
use std::path::PathBuf;

use super::source::{Source, files, relative, rust_files};
use super::{none, root};

#[test]
fn a_file_says_why_it_exists_and_is_short() {
    let mut found = Vec::new();
    for source in everywhere() {
        // What a file of tests is for, its module says.
        if !source.text.starts_with("//!") && !source.path.ends_with("/tests.rs") {
            found.push(format!("{}: starts without //!", source.path));
        }
        if source.path.starts_with("src/") && !source.is_test() && source.code_lines() > 300 {
            let lines = source.code_lines();
            found.push(format!(
                "{}: {lines} lines of code, at most 300",
                source.path
            ));
        }
    }
    none(
        found,
        "say in its first line why it exists; split it by concern",
    );
}

#[test]
fn a_file_is_named_after_one_noun() {
    let mut found = Vec::new();
    for source in everywhere() {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        let vague = [
            "mod", "util", "utils", "helper", "helpers", "types", "common", "misc",
        ];
        if vague.iter().any(|word| name == format!("{word}.rs")) {
            found.push(source.path);
        }
    }
    none(found, "name it after the one thing that it holds");
}

#[test]
fn nothing_is_left_to_do_and_no_machine_is_named() {
    // Written in halves, or this file would find itself.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("/ro", "ot/."),
        concat!("/wo", "rk/"),
        concat!("/ho", "me/"),
    ];
    let mut found = Vec::new();
    for path in project_files() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            // Where the agent lives in its containers is no machine of ours.
            let line = line.replace(concat!("/ho", "me/vault"), "");
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                found.push(format!(
                    "{}:{}: {mark}",
                    relative(root(), &path),
                    number + 1
                ));
            }
        }
    }
    none(found, "do it, or leave it out");
}

fn everywhere() -> Vec<Source> {
    let folders = ["src", "build", "tests", "benches", "examples"];
    let sources = folders.iter().flat_map(|folder| rust_files(root(), folder));
    sources.filter(|source| !is_built(&source.path)).collect()
}

/// What people write: sources, manifests, scripts, documents. Module sums and fixtures are data.
fn project_files() -> Vec<PathBuf> {
    let folders = [
        "src",
        "build",
        "tests",
        "benches",
        "examples",
        "charts",
        "webhook-config",
        "certs",
        ".ci",
        ".cargo",
    ];
    let mut all: Vec<_> = folders
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .collect();
    let top = fs::read_dir(root()).expect("the package's folder");
    all.extend(
        top.map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.is_file() && !path.ends_with(".git")),
    );
    all.retain(|path| {
        let path = relative(root(), path);
        !is_built(&path) && !path.starts_with("tests/data/") && !path.ends_with(".lock")
    });
    all
}

fn is_built(path: &str) -> bool {
    [
        "tests/fuzz/target/",
        "tests/fuzz/corpus/",
        "tests/fuzz/artifacts/",
    ]
    .iter()
    .any(|folder| path.starts_with(folder))
}
