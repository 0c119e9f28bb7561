//! The refresher's own volume: the socket that `ready` and `status` ask, and what outlives a
//! restart of the container.
//!
//! ```text
//! STATE_DIR/refresher/    mode 0700
//!     socket
//!     waited/             exists once a start has waited in vain
//!     memory/             credentials of dynamic secrets, mode 0600
//! ```

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The directory, which may not exist yet.
#[derive(Clone, Debug)]
pub struct StateDirectory(PathBuf);

impl StateDirectory {
    /// The refresher's directory below `volume`.
    pub fn below(volume: &Path) -> Self {
        Self(volume.join("refresher"))
    }

    /// Itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The socket of a running refresher.
    pub fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    /// Makes the directory, for this user alone.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to somebody else.
    pub(crate) fn create(&self) -> io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)?;
        fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700))
    }

    /// Whether a start of this pod has waited in vain before.
    pub(crate) fn has_waited(&self) -> bool {
        self.waited().is_dir()
    }

    /// Remembers that a start has waited in vain, as long as the pod lives.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub(crate) fn remember_the_wait(&self) -> io::Result<()> {
        self.create()?;
        match fs::create_dir(self.waited()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Where credentials are kept.
    pub(crate) fn memory(&self) -> PathBuf {
        self.0.join("memory")
    }

    /// Makes that directory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn create_memory(&self) -> io::Result<()> {
        self.create()?;
        match fs::create_dir(self.memory()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    fn waited(&self) -> PathBuf {
        self.0.join("waited")
    }
}
