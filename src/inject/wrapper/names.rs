//! Which names of variables are the refresher's to give to a container.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::given::Given;
use crate::inject::fields::items;
use crate::spec::FileSpec;

/// The names that one container is given.
pub(super) struct Names<'a> {
    variables: &'a [FileSpec],
    /// What its own `env` takes from Secrets that nobody writes.
    keys: BTreeSet<&'a str>,
    /// Where all keys of such a Secret become variables, nobody knows their names: what `env` says
    /// otherwise is known.
    except: Option<BTreeSet<String>>,
}

impl<'a> Names<'a> {
    /// Of a container with these fields.
    pub(super) fn of(given: &Given<'a>, fields: &Map<String, Value>) -> Self {
        let environment = given.environment.into_iter();
        let targets = environment.flat_map(|environment| &environment.targets);
        let items_of = targets.clone().filter_map(|target| target.items.as_ref());
        let takes_all = targets.clone().any(|target| target.variables.is_some());
        let names = items(fields.get("env"));
        let names = names.filter_map(|variable| variable.get("name")?.as_str());
        Self {
            variables: given.variables,
            keys: items_of.flatten().map(|item| item.path.as_str()).collect(),
            except: takes_all.then(|| names.map(str::to_owned).collect()),
        }
    }

    /// The names of the annotations.
    pub(super) fn annotated(&self) -> impl Iterator<Item = &'a str> {
        self.variables.iter().map(|variable| variable.name.as_str())
    }

    /// Whether the name may be that of a variable which kubelet does not know.
    pub(super) fn is_ours(&self, name: &str) -> bool {
        let is_annotated = self.annotated().any(|own| own == name);
        let may_be_a_key = |except: &BTreeSet<String>| !except.contains(name);
        is_annotated || self.keys.contains(name) || self.except.as_ref().is_some_and(may_be_a_key)
    }
}
