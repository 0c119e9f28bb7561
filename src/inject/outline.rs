//! The facts of a pod on which the Vault Agent Injector's decisions depend.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::cluster::ClusterFacts;
use super::fields::{items, text};
use super::pod::{ContainerView, List, PodView};
use crate::dialect::vault_k8s::{ContainerOutline, PodOutline, VolumeOutline};

/// The outline of the pod that the view is of.
pub(super) fn of<'v>(
    view: &'v PodView<'_>,
    pod: &'v Value,
    namespace: &'v str,
    cluster: &'v ClusterFacts,
) -> PodOutline<'v> {
    let phase = pod.pointer("/status/phase").and_then(Value::as_str);
    let volumes = view.volumes.iter();
    PodOutline {
        namespace,
        phase: phase.unwrap_or_default(),
        is_injected: view.refresher.is_some(),
        init_containers: view.list(List::Init).map(ContainerView::name).collect(),
        containers: view.list(List::App).map(container).collect(),
        run_as_user: user(view.spec),
        share_process_namespace: view
            .spec
            .get("shareProcessNamespace")
            .and_then(Value::as_bool),
        volumes: volumes
            .map(|(_, volume)| (text(volume, "name"), self::volume(volume)))
            .collect::<BTreeMap<_, _>>(),
        config_maps: Some(&cluster.agent_config_maps),
    }
}

fn container<'v>(container: &ContainerView<'v>) -> ContainerOutline<'v> {
    ContainerOutline {
        name: container.name(),
        run_as_user: user(container.fields),
    }
}

fn user(spec: &Map<String, Value>) -> Option<i64> {
    spec.get("securityContext")?.get("runAsUser")?.as_i64()
}

/// The first token of a projected volume counts.
fn volume(volume: &Map<String, Value>) -> VolumeOutline<'_> {
    let sources = volume.get("projected").and_then(|own| own.get("sources"));
    let mut tokens = items(sources).filter_map(|source| source.get("serviceAccountToken"));
    match tokens.next() {
        Some(token) => VolumeOutline::Token(
            token
                .get("audience")
                .and_then(Value::as_str)
                .filter(|audience| !audience.is_empty()),
        ),
        None => VolumeOutline::Other,
    }
}
