//! The temporary directory of a demo: in memory where Linux has one, for its owner alone, gone at
//! the end.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The directory; dropping it removes it with all that is in it.
#[derive(Debug)]
pub(super) struct Workspace(TempDir);

/// A tmpfs on every Linux: the files of a demo are secrets too.
const SHARED_MEMORY: &str = "/dev/shm";

impl Workspace {
    /// Creates the directory.
    pub(super) fn create() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let builder = builder
            .prefix("freshet-demo-")
            .permissions(std::fs::Permissions::from_mode(0o700));
        let in_memory = builder.tempdir_in(SHARED_MEMORY);
        in_memory.or_else(|_| builder.tempdir()).map(Self)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Creates a directory below it, with those above.
    pub(super) fn directory(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Removes it now, and says what cannot be removed.
    pub(super) fn remove(self) -> io::Result<()> {
        self.0.close()
    }
}

/// Writes a file for its owner alone, in one step: a reader sees the old content or the new one.
#[expect(
    clippy::disallowed_methods,
    reason = "these are the files that Kubernetes would provide, not those of a secrets volume"
)]
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut next = path.to_owned().into_os_string();
    next.push(".next");
    let next = PathBuf::from(next);
    std::fs::write(&next, content)?;
    std::fs::set_permissions(&next, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&next, path)
}
