//! The few facts of a pod, beside its annotations, on which the injector's decisions depend.

use std::collections::BTreeMap;

use super::agent_config::AgentConfigMaps;

/// A pod, without what Freshet added to it.
#[derive(Clone, Debug, Default)]
pub struct PodOutline<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// `status.phase`; empty when it has none.
    pub phase: &'a str,
    /// Whether it has a refresher already.
    pub is_injected: bool,
    /// Its init containers' names.
    pub init_containers: Vec<&'a str>,
    /// Its containers.
    pub containers: Vec<ContainerOutline<'a>>,
    /// `spec.securityContext.runAsUser`.
    pub run_as_user: Option<i64>,
    /// `spec.shareProcessNamespace`.
    pub share_process_namespace: Option<bool>,
    /// Its volumes by their names.
    pub volumes: BTreeMap<&'a str, VolumeOutline<'a>>,
    /// The ConfigMaps of its namespace that were read for it.
    pub config_maps: Option<&'a AgentConfigMaps>,
}

/// A container.
#[derive(Clone, Debug, Default)]
pub struct ContainerOutline<'a> {
    /// Its name.
    pub name: &'a str,
    /// `securityContext.runAsUser`.
    pub run_as_user: Option<i64>,
}

/// What a volume has of a service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeOutline<'a> {
    /// A token, for this audience; `None` is the API server's own.
    Token(Option<&'a str>),
    /// Nothing.
    Other,
}
