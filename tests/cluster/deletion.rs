//! Pods go as fast with Freshet as without it.

use std::time::Instant;

use serde_json::json;

use crate::support::app::{self, SERVE};
use crate::support::figures::{figure, median};
use crate::support::freshet;
use crate::support::namespace::{ENABLED, Namespace};

/// How many pods of each kind.
const PODS: usize = 5;

#[test]
fn a_deleted_pod_is_gone_within_a_second_once_its_application_ends() {
    freshet::install();
    // Pods that come and go beside it would be measured, too.
    let namespace = Namespace::alone("deletion", &[ENABLED]);
    app::allow(&namespace);
    let mut seconds = [Vec::new(), Vec::new()];
    for round in 0..PODS {
        for (kind, name) in ["plain", "injected"].iter().enumerate() {
            let name = format!("{name}-{round}");
            let mut pod = app::pod(&namespace, &name, SERVE);
            if kind == 0 {
                pod["metadata"]["annotations"] = json!({});
            }
            namespace.apply(&pod);
            namespace.wait_for_pod(&name);
            seconds[kind].push(delete(&namespace, &name));
        }
    }
    let [plain, injected] = seconds.map(|seconds| median(&seconds));
    figure("pod deletion without Freshet", plain, "s", "");
    figure("pod deletion", injected, "s", "<= 1");
    // What a busy machine adds, it adds to both.
    assert!(
        injected < plain + 1.0,
        "a pod is gone after {injected:.2} s, without Freshet after {plain:.2} s"
    );
}

/// Seconds from the deletion until the API server knows the pod no more.
#[track_caller]
fn delete(namespace: &Namespace, name: &str) -> f64 {
    let start = Instant::now();
    // It watches until the pod is gone.
    namespace.run(&["delete", "pod", name]);
    start.elapsed().as_secs_f64()
}
