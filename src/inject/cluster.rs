//! What the webhook knows about the cluster and about the pod's namespace, as plain data.
//!
//! Unknown is absent: the commands for people work offline and pass the default, and a check that
//! lacks its facts is left to the API server. Quantities stay texts, as Kubernetes writes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::dialect::external_secret::ExternalSecretFacts;
use crate::dialect::vault_k8s::agent_config::AgentConfigMaps;

/// The facts that a decision looks at.
#[derive(Clone, Debug, Default)]
pub struct ClusterFacts {
    /// Major and minor version of the API server.
    pub kubernetes_version: Option<(u32, u32)>,
    /// The LimitRanges of the pod's namespace.
    pub limit_ranges: Vec<LimitRange>,
    /// The ResourceQuotas of the pod's namespace.
    pub resource_quotas: Vec<ResourceQuota>,
    /// The ConfigMaps with an agent's configuration that the pod names, or why one could not be read.
    pub agent_config_maps: AgentConfigMaps,
    /// The ExternalSecrets of the pod's namespace and their stores.
    pub external_secrets: Arc<ExternalSecretFacts>,
}

/// A LimitRange of the namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitRange {
    /// `metadata.name`.
    pub name: String,
    /// `spec.limits`.
    pub limits: Vec<LimitRangeItem>,
}

/// One item of a LimitRange's `spec.limits`, under Kubernetes' own field names: resource name to
/// quantity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitRangeItem {
    /// What the item limits.
    #[serde(rename = "type")]
    pub kind: LimitType,
    /// The least request.
    pub min: BTreeMap<String, String>,
    /// The greatest limit.
    pub max: BTreeMap<String, String>,
    /// The limit of a container that names none.
    pub default: BTreeMap<String, String>,
    /// The request of a container that names none.
    pub default_request: BTreeMap<String, String>,
    /// The greatest quotient of limit and request.
    pub max_limit_request_ratio: BTreeMap<String, String>,
}

/// What an item of a LimitRange limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum LimitType {
    /// Each container, init containers too.
    Container,
    /// The sum over a pod.
    Pod,
    /// Something else, e.g. claims of volumes.
    #[default]
    #[serde(other)]
    Other,
}

/// A ResourceQuota of the namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceQuota {
    /// `metadata.name`.
    pub name: String,
    /// `spec.hard`: resource name (`limits.cpu`) to quantity.
    pub hard: BTreeMap<String, String>,
}
