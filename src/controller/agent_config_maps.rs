//! The ConfigMap with a whole agent's configuration that a pod of the Vault Agent Injector's dialect
//! names. It is read when the pod is admitted: one request, for such a pod alone, nothing kept.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::Api;

use super::call::Object;
use crate::dialect::vault_k8s::agent_config;

/// How long it may take. The API server waits a few seconds for the webhook, and may have two tries.
const LIMIT: Duration = Duration::from_secs(2);

/// Reads the ConfigMap. Its size is bounded by Kubernetes, at 1 MiB.
///
/// # Errors
/// Why it could not be read and what to do, as the end of a message about its name.
pub async fn read(
    client: Option<&Client>,
    namespace: &str,
    name: &str,
) -> Result<agent_config::ConfigMap, String> {
    let client = client.ok_or("cannot be read: the webhook does not talk to the Kubernetes API: start it without --kubernetes-api=off")?;
    let api = Api::<ConfigMap>::namespaced(client.clone(), namespace);
    let object = Object::any("configmaps", namespace, name);
    let answer = async {
        match api.get_opt(name).await {
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(Err(status)),
            answer => answer.map(Ok),
        }
    };
    match object.call("get", LIMIT, answer).await {
        Ok(Ok(Some(map))) => Ok(agent_config::ConfigMap {
            name: name.to_owned(),
            data: map.data.unwrap_or_default(),
        }),
        Ok(Ok(None)) => Err(format!(
            "is no ConfigMap of the namespace {namespace}: apply it before the pod"
        )),
        Ok(Err(status)) => Err(format!(
            "cannot be read: {}; the chart's value vaultK8s.agentConfigMaps=true does",
            object.refusal("get", &status)
        )),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}
