//! From what a mount shall hold, and the secrets, to the files. Pure.
//!
//! A [`MountRenderer`] is made once from each [`Mount`], so that templates are parsed once; it is
//! asked again whenever one of its secrets changed.

mod certificate;
mod environment;
mod error;
mod file;
mod formatted;
mod targets;
mod template_file;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use self::file::{FileRenderer, Outcome};
use self::targets::{Targets, of_target};
use super::target::{ConfigMaps, TargetRenderer};
use crate::payload::{FileProjection, Payload};
use crate::secret::{SecretBytes, VaultSecret};
use crate::spec::{Mount, SecretRef};
use crate::template::{Context, Limits, Random, SecretSource};

pub use self::error::{FileFault, Reason, RenderError};
pub use self::template_file::TemplateFiles;
pub use super::format::FormatError;

/// Renders the files of one mount.
#[derive(Debug)]
pub struct MountRenderer {
    files: Vec<FileRenderer>,
    targets: Vec<TargetRenderer>,
    environment: bool,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Rendered {
    /// All files of the mount.
    Complete(Payload),
    /// These secrets, none of them with a key, have to be read first. There may be more after that:
    /// a template can ask for a path that it takes from another secret.
    Needs(BTreeSet<SecretRef>),
}

/// Finds a secret that was read, by a reference without a key.
pub type Lookup<'a> = &'a dyn Fn(&SecretRef) -> Option<&'a VaultSecret>;

impl MountRenderer {
    /// Takes over the files of `mount` and parses their templates.
    ///
    /// # Errors
    /// One for each template that cannot be parsed.
    pub fn new(mount: &Mount) -> Result<Self, Vec<RenderError>> {
        let mut files = Vec::new();
        let mut targets = Vec::new();
        let mut errors = Vec::new();
        for file in &mount.files {
            match FileRenderer::new(file) {
                Ok(file) => files.push(file),
                Err(reason) => errors.push(RenderError::new(&file.name, reason)),
            }
        }
        for target in &mount.targets {
            match TargetRenderer::new(target) {
                Ok(target) => targets.push(target),
                Err(reasons) => errors.extend(of_target(&target.name, reasons)),
            }
        }
        if errors.is_empty() {
            Ok(Self {
                files,
                targets,
                environment: mount.environment,
            })
        } else {
            Err(errors)
        }
    }

    /// The secrets that are needed whatever is in them, none of them with a key.
    pub(super) fn inputs(&self) -> BTreeSet<SecretRef> {
        let files = self.files.iter().filter_map(FileRenderer::source);
        let targets = self.targets.iter().flat_map(TargetRenderer::inputs);
        files.chain(targets).map(SecretRef::whole).collect()
    }

    /// The names of the files and targets that name `secret`, which has no key.
    pub(super) fn names(&self, secret: &SecretRef) -> BTreeSet<String> {
        let is_it = |source: &SecretRef| source.whole() == *secret;
        let files = self.files.iter();
        let files = files.filter(|file| file.source().is_some_and(is_it));
        let targets = self.targets.iter();
        let targets = targets.filter(|target| target.inputs().any(is_it));
        let files = files.map(|file| file.name.to_string());
        files
            .chain(targets.map(|target| target.name().to_owned()))
            .collect()
    }

    /// Takes over the texts of ConfigMaps; answers whether any of them is of use here.
    pub fn supply(&mut self, config_maps: &ConfigMaps) -> bool {
        let supplied = self.targets.iter_mut();
        let supplied: Vec<_> = supplied.map(|target| target.supply(config_maps)).collect();
        supplied.contains(&true)
    }

    /// Takes over the texts of template files; answers whether any of them is of use here.
    pub fn supply_templates(&mut self, texts: &TemplateFiles) -> bool {
        let supplied = self.files.iter_mut();
        let supplied: Vec<_> = supplied.map(|file| file.supply_template(texts)).collect();
        supplied.contains(&true)
    }

    /// Takes over the token of the login in use; answers whether any file holds it.
    pub fn supply_token(&mut self, token: &Arc<SecretBytes>) -> bool {
        let supplied = self.files.iter_mut();
        let supplied: Vec<_> = supplied.map(|file| file.supply_token(token)).collect();
        supplied.contains(&true)
    }

    /// Whether any file holds the token of the login in use.
    pub fn holds_token(&self) -> bool {
        self.files.iter().any(FileRenderer::holds_token)
    }

    /// Whether something is yet to be supplied that is sure to come.
    pub fn awaits(&self) -> bool {
        self.files.iter().any(FileRenderer::awaits)
    }

    /// Renders all files, with the secrets that `lookup` finds. Templates may ask for the time and
    /// for random bytes, so their output can differ each time: render when an input has changed.
    ///
    /// # Errors
    /// All of them, once every needed secret is there: keys that a secret does not have, keys that a
    /// format cannot write, templates that fail, files that cannot both exist.
    pub fn render(
        &self,
        lookup: Lookup<'_>,
        now: SystemTime,
        random: &mut dyn Random,
    ) -> Result<Rendered, Vec<RenderError>> {
        let secrets = Secrets(lookup);
        let mut context = Context {
            secrets: &secrets,
            now,
            random,
            limits: Limits::default(),
        };
        let mut payload = Payload::default();
        let mut needs = BTreeSet::new();
        let mut errors = Vec::new();
        for file in &self.files {
            let mut refuse = |reason| errors.push(RenderError::new(&file.name, reason));
            match file.render(lookup, &mut context) {
                Ok(Outcome::Needs(more)) => needs.extend(more),
                Ok(Outcome::Complete(contents)) => {
                    for (path, content) in contents {
                        let mode = file.mode;
                        let inserted = payload.insert(path, FileProjection { content, mode });
                        inserted
                            .map_err(Reason::Conflict)
                            .unwrap_or_else(&mut refuse);
                    }
                }
                Err(reasons) => reasons.into_iter().for_each(refuse),
            }
        }
        match self.render_targets(lookup, &mut context) {
            Ok(Targets::Needs(more)) => needs.extend(more),
            Ok(Targets::Complete(files)) => {
                for (path, file) in files {
                    if let Err(conflict) = payload.insert(path, file) {
                        let name = self.targets.first().map_or("", TargetRenderer::name);
                        errors.push(RenderError::new(name, Reason::Conflict(conflict)));
                    }
                }
            }
            Err(more) => errors.extend(more),
        }
        if !needs.is_empty() {
            Ok(Rendered::Needs(needs))
        } else if !errors.is_empty() {
            Err(errors)
        } else if self.environment {
            environment::joined(&payload).map(Rendered::Complete)
        } else {
            Ok(Rendered::Complete(payload))
        }
    }
}

/// Where templates look for secrets.
struct Secrets<'a>(Lookup<'a>);

impl SecretSource for Secrets<'_> {
    fn secret(&self, wanted: &SecretRef) -> Option<&VaultSecret> {
        (self.0)(&wanted.whole())
    }
}

#[cfg(test)]
mod tests;
