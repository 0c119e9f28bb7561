//! From what an ExternalSecret says, and the secrets, to the files of a volume. Pure.
//!
//! The semantics are External Secrets' own, as its code has them: what users wrote for it means the
//! same here. Any error leaves the whole target as it was.

mod assembly;
mod entry;
mod error;
mod find;
mod key;
mod rewrite;
mod value;

use std::collections::BTreeSet;

pub use self::assembly::ConfigMaps;
pub use self::error::{TargetError, TargetReason};

use self::assembly::Assembly;
use self::entry::Taker;
use self::error::listed;
use self::value::Keys;
use super::render::Lookup;
use crate::secret::SecretBytes;
use crate::spec::target::{Item, TargetSpec, VariableNames};
use crate::spec::{FileMode, FilePath, SecretRef};
use crate::template::Context;

/// Makes the files of one target.
#[derive(Debug)]
pub(super) struct TargetRenderer {
    name: String,
    entries: Vec<Taker>,
    assembly: Option<Assembly>,
    mode: FileMode,
    items: Option<Vec<Item>>,
    optional: bool,
    variables: Option<VariableNames>,
}

/// A file, before it is known whether another one is in its place.
pub(super) type File = (FilePath, FileMode, SecretBytes);

/// What came of it.
pub(super) enum Outcome {
    Complete(Vec<File>),
    Needs(BTreeSet<SecretRef>),
}

impl TargetRenderer {
    /// Takes over `spec` and parses its expressions and templates.
    pub(super) fn new(spec: &TargetSpec) -> Result<Self, Vec<TargetError>> {
        let mut errors = Vec::new();
        let mut entries = Vec::new();
        for entry in &spec.entries {
            match Taker::new(entry) {
                Ok(entry) => entries.push(entry),
                Err(error) => errors.push(error),
            }
        }
        let assembly = match spec.template.as_ref().map(Assembly::new).transpose() {
            Ok(assembly) => assembly,
            Err(more) => {
                errors.extend(more);
                None
            }
        };
        match errors.is_empty() {
            true => Ok(Self {
                name: spec.name.clone(),
                entries,
                assembly,
                mode: spec.mode,
                items: spec.items.clone(),
                optional: spec.optional,
                variables: spec.variables.clone(),
            }),
            false => Err(errors),
        }
    }

    /// The secrets that are needed whatever is in them.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &SecretRef> {
        self.entries.iter().map(Taker::input)
    }

    /// The name of the Secret.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes over the texts of ConfigMaps; answers whether any of them is of use here.
    pub(super) fn supply(&mut self, config_maps: &ConfigMaps) -> bool {
        self.assembly
            .as_mut()
            .is_some_and(|assembly| assembly.supply(config_maps))
    }

    /// The files, with the secrets that `lookup` finds.
    pub(super) fn render(
        &self,
        lookup: Lookup<'_>,
        context: &mut Context<'_>,
    ) -> Result<Outcome, Vec<TargetError>> {
        let mut needs = BTreeSet::new();
        let mut errors = Vec::new();
        let mut fetched = Keys::new();
        for entry in &self.entries {
            // What another entry needs must not keep this one from finding its own needs.
            let mut own = BTreeSet::new();
            match entry.take(lookup, context, &mut own) {
                Ok(keys) => fetched.extend(keys),
                Err(error) => errors.push(error),
            }
            needs.extend(own);
        }
        // An error may come from what is missing.
        if !needs.is_empty() {
            return Ok(Outcome::Needs(needs));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let keys = match &self.assembly {
            Some(assembly) => assembly.assemble(fetched, context, &mut needs)?,
            None => fetched,
        };
        match needs.is_empty() {
            true => self.projected(keys).map(Outcome::Complete),
            false => Ok(Outcome::Needs(needs)),
        }
    }

    /// The keys as files, as the kubelet makes them.
    fn projected(&self, mut keys: Keys) -> Result<Vec<File>, Vec<TargetError>> {
        let mut errors = Vec::new();
        let mut files = Vec::new();
        if let Some(names) = &self.variables {
            let files = keys
                .into_iter()
                .filter_map(|(key, value)| Some((variable(names, &key)?, self.mode, value)));
            return Ok(files.collect());
        }
        let Some(items) = &self.items else {
            for (key, value) in keys {
                match key.parse::<FilePath>() {
                    Ok(path) => files.push((path, self.mode, value)),
                    Err(invalid) => {
                        let reason = TargetReason::NotAFileName(key.clone(), invalid.to_string());
                        errors.push(reason.at(key));
                    }
                }
            }
            return if errors.is_empty() {
                Ok(files)
            } else {
                Err(errors)
            };
        };
        let names = listed(keys.keys());
        for (index, item) in items.iter().enumerate() {
            // A key may be in several files; its bytes go to the last one.
            let again = items[index + 1..].iter().any(|later| later.key == item.key);
            let value = match again {
                true => keys
                    .get(&item.key)
                    .map(|value| SecretBytes::new(value.expose().to_vec())),
                false => keys.remove(&item.key),
            };
            match value {
                Some(value) => {
                    files.push((item.path.clone(), item.mode.unwrap_or(self.mode), value));
                }
                None if self.optional => {}
                None => errors
                    .push(TargetReason::NoSuchKey(item.key.clone(), names.clone()).at(&item.key)),
            }
        }
        if errors.is_empty() {
            Ok(files)
        } else {
            Err(errors)
        }
    }
}

/// The variable that is made of a key, where it is one and is not given otherwise. What can be a name
/// is what kubelet takes of `envFrom`.
fn variable(names: &VariableNames, key: &str) -> Option<FilePath> {
    let name = format!("{}{key}", names.prefix);
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || b"-._".contains(&byte);
    let begins = name.bytes().next().is_some_and(is_letter);
    let is_name = begins
        && name
            .bytes()
            .all(|byte| is_letter(byte) || byte.is_ascii_digit());
    let is_free = is_name && !names.except.contains(&name);
    is_free.then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
