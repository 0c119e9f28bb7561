//! The requests of the leader.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ObjectReference, Pod};
use k8s_openapi::api::events::v1::Event;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, EvictParams, Patch, PatchParams, PostParams,
    Preconditions,
};
use kube::core::{NotUsed, Object as Typed};
use kube::{Client, api::ListParams};
use serde::Deserialize;
use serde_json::{Value, json};

use super::events::event;
use super::pods::whole;
use crate::controller::call::{CallError, Object};
use crate::controller::external_secrets::WatchedObject;
use crate::reconcile::Announcement;
use crate::spec::ANNOTATION;

/// The longest that an answer is waited for.
const CALL: Duration = Duration::from_secs(5);

const MANAGER: &str = "freshet";

/// The API server, as the leader asks it.
#[derive(Clone)]
pub(super) struct Cluster {
    client: Client,
    instance: String,
}

/// An Ingress, and the Secrets that it takes its certificates from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ingress {
    pub(super) name: String,
    pub(super) secrets: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct IngressSpec {
    tls: Vec<IngressTls>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct IngressTls {
    secret_name: Option<String>,
}

impl Cluster {
    pub(super) fn new(client: Client, instance: String) -> Self {
        Self { client, instance }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// A pod as it is now; none where there is none.
    pub(super) async fn pod(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, CallError> {
        let resource = ApiResource::erase::<Pod>(&());
        let api = Api::<DynamicObject>::namespaced_with(self.client.clone(), namespace, &resource);
        let found = pod_object(namespace, name)
            .call("get", CALL, api.get_opt(name))
            .await?;
        Ok(found.map(whole))
    }

    /// Writes what a pod is served, if it is still this one.
    pub(super) async fn annotate(
        &self,
        (namespace, name, uid): (&str, &str, &str),
        sync_spec: &str,
    ) -> Result<(), CallError> {
        let patch = json!({ "metadata": {
            "uid": uid,
            "annotations": { ANNOTATION: sync_spec },
        }});
        let api = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let patch = Patch::Merge(&patch);
        let params = params();
        let patched = api.patch_metadata(name, &params, &patch);
        let object = pod_object(namespace, name);
        object.call("patch", CALL, patched).await?;
        Ok(())
    }

    /// Evicts a pod, if it is still this one. A PodDisruptionBudget may refuse it for now.
    pub(super) async fn evict(
        &self,
        (namespace, name, uid): (&str, &str, &str),
    ) -> Result<(), CallError> {
        let options = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        let params = EvictParams {
            delete_options: Some(options),
            ..EvictParams::default()
        };
        let api = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let object = Object::any("pods/eviction", namespace, name);
        let evicted = api.evict(name, &params);
        object.call("create", CALL, evicted).await?;
        Ok(())
    }

    /// Writes the conditions of an object, if it is still as it was seen.
    pub(super) async fn set_conditions(
        &self,
        object: &WatchedObject,
        version: &str,
        conditions: &Value,
    ) -> Result<(), CallError> {
        let key = &object.key;
        let resource = key.kind.resource(version);
        let client = self.client.clone();
        let api = match key.namespace.as_str() {
            "" => Api::<DynamicObject>::all_with(client, &resource),
            namespace => Api::namespaced_with(client, namespace, &resource),
        };
        let patch = json!({
            "metadata": { "resourceVersion": object.resource_version },
            "status": { "conditions": conditions },
        });
        let (patch, params) = (Patch::Merge(&patch), params());
        let patched = api.patch_status(&key.name, &params, &patch);
        let object = Object::any(key.kind.plural_of_status(), &key.namespace, &key.name);
        object.call("patch", CALL, patched).await?;
        Ok(())
    }

    /// The Ingresses of a namespace that have certificates.
    pub(super) async fn ingresses(&self, namespace: &str) -> Result<Vec<Ingress>, CallError> {
        let resource = ApiResource {
            group: "networking.k8s.io".to_owned(),
            version: "v1".to_owned(),
            api_version: "networking.k8s.io/v1".to_owned(),
            kind: "Ingress".to_owned(),
            plural: "ingresses".to_owned(),
        };
        let client = self.client.clone();
        let api = Api::<Typed<Option<IngressSpec>, NotUsed>>::namespaced_with(
            client, namespace, &resource,
        );
        let object = Object::any("ingresses.networking.k8s.io", namespace, "");
        let params = ListParams::default();
        let found = object.call("list", CALL, api.list(&params)).await?;
        let ingresses = found.items.into_iter().map(|found| {
            let tls = found.spec.unwrap_or_default().tls;
            Ingress {
                name: found.metadata.name.unwrap_or_default(),
                secrets: tls.into_iter().filter_map(|it| it.secret_name).collect(),
            }
        });
        Ok(ingresses.filter(|it| !it.secrets.is_empty()).collect())
    }

    /// Tells something of an object; what was told in the same words already is not told again.
    pub(super) async fn tell(
        &self,
        what: &Announcement,
        about: ObjectReference,
    ) -> Result<(), CallError> {
        let event = event(what, about, &self.instance);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let namespace = text(&event.metadata.namespace);
        let name = text(&event.metadata.name);
        let object = Object::any("events.events.k8s.io", &namespace, &name);
        let api = Api::<Event>::namespaced(self.client.clone(), &namespace);
        let params = PostParams::default();
        match object
            .call("create", CALL, api.create(&params, &event))
            .await
        {
            Ok(_) | Err(CallError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn params() -> PatchParams {
    PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

fn pod_object(namespace: &str, name: &str) -> Object {
    Object::any("pods", namespace, name)
}
