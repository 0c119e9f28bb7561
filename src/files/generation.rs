//! A generation: one directory that holds all files of a volume as they were at one time.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;

use zeroize::Zeroizing;

use super::directory::{Directory, Kind};
use crate::payload::{FileProjection, Payload};
use crate::spec::FilePath;

/// The number of a generation, which is also its directory's name: `..generation-42`.
///
/// Kubelet puts the time there. A counter says more: what is above the current number was never
/// switched to, what is below was, and no clock that is set back can confuse the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation(u64);

const PREFIX: &str = "..generation-";

impl Generation {
    /// The generation that `name` belongs to.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let number = name.strip_prefix(PREFIX)?.parse().ok().map(Self)?;
        (number.to_string() == name).then_some(number)
    }

    /// The generation after `current`, the first one when there is none.
    pub(super) fn after(current: Option<Self>) -> Self {
        Self(current.map_or(1, |Self(number)| number.wrapping_add(1)))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

/// Whether `directory` holds exactly `payload`: the same paths, bytes and modes, nothing else.
pub(super) fn holds(directory: &Directory, payload: &Payload) -> io::Result<bool> {
    let mut present = 0;
    if !count_files(directory, &mut present)? || present != payload.iter().len() {
        return Ok(false);
    }
    for (path, file) in payload.iter() {
        if !holds_file(directory, path, file)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Adds the number of files; answers false at something that no generation has: a link, a
/// directory that others cannot pass.
fn count_files(directory: &Directory, count: &mut usize) -> io::Result<bool> {
    if directory.mode()?.as_raw_mode() & 0o777 != 0o755 {
        return Ok(false);
    }
    for (name, kind) in directory.entries()? {
        let sound = match kind {
            Kind::Directory => count_files(&directory.open_directory(&name)?, count)?,
            Kind::Other => {
                *count += 1;
                true
            }
            Kind::Link => false,
        };
        if !sound {
            return Ok(false);
        }
    }
    Ok(true)
}

fn holds_file(root: &Directory, path: &FilePath, wanted: &FileProjection) -> io::Result<bool> {
    let Some(file) = open_below(root, path)? else {
        return Ok(false);
    };
    let metadata = file.metadata()?;
    let content = wanted.content.expose();
    if metadata.permissions().mode() & 0o7777 != wanted.mode.bits()
        || metadata.len() != content.len() as u64
    {
        return Ok(false);
    }
    holds_bytes(file, content)
}

fn open_below(root: &Directory, path: &FilePath) -> io::Result<Option<File>> {
    let absent = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    };
    let mut opened: Option<Directory> = None;
    let mut rest = path.as_str();
    while let Some((part, inner)) = rest.split_once('/') {
        match opened.as_ref().unwrap_or(root).open_directory(part) {
            Ok(directory) => opened = Some(directory),
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
        rest = inner;
    }
    opened.as_ref().unwrap_or(root).open_file(rest)
}

/// Compares piece by piece, so that a large secret is not in memory twice.
fn holds_bytes(mut file: File, mut wanted: &[u8]) -> io::Result<bool> {
    let mut piece = Zeroizing::new([0; 4096]);
    loop {
        let read = match file.read(piece.as_mut_slice()) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        match (wanted.split_at_checked(read), piece.get(..read)) {
            (Some((expected, rest)), Some(found)) if expected == found => wanted = rest,
            _ => return Ok(false),
        }
        if read == 0 {
            return Ok(wanted.is_empty());
        }
    }
}
