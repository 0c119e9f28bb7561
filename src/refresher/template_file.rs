//! A template that lies in a file of this container: read, with bounds.
//!
//! The SyncSpec names the path, and annotations can be changed by whoever may patch the pod: so no
//! credential of this container may be taken for a template, and shown to the application.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The longest template: no ConfigMap holds more.
const LONGEST: u64 = 1 << 20;

/// Not files, whatever their names.
const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// The text of the template at `path`, which must not lie in one of the directories `private`, by
/// whatever link.
///
/// # Errors
/// When it cannot be read, or is no text; the message shows nothing of it.
pub(crate) fn read(path: &Path, private: &[PathBuf]) -> Result<String, String> {
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    let real = fs::canonicalize(path).map_err(cannot)?;
    // Where there is no such directory, nothing lies in it.
    let private = private
        .iter()
        .filter_map(|path| fs::canonicalize(path).ok());
    let mut refused = KERNEL.iter().map(PathBuf::from).chain(private);
    if refused.any(|directory| real.starts_with(directory)) {
        return Err(
            "cannot be a template: it lies where the refresher keeps its credentials, or the \
             kernel its own; name a file of a ConfigMap's volume"
                .to_owned(),
        );
    }
    if !fs::metadata(&real).map_err(cannot)?.is_file() {
        return Err("cannot be a template: it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(&real).map_err(cannot)?;
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    if bytes.len() as u64 > LONGEST {
        return Err("is longer than 1 MiB, which no template may be".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8, as a template has to be".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_text_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("credentials/token.d")).expect("made");
        fs::write(at("credentials/token"), "hunter2").expect("written");
        fs::write(at("app.ctmpl"), "{{ 1 }}").expect("written");
        fs::write(at("bytes"), [0xff]).expect("written");
        fs::write(at("long"), vec![b'a'; 1 + (1 << 20)]).expect("written");
        symlink("credentials/token", at("link")).expect("linked");
        let private = [at("credentials"), at("nowhere")];
        assert_eq!(read(&at("app.ctmpl"), &private), Ok("{{ 1 }}".to_owned()));
        for (path, clause) in [
            (at("credentials/token"), "keeps its credentials"),
            (at("link"), "keeps its credentials"),
            (PathBuf::from("/proc/self/environ"), "the kernel its own"),
            (folder.path().to_owned(), "it is no file"),
            (at("bytes"), "is not UTF-8"),
            (at("long"), "is longer than 1 MiB"),
            (at("missing"), "cannot be read: No such file"),
        ] {
            let message = read(&path, &private).expect_err("refused");
            assert!(message.contains(clause), "{}: {message}", path.display());
        }
    }
}
