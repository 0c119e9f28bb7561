//! The facts of each namespace, written by the watches and read by every admission.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::dialect::external_secret::ExternalSecretFacts;
use crate::inject::{ClusterFacts, LimitRange, ResourceQuota};

/// The last that is known of the cluster. A lost connection keeps it.
#[derive(Debug, Default)]
pub struct NamespaceFacts(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    /// For a namespace of which nothing special is known.
    usual: Arc<ClusterFacts>,
    special: BTreeMap<String, Arc<ClusterFacts>>,
}

impl NamespaceFacts {
    /// What a decision about a pod of `namespace` looks at.
    pub fn of(&self, namespace: &str) -> Arc<ClusterFacts> {
        let known = self.read();
        let facts = known.special.get(namespace).unwrap_or(&known.usual);
        facts.clone()
    }

    /// The API server's major and minor version.
    pub fn set_kubernetes_version(&self, version: (u32, u32)) {
        let mut known = self.write();
        let Known { usual, special } = &mut *known;
        for facts in special.values_mut().chain([usual]) {
            Arc::make_mut(facts).kubernetes_version = Some(version);
        }
    }

    /// Replaces all that is known of one kind of limit, by namespace.
    pub(super) fn replace_all<L: Limit>(&self, mut limits: BTreeMap<String, Vec<L>>) {
        let mut known = self.write();
        let before: Vec<_> = known.special.keys().cloned().collect();
        for namespace in before {
            let limits = limits.remove(&namespace).unwrap_or_default();
            known.edit(&namespace, |facts| *L::among(facts) = sorted(limits));
        }
        for (namespace, limits) in limits {
            known.edit(&namespace, |facts| *L::among(facts) = sorted(limits));
        }
    }

    /// Adds a limit, or replaces the one of its name.
    pub(super) fn put<L: Limit>(&self, namespace: &str, limit: L) {
        self.write().edit(namespace, |facts| {
            let kept = L::among(facts);
            kept.retain(|other| other.name() != limit.name());
            kept.push(limit);
            kept.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        });
    }

    /// Forgets a limit.
    pub(super) fn remove<L: Limit>(&self, namespace: &str, name: &str) {
        self.write().edit(namespace, |facts| {
            L::among(facts).retain(|other| other.name() != name);
        });
    }

    /// What is served of External Secrets' objects in a namespace from now on.
    pub(super) fn set_external_secrets(&self, namespace: &str, served: Arc<ExternalSecretFacts>) {
        self.write()
            .edit(namespace, |facts| facts.external_secrets = served);
    }

    // A poisoned lock guards whole values all the same: each is replaced in one step.
    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn edit(&mut self, namespace: &str, edit: impl FnOnce(&mut ClusterFacts)) {
        let usual = &self.usual;
        let facts = self
            .special
            .entry(namespace.to_owned())
            .or_insert_with(|| usual.clone());
        edit(Arc::make_mut(facts));
        if facts.limit_ranges.is_empty()
            && facts.resource_quotas.is_empty()
            && facts.external_secrets.is_empty()
        {
            self.special.remove(namespace);
        }
    }
}

/// In the order of their names, whatever order they were listed in.
fn sorted<L: Limit>(mut limits: Vec<L>) -> Vec<L> {
    limits.sort_unstable_by(|a, b| a.name().cmp(b.name()));
    limits
}

/// A kind of object that limits a namespace's pods.
pub(super) trait Limit: Clone {
    /// Its `metadata.name`.
    fn name(&self) -> &str;

    /// Where the facts keep it.
    fn among(facts: &mut ClusterFacts) -> &mut Vec<Self>;
}

impl Limit for LimitRange {
    fn name(&self) -> &str {
        &self.name
    }

    fn among(facts: &mut ClusterFacts) -> &mut Vec<Self> {
        &mut facts.limit_ranges
    }
}

impl Limit for ResourceQuota {
    fn name(&self) -> &str {
        &self.name
    }

    fn among(facts: &mut ClusterFacts) -> &mut Vec<Self> {
        &mut facts.resource_quotas
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(name: &str) -> ResourceQuota {
        ResourceQuota {
            name: name.to_owned(),
            ..ResourceQuota::default()
        }
    }

    #[test]
    fn a_namespace_has_its_own_limits_and_every_one_the_version() {
        let facts = NamespaceFacts::default();
        facts.put("shop", quota("compute"));
        facts.set_kubernetes_version((1, 36));
        facts.put("bank", quota("tight"));
        facts.put("shop", LimitRange::default());
        assert_eq!(facts.of("shop").resource_quotas, [quota("compute")]);
        assert_eq!(facts.of("shop").limit_ranges.len(), 1);
        assert_eq!(facts.of("bank").resource_quotas, [quota("tight")]);
        assert_eq!(facts.of("other").resource_quotas, []);
        for namespace in ["shop", "bank", "other"] {
            assert_eq!(facts.of(namespace).kubernetes_version, Some((1, 36)));
        }
    }

    #[test]
    fn a_namespace_without_limits_costs_nothing() {
        let facts = NamespaceFacts::default();
        facts.remove::<LimitRange>("shop", "limits");
        facts.put("shop", quota("compute"));
        facts.remove::<ResourceQuota>("shop", "compute");
        assert!(facts.read().special.is_empty());
    }
}
