//! Keeping the condition of ExternalSecrets and stores.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use serde_json::Value;

use super::News;
use super::leader::Leader;
use super::queue::Item;
use super::steps::AGAIN;
use crate::controller::call::CallError;
use crate::controller::external_secrets::{Kind, ObjectKey, WatchedObject};
use crate::reconcile::{Announcement, Claimed, Condition, Reason, of_external_secret, of_store};

/// Conditions are looked at without a reason that often.
const RESYNC: Duration = Duration::from_secs(600);
/// Hundreds of objects may not be written, for the same reason.
const REFUSED: Duration = Duration::from_secs(60);
/// Ingresses are not watched: that one names a Secret is no emergency.
const INGRESSES: Duration = Duration::from_secs(300);

impl Leader<'_> {
    /// Reads which Ingresses of a namespace need Secrets.
    pub(super) async fn find_ingresses(&mut self, namespace: String) {
        if !self.replica.duties.status || self.replica.cache.of(&namespace).is_none() {
            self.ingresses.remove(&namespace);
            return;
        }
        let next = self.now() + INGRESSES;
        self.queue.add(Item::Ingresses(namespace.clone()), next);
        match self.cluster.ingresses(&namespace).await {
            Ok(found) => {
                self.succeeded("ingresses");
                let before = self.ingresses.insert(namespace.clone(), found);
                if before.as_ref() != self.ingresses.get(&namespace) {
                    self.look_at_all_of(&namespace);
                }
            }
            Err(error) => {
                self.ingresses.entry(namespace).or_default();
                self.failed("ingresses", &error.to_string());
            }
        }
    }

    /// Writes the condition of an object where it is another one.
    pub(super) async fn keep_condition(&mut self, key: ObjectKey) {
        let Some(object) = self.replica.cache.object(&key) else {
            self.conditions.remove(&key);
            return self.count_conditions();
        };
        if key.kind == Kind::ExternalSecret && !self.knows(&key.namespace) {
            // It is looked at again as soon as all is known; this is for what nobody thought of.
            let later = self.now() + RESYNC;
            return self.queue.add(Item::Condition(key), later);
        }
        let condition = self.condition(&object);
        match &condition {
            Some(condition) => self.conditions.insert(key.clone(), condition.reason),
            None => self.conditions.remove(&key),
        };
        self.count_conditions();
        if let Some(condition) = condition {
            let next = self.write(&object, &condition).await;
            let next = self.now() + next;
            self.queue.add(Item::Condition(key), next);
        }
    }

    /// The condition that an object shall have; none of one that is not Freshet's.
    fn condition(&self, object: &WatchedObject) -> Option<Condition> {
        let (cache, key) = (&self.replica.cache, &object.key);
        let claim = cache.claim();
        if key.kind == Kind::ClusterSecretStore {
            let shared = cache.shared();
            return Some(of_store(shared.store(&key.name)?.standing(claim)?));
        }
        let facts = cache.of(&key.namespace)?;
        if key.kind == Kind::SecretStore {
            return Some(of_store(facts.store(false, &key.name)?.standing(claim)?));
        }
        let mut manifests = facts.external_secrets();
        let manifest = manifests.find(|manifest| manifest.name() == key.name)?;
        let standing = facts.standing(manifest)?;
        let target = manifest.target();
        let pods = self.inventory.pods(&key.namespace);
        let users = pods.filter(|tracked| tracked.uses(target));
        let ingresses = self.ingresses.get(&key.namespace).into_iter().flatten();
        let status = object.status();
        Some(of_external_secret(&Claimed {
            namespace: &key.namespace,
            label: self.inventory.label(&key.namespace),
            target,
            standing: &standing,
            has_full_refresher: self.replica.defaults.full_image.is_some(),
            pods: users.map(|it| (&it.pod, &it.standing)).collect(),
            binding: status.pointer("/binding/name").and_then(Value::as_str),
            ingresses: ingresses
                .filter(|ingress| ingress.secrets.iter().any(|secret| secret == target))
                .map(|ingress| ingress.name.as_str())
                .collect(),
        }))
    }

    /// Writes a condition where it is another one; answers after what time to look again.
    async fn write(&mut self, object: &WatchedObject, condition: &Condition) -> Duration {
        let cache = &self.replica.cache;
        let Some(version) = cache.version(object.key.kind) else {
            return RESYNC;
        };
        let status = object.status();
        let written = condition.among(status.get("conditions"), (self.replica.clock)());
        let Some(conditions) = written.filter(|_| self.replica.duties.status) else {
            return RESYNC;
        };
        let written = self.cluster.set_conditions(object, version, &conditions);
        match written.await {
            Ok(()) => self.succeeded("conditions"),
            // It was changed meanwhile, and the change is about to be seen.
            Err(CallError::Conflict) => return AGAIN,
            Err(error) => {
                self.failed("conditions", &error.to_string());
                return REFUSED;
            }
        }
        let is_fine = condition.reason.is_ready() && !condition.message.contains('\n');
        let what = Announcement {
            is_warning: !is_fine,
            reason: condition.reason.as_str(),
            action: "Serving",
            note: condition.message.clone(),
            version: object.resource_version.clone(),
        };
        let key = &object.key;
        let about = ObjectReference {
            api_version: Some(format!("external-secrets.io/{version}")),
            kind: Some(key.kind.name().to_owned()),
            namespace: Some(key.namespace.clone()).filter(|it| !it.is_empty()),
            name: Some(key.name.clone()),
            uid: Some(object.uid.clone()),
            ..ObjectReference::default()
        };
        self.announce(what, about).await;
        RESYNC
    }

    fn count_conditions(&self) {
        for reason in Reason::ALL {
            let with = self.conditions.values().filter(|it| **it == reason);
            self.tell(News::Conditions(reason, with.count()));
        }
    }
}
