//! Namespaces and pods that allow little.

use serde_json::{Value, json};

use crate::support::app::{self, PASSWORD, SERVE};

#[test]
fn a_namespace_that_enforces_restricted_pods_admits_an_injected_one() {
    let namespace = app::namespace_with(
        "restricted",
        &[
            ("pod-security.kubernetes.io/enforce", "restricted"),
            ("pod-security.kubernetes.io/enforce-version", "latest"),
        ],
    );
    let mut pod = app::pod(&namespace, "app", SERVE);
    let refused = namespace.kubectl_with(&["create", "--filename=-"], &pod.to_string());
    assert!(
        !refused.ok && refused.stderr.contains("violates PodSecurity"),
        "the namespace refuses a pod that is not restricted: {}",
        refused.stderr
    );
    pod["spec"]["securityContext"] = json!({ "runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": { "type": "RuntimeDefault" } });
    pod["spec"]["containers"][0]["securityContext"] =
        json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } });
    namespace.apply(&pod);
    namespace.wait_for_pod("app");
    assert_eq!(
        namespace.look("pod/app", "app", &["cat", "/secrets/password"]),
        PASSWORD
    );
}

#[test]
fn a_pod_without_a_token_of_its_own_gets_its_files() {
    let namespace = app::namespace("no-token");
    let mut pod = app::pod(&namespace, "app", SERVE);
    pod["spec"]["automountServiceAccountToken"] = json!(false);
    namespace.apply(&pod);
    namespace.wait_for_pod("app");
    assert_eq!(
        namespace.look("pod/app", "app", &["cat", "/secrets/password"]),
        PASSWORD
    );
    let done = namespace.exec("pod/app", "app", &["ls", "/var/run/secrets"]);
    assert!(!done.ok, "the application has no token: {}", done.stdout);
}

#[test]
fn an_application_of_another_user_reads_its_files() {
    let namespace = app::namespace("other-user");
    let mut pod = app::pod(&namespace, "app", SERVE);
    pod["spec"]["containers"] = json!([
        container("first", 1000, 1000),
        container("second", 2000, 2000)
    ]);
    namespace.apply(&pod);
    namespace.wait_for_pod("app");
    for (name, user) in [("first", "1000"), ("second", "2000")] {
        assert_eq!(namespace.look("pod/app", name, &["id", "-u"]), user);
        assert_eq!(
            namespace.look("pod/app", name, &["cat", "/secrets/password"]),
            PASSWORD
        );
    }
}

#[test]
fn a_file_for_the_group_is_read_through_fs_group_alone() {
    let namespace = app::namespace("fs-group");
    let mut pod = app::pod(&namespace, "app", SERVE);
    pod["metadata"]["annotations"]["freshet.dev/mode-password"] = json!("0640");
    pod["spec"]["securityContext"] = json!({ "fsGroup": 3000 });
    pod["spec"]["containers"] = json!([
        container("first", 1000, 1000),
        container("second", 2000, 2000)
    ]);
    namespace.apply(&pod);
    namespace.wait_for_pod("app");
    let stat = ["stat", "-L", "-c", "%a %u %g", "/secrets/password"];
    // The refresher has the first container's user; the volume has the pod's group.
    assert_eq!(namespace.look("pod/app", "second", &stat), "640 1000 3000");
    assert_eq!(
        namespace.look("pod/app", "second", &["cat", "/secrets/password"]),
        PASSWORD
    );
}

#[test]
fn a_file_that_a_container_could_not_read_is_warned_of() {
    let namespace = app::namespace("unreadable");
    let mut pod = app::pod(&namespace, "app", SERVE);
    pod["metadata"]["annotations"]["freshet.dev/mode-password"] = json!("0600");
    pod["spec"]["containers"] = json!([
        container("first", 1000, 1000),
        container("second", 2000, 2000)
    ]);
    let namespaced = ["create", "--dry-run=server", "--filename=-"];
    let done = namespace.kubectl_with(&namespaced, &pod.to_string());
    assert!(done.ok, "{}", done.stderr);
    for part in [
        "Warning:",
        "\"second\"",
        "/secrets/password",
        "0600",
        "fsGroup",
    ] {
        assert!(done.stderr.contains(part), "{part}: {}", done.stderr);
    }
    assert!(!done.stderr.contains("\"first\""), "{}", done.stderr);
}

/// A container that runs as this user and group.
fn container(name: &str, user: u32, group: u32) -> Value {
    let mut container = app::container(name, SERVE);
    container["securityContext"] = json!({ "runAsUser": user, "runAsGroup": group });
    container
}
