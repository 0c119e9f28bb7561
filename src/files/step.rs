//! The steps of a write, and what went wrong at which of them.
//!
//! Tests stop a write at each step, by an error or by SIGKILL; production passes a hook that does
//! nothing.

use std::fmt;
use std::io;

/// A step of [`AtomicWriter::write`](super::AtomicWriter::write), in the order of its documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// 1: read which generation `..data` names.
    ReadCurrent,
    /// 2: remove what an interrupted write left behind.
    RemoveInterrupted,
    /// 3: compare the payload with the current generation.
    Compare,
    /// 4: remove the generations before the current one.
    RemovePrevious,
    /// 5: create the directory of the new generation.
    CreateGeneration,
    /// 6a: create a directory inside it.
    CreateDirectory,
    /// 6b: create a file.
    CreateFile,
    /// 6c: write a piece of its content, [`Step::PIECE`] bytes at most.
    WriteContent,
    /// 6d: set its mode.
    SetMode,
    /// 7a: point `..data_tmp` to the new generation.
    LinkNext,
    /// 7b: rename it over `..data`.
    Switch,
    /// 8: create the link of a name.
    CreateName,
    /// 9: remove the link of a name.
    RemoveName,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 13] = [
        Self::ReadCurrent,
        Self::RemoveInterrupted,
        Self::Compare,
        Self::RemovePrevious,
        Self::CreateGeneration,
        Self::CreateDirectory,
        Self::CreateFile,
        Self::WriteContent,
        Self::SetMode,
        Self::LinkNext,
        Self::Switch,
        Self::CreateName,
        Self::RemoveName,
    ];

    /// The largest piece of content that is written at once, in bytes.
    pub const PIECE: usize = 32 * 1024;

    fn verb(self) -> &'static str {
        match self {
            Self::ReadCurrent | Self::Compare => "read",
            Self::RemoveInterrupted | Self::RemovePrevious | Self::RemoveName => "remove",
            Self::CreateGeneration | Self::CreateDirectory | Self::CreateFile => "create",
            Self::WriteContent => "write",
            Self::SetMode => "set the mode of",
            Self::LinkNext | Self::CreateName => "create the link",
            Self::Switch => "switch",
        }
    }
}

/// A volume could not be written. Up to and including [`Step::Switch`] readers still see the files
/// that were there before; after it they see the new ones, and the next write finishes the names.
#[derive(Debug, thiserror::Error)]
pub struct WriteError {
    /// The step that failed.
    pub step: Step,
    /// What it was about: a path below the volume, or the volume's directory itself.
    pub path: String,
    /// The operating system's answer.
    pub source: io::Error,
}

impl WriteError {
    /// Whether the volume is full (ENOSPC).
    pub fn is_full(&self) -> bool {
        self.source.kind() == io::ErrorKind::StorageFull
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.step.verb(), self.path)?;
        if self.is_full() {
            f.write_str(" (the volume is full: raise its sizeLimit, or serve fewer or smaller files; the files stay as they were)")?;
        }
        Ok(())
    }
}
