//! The refresher's own program in a volume, from which containers without it start it.

use std::fs::{File, Permissions};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::directory::Directory;
use super::step::{Step, WriteError};

/// Everybody may start it, and nobody change it.
const MODE: u32 = 0o755;

/// Makes `directory` hold the program that is open as `program`, under `name`. One that is there and
/// the same stays: it may be running.
///
/// # Errors
/// When it cannot be written. Whoever starts it finds the one before, or none; never half of one.
pub fn install_program(mut program: File, directory: &Path, name: &str) -> Result<(), WriteError> {
    let failed = |step| {
        move |source| WriteError {
            step,
            path: directory.join(name).display().to_string(),
            source,
        }
    };
    let root = Directory::open(directory).map_err(failed(Step::ReadCurrent))?;
    if is_installed(&root, name, &mut program).map_err(failed(Step::Compare))? {
        return Ok(());
    }
    let next = format!("..{name}");
    root.remove(&next)
        .map_err(failed(Step::RemoveInterrupted))?;
    let mut file = root.create_file(&next).map_err(failed(Step::CreateFile))?;
    program
        .rewind()
        .and_then(|()| io::copy(&mut program, &mut file))
        .map_err(failed(Step::WriteContent))?;
    file.set_permissions(Permissions::from_mode(MODE))
        .map_err(failed(Step::SetMode))?;
    // A file that is open for writing cannot be started.
    drop(file);
    root.rename(&next, name).map_err(failed(Step::Switch))
}

fn is_installed(root: &Directory, name: &str, program: &mut File) -> io::Result<bool> {
    let Some(mut found) = root.open_file(name)? else {
        return Ok(false);
    };
    let (wanted, standing) = (program.metadata()?, found.metadata()?);
    if wanted.len() != standing.len() || standing.permissions().mode() & 0o7777 != MODE {
        return Ok(false);
    }
    let mut pieces = [vec![0; Step::PIECE], vec![0; Step::PIECE]];
    loop {
        let [wanted, standing] = &mut pieces;
        let read = program.read(wanted)?;
        found.read_exact(&mut standing[..read])?;
        if wanted[..read] != standing[..read] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn it_is_written_once_and_replaced_when_it_differs() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("volume");
        fs::create_dir(&place).expect("a folder");
        let install = |bytes: &[u8]| {
            let source = folder.path().join("source");
            fs::write(&source, bytes).expect("a file");
            install_program(File::open(source).expect("a file"), &place, "x")
        };
        let metadata = || fs::metadata(place.join("x")).expect("a program");
        let first = vec![1; 100_000];
        install(&first).expect("installed");
        assert_eq!(fs::read(place.join("x")).expect("bytes"), first);
        assert_eq!(metadata().mode() & 0o7777, 0o755);
        let inode = metadata().ino();
        install(&first).expect("installed");
        assert_eq!(
            metadata().ino(),
            inode,
            "the same program was written again"
        );

        // What a killed refresher left does not matter.
        fs::write(place.join("..x"), b"half").expect("a file");
        let mut second = first;
        second[99_999] = 2;
        install(&second).expect("installed");
        assert_eq!(fs::read(place.join("x")).expect("bytes"), second);
        let names = fs::read_dir(&place).expect("a folder").count();
        assert_eq!(names, 1);
    }
}
