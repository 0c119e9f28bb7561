//! Where a file is written and who may read it.

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;
use super::text::serde_as_text;

/// The path of a file below its mount directory: relative, no `.`, `..` or empty part, no part of
/// over 255 bytes, at most 4096 bytes, no part that begins with `..` (that name space belongs to
/// the atomic writer, as in Kubernetes' `AtomicWriter`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

impl FilePath {
    /// The path as text, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of `name` inside the directory that `self` names.
    ///
    /// # Errors
    /// When `name` is not a single acceptable part, or the whole becomes too long.
    pub fn join(&self, name: &str) -> Result<Self, Invalid> {
        if name.contains('/') {
            return Err(Invalid::new("must be a file name without a slash"));
        }
        format!("{}/{name}", self.0).parse()
    }

    /// Whether one of the two would have to be a directory for the other to exist.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self != other && (is_within(&self.0, &other.0) || is_within(&other.0, &self.0))
    }
}

const PART_BYTES: usize = 255;
const PATH_BYTES: usize = 4096;

impl FromStr for FilePath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refuse = |clause: &'static str| Err(Invalid::new(clause));
        if text.is_empty() {
            return refuse("must not be empty");
        }
        if text.starts_with('/') {
            return refuse("must be relative to the mount directory, e.g. conf/app.yaml");
        }
        if text.len() > PATH_BYTES || text.split('/').any(|part| part.len() > PART_BYTES) {
            return refuse("must be at most 4096 bytes, and each part at most 255");
        }
        if text.chars().any(char::is_control) {
            return refuse("must not contain control characters");
        }
        if text
            .split('/')
            .any(|part| part.is_empty() || part == "." || part.starts_with(".."))
        {
            return refuse("must not have an empty part, \".\" or a part that begins with \"..\"");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The permission bits of a file, written in octal (`0640`).
///
/// Only the nine permission bits: a secret file has no use for set-user-id, set-group-id or sticky.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMode(u16);

impl FileMode {
    /// `0644`, the default: the refresher and the application are often different users.
    pub const DEFAULT: Self = Self(0o644);

    /// The permission bits, `0..=0o777`.
    pub const fn bits(self) -> u32 {
        self.0 as u32
    }

    /// Whether users other than the file's owner and group may read it.
    pub const fn others_may_read(self) -> bool {
        self.0 & 0o004 != 0
    }
}

impl FromStr for FileMode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let accepted = || Invalid::new("must be octal, e.g. 0640");
        if !(3..=4).contains(&text.len())
            || !text.bytes().all(|digit| (b'0'..=b'7').contains(&digit))
        {
            return Err(accepted());
        }
        let bits = u16::from_str_radix(text, 8).map_err(|_| accepted())?;
        match bits {
            0..=0o777 if bits & 0o400 != 0 => Ok(Self(bits)),
            0..=0o777 => Err(Invalid::new("must let the owner read the file, e.g. 0400")),
            _ => Err(Invalid::new(
                "must be at most 0777: set-user-id, set-group-id and sticky have no use on a secret",
            )),
        }
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

/// The directory at which containers see their files: absolute, normal (no `.`, `..`, `//` or
/// trailing slash), not the root, without `:` (the API server refuses it in `mountPath`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MountDirectory(String);

impl MountDirectory {
    /// The directory as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the two are the same, or one lies inside the other.
    pub fn overlaps(&self, other: &str) -> bool {
        let other = other.trim_end_matches('/');
        is_within(&self.0, other) || is_within(other, &self.0)
    }
}

/// Whether the path is the directory, or of something below it. Neither ends in a slash; the empty
/// directory is the root.
pub fn is_within(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl FromStr for MountDirectory {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some(path) = text.strip_prefix('/') else {
            return Err(Invalid::new("must be an absolute path, e.g. /secrets"));
        };
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Err(Invalid::new("must not be the root directory"));
        }
        if path
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..")
        {
            return Err(Invalid::new("must not contain \"//\", \".\" or \"..\""));
        }
        if path.len() > PATH_BYTES || path.split('/').any(|part| part.len() > PART_BYTES) {
            return Err(Invalid::new(
                "must be at most 4096 bytes, and each part at most 255",
            ));
        }
        if path.chars().any(|c| c == ':' || c.is_control()) {
            return Err(Invalid::new("must not contain \":\" or control characters"));
        }
        Ok(Self(format!("/{path}")))
    }
}

impl fmt::Display for MountDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(FilePath, FileMode, MountDirectory);

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mode_is_three_or_four_octal_digits_that_let_the_owner_read() {
        assert_eq!(
            "0640".parse::<FileMode>().map(|mode| mode.to_string()),
            Ok("0640".to_owned())
        );
        assert_eq!("400".parse::<FileMode>().map(FileMode::bits), Ok(0o400));
        for text in [
            "", "99", "4755", "0o644", "u+r", "0888", "00644", "0040", "-644",
        ] {
            assert!(text.parse::<FileMode>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_file_path_stays_below_its_directory() {
        for text in [
            "",
            "/etc/passwd",
            "..",
            "a/../b",
            "a//b",
            "./a",
            "a/",
            "..data",
            "a/..b",
            "a\nb",
        ] {
            assert!(text.parse::<FilePath>().is_err(), "{text:?}");
        }
        assert!("a.b/.hidden/c d".parse::<FilePath>().is_ok());
    }

    #[test]
    fn a_mount_directory_is_absolute_and_normal() {
        assert_eq!(
            "/secrets/"
                .parse::<MountDirectory>()
                .map(|directory| directory.to_string()),
            Ok("/secrets".to_owned())
        );
        for text in ["", "/", "secrets", "/a/../b", "/a//b", "/a:b", "//a"] {
            assert!(text.parse::<MountDirectory>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_file_path_stays_under_its_root(text in "(\\PC|/|\\.){0,40}") {
            if let Ok(path) = text.parse::<FilePath>() {
                prop_assert!(Path::new(path.as_str()).components().all(|part| matches!(part, Component::Normal(_))));
                prop_assert_eq!(path.to_string(), text);
            }
        }

        #[test]
        fn a_mode_round_trips(bits in 0o400u16..=0o777) {
            if let Ok(mode) = format!("{bits:04o}").parse::<FileMode>() {
                prop_assert_eq!(mode.to_string().parse::<FileMode>(), Ok(mode));
            }
        }
    }
}
