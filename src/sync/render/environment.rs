//! The variables of a container as one file, so that whoever reads it sees one generation.

use zeroize::Zeroizing;

use super::{Reason, RenderError};
use crate::payload::{FileProjection, Payload};
use crate::secret::SecretBytes;
use crate::spec::FileMode;
use crate::spec::layout::ENVIRONMENT_FILE;

/// The longest `NAME=value`, with the NUL at its end, that Linux hands to a program
/// (`MAX_ARG_STRLEN`, execve(2)).
const LONGEST: usize = 128 << 10;

/// The payload whose one file holds the files of `variables`: for each its path, `=`, its content
/// and a NUL, in the order of the paths. No other container mounts the volume, so every user of the
/// container may read it.
///
/// # Errors
/// A value that no variable can have.
pub(super) fn joined(variables: &Payload) -> Result<Payload, Vec<RenderError>> {
    let mut errors = Vec::new();
    let mut text = Zeroizing::new(Vec::new());
    for (name, file) in variables.iter() {
        let (name, value) = (name.as_str(), file.content.expose());
        let reason = if value.contains(&0) {
            Some("has a NUL byte, which no environment variable can hold: serve it as a file")
        } else if name.len() + value.len() + 2 > LONGEST {
            Some("is longer than the 128 KiB of an environment variable: serve it as a file")
        } else {
            None
        };
        errors.extend(reason.map(|reason| RenderError::new(name, Reason::Variable(reason))));
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value);
        text.push(0);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut payload = Payload::default();
    let file = FileProjection {
        content: SecretBytes::from(text),
        mode: FileMode::DEFAULT,
    };
    // The name is a path, and the only one.
    if let Ok(path) = ENVIRONMENT_FILE.parse() {
        let _ = payload.insert(path, file);
    }
    Ok(payload)
}
