//! The container's last words, which `kubectl describe pod` shows.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// The kubelet keeps no more than this of a container's message.
const LONGEST: usize = 4096;

/// The file of the termination message.
#[derive(Debug)]
pub(crate) struct TerminationMessage {
    path: PathBuf,
    written: String,
}

impl TerminationMessage {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            written: String::new(),
        }
    }

    /// Replaces the message, when it is another one. The kubelet has made the file; where nobody has,
    /// nobody reads it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn set(&mut self, message: &str) -> io::Result<()> {
        let message = &message[..message.floor_char_boundary(LONGEST)];
        if self.written == message {
            return Ok(());
        }
        self.written = message.to_owned();
        #[expect(
            clippy::disallowed_methods,
            reason = "a file of the kubelet's, not of a volume"
        )]
        let file = OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(&self.path);
        match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            file => file?.write_all(message.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_message_is_cut_between_characters_and_replaced() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut message = TerminationMessage::new(file.path().to_owned());
        let text = || fs::read_to_string(file.path()).expect("text");
        message.set(&format!("a{}", "é".repeat(3000))).expect("set");
        assert_eq!(text().len(), 4095);
        message.set("short").expect("set");
        assert_eq!(text(), "short");
        message.set("").expect("set");
        assert_eq!(text(), "");
    }

    #[test]
    fn where_nobody_reads_it_nothing_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        TerminationMessage::new(path.clone())
            .set("text")
            .expect("no error");
        assert!(!path.exists());
    }
}
