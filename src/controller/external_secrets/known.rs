//! What the watches have seen, and what follows from it for each namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cache::Changes;
use super::kind::Kind;
use super::object::{Meaning, ObjectKey, WatchedObject};
use crate::dialect::external_secret::{
    Claim, ConfigMapKeys, ExternalSecretFacts, SharedFacts, Texts,
};

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) objects: BTreeMap<ObjectKey, Arc<WatchedObject>>,
    /// Of namespaces that hold something.
    pub(super) facts: BTreeMap<String, Arc<ExternalSecretFacts>>,
    pub(super) shared: Arc<SharedFacts>,
    /// The labels of the namespaces that have asked for it.
    pub(super) served: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) versions: BTreeMap<Kind, &'static str>,
    /// Namespaces whose admissions do not know the newest yet.
    pub(super) unpublished: BTreeSet<String>,
    pub(super) changes: Changes,
    /// The keys of ConfigMaps that are named in each namespace, and under the empty name those of the
    /// cluster's stores.
    named: BTreeMap<String, ConfigMapKeys>,
    /// Resources that have been read as a whole at least once.
    pub(super) complete: BTreeSet<&'static str>,
}

/// Under which name the cluster's stores name ConfigMaps; no namespace has it.
const SHARED: &str = "";

/// So much that is gone is told at most, where nobody asks for a long time.
const GONE: usize = 1000;

impl Known {
    /// Takes in an object, which `meaning` reads where it says something new.
    pub(super) fn put(
        &mut self,
        claim: Claim,
        object: WatchedObject,
        meaning: impl FnOnce(&ObjectKey) -> Meaning,
    ) {
        let key = object.key.clone();
        let before = self.objects.get(&key);
        if before.is_some_and(|before| before.resource_version == object.resource_version) {
            return;
        }
        let is_news = before.is_none_or(|before| !before.says_the_same(&object));
        self.objects.insert(key.clone(), Arc::new(object));
        self.note(&key);
        if is_news {
            let ObjectKey {
                namespace, name, ..
            } = &key;
            match meaning(&key) {
                Meaning::Store(store) if key.kind == Kind::ClusterSecretStore => {
                    self.share(|shared| shared.put_store(name, *store));
                }
                Meaning::Store(store) => {
                    self.edit(claim, namespace, |facts| facts.put_store(name, *store));
                }
                Meaning::ExternalSecret(manifest) => {
                    self.edit(claim, namespace, |facts| {
                        facts.put_external_secret(*manifest)
                    });
                }
            }
        }
    }

    /// Forgets an object.
    pub(super) fn remove(&mut self, key: &ObjectKey) {
        if self.objects.remove(key).is_none() {
            return;
        }
        self.note(key);
        let ObjectKey {
            kind,
            namespace,
            name,
        } = key;
        if *kind == Kind::ClusterSecretStore {
            self.share(|shared| shared.remove_store(name));
            return;
        }
        self.touch(namespace);
        let Some(facts) = self.facts.get_mut(namespace) else {
            return;
        };
        let facts = Arc::make_mut(facts);
        match kind {
            Kind::ExternalSecret => facts.remove_external_secret(name),
            _ => facts.remove_store(name),
        }
        if facts.is_blank() {
            self.facts.remove(namespace);
        }
    }

    /// What a ConfigMap holds; it is kept where it is named.
    pub(super) fn set_config_map(&mut self, namespace: &str, name: &str, texts: Option<Texts>) {
        let place = (namespace.to_owned(), name.to_owned());
        let names = |by: &str| {
            self.named
                .get(by)
                .is_some_and(|keys| keys.contains_key(&place))
        };
        let (for_pods, for_stores) = (names(namespace), names(SHARED));
        if let Some(facts) = self.facts.get_mut(namespace) {
            let facts = Arc::make_mut(facts);
            match texts.clone().filter(|_| for_pods) {
                Some(texts) => facts.put_config_map(name, texts),
                None => facts.remove_config_map(name),
            }
            self.touch(namespace);
        }
        if for_stores {
            self.share(|shared| match texts {
                Some(texts) => shared.put_config_map(namespace, name, texts),
                None => shared.remove_config_map(namespace, name),
            });
        }
    }

    /// The keys of ConfigMaps that are named anywhere.
    pub(super) fn config_map_keys(&self) -> ConfigMapKeys {
        let mut all = ConfigMapKeys::new();
        for (place, keys) in self.named.values().flatten() {
            all.entry(place.clone())
                .or_default()
                .extend(keys.iter().cloned());
        }
        all
    }

    /// Looks which ConfigMaps the namespaces name of which something has changed, as far as their pods
    /// are served, and the cluster's stores; answers whether they are others than before.
    pub(super) fn name_config_maps(&mut self) -> bool {
        let mut news = self.name(SHARED, self.shared.config_map_keys());
        for namespace in self.unpublished.clone() {
            let facts = self.facts.get(&namespace);
            let facts = facts.filter(|_| self.served.contains_key(&namespace));
            let keys = facts.map(|facts| facts.config_map_keys());
            news |= self.name(&namespace, keys.unwrap_or_default());
        }
        news
    }

    fn name(&mut self, by: &str, keys: ConfigMapKeys) -> bool {
        let before = match keys.is_empty() {
            true => self.named.remove(by).unwrap_or_default(),
            false => self
                .named
                .insert(by.to_owned(), keys.clone())
                .unwrap_or_default(),
        };
        before != keys
    }

    /// Changes what is known of one namespace.
    fn edit(&mut self, claim: Claim, namespace: &str, edit: impl FnOnce(&mut ExternalSecretFacts)) {
        let (shared, labels) = (&self.shared, self.served.get(namespace));
        let facts = self.facts.entry(namespace.to_owned()).or_insert_with(|| {
            let mut facts = ExternalSecretFacts::new(namespace, claim);
            facts.set_shared(shared.clone());
            facts.set_labels(labels.cloned().unwrap_or_default());
            Arc::new(facts)
        });
        edit(Arc::make_mut(facts));
        self.touch(namespace);
    }

    /// Changes what all namespaces share.
    fn share(&mut self, edit: impl FnOnce(&mut SharedFacts)) {
        edit(Arc::make_mut(&mut self.shared));
        for facts in self.facts.values_mut() {
            Arc::make_mut(facts).set_shared(self.shared.clone());
        }
        let all: Vec<_> = self.facts.keys().cloned().collect();
        for namespace in all {
            self.touch(&namespace);
        }
    }

    /// Something of the namespace has changed.
    pub(super) fn touch(&mut self, namespace: &str) {
        self.unpublished.insert(namespace.to_owned());
        let Self {
            changes: Changes { namespaces, .. },
            facts,
            served,
            ..
        } = self;
        namespaces.insert(namespace.to_owned());
        if namespaces.len() > facts.len() + served.len() + GONE {
            namespaces.retain(|name| facts.contains_key(name) || served.contains_key(name));
        }
    }

    /// Something of the object has changed.
    fn note(&mut self, key: &ObjectKey) {
        let Self {
            changes: Changes { objects, .. },
            objects: known,
            ..
        } = self;
        objects.insert(key.clone());
        if objects.len() > known.len() + GONE {
            objects.retain(|key| known.contains_key(key));
        }
    }
}
