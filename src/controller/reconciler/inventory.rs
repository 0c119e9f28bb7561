//! The pods of the labelled namespaces, by namespace and name.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::reconcile::{Pod, Standing};

/// A pod, and what a fresh plan says of it.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    pub(super) pod: Pod,
    pub(super) standing: Standing,
    /// Since when it is known that it should have been injected.
    pub(super) missed: Option<Duration>,
}

impl Tracked {
    /// Whether it uses this Secret in any way.
    pub(super) fn uses(&self, secret: &str) -> bool {
        self.pod.mounts(secret) || self.pod.secrets.others.contains(secret)
    }

    /// Whether nothing is another than in `other`.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.pod == other.pod && self.standing == other.standing
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    namespaces: BTreeMap<String, Namespace>,
}

#[derive(Debug, Default)]
struct Namespace {
    /// The value of the label.
    label: String,
    pods: BTreeMap<String, Tracked>,
}

impl Inventory {
    /// The value of the namespace's label; `None` where it is not labelled.
    pub(super) fn label(&self, namespace: &str) -> Option<&str> {
        let found = self.namespaces.get(namespace);
        found.map(|found| found.label.as_str())
    }

    /// A namespace has the label with this value.
    pub(super) fn set_label(&mut self, namespace: &str, label: String) {
        self.namespaces
            .entry(namespace.to_owned())
            .or_default()
            .label = label;
    }

    /// A namespace is gone, or its label is.
    pub(super) fn forget_namespace(&mut self, namespace: &str) {
        self.namespaces.remove(namespace);
    }

    /// Takes in a pod; answers what was known of it. Pods of namespaces that lost the label meanwhile
    /// are passed over.
    pub(super) fn put(
        &mut self,
        namespace: &str,
        pod: Pod,
        standing: Standing,
        now: Duration,
    ) -> Option<Tracked> {
        let pods = &mut self.namespaces.get_mut(namespace)?.pods;
        let before = pods.get(&pod.name);
        let same = before.filter(|before| before.pod.uid == pod.uid);
        let should = standing == Standing::NotInjected && pod.is_there();
        let missed = should.then(|| same.and_then(|before| before.missed).unwrap_or(now));
        let tracked = Tracked {
            pod,
            standing,
            missed,
        };
        pods.insert(tracked.pod.name.clone(), tracked)
    }

    /// Forgets a pod; answers what was known of it.
    pub(super) fn remove(&mut self, namespace: &str, name: &str) -> Option<Tracked> {
        self.namespaces.get_mut(namespace)?.pods.remove(name)
    }

    /// A pod.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<&Tracked> {
        self.namespaces.get(namespace)?.pods.get(name)
    }

    /// The pods of a namespace, in the order of their names.
    pub(super) fn pods(&self, namespace: &str) -> impl Iterator<Item = &Tracked> {
        let found = self.namespaces.get(namespace);
        found.into_iter().flat_map(|found| found.pods.values())
    }

    /// How many pods ask for secrets and were not injected.
    pub(super) fn not_injected(&self) -> usize {
        let all = self.namespaces.values().flat_map(|it| it.pods.values());
        all.filter(|tracked| {
            let is_bare = tracked.pod.refresher.is_none();
            let asks = matches!(
                tracked.standing,
                Standing::NotInjected | Standing::Refused(_)
            );
            is_bare && asks && tracked.pod.is_there()
        })
        .count()
    }
}
