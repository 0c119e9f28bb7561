//! The MutatingWebhookConfiguration, of which nothing but the `caBundle` of our entries is written.
//!
//! By a JSON patch, not by server-side apply: it changes a configuration only if that is still as it
//! was read, it can neither bring back an entry that somebody removed meanwhile nor hold one that is
//! to go, and a GitOps tool whose manifest has no `caBundle` sees no difference.

use std::time::Duration;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch as Operations, PatchOperation, ReplaceOperation};
use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use kube::Client;
use kube::api::{Api, PartialObjectMeta, Patch, PatchParams};

use super::Objects;
use crate::certificate::Authority;
use crate::certificate::rotation::Registration;
use crate::controller::call::{CallError, Object};
use crate::spec::ObjectName;

const RESOURCE: &str = "mutatingwebhookconfigurations.admissionregistration.k8s.io";

/// Reads and patches the configuration.
#[derive(Clone)]
pub(super) struct Configuration {
    client: Client,
    object: Object,
    namespace: ObjectName,
    service: ObjectName,
}

/// The configuration as it was read, so that it can be patched.
pub(super) struct Read {
    pub(super) registration: Registration,
    version: String,
    /// Which entries are ours.
    entries: Vec<usize>,
}

impl Configuration {
    pub(super) fn new(client: Client, objects: &Objects) -> Self {
        Self {
            client,
            object: Object::of_the_cluster(RESOURCE, &objects.configuration),
            namespace: objects.namespace.clone(),
            service: objects.service.clone(),
        }
    }

    /// For a watch that needs to know no more than that something has changed.
    pub(super) fn metadata(
        &self,
    ) -> (
        &Object,
        Api<PartialObjectMeta<MutatingWebhookConfiguration>>,
    ) {
        (&self.object, Api::all(self.client.clone()))
    }

    /// The configuration as it is now.
    pub(super) async fn read(&self, limit: Duration) -> Result<Read, CallError> {
        let api = Api::<MutatingWebhookConfiguration>::all(self.client.clone());
        let found = api.get_opt(&self.object.name);
        let found = self.object.call("get", limit, found).await?;
        Ok(self.essence(found.unwrap_or_default()))
    }

    /// Why nobody calls us, as far as the configuration says.
    pub(super) fn nobody_calls(&self, read: &Read) -> Option<String> {
        let Self {
            object,
            namespace,
            service,
            ..
        } = self;
        if !read.entries.is_empty() {
            return None;
        }
        Some(match read.version.as_str() {
            "" => format!(
                "{object}: does not exist, so no pod reaches this webhook; --webhook-configuration names another"
            ),
            _ => format!(
                "{object}: webhooks: no entry with clientConfig.service {namespace}/{service}, so no pod reaches this webhook; --service-name names another"
            ),
        })
    }

    /// Writes `bundle` into our entries, if the configuration is still as it was `read`.
    pub(super) async fn publish(
        &self,
        read: &Read,
        bundle: &[Authority],
        limit: Duration,
    ) -> Result<(), CallError> {
        let api = Api::<MutatingWebhookConfiguration>::all(self.client.clone());
        let params = PatchParams {
            field_manager: Some("freshet".to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Json::<()>(read.patch(bundle));
        let patched = api.patch_metadata(&self.object.name, &params, &patch);
        self.object.call("patch", limit, patched).await?;
        Ok(())
    }

    fn essence(&self, found: MutatingWebhookConfiguration) -> Read {
        let MutatingWebhookConfiguration { metadata, webhooks } = found;
        let webhooks = webhooks.unwrap_or_default();
        let entries = webhooks.iter().enumerate();
        let ours = entries.filter(|(_, entry)| self.is_ours(entry));
        let (entries, bundles) = ours.map(|(index, entry)| (index, bundle(entry))).unzip();
        let uid = metadata.uid.unwrap_or_default();
        let generation = metadata.generation.unwrap_or_default();
        Read {
            registration: Registration {
                revision: format!("{uid} {generation}"),
                bundles,
            },
            version: metadata.resource_version.unwrap_or_default(),
            entries,
        }
    }

    fn is_ours(&self, entry: &MutatingWebhook) -> bool {
        let service = entry.client_config.service.as_ref();
        service.is_some_and(|service| {
            service.namespace == self.namespace.as_str() && service.name == self.service.as_str()
        })
    }
}

impl Read {
    /// With the version that was read in it: the API server refuses it when that is not the newest.
    fn patch(&self, bundle: &[Authority]) -> Operations {
        let bundle = ByteString(Authority::bundle(bundle).into_bytes());
        let value = serde_json::json!(bundle);
        let guard = PatchOperation::Replace(ReplaceOperation {
            path: PointerBuf::from_tokens(["metadata", "resourceVersion"]),
            value: self.version.as_str().into(),
        });
        let write = |index: &usize| {
            let index = index.to_string();
            PatchOperation::Add(AddOperation {
                path: PointerBuf::from_tokens(["webhooks", &index, "clientConfig", "caBundle"]),
                value: value.clone(),
            })
        };
        let writes = self.entries.iter().map(write);
        Operations([guard].into_iter().chain(writes).collect())
    }
}

fn bundle(entry: &MutatingWebhook) -> Vec<Authority> {
    let bundle = entry.client_config.ca_bundle.as_ref();
    bundle.map_or_else(Vec::new, |bundle| Authority::parse_all(&bundle.0))
}
