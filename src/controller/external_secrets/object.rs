//! The essence of an object as it arrives: what pods are served from it, and what a report about it
//! needs. The rest, managed fields above all, is dropped at once.

use std::collections::BTreeMap;

use kube::core::Object;
use serde_json::{Value, json};

use super::kind::Kind;
use crate::dialect::external_secret::{Manifest, Store, revision};

/// An object as it is listed.
pub(super) type Listed = Object<Option<Value>, Value>;

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: Kind,
    /// Empty for a ClusterSecretStore.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

/// What is known of an object beside what it says.
#[derive(Debug)]
pub struct WatchedObject {
    /// Which one it is.
    pub key: ObjectKey,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation`; 0 where the API server does not count.
    pub generation: i64,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// The value of the annotation that means: look now.
    pub revision: Option<String>,
    /// `status` as JSON text: of hundreds of objects a tree would take several times as much.
    status: Option<Box<str>>,
}

/// What an object says, read once.
pub(super) enum Meaning {
    ExternalSecret(Box<Manifest>),
    Store(Box<Store>),
}

impl WatchedObject {
    /// `status`; null without one.
    pub fn status(&self) -> Value {
        let status = self.status.as_deref();
        status
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// Whether `other` is the same object and says the same, whatever its status.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.generation != 0
            && (&self.uid, self.generation, &self.revision)
                == (&other.uid, other.generation, &other.revision)
    }
}

/// Which object an event is about.
pub(super) fn key(kind: Kind, object: &Listed) -> ObjectKey {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    ObjectKey {
        kind,
        namespace: text(&object.metadata.namespace),
        name: text(&object.metadata.name),
    }
}

/// What is kept of an object, and the rest of it that [`meaning`] reads.
pub(super) fn essence(kind: Kind, object: Listed) -> (WatchedObject, Value) {
    let key = key(kind, &object);
    let metadata = object.metadata;
    let annotations: BTreeMap<_, _> = metadata.annotations.unwrap_or_default();
    let manifest = json!({
        "metadata": { "annotations": annotations },
        "spec": object.spec.unwrap_or_default(),
    });
    let watched = WatchedObject {
        key,
        uid: metadata.uid.unwrap_or_default(),
        generation: metadata.generation.unwrap_or_default(),
        resource_version: metadata.resource_version.unwrap_or_default(),
        revision: revision(&manifest),
        status: object
            .status
            .filter(|status| !status.is_null())
            .map(|status| status.to_string().into_boxed_str()),
    };
    (watched, manifest)
}

/// What a manifest says.
pub(super) fn meaning(key: &ObjectKey, manifest: &Value) -> Meaning {
    let ObjectKey { kind, name, .. } = key;
    match kind {
        Kind::ExternalSecret => Meaning::ExternalSecret(Box::new(Manifest::read(name, manifest))),
        Kind::SecretStore | Kind::ClusterSecretStore => {
            Meaning::Store(Box::new(Store::read(kind.name(), name, manifest)))
        }
    }
}
