mod faults;
mod volume;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use expect_test::{Expect, expect};
use rustix::io::Errno;
use tempfile::TempDir;

use self::volume::{listing, visible, volume};
use super::*;
use crate::payload::FileProjection;

/// `path mode content` lines.
fn payload(lines: &[(&str, &str, &str)]) -> Payload {
    let mut payload = Payload::default();
    for (path, mode, content) in lines {
        let file = FileProjection {
            content: (*content).to_owned().into(),
            mode: mode.parse().expect("a mode"),
        };
        let path = path.parse().expect("a path");
        payload.insert(path, file).expect("no conflict");
    }
    payload
}

fn first() -> Payload {
    payload(&[("gone", "0644", "1"), ("same", "0644", "first")])
}

fn second() -> Payload {
    payload(&[
        ("conf/app.yaml", "0600", "a: 1"),
        ("gone", "0644", "2"),
        ("same", "0644", "second"),
    ])
}

fn third() -> Payload {
    let long = "x".repeat(3 * Step::PIECE / 2);
    payload(&[
        ("conf/app.yaml", "0400", "a: 2"),
        ("conf/deep/er", "0640", &long),
        ("new", "0444", ""),
        ("same", "0644", "third!"),
    ])
}

#[track_caller]
fn check(directory: &TempDir, expected: Expect) {
    expected.assert_eq(&listing(directory.path()));
}

#[test]
fn a_generation_is_a_directory_behind_links() {
    let (directory, writer) = volume();
    assert!(!writer.has_complete_generation());
    assert_eq!(writer.write(&second()).expect("writes"), Changed::Yes);
    assert!(writer.has_complete_generation());
    check(
        &directory,
        expect![[r#"
            ..data -> ..generation-1
            ..generation-1/ 0755
              conf/ 0755
                app.yaml 0600 "a: 1"
              gone 0644 "2"
              same 0644 "second"
            conf -> ..data/conf
            gone -> ..data/gone
            same -> ..data/same
        "#]],
    );
}

#[test]
fn the_generation_before_stays_until_the_next_write() {
    let (directory, writer) = volume();
    for payload in [first(), second(), third()] {
        assert_eq!(writer.write(&payload).expect("writes"), Changed::Yes);
    }
    check(
        &directory,
        expect![[r#"
            ..data -> ..generation-3
            ..generation-2/ 0755
              conf/ 0755
                app.yaml 0600 "a: 1"
              gone 0644 "2"
              same 0644 "second"
            ..generation-3/ 0755
              conf/ 0755
                app.yaml 0400 "a: 2"
                deep/ 0755
                  er 0640 49152 bytes
              new 0444 ""
              same 0644 "third!"
            conf -> ..data/conf
            new -> ..data/new
            same -> ..data/same
        "#]],
    );
}

#[test]
fn the_same_payload_is_not_written_again() {
    let (directory, writer) = volume();
    writer.write(&first()).expect("writes");
    writer.write(&third()).expect("writes");
    let before = listing(directory.path());
    assert_eq!(writer.write(&third()).expect("compares"), Changed::No);
    let reopened = AtomicWriter::open(directory.path()).expect("opens");
    assert_eq!(reopened.write(&third()).expect("compares"), Changed::No);
    assert_eq!(listing(directory.path()), before);
}

#[test]
fn what_differs_on_the_volume_is_written_again() {
    let current = |name: &str| format!("..data/{name}");
    type Spoiler = fn(&Path);
    let spoilers: [(&str, Spoiler); 6] = [
        ("same", |file| fs::write(file, "SECOND").expect("writes")),
        ("same", |file| fs::write(file, "second ").expect("writes")),
        ("same", |file| fs::remove_file(file).expect("removes")),
        ("conf/app.yaml", |file| {
            fs::set_permissions(file, fs::Permissions::from_mode(0o644)).expect("sets the mode");
        }),
        ("extra", |file| fs::write(file, "").expect("writes")),
        ("link", |file| symlink("same", file).expect("links")),
    ];
    for (name, spoil) in spoilers {
        let (directory, writer) = volume();
        writer.write(&second()).expect("writes");
        spoil(&directory.path().join(current(name)));
        assert_eq!(
            writer.write(&second()).expect("writes"),
            Changed::Yes,
            "{name}"
        );
        assert_eq!(visible(directory.path()), second(), "{name}");
    }
}

#[test]
fn a_first_generation_without_its_names_is_not_complete() {
    let (directory, writer) = volume();
    writer.write(&first()).expect("writes");
    fs::remove_file(directory.path().join("same")).expect("removes");
    assert!(!writer.has_complete_generation());
    assert_eq!(writer.write(&first()).expect("mends"), Changed::No);
    assert!(writer.has_complete_generation());
}

#[test]
fn a_planted_link_does_not_redirect_a_write() {
    let (directory, writer) = volume();
    let elsewhere = tempfile::tempdir().expect("a directory");
    let target = elsewhere.path().join("target");
    fs::write(&target, "untouched").expect("writes");
    symlink(&target, directory.path().join("same")).expect("links");
    symlink(elsewhere.path(), directory.path().join("conf")).expect("links");
    symlink(elsewhere.path(), directory.path().join("..data")).expect("links");
    symlink(elsewhere.path(), directory.path().join("..generation-1")).expect("links");
    writer.write(&second()).expect("writes");
    assert_eq!(visible(directory.path()), second());
    assert_eq!(fs::read_to_string(&target).expect("content"), "untouched");
    assert_eq!(
        fs::read_dir(elsewhere.path()).expect("a directory").count(),
        1
    );
}

#[test]
fn the_group_that_a_volume_hands_on_stays() {
    let (directory, writer) = volume();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o2777)).expect("sets");
    writer.write(&second()).expect("writes");
    let inner = directory
        .path()
        .join("..data/conf")
        .canonicalize()
        .expect("a directory");
    let mode = fs::metadata(inner).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o7777, 0o2755);
    assert_eq!(writer.write(&second()).expect("compares"), Changed::No);
}

#[test]
fn an_error_names_the_step_the_path_and_the_way_out() {
    let error = WriteError {
        step: Step::WriteContent,
        path: "/run/freshet/mounts/a/conf/app.yaml".to_owned(),
        source: Errno::NOSPC.into(),
    };
    expect!["cannot write /run/freshet/mounts/a/conf/app.yaml (the volume is full: raise its sizeLimit, or serve fewer or smaller files; the files stay as they were)"]
        .assert_eq(&error.to_string());
}
