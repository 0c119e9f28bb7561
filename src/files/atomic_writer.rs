//! The files of one volume, switched all at once, as kubelet does for Secret volumes.
//!
//! ```text
//! ..generation-7/           the generation before: stays until the next write begins
//! ..generation-8/           the current one
//!     credentials
//!     conf/app.yaml
//! ..data -> ..generation-8  the switch: one rename
//! credentials -> ..data/credentials
//! conf -> ..data/conf
//! ```
//!
//! A reader that resolves the directory once (`..data`, or the real path of a file's directory)
//! reads one generation, and every file of it can be opened until the write after the one that
//! replaced it. So a write needs room for two generations, never three.
//!
//! Nothing is synced to a disk: the volume is a tmpfs, whose pages are its only copy. What is
//! written survives the death of this process and dies with the node, as it should.

use std::path::{Path, PathBuf};

use super::attempt::{Attempt, Hook};
use super::directory::Directory;
use super::generation::Generation;
use super::step::{Step, WriteError};
use crate::payload::Payload;

/// Writes one volume. There must be no second writer of the same volume.
#[derive(Debug)]
pub struct AtomicWriter {
    root: Directory,
    path: PathBuf,
}

/// Whether readers see something else than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A new generation was written and switched to.
    Yes,
    /// Content and modes on the volume are what they should be; nothing was written.
    No,
}

impl AtomicWriter {
    /// Opens the volume mounted at `path`, removes what an interrupted write left and finishes the
    /// names of an interrupted switch.
    ///
    /// # Errors
    /// When the directory cannot be opened, read or mended.
    pub fn open(path: &Path) -> Result<Self, WriteError> {
        let root = Directory::open(path).map_err(|source| WriteError {
            step: Step::ReadCurrent,
            path: path.display().to_string(),
            source,
        })?;
        let writer = Self {
            root,
            path: path.to_owned(),
        };
        let mut hook = |_| Ok(());
        let mut attempt = writer.attempt(&mut hook);
        if let Some(current) = attempt.recover()? {
            attempt.update_names(current)?;
        }
        Ok(writer)
    }

    /// Makes the volume hold `payload` and nothing else.
    ///
    /// 1. Read which generation `..data` names.
    /// 2. Remove what an interrupted write left: its temporary links and every generation that was
    ///    never switched to.
    /// 3. Compare the current generation with the payload, on the volume itself; where they are the
    ///    same, go to 8.
    /// 4. Remove the generations before the current one: from here on a switch is under way.
    /// 5. Create the directory of the new generation, mode 0755.
    /// 6. Write each file into it: (a) create its directories, mode 0755, (b) create the file
    ///    exclusively and for its owner alone, (c) write the content, (d) set the mode, which no
    ///    umask touches.
    /// 7. Switch: (a) point `..data_tmp` to the new generation, (b) rename it over `..data`.
    /// 8. Create the links of names that are new.
    /// 9. Remove the links of names that are gone.
    ///
    /// # Errors
    /// Before step 7b succeeds, readers see what they saw before, and the half-written generation
    /// is removed. After it they see the new files; the next write finishes the names.
    pub fn write(&self, payload: &Payload) -> Result<Changed, WriteError> {
        self.write_in_steps(payload, &mut |_| Ok(()))
    }

    /// [`write`](Self::write), with a hook that is called before each step and may fail it.
    ///
    /// # Errors
    /// Those of `write`, and those of the hook.
    pub fn write_in_steps(&self, payload: &Payload, hook: Hook<'_>) -> Result<Changed, WriteError> {
        let mut attempt = self.attempt(hook);
        // 1, 2
        let current = attempt.recover()?;
        // 3
        if let Some(current) = current
            && attempt.holds(current, payload)?
        {
            attempt.update_names(current)?;
            return Ok(Changed::No);
        }
        // 4
        attempt.remove_generations(Step::RemovePrevious, |other| Some(other) < current)?;
        // 5, 6, 7
        let next = Generation::after(current);
        if let Err(error) = attempt
            .build(next, payload)
            .and_then(|()| attempt.switch(next))
        {
            // A full volume has room again. What cannot be removed now is removed by the next write;
            // the first error tells more.
            let _ = self.attempt(&mut |_| Ok(())).recover();
            return Err(error);
        }
        // 8, 9
        attempt.update_names(next)?;
        Ok(Changed::Yes)
    }

    /// Whether the volume holds a generation that readers can use: one that was switched to, with
    /// all its names.
    pub fn has_complete_generation(&self) -> bool {
        let mut hook = |_| Ok(());
        let mut attempt = self.attempt(&mut hook);
        attempt
            .current()
            .and_then(|current| current.map_or(Ok(false), |current| attempt.has_all_names(current)))
            .unwrap_or(false)
    }

    fn attempt<'a>(&'a self, hook: Hook<'a>) -> Attempt<'a> {
        Attempt::new(&self.root, &self.path, hook)
    }
}

#[cfg(test)]
mod tests;
