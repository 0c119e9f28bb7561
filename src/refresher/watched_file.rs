//! A file that the kubelet replaces now and then: looked at without being read.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A path, and what the file there looked like when it was last read.
#[derive(Debug)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    seen: Option<Option<Stamp>>,
}

/// What changes whenever the file does: the kubelet writes a new file behind a symbolic link, an
/// editor writes the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl WatchedFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file differs from what was seen at the last call; at the first call it does. One
    /// system call. Whoever reads the file after this misses nothing: a change in between is seen at
    /// the next call.
    pub(crate) fn has_changed(&mut self) -> bool {
        let stamp = fs::metadata(&self.path).ok().map(|found| Stamp {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
        });
        self.seen.replace(stamp) != Some(stamp)
    }

    /// The content of the file.
    ///
    /// # Errors
    /// When it cannot be read; the text names it.
    pub(crate) fn read(&self) -> Result<Vec<u8>, String> {
        fs::read(&self.path)
            .map_err(|error: io::Error| format!("cannot read {}: {error}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_switch_of_the_directory_is_a_change_and_looking_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for (generation, text) in [("1", "same"), ("2", "same")] {
            fs::create_dir(at(generation)).expect("made");
            #[expect(clippy::disallowed_methods, reason = "plays the kubelet")]
            fs::write(at(generation).join("token"), text).expect("written");
        }
        symlink("1", at("..data")).expect("linked");
        let mut file = WatchedFile::new(at("..data/token"));
        assert!(file.has_changed(), "never seen");
        assert!(!file.has_changed());
        fs::remove_file(at("..data")).expect("removed");
        assert!(file.has_changed(), "gone");
        assert!(!file.has_changed());
        assert!(file.read().expect_err("gone").contains("..data/token"));
        symlink("2", at("..data")).expect("linked");
        assert!(file.has_changed(), "another file of the same content");
    }
}
