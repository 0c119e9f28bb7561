//! The options about telling the application.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Given;
use crate::refresher::notifier::Listeners;
use crate::spec::{ContainerName, OnChange};

impl Given {
    pub(super) fn on_change(&mut self) -> Vec<OnChange> {
        let mut all = Vec::new();
        for text in self.lists.remove("on-change").unwrap_or_default() {
            match text.parse() {
                Ok(on_change) => all.push(on_change),
                Err(invalid) => self
                    .problems
                    .push(format!("--on-change: {text:?}: {invalid}")),
            }
        }
        all
    }

    pub(super) fn listeners(&mut self) -> Listeners {
        Listeners {
            supervised: self.supervised(),
            sharing: self.sharing(),
        }
    }

    fn sharing(&mut self) -> BTreeSet<ContainerName> {
        let given = self.lists.remove("shares-processes").unwrap_or_default();
        let mut all = BTreeSet::new();
        for text in given {
            match text.parse() {
                Ok(container) => {
                    all.insert(container);
                }
                Err(invalid) => self
                    .problems
                    .push(format!("--shares-processes: {text:?}: {invalid}")),
            }
        }
        all
    }

    fn supervised(&mut self) -> BTreeMap<ContainerName, PathBuf> {
        let mut all = BTreeMap::new();
        for text in self.lists.remove("supervise").unwrap_or_default() {
            let parts = text.split_once('=').and_then(|(container, directory)| {
                let container = container.parse::<ContainerName>().ok()?;
                directory.starts_with('/').then_some((container, directory))
            });
            let problem = match parts {
                Some((container, directory)) => {
                    let again = all.insert(container, PathBuf::from(directory)).is_some();
                    again.then_some("the container is given twice")
                }
                None => Some(
                    "must be CONTAINER=DIRECTORY, e.g. app=/run/freshet/supervision/freshet-supervision-1",
                ),
            };
            self.problems
                .extend(problem.map(|problem| format!("--supervise: {text:?}: {problem}")));
        }
        all
    }
}
