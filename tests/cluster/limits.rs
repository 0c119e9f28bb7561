//! LimitRanges and quotas: a pod that they would refuse is refused with what mends it, and then starts.

use serde_json::{Value, json};

use crate::support::app::{self, PASSWORD, SERVE};
use crate::support::namespace::Namespace;

#[test]
fn a_limit_range_in_the_way_is_named_with_the_annotation_that_mends_it() {
    let namespace = app::namespace("limit-range");
    namespace.apply(&json!({
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": { "name": "small" },
        "spec": { "limits": [{ "type": "Container", "max": { "memory": "24Mi" } }] },
    }));
    let mut pod = app::pod(&namespace, "app", SERVE);
    pod["spec"]["containers"][0]["resources"] = json!({ "limits": { "memory": "16Mi" } });
    check(
        &namespace,
        pod,
        "metadata.annotations[freshet.dev/limits-memory]: \"32Mi\": must be at most 24Mi, says LimitRange small of the namespace",
        &[("freshet.dev/limits-memory", "24Mi")],
    );
}

#[test]
fn a_least_request_of_a_limit_range_is_named_with_the_annotation_that_mends_it() {
    let namespace = app::namespace("least-request");
    namespace.apply(&json!({
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": { "name": "large" },
        "spec": { "limits": [{ "type": "Container", "min": { "memory": "16Mi", "cpu": "10m" } }] },
    }));
    let mut pod = app::pod(&namespace, "app", SERVE);
    pod["spec"]["containers"][0]["resources"] =
        json!({ "requests": { "memory": "16Mi", "cpu": "10m" } });
    check(
        &namespace,
        pod,
        "metadata.annotations[freshet.dev/requests-memory]: \"8Mi\": must be at least 16Mi, says LimitRange large of the namespace",
        &[
            ("freshet.dev/requests-memory", "16Mi"),
            ("freshet.dev/requests-cpu", "10m"),
        ],
    );
}

#[test]
fn a_quota_that_counts_a_limit_is_named_with_the_annotation_that_mends_it() {
    let namespace = app::namespace("quota");
    namespace.apply(&json!({
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": { "name": "team" },
        "spec": { "hard": { "limits.cpu": "1", "limits.memory": "1Gi" } },
    }));
    // The quota counts from when its controller has seen it.
    namespace.wait_for("the quota to count", || {
        let status = namespace.get(&["resourcequota", "team"])["status"].clone();
        if status["hard"].is_object() {
            Ok(())
        } else {
            Err(status.to_string())
        }
    });
    let mut pod = app::pod(&namespace, "app", SERVE);
    // Not a Guaranteed pod: of such a one the sidecar would have a limit by itself.
    pod["spec"]["containers"][0]["resources"] = json!({
        "requests": { "cpu": "10m", "memory": "16Mi" },
        "limits": { "cpu": "100m", "memory": "16Mi" },
    });
    check(
        &namespace,
        pod,
        "metadata.annotations[freshet.dev/limits-cpu]: must be set: ResourceQuota team of the namespace counts limits.cpu",
        &[("freshet.dev/limits-cpu", "100m")],
    );
}

/// The pod is refused with `message`, and starts with the annotations that it asks for.
#[track_caller]
fn check(namespace: &Namespace, mut pod: Value, message: &str, annotations: &[(&str, &str)]) {
    let create = ["create", "--filename=-"];
    // The webhook learns of a limit a moment after the API server does.
    namespace.wait_for("the refusal that names the limit", || {
        let dry = [create.as_slice(), &["--dry-run=server"]].concat();
        let refused = namespace.kubectl_with(&dry, &pod.to_string());
        if !refused.ok && refused.stderr.contains(message) {
            Ok(())
        } else {
            Err(format!("{}{}", refused.stdout, refused.stderr))
        }
    });
    for (key, value) in annotations {
        pod["metadata"]["annotations"][key] = json!(value);
    }
    let created = namespace.kubectl_with(&create, &pod.to_string());
    assert!(created.ok, "{}", created.stderr);
    namespace.wait_for_pod("app");
    assert_eq!(
        namespace.look("pod/app", "app", &["cat", "/secrets/password"]),
        PASSWORD
    );
}
