//! Where a file lies: the directories and paths of the annotations, as the kubelet and the agent
//! resolve them.

use super::annotations::Given;
use crate::dialect::Problem;
use crate::spec::{FilePath, Invalid, MountDirectory};

/// A directory of the containers. One that does not begin with a slash is below the root, as the
/// kubelet has it; empty parts do not count.
///
/// # Errors
/// What is accepted.
pub(super) fn directory(given: Given<'_>) -> Result<MountDirectory, Problem> {
    let refused = |invalid: Invalid| given.say(invalid.to_string());
    if given.value.is_empty() {
        return Err(given.say("must not be empty: leave it out for /vault/secrets"));
    }
    format!("/{}", parts(given.value).join("/"))
        .parse()
        .map_err(refused)
}

/// A file below the directory of its secret. An absolute path begins there, and `.` and `..` are
/// resolved.
///
/// # Errors
/// When it would lie elsewhere.
pub(super) fn file(given: Given<'_>) -> Result<FilePath, Problem> {
    let mut path = Vec::new();
    for part in parts(given.value) {
        match part {
            "." => {}
            ".." if path.pop().is_none() => {
                return Err(given.say("must not leave the secret's directory: to mount it elsewhere set secret-volume-path-<name>"));
            }
            ".." => {}
            part => path.push(part),
        }
    }
    if path.is_empty() {
        return Err(given.say("must name a file, e.g. conf/db.yaml"));
    }
    let path = path.join("/").parse();
    path.map_err(|invalid: Invalid| given.say(invalid.to_string()))
}

/// Of a directory inside another, the part that the other does not have.
pub(super) fn below<'d>(outer: &MountDirectory, inner: &'d MountDirectory) -> Option<&'d str> {
    inner
        .as_str()
        .strip_prefix(outer.as_str())?
        .strip_prefix('/')
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: &str) -> Given<'_> {
        Given { key: "k", value }
    }

    #[test]
    fn a_directory_is_absolute_and_normal() {
        for (text, want) in [
            ("/vault/secrets", "/vault/secrets"),
            ("/app/secrets/", "/app/secrets"),
            ("app//secrets", "/app/secrets"),
        ] {
            let found = directory(given(text)).expect(text);
            assert_eq!(found.as_str(), want, "{text}");
        }
        for text in ["", "/", "/a/../b", "/a:b"] {
            assert!(directory(given(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_stays_below_its_directory() {
        for (text, want) in [
            ("db.conf", "db.conf"),
            ("/etc/db.conf", "etc/db.conf"),
            ("conf//./a/../db", "conf/db"),
        ] {
            let found = file(given(text)).expect(text);
            assert_eq!(found.as_str(), want, "{text}");
        }
        for text in ["..", "../x", "a/../../b", ".", "/", "..data"] {
            assert!(file(given(text)).is_err(), "{text}");
        }
    }
}
