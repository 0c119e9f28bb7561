//! What one mount directory shall hold: an ordered map from file path to content and mode.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::secret::SecretBytes;
use crate::spec::{FileMode, FilePath};

/// The files of one mount directory, complete: what is not in it shall not be there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Payload(BTreeMap<FilePath, FileProjection>);

/// One file.
#[derive(Debug, PartialEq, Eq)]
pub struct FileProjection {
    /// The bytes of the file.
    pub content: SecretBytes,
    /// Its permission bits.
    pub mode: FileMode,
}

/// Two files that cannot both exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadConflict {
    /// The same path twice.
    #[error("file {0} is written twice")]
    Twice(FilePath),
    /// One path would have to be a file and a directory.
    #[error("file {0} cannot lie inside file {1}")]
    FileAsDirectory(FilePath, FilePath),
}

impl Payload {
    /// Adds a file.
    ///
    /// # Errors When the path is taken, or is a directory of another file or the reverse; the
    /// payload is then unchanged.
    pub fn insert(&mut self, path: FilePath, file: FileProjection) -> Result<(), PayloadConflict> {
        if let Some(other) = self.0.keys().find(|other| other.conflicts_with(&path)) {
            let (outer, inner) = if other.as_str().len() < path.as_str().len() {
                (other.clone(), path)
            } else {
                (path, other.clone())
            };
            return Err(PayloadConflict::FileAsDirectory(inner, outer));
        }
        match self.0.entry(path) {
            Entry::Occupied(taken) => Err(PayloadConflict::Twice(taken.key().clone())),
            Entry::Vacant(free) => {
                free.insert(file);
                Ok(())
            }
        }
    }

    /// The files in the order of their paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&FilePath, &FileProjection)> {
        self.0.iter()
    }

    /// The sum of the files' sizes in bytes.
    pub fn size(&self) -> usize {
        self.0
            .values()
            .map(|file| file.content.expose().len())
            .sum()
    }
}
