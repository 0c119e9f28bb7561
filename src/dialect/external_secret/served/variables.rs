//! The variables that a container takes from the targets of ExternalSecrets.

use super::{Server, interval, revision};
use crate::dialect::Environment;
use crate::dialect::external_secret::manifest::Manifest;
use crate::dialect::external_secret::usage::{
    ContainerEnvironment, Projection, VariableEntry, VariableSource, VariableTake,
};
use crate::spec::FilePath;
use crate::spec::target::{Item, TargetSpec, VariableNames};

impl<'a> Server<'a> {
    /// What takes the place of the Secrets in the environment of a container, where one is Freshet's
    /// to make.
    ///
    /// As kubelet has it, a variable of `env` counts more than one of `envFrom`, and of two the later.
    pub(super) fn environment(
        &mut self,
        environment: &ContainerEnvironment<'_>,
    ) -> Option<Environment> {
        for source in &environment.sources {
            self.doubt_missing_store(source.path(&environment.container), source.secret);
        }
        let served: Vec<_> = environment
            .sources
            .iter()
            .filter(|source| self.owned(source.secret).is_some())
            .collect();
        if served.is_empty() {
            return None;
        }
        self.doubt_order(environment, &served);
        let mut makers: Vec<&Manifest> = Vec::new();
        let mut targets: Vec<TargetSpec> = Vec::new();
        for source in &served {
            let Some((manifest, target)) = self.variables_of(environment, source) else {
                continue;
            };
            if !makers.iter().any(|known| std::ptr::eq(*known, manifest)) {
                makers.push(manifest);
            }
            let twin = targets.iter_mut().find(|twin| twin.takes_with(&target));
            match (twin, target.items) {
                (Some(twin), Some(items)) => twin.items.get_or_insert_default().extend(items),
                (_, items) => targets.push(TargetSpec { items, ..target }),
            }
        }
        // What `env` names comes over what `envFrom` brings.
        targets.sort_by_key(|target| target.items.is_some());
        Some(Environment {
            container: environment.container.clone(),
            optional: served.iter().all(|source| source.is_optional),
            entries: served.iter().map(|source| source.entry).collect(),
            refresh_interval: interval(&makers),
            revision: revision(&makers),
            targets,
        })
    }

    /// What one entry takes, and whose.
    fn variables_of(
        &mut self,
        environment: &ContainerEnvironment<'_>,
        source: &VariableSource<'_>,
    ) -> Option<(&'a Manifest, TargetSpec)> {
        let items = match source.take {
            VariableTake::Key { variable, key } => Some(vec![Item {
                key: key.to_owned(),
                path: self.file_of(environment, source, variable)?,
                mode: None,
            }]),
            VariableTake::All { .. } => None,
        };
        let path = source.path(&environment.container);
        let projection = Projection {
            items,
            optional: source.is_optional,
            ..Projection::whole(&path, source.secret)
        };
        let manifest = self.maker(&projection)?;
        let mut target = self.target(manifest, projection)?;
        if let VariableTake::All { prefix } = source.take {
            target.variables = Some(VariableNames {
                prefix: prefix.to_owned(),
                except: self.foreign(environment),
            });
        }
        Some((manifest, target))
    }

    /// The names that `env` gives, and not by a key that is served.
    fn foreign(&self, environment: &ContainerEnvironment<'_>) -> Vec<String> {
        let others = environment.others.iter().map(|(_, name)| *name);
        let sources = environment.sources.iter();
        let foreign = sources.filter(|source| self.owned(source.secret).is_none());
        let foreign = foreign.filter_map(|source| match source.take {
            VariableTake::Key { variable, .. } => Some(variable),
            VariableTake::All { .. } => None,
        });
        let mut names: Vec<_> = others.chain(foreign).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The value of a variable is kept in a file that is called as the variable is.
    fn file_of(
        &mut self,
        environment: &ContainerEnvironment<'_>,
        source: &VariableSource<'_>,
        variable: &str,
    ) -> Option<FilePath> {
        let is_name = !variable.contains(['/', '=']);
        match variable.parse().ok().filter(|_| is_name) {
            Some(path) => Some(path),
            None => {
                let index = match source.entry {
                    VariableEntry::Env(index) | VariableEntry::EnvFrom(index) => index,
                };
                self.notes.refuse(
                    format!("{}.env[{index}].name", environment.container),
                    variable,
                    "cannot be the name of a variable that comes from an ExternalSecret: use letters, digits and \"_\"",
                );
                None
            }
        }
    }

    /// Nobody knows the keys of what stays in `envFrom`, which kubelet reads.
    fn doubt_order(
        &mut self,
        environment: &ContainerEnvironment<'_>,
        served: &[&VariableSource<'_>],
    ) {
        let first = served.iter().find_map(|source| match source.entry {
            VariableEntry::EnvFrom(index) => Some((index, source.secret)),
            VariableEntry::Env(_) => None,
        });
        let Some((first, secret)) = first else {
            return;
        };
        let foreign = environment.sources.iter();
        let foreign = foreign.filter(|source| self.owned(source.secret).is_none());
        let foreign = foreign.filter_map(|source| match source.entry {
            VariableEntry::EnvFrom(index) => Some(index),
            VariableEntry::Env(_) => None,
        });
        let later = environment.config_maps.iter().copied().chain(foreign);
        if let Some(later) = later.filter(|index| *index > first).min() {
            self.notes.warn(
                format!("{}.envFrom[{later}]", environment.container),
                format!(
                    "comes after the target of an ExternalSecret, {secret}, and yet a variable that both have is taken from that: put it before, or give one of the two a prefix"
                ),
            );
        }
    }
}

impl TargetSpec {
    /// Whether both take single keys of the same Secret, and so can be one.
    fn takes_with(&self, other: &Self) -> bool {
        self.items.is_some()
            && other.items.is_some()
            && self.name == other.name
            && self.optional == other.optional
    }
}
