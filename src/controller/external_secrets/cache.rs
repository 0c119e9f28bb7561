//! What is known of all objects, by namespace.
//!
//! The watches write; admissions read the [`NamespaceFacts`], into which the facts of each namespace
//! are published that has asked for them. A new list replaces: what it holds is taken in as it comes,
//! and what it did not hold is forgotten at its end, so that nothing is ever kept twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::kind::Kind;
use super::known::Known;
use super::object::{Listed, ObjectKey, WatchedObject, essence, key, meaning};
use crate::controller::facts::NamespaceFacts;
use crate::dialect::external_secret::{
    Claim, ConfigMapKeys, ExternalSecretFacts, SharedFacts, Texts,
};

/// The resource of the namespaces.
pub(super) const NAMESPACES: &str = "namespaces";
/// The resource of the ConfigMaps.
pub(super) const CONFIG_MAPS: &str = "configmaps";

/// What has to be known before it is known which ConfigMaps matter.
const OBJECTS: [&str; 4] = [
    Kind::ExternalSecret.plural(),
    Kind::SecretStore.plural(),
    Kind::ClusterSecretStore.plural(),
    NAMESPACES,
];

/// The objects of External Secrets, and which namespaces are served from them.
#[derive(Debug)]
pub struct ExternalSecretCache {
    claim: Claim,
    admission: Arc<NamespaceFacts>,
    known: Mutex<Known>,
    changed: Notify,
    named: Notify,
}

/// What has changed since somebody looked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Namespaces of which something is read that was not so before: an object, a store of the
    /// cluster, a label.
    pub namespaces: BTreeSet<String>,
    /// Objects that are new, gone, or of which anything changed, their status among it.
    pub objects: BTreeSet<ObjectKey>,
}

impl ExternalSecretCache {
    /// Nothing is known yet. What concerns the admissions of a namespace is told to `admission`.
    pub fn new(claim: Claim, admission: Arc<NamespaceFacts>) -> Self {
        Self {
            claim,
            admission,
            known: Mutex::default(),
            changed: Notify::new(),
            named: Notify::new(),
        }
    }

    /// What the objects of a namespace say, whether or not its pods are served from them; none where
    /// there are none.
    pub fn of(&self, namespace: &str) -> Option<Arc<ExternalSecretFacts>> {
        self.lock().facts.get(namespace).cloned()
    }

    /// What belongs to no namespace.
    pub fn shared(&self) -> Arc<SharedFacts> {
        self.lock().shared.clone()
    }

    /// Which stores are Freshet's.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// Whether the namespace has the label with which its pods are served.
    pub fn is_served(&self, namespace: &str) -> bool {
        self.lock().served.contains_key(namespace)
    }

    /// An object.
    pub fn object(&self, key: &ObjectKey) -> Option<Arc<WatchedObject>> {
        self.lock().objects.get(key).cloned()
    }

    /// All objects, by kind, namespace and name.
    pub fn objects(&self) -> Vec<Arc<WatchedObject>> {
        self.lock().objects.values().cloned().collect()
    }

