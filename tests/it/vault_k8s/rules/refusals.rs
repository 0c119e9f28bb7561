//! Pods that the injector admits and Freshet refuses, each by what is wrong with it.

use serde_json::Value;

use super::without_facts;
use crate::vault_k8s::Case;

/// Annotations whose value, alone, is refused; and what is wrong with it.
const VALUES: &[(&str, &[&str], &str)] = &[
    (
        "auth-type",
        &["aws", "azure", "gcp", "nonsense"],
        "a method by which a pod does not log in",
    ),
    (
        "auth-type",
        &["approle", "cert"],
        "no credential is named, or it lies in no volume",
    ),
    (
        "auth-config-token-path",
        &["/x/token"],
        "no volume holds it",
    ),
    (
        "auth-config-path",
        &["/tok/jwt"],
        "no role is named, and no volume holds it",
    ),
    (
        "agent-inject-command-db",
        &["kill -HUP 1", "sh -c 'echo \"a b\" > /tmp/x'"],
        "a process that nobody knows, and a shell",
    ),
    (
        "agent-inject-file-db",
        &["../../etc/passwd"],
        "leaves the directory",
    ),
    (
        "agent-inject-perms-db",
        &["999", "rw"],
        "no mode: the agent would not start",
    ),
    (
        "secret-volume-path",
        &[""],
        "no directory: the API server would refuse the pod",
    ),
    ("agent-configmap", &["cfg"], "the ConfigMap is not there"),
    ("ca-cert", &["/vault/tls/ca.crt"], "no volume holds it"),
    (
        "ca-key",
        &["/vault/tls/ca"],
        "a directory of CA certificates is not read",
    ),
    (
        "client-cert",
        &["/vault/tls/c.crt"],
        "a certificate without its key",
    ),
    (
        "client-key",
        &["/vault/tls/c.key"],
        "a key without its certificate",
    ),
    (
        "log-level",
        &["loud"],
        "no level: the agent would not start",
    ),
    (
        "log-format",
        &["xml"],
        "no format: the agent would not start",
    ),
    (
        "agent-run-as-group",
        &["-1"],
        "no group: the API server would refuse the pod",
    ),
    (
        "agent-inject-template-db",
        &["{{ with secret"],
        "no template: the agent would not start",
    ),
    (
        "agent-inject-template-file-db",
        &["/vault/templates/db.tpl"],
        "no volume holds it",
    ),
    (
        "template-static-secret-render-interval",
        &["often"],
        "no length of time: the agent would not start",
    ),
];

/// Pods that are refused for more than one annotation, or none.
const PODS: &[(&str, &str)] = &[
    (
        "containers: container named vault-agent",
        "two containers of one name: the API server would refuse the pod",
    ),
    (
        "containers: mount path taken",
        "two mounts at one place: the API server would refuse the pod",
    ),
    (
        "misc: istio-like first container",
        "its proxy starts only when the agent has been at Vault, which waits for it",
    ),
    (
        "populate: populate false and only true",
        "nothing fetches the files",
    ),
];

/// The case is refused instead.
pub(super) fn rewrite(case: &Case, theirs: &mut Value, _: &mut Value) -> bool {
    let by_value = VALUES.iter().any(|(word, values, _)| {
        let value = case.annotation(word);
        let is_used = *word != "agent-inject-template-file-db"
            || case.annotation("agent-inject-template-db").is_none();
        is_used && value.is_some_and(|value| values.contains(&value))
    });
    let by_name = || PODS.iter().any(|(name, _)| *name == case.name());
    if theirs["patched"] != true || !by_value && !by_name() {
        return false;
    }
    theirs["allowed"] = false.into();
    theirs["patched"] = false.into();
    theirs["message"] = "refused".into();
    without_facts(theirs)
}

/// A refusal names an annotation of the case and its value; where the pod itself is wrong, a field.
pub(super) fn words(case: &Case, theirs: &mut Value, ours: &mut Value) -> bool {
    if theirs["allowed"] != false || ours["allowed"] != false {
        return false;
    }
    let text = ours["message"].as_str().unwrap_or_default().to_owned();
    let special = case.special();
    let told = special.iter().any(|(key, value)| {
        let value = value.chars().take(80).collect::<String>();
        let place = format!("metadata.annotations[{key}]");
        text.contains(&place) && (value.is_empty() || text.contains(&format!("{value:?}")))
    });
    // Absent annotations, and pods that are wrong in themselves.
    let others = [
        "role]: missing",
        "spec.",
        "metadata.namespace: ",
        "annotations[vault.hashicorp.com/",
    ];
    let is_told = told || others.iter().any(|other| text.contains(other));
    assert!(is_told, "{}: {text}", case.name());
    theirs["message"] = ours["message"].clone();
    true
}
