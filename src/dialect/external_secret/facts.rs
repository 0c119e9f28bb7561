//! What is known of a namespace, as far as ExternalSecrets concern its pods.

use std::collections::BTreeMap;

use serde_json::Value;

use super::manifest::Manifest;
use super::store::Store;

/// Which stores are Freshet's to serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// Those with `spec.controller: freshet`.
    #[default]
    Freshet,
    /// Those, and those that name no controller: External Secrets is not installed.
    All,
}

/// `spec.controller` of a store that is Freshet's.
const CONTROLLER: &str = "freshet";

/// The manifests of a namespace, and those that belong to none. Each is read once.
#[derive(Debug, Default)]
pub struct ExternalSecretFacts {
    claim: Claim,
    namespace: String,
    labels: BTreeMap<String, String>,
    external_secrets: BTreeMap<String, Manifest>,
    stores: BTreeMap<(bool, String), Store>,
    config_maps: BTreeMap<(String, String), BTreeMap<String, String>>,
}

impl ExternalSecretFacts {
    /// Nothing but the name of the namespace.
    pub fn new(namespace: impl Into<String>, claim: Claim) -> Self {
        let namespace = namespace.into();
        // Kubernetes gives every namespace this label.
        let name = ("kubernetes.io/metadata.name".to_owned(), namespace.clone());
        Self {
            claim,
            namespace,
            labels: BTreeMap::from([name]),
            ..Self::default()
        }
    }

    /// Takes in an object: an ExternalSecret, SecretStore, ClusterSecretStore, ConfigMap or
    /// Namespace. Others, and those of other namespaces, are passed over; `usual` is the namespace of
    /// an object that names none.
    pub fn add(&mut self, object: &Value, usual: &str) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let name = text("/metadata/name").unwrap_or_default().to_owned();
        let namespace = text("/metadata/namespace").unwrap_or(usual);
        let is_ours = namespace == self.namespace;
        let group = text("/apiVersion").unwrap_or_default();
        let of_external_secrets = group.starts_with("external-secrets.io/");
        match text("/kind").unwrap_or_default() {
            "ExternalSecret" if of_external_secrets && is_ours => {
                let manifest = Manifest::read(&name, object);
                self.external_secrets.insert(name, manifest);
            }
            "SecretStore" if of_external_secrets && is_ours => {
                let store = Store::read("SecretStore", &name, object);
                self.stores.insert((false, name), store);
            }
            "ClusterSecretStore" if of_external_secrets => {
                let store = Store::read("ClusterSecretStore", &name, object);
                self.stores.insert((true, name), store);
            }
            "ConfigMap" if group == "v1" => {
                let place = (namespace.to_owned(), name);
                self.config_maps.insert(place, texts(object.get("data")));
            }
            "Namespace" if group == "v1" && name == self.namespace => {
                self.labels
                    .extend(texts(object.pointer("/metadata/labels")));
            }
            _ => {}
        }
    }

    /// Whether no ExternalSecret is known, so that no pod is concerned.
    pub fn is_empty(&self) -> bool {
        self.external_secrets.is_empty()
    }

    pub(super) fn claim(&self) -> Claim {
        self.claim
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The ExternalSecrets whose Secret is called `target`, in the order of their names.
    pub(super) fn making(&self, target: &str) -> impl Iterator<Item = &Manifest> {
        let all = self.external_secrets.values();
        all.filter(move |manifest| manifest.target == target)
    }

    /// The store of this kind and name.
    pub(super) fn store(&self, cluster: bool, name: &str) -> Option<&Store> {
        self.stores.get(&(cluster, name.to_owned()))
    }

    /// Whether the store is Freshet's to serve.
    pub(super) fn claims(&self, store: &Store) -> bool {
        match store.controller.as_str() {
            CONTROLLER => true,
            "" => self.claim == Claim::All,
            _ => false,
        }
    }

    /// The text of a ConfigMap's key, where it is known.
    pub(super) fn config_map(&self, namespace: &str, name: &str, key: &str) -> Option<&str> {
        let place = (namespace.to_owned(), name.to_owned());
        self.config_maps.get(&place)?.get(key).map(String::as_str)
    }
}

fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
