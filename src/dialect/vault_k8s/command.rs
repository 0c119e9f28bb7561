//! `agent-inject-command-<name>`: what the agent ran in its own container after it wrote a file.

use crate::spec::{Invalid, OnChange};

/// What a command means here, where no shell runs it.
///
/// # Errors
/// What to do instead.
pub(super) fn read(_text: &str) -> Result<OnChange, Invalid> {
    Err(Invalid::new(
        "there is no shell in the sidecar to run it: let the application look at its files, or take the annotations freshet.dev/*, whose freshet.dev/on-change signals, asks or restarts it",
    ))
}
