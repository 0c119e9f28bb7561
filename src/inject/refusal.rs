//! Pods that cannot have a refresher, whatever they ask for.

use super::cluster::ClusterFacts;
use super::fields::text;
use super::pod::PodView;
use crate::dialect::Problem;

/// The release that turned native sidecars on (beta, KEP-753).
const NATIVE_SIDECARS: (u32, u32) = (1, 29);

/// What stands against the pod itself.
pub(super) fn of_pod(pod: &PodView<'_>) -> Vec<Problem> {
    let static_pod = pod.static_pod().map(|path| {
        Problem::new(
            path,
            "a pod that a kubelet runs from a file has no service account token to log in with: run it from a DaemonSet or a Deployment",
        )
    });
    let windows = windows(pod).map(|path| {
        Problem::of_value(
            path,
            "windows",
            "the refresher runs on Linux alone, and memory volumes do not exist on Windows",
        )
    });
    static_pod.into_iter().chain(windows).collect()
}

/// What stands against a native sidecar in this cluster.
pub(super) fn of_sidecar(cluster: &ClusterFacts) -> Option<Problem> {
    let (major, minor) = cluster
        .kubernetes_version
        .filter(|version| *version < NATIVE_SIDECARS)?;
    Some(Problem::new(
        "spec.initContainers",
        format!(
            "Kubernetes {major}.{minor} has no native sidecars, which exist from 1.29 on: set freshet.dev/once: \"true\" for an init container that fetches once, or upgrade"
        ),
    ))
}

/// The field that sends the pod to a Windows node.
fn windows(pod: &PodView<'_>) -> Option<&'static str> {
    let os = pod.spec.get("os").and_then(|os| os.as_object());
    if os.is_some_and(|os| text(os, "name") == "windows") {
        return Some("spec.os.name");
    }
    let selector = pod.spec.get("nodeSelector").and_then(|map| map.as_object());
    let selects = |label: &str| selector.is_some_and(|map| text(map, label) == "windows");
    if selects("kubernetes.io/os") {
        return Some("spec.nodeSelector[kubernetes.io/os]");
    }
    selects("beta.kubernetes.io/os").then_some("spec.nodeSelector[beta.kubernetes.io/os]")
}
