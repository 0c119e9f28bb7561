//! What is known of a namespace, as far as ExternalSecrets concern its pods.
//!
//! Each object is read once, and shared: taking in a change costs as much as the maps of one
//! namespace, and what belongs to no namespace exists once for all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::claim::Claim;
use super::manifest::Manifest;
use super::store::Store;

/// The texts of a ConfigMap, by key.
pub type Texts = BTreeMap<String, String>;

/// Keys of ConfigMaps, by namespace and name.
pub type ConfigMapKeys = BTreeMap<(String, String), BTreeSet<String>>;

/// The manifests of a namespace, and those that belong to none.
#[derive(Clone, Debug, Default)]
pub struct ExternalSecretFacts {
    claim: Claim,
    namespace: String,
    labels: Arc<BTreeMap<String, String>>,
    external_secrets: BTreeMap<String, Arc<Manifest>>,
    stores: BTreeMap<String, Arc<Store>>,
    config_maps: BTreeMap<String, Arc<Texts>>,
    shared: Arc<SharedFacts>,
}

/// What belongs to no namespace: the ClusterSecretStores, and the ConfigMaps with their CAs.
#[derive(Clone, Debug, Default)]
pub struct SharedFacts {
    stores: BTreeMap<String, Arc<Store>>,
    /// By namespace and name.
    config_maps: BTreeMap<(String, String), Arc<Texts>>,
}

impl ExternalSecretFacts {
    /// Nothing but the name of the namespace.
    pub fn new(namespace: impl Into<String>, claim: Claim) -> Self {
        let mut facts = Self {
            claim,
            namespace: namespace.into(),
            ..Self::default()
        };
        facts.set_labels(BTreeMap::new());
        facts
    }