    /// The version in which the objects of a kind are read; none where the cluster has none.
    pub fn version(&self, kind: Kind) -> Option<&'static str> {
        self.lock().versions.get(&kind).copied()
    }

    /// The resources that have not been read as a whole yet. One that was never becomes unknown again:
    /// what is known of it stays while the connection is lost.
    pub fn awaited(&self) -> Vec<&'static str> {
        let known = self.lock();
        let all = OBJECTS.into_iter().chain([CONFIG_MAPS]);
        all.filter(|name| !known.complete.contains(name)).collect()
    }

    /// Waits until something has changed, and takes it: each change is told to one caller. Of what is
    /// gone no more than a thousand are remembered.
    pub async fn changes(&self) -> Changes {
        loop {
            let changes = std::mem::take(&mut self.lock().changes);
            if changes != Changes::default() {
                return changes;
            }
            self.changed.notified().await;
        }
    }

    /// From now on objects of the kind are read in this version.
    pub(super) fn set_version(&self, kind: Kind, version: &'static str) {
        self.lock().versions.insert(kind, version);
    }

    /// The cluster has no such kind: what was known of it is gone.
    pub(super) fn absent(&self, kind: Kind) {
        self.lock().versions.remove(&kind);
        self.sweep(kind, &BTreeSet::new());
    }

    /// Takes in an object; [`Self::publish`] tells of it.
    pub(super) fn put(&self, kind: Kind, object: Listed) {
        let (object, manifest) = essence(kind, object);
        self.lock()
            .put(self.claim, object, |key| meaning(key, &manifest));
    }

    /// Forgets an object; [`Self::publish`] tells of it.
    pub(super) fn remove(&self, kind: Kind, object: &Listed) {
        self.lock().remove(&key(kind, object));
    }

    /// Forgets all objects of a kind but those that were `listed`, and tells of all.
    pub(super) fn sweep(&self, kind: Kind, listed: &BTreeSet<ObjectKey>) {
        let mut known = self.lock();
        let keys = known.objects.keys();
        let gone = keys.filter(|key| key.kind == kind && !listed.contains(key));
        for key in gone.cloned().collect::<Vec<_>>() {
            known.remove(&key);
        }
        known.complete.insert(kind.plural());
        drop(known);
        self.publish();
    }

    /// The labels of a namespace whose pods are served; none for one whose pods are not, or are no
    /// longer.
    pub(super) fn set_namespace(&self, name: &str, labels: Option<BTreeMap<String, String>>) {
        let mut known = self.lock();
        if known.served.get(name) == labels.as_ref() {
            return;
        }
        match &labels {
            Some(labels) => known.served.insert(name.to_owned(), labels.clone()),
            None => known.served.remove(name),
        };
        if let Some(facts) = known.facts.get_mut(name) {
            Arc::make_mut(facts).set_labels(labels.unwrap_or_default());
        }
        known.touch(name);
        drop(known);
        self.publish();
    }

    /// Of the served namespaces those remain that were `listed`.
    pub(super) fn sweep_namespaces(&self, listed: &BTreeSet<String>) {
        let gone: Vec<_> = self.lock().served.keys().cloned().collect();
        for name in gone.iter().filter(|name| !listed.contains(*name)) {
            self.set_namespace(name, None);
        }
        self.lock().complete.insert(NAMESPACES);
        self.publish();
    }

    /// The keys of ConfigMaps that the objects name: templates, and the CAs of stores.
    pub(super) fn config_map_keys(&self) -> ConfigMapKeys {
        self.lock().config_map_keys()
    }

    /// Waits until other ConfigMaps may be named than before.
    pub(super) async fn named(&self) {
        self.named.notified().await;
    }

    /// What a ConfigMap holds under the keys that are named; none for one that is not there, or is
    /// not named any more.
    pub(super) fn set_config_map(
        &self,
        (namespace, name): &(String, String),
        texts: Option<Texts>,
    ) {
        self.lock().set_config_map(namespace, name, texts);
        self.publish();
    }

    /// All ConfigMaps that are named were asked for; answers whether all that name some are known.
    pub(super) fn config_maps_read(&self) -> bool {
        let mut known = self.lock();
        let all = OBJECTS.iter().all(|name| known.complete.contains(name));
        if all {
            known.complete.insert(CONFIG_MAPS);
        }
        all
    }

    /// Tells admissions and whoever waits for changes.
    pub(super) fn publish(&self) {
        let mut known = self.lock();
        let names = known.name_config_maps();
        for namespace in std::mem::take(&mut known.unpublished) {
            let facts = known.facts.get(&namespace);
            let facts = facts.filter(|_| known.served.contains_key(&namespace));
            self.admission
                .set_external_secrets(&namespace, facts.cloned().unwrap_or_default());
        }
        let news = known.changes != Changes::default();
        let names = names || !known.complete.contains(CONFIG_MAPS);
        drop(known);
        if news {
            self.changed.notify_one();
        }
        if names {
            self.named.notify_one();
        }
    }

    // A poisoned lock guards whole values all the same: each is replaced in one step.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
