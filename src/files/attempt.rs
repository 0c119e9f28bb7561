//! One pass through the steps of a write, on one volume.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::directory::{Directory, Kind};
use super::generation::{self, Generation};
use super::step::{Step, WriteError};
use crate::payload::{FileProjection, Payload};
use crate::spec::FilePath;

const DATA: &str = "..data";
const NEXT_DATA: &str = "..data_tmp";
const NEXT_NAME: &str = "..name_tmp";

/// Called before each step; an error stops the write there. See [`Step`].
pub(super) type Hook<'a> = &'a mut dyn FnMut(Step) -> io::Result<()>;

/// One pass through the steps.
pub(super) struct Attempt<'a> {
    root: &'a Directory,
    path: &'a Path,
    hook: Hook<'a>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(root: &'a Directory, path: &'a Path, hook: Hook<'a>) -> Self {
        Self { root, path, hook }
    }

    /// Does one step on `path`, below the volume, and says what failed.
    fn step<T>(
        &mut self,
        step: Step,
        path: &str,
        action: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, WriteError> {
        (self.hook)(step)
            .and_then(|()| action())
            .map_err(|source| WriteError {
                step,
                path: self.path.join(path).display().to_string(),
                source,
            })
    }

    /// Steps 1 and 2; answers the current generation.
    pub(super) fn recover(&mut self) -> Result<Option<Generation>, WriteError> {
        let current = self.current()?;
        let root = self.root;
        for link in [NEXT_DATA, NEXT_NAME] {
            self.step(Step::RemoveInterrupted, link, || root.remove(link))?;
        }
        self.remove_generations(Step::RemoveInterrupted, |other| Some(other) > current)?;
        Ok(current)
    }

    /// The generation that `..data` names, where its directory is really there.
    pub(super) fn current(&mut self) -> Result<Option<Generation>, WriteError> {
        let root = self.root;
        self.step(Step::ReadCurrent, DATA, || {
            let target = root.read_link(DATA)?;
            let generation = target
                .as_deref()
                .and_then(|target| target.to_str().ok())
                .and_then(Generation::from_name);
            Ok(
                generation
                    .filter(|generation| root.open_directory(&generation.to_string()).is_ok()),
            )
        })
    }

    pub(super) fn remove_generations(
        &mut self,
        step: Step,
        condemned: impl Fn(Generation) -> bool,
    ) -> Result<(), WriteError> {
        let root = self.root;
        for (name, kind) in self.step(step, "", || root.entries())? {
            if Generation::from_name(&name).is_some_and(&condemned) {
                self.step(step, &name, || match kind {
                    Kind::Directory => root.remove_directory(&name),
                    Kind::Link | Kind::Other => root.remove(&name),
                })?;
            }
        }
        Ok(())
    }

    /// Step 3.
    pub(super) fn holds(
        &mut self,
        current: Generation,
        payload: &Payload,
    ) -> Result<bool, WriteError> {
        let (root, name) = (self.root, current.to_string());
        self.step(Step::Compare, &name, || {
            generation::holds(&root.open_directory(&name)?, payload)
        })
    }

    /// Steps 5 and 6.
    pub(super) fn build(&mut self, next: Generation, payload: &Payload) -> Result<(), WriteError> {
        let (root, name) = (self.root, next.to_string());
        // 5
        let directory = self.step(Step::CreateGeneration, &name, || {
            root.create_directory(&name)
        })?;
        // 6
        for (path, file) in payload.iter() {
            self.build_file(&directory, path, file)?;
        }
        Ok(())
    }

    fn build_file(
        &mut self,
        generation: &Directory,
        path: &FilePath,
        file: &FileProjection,
    ) -> Result<(), WriteError> {
        let shown = path.as_str();
        // 6a
        let mut inner: Option<Directory> = None;
        let mut name = shown;
        while let Some((part, rest)) = name.split_once('/') {
            let parent = inner.as_ref().unwrap_or(generation);
            inner =
                Some(self.step(
                    Step::CreateDirectory,
                    shown,
                    || match parent.open_directory(part) {
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {
                            parent.create_directory(part)
                        }
                        other => other,
                    },
                )?);
            name = rest;
        }
        // 6b
        let parent = inner.as_ref().unwrap_or(generation);
        let mut open = self.step(Step::CreateFile, shown, || parent.create_file(name))?;
        // 6c
        for piece in file.content.expose().chunks(Step::PIECE) {
            self.step(Step::WriteContent, shown, || open.write_all(piece))?;
        }
        // 6d
        let mode = std::fs::Permissions::from_mode(file.mode.bits());
        self.step(Step::SetMode, shown, || open.set_permissions(mode))
    }

    /// Step 7.
    pub(super) fn switch(&mut self, next: Generation) -> Result<(), WriteError> {
        let root = self.root;
        // 7a
        self.step(Step::LinkNext, NEXT_DATA, || {
            root.create_link(NEXT_DATA, &next.to_string())
        })?;
        // 7b
        self.step(Step::Switch, DATA, || root.rename(NEXT_DATA, DATA))
    }

    /// Steps 8 and 9.
    pub(super) fn update_names(&mut self, current: Generation) -> Result<(), WriteError> {
        let root = self.root;
        let names = self.names(current)?;
        // 8
        for name in &names {
            let is_right = self.step(Step::ReadCurrent, name, || has_link(root, name))?;
            if !is_right {
                // Through a temporary name, so that a wrong link is replaced in one step.
                self.step(Step::CreateName, name, || {
                    root.create_link(NEXT_NAME, &link_target(name))?;
                    root.rename(NEXT_NAME, name)
                })?;
            }
        }
        // 9
        for (name, kind) in self.step(Step::ReadCurrent, "", || root.entries())? {
            if kind == Kind::Link
                && !names.contains(&name)
                && self.step(Step::ReadCurrent, &name, || has_link(root, &name))?
            {
                self.step(Step::RemoveName, &name, || root.remove(&name))?;
            }
        }
        Ok(())
    }

    /// Whether step 8 is done.
    pub(super) fn has_all_names(&mut self, current: Generation) -> Result<bool, WriteError> {
        let root = self.root;
        for name in self.names(current)? {
            if !self.step(Step::ReadCurrent, &name, || has_link(root, &name))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What readers find at the top of a generation.
    fn names(&mut self, current: Generation) -> Result<BTreeSet<String>, WriteError> {
        let (root, name) = (self.root, current.to_string());
        let entries = self.step(Step::ReadCurrent, &name, || {
            root.open_directory(&name)?.entries()
        })?;
        Ok(entries.into_iter().map(|(name, _)| name).collect())
    }
}

/// Whether `name` is the link that makes a file of the current generation visible.
fn has_link(root: &Directory, name: &str) -> io::Result<bool> {
    Ok(root
        .read_link(name)?
        .is_some_and(|target| target.to_bytes() == link_target(name).as_bytes()))
}

fn link_target(name: &str) -> String {
    format!("{DATA}/{name}")
}