    /// Takes in an object: an ExternalSecret, SecretStore, ClusterSecretStore, ConfigMap or
    /// Namespace. Others, and those of other namespaces, are passed over; `usual` is the namespace of
    /// an object that names none.
    pub fn add(&mut self, object: &Value, usual: &str) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let name = text("/metadata/name").unwrap_or_default();
        let namespace = text("/metadata/namespace").unwrap_or(usual);
        let is_ours = namespace == self.namespace;
        let group = text("/apiVersion").unwrap_or_default();
        let of_external_secrets = group.starts_with("external-secrets.io/");
        match text("/kind").unwrap_or_default() {
            "ExternalSecret" if of_external_secrets && is_ours => {
                self.put_external_secret(Manifest::read(name, object));
            }
            "SecretStore" if of_external_secrets && is_ours => {
                self.put_store(name, Store::read("SecretStore", name, object));
            }
            "ClusterSecretStore" if of_external_secrets => {
                let store = Store::read("ClusterSecretStore", name, object);
                Arc::make_mut(&mut self.shared).put_store(name, store);
            }
            "ConfigMap" if group == "v1" && is_ours => {
                self.put_config_map(name, texts(object.get("data")));
            }
            "ConfigMap" if group == "v1" => {
                let texts = texts(object.get("data"));
                Arc::make_mut(&mut self.shared).put_config_map(namespace, name, texts);
            }
            "Namespace" if group == "v1" && name == self.namespace => {
                self.set_labels(texts(object.pointer("/metadata/labels")));
            }
            _ => {}
        }
    }

    /// The labels of the namespace, which a store's conditions may ask for.
    pub fn set_labels(&mut self, mut labels: BTreeMap<String, String>) {
        // Kubernetes gives every namespace this label.
        labels.insert(
            "kubernetes.io/metadata.name".to_owned(),
            self.namespace.clone(),
        );
        self.labels = Arc::new(labels);
    }

    /// Adds an ExternalSecret, or replaces the one of its name.
    pub fn put_external_secret(&mut self, manifest: Manifest) {
        self.external_secrets
            .insert(manifest.name.clone(), Arc::new(manifest));
    }

    /// Forgets an ExternalSecret.
    pub fn remove_external_secret(&mut self, name: &str) {
        self.external_secrets.remove(name);
    }

    /// Adds a SecretStore, or replaces the one of its name.
    pub fn put_store(&mut self, name: &str, store: Store) {
        self.stores.insert(name.to_owned(), Arc::new(store));
    }

    /// Forgets a SecretStore.
    pub fn remove_store(&mut self, name: &str) {
        self.stores.remove(name);
    }

    /// Adds a ConfigMap of the namespace, or replaces the one of its name.
    pub fn put_config_map(&mut self, name: &str, texts: Texts) {
        self.config_maps.insert(name.to_owned(), Arc::new(texts));
    }

    /// Forgets a ConfigMap of the namespace.
    pub fn remove_config_map(&mut self, name: &str) {
        self.config_maps.remove(name);
    }

    /// What belongs to no namespace.
    pub fn set_shared(&mut self, shared: Arc<SharedFacts>) {
        self.shared = shared;
    }

    /// The keys of ConfigMaps of the namespace that hold templates.
    pub fn config_map_keys(&self) -> ConfigMapKeys {
        let mut keys = ConfigMapKeys::new();
        let all = self.external_secrets.values();
        for (name, key) in all.flat_map(|manifest| manifest.config_map_keys()) {
            let place = (self.namespace.clone(), name.to_owned());
            keys.entry(place).or_default().insert(key.to_owned());
        }
        keys
    }

    /// Whether no ExternalSecret is known, so that no pod is concerned.
    pub fn is_empty(&self) -> bool {
        self.external_secrets.is_empty()
    }

    /// Whether the namespace holds no object of External Secrets.
    pub fn is_blank(&self) -> bool {
        self.is_empty() && self.stores.is_empty()
    }

    /// The name of the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The ExternalSecrets, in the order of their names.
    pub fn external_secrets(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.external_secrets.values()
    }

    pub(super) fn claim(&self) -> Claim {
        self.claim
    }

    pub(super) fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The ExternalSecrets whose Secret is called `target`, in the order of their names.
    pub(super) fn making(&self, target: &str) -> impl Iterator<Item = &Manifest> {
        let all = self.external_secrets.values().map(Arc::as_ref);
        all.filter(move |manifest| manifest.target == target)
    }

    /// The store of this kind and name.
    pub fn store(&self, cluster: bool, name: &str) -> Option<&Store> {
        let stores = match cluster {
            true => &self.shared.stores,
            false => &self.stores,
        };
        stores.get(name).map(Arc::as_ref)
    }

    /// Whether the store is Freshet's to serve.
    pub(super) fn claims(&self, store: &Store) -> bool {
        self.claim.claims(&store.controller)
    }

    /// The text of a ConfigMap's key, where it is known.
    pub fn config_map(&self, namespace: &str, name: &str, key: &str) -> Option<&str> {
        let texts = match namespace == self.namespace {
            true => self.config_maps.get(name),
            false => {
                let place = (namespace.to_owned(), name.to_owned());
                self.shared.config_maps.get(&place)
            }
        };
        texts?.get(key).map(String::as_str)
    }
}

impl SharedFacts {
    /// The ClusterSecretStore of this name.
    pub fn store(&self, name: &str) -> Option<&Store> {
        self.stores.get(name).map(Arc::as_ref)
    }

    /// Adds a ClusterSecretStore, or replaces the one of its name.
    pub fn put_store(&mut self, name: &str, store: Store) {
        self.stores.insert(name.to_owned(), Arc::new(store));
    }

    /// Forgets a ClusterSecretStore.
    pub fn remove_store(&mut self, name: &str) {
        self.stores.remove(name);
    }

    /// The keys of ConfigMaps that hold the CAs of stores.
    pub fn config_map_keys(&self) -> ConfigMapKeys {
        let mut keys = ConfigMapKeys::new();
        let named = self.stores.values().filter_map(|store| store.ca_key());
        for (namespace, name, key) in named {
            let place = (namespace.to_owned(), name.to_owned());
            keys.entry(place).or_default().insert(key.to_owned());
        }
        keys
    }

    /// Adds a ConfigMap, or replaces the one of its name.
    pub fn put_config_map(&mut self, namespace: &str, name: &str, texts: Texts) {
        let place = (namespace.to_owned(), name.to_owned());
        self.config_maps.insert(place, Arc::new(texts));
    }

    /// Forgets a ConfigMap.
    pub fn remove_config_map(&mut self, namespace: &str, name: &str) {
        let place = (namespace.to_owned(), name.to_owned());
        self.config_maps.remove(&place);
    }
}

fn texts(map: Option<&Value>) -> Texts {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
