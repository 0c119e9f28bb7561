//! A directory held open, and everything done relative to it.
//!
//! Nothing here takes a path of several parts or follows a symbolic link, so nobody who can create
//! links in the volume can send a write, a mode change or a removal elsewhere.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// An open directory.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

/// What a name in a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    Link,
    Other,
}

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Other users than the refresher's must be able to pass through; the files have modes of their
/// own.
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o755);

impl Directory {
    /// Opens a directory by its path, which is the caller's to trust.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Opens the directory `name`.
    pub(super) fn open_directory(&self, name: &str) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(
            &self.0,
            name,
            DIRECTORY,
            Mode::empty(),
        )?))
    }

    /// Creates the directory `name` with mode 0755, whatever the umask.
    ///
    /// A set-group-id bit that it inherits stays: it is how Kubernetes hands the group of
    /// `fsGroup` on to the files of a volume.
    pub(super) fn create_directory(&self, name: &str) -> io::Result<Self> {
        rustix::fs::mkdirat(&self.0, name, Mode::RWXU)?;
        let created = self.open_directory(name)?;
        let inherited = created.mode()? & Mode::SGID;
        rustix::fs::fchmod(&created.0, DIRECTORY_MODE | inherited)?;
        Ok(created)
    }

    /// Creates the file `name`, which must not exist, for its owner alone.
    pub(super) fn create_file(&self, name: &str) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Opens the regular file `name` for reading; `None` when it is something else or nothing.
    pub(super) fn open_file(&self, name: &str) -> io::Result<Option<File>> {
        // Without NONBLOCK a FIFO that somebody put there would hang us.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file: File = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => file.into(),
            Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::NXIO) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let is_file = file.metadata()?.is_file();
        Ok(is_file.then_some(file))
    }

    /// The permission bits.
    pub(super) fn mode(&self) -> io::Result<Mode> {
        Ok(Mode::from_raw_mode(rustix::fs::fstat(&self.0)?.st_mode))
    }

    /// Where the symbolic link `name` points; `None` when it is something else or nothing.
    pub(super) fn read_link(&self, name: &str) -> io::Result<Option<CString>> {
        match rustix::fs::readlinkat(&self.0, name, Vec::new()) {
            Ok(target) => Ok(Some(target)),
            Err(Errno::NOENT | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates the symbolic link `name`.
    pub(super) fn create_link(&self, name: &str, target: &str) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.0, name)?)
    }

    /// Renames `from` to `to`, replacing it in one step.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// Removes the file or link `name`; nothing there is fine.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        self.unlink(name, AtFlags::empty())
    }

    /// Removes the directory `name` and everything in it; nothing there is fine.
    pub(super) fn remove_directory(&self, name: &str) -> io::Result<()> {
        let inner = match self.open_directory(name) {
            Ok(inner) => inner,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        inner.remove_entries()?;
        self.unlink(name, AtFlags::REMOVEDIR)
    }

    fn remove_entries(&self) -> io::Result<()> {
        for (name, kind) in self.entries()? {
            match kind {
                Kind::Directory => self.remove_directory(&name)?,
                Kind::Link | Kind::Other => self.remove(&name)?,
            }
        }
        Ok(())
    }

    fn unlink(&self, name: &str, flags: AtFlags) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.0, name, flags) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in the directory, sorted, without `.` and `..`. Names that are not UTF-8 are left
    /// out: this crate never creates one.
    pub(super) fn entries(&self) -> io::Result<Vec<(String, Kind)>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name == "." || name == ".." {
                continue;
            }
            entries.push((name.to_owned(), self.kind(name, entry.file_type())?));
        }
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(entries)
    }

    /// Some file systems leave the type out of the listing.
    fn kind(&self, name: &str, listed: FileType) -> io::Result<Kind> {
        let file_type = match listed {
            FileType::Unknown => {
                let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(stat.st_mode)
            }
            known => known,
        };
        Ok(match file_type {
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        })
    }
}
