//! An application of the tests: its pods get `/secrets/password` from `secret/NAMESPACE/db`.

use serde_json::{Value, json};

use super::namespace::{ENABLED, Namespace};
use super::pod::annotations;
use super::{freshet, image, vault};

/// What is written to Vault.
pub(crate) const PASSWORD: &str = "marker-one";

/// Prints the password once, and ends at once when it is told to.
pub(crate) const SERVE: &str = "trap 'exit 0' TERM; cat /secrets/password; echo; sleep 3600 & wait";

/// A labelled namespace whose account `default` may read its secrets.
#[track_caller]
pub(crate) fn namespace(name: &str) -> Namespace {
    namespace_with(name, &[])
}

/// The same, with further labels.
#[track_caller]
pub(crate) fn namespace_with(name: &str, labels: &[(&str, &str)]) -> Namespace {
    freshet::install();
    let namespace = Namespace::new(name, &[&[ENABLED], labels].concat());
    allow(&namespace);
    namespace
}

/// Role, policy and secret, all called as the namespace is.
#[track_caller]
pub(crate) fn allow(namespace: &Namespace) {
    let name = &namespace.name;
    vault::allow(name, name, "default");
    vault::put(
        &format!("secret/{name}/db"),
        &[&format!("password={PASSWORD}")],
    );
}

/// The template of a workload's pods: one container that runs a script.
pub(crate) fn template(namespace: &Namespace, script: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": "app" }, "annotations": annotations(namespace) },
        "spec": { "containers": [container("app", script)] },
    })
}

/// A Deployment called `app` of such a template.
pub(crate) fn deployment(template: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "app" },
        "spec": { "selector": { "matchLabels": { "app": "app" } }, "template": template },
    })
}

/// The same template as a pod called `name`.
pub(crate) fn pod(namespace: &Namespace, name: &str, script: &str) -> Value {
    let mut pod = template(namespace, script);
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!(name);
    pod
}

/// A container that runs a script of busybox.
pub(crate) fn container(name: &str, script: &str) -> Value {
    json!({ "name": name, "image": image::of_tests("busybox:1"), "command": ["sh", "-c", script] })
}
