//! Pods whose `agent-configmap` names an agent's whole configuration.

use expect_test::{Expect, expect};
use freshet::cli::facts::facts;
use freshet::dialect::vault_k8s::agent_config::ConfigMap;
use freshet::inject::{ClusterFacts, Decision, Operation};
use serde_json::{Value, json};

use super::decision_with;
use super::own::pod;

const CONFIG: &str = r#"
auto_auth {
  method "kubernetes" {
    mount_path = "auth/cluster-a"
    config = { role = "shop" }
  }
  sink "file" { config = { path = "/home/vault/.vault-token" } }
}
template {
  destination = "/vault/secrets/db.conf"
  perms = "0600"
  contents = <<EOT
{{ with secret "kv/db" }}url=${USER:-{{ .Data.data.user }}}{{ end }}
EOT
}
"#;

/// What is known of a namespace that has this ConfigMap.
fn cluster(data: &[(&str, &str)]) -> ClusterFacts {
    let map = ConfigMap::from_manifest(&json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "agent", "namespace": "shop"},
        "data": data.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
    }));
    let mut cluster = ClusterFacts::default();
    let maps = &mut cluster.agent_config_maps;
    maps.insert("agent".to_owned(), Ok(map.expect("a ConfigMap")));
    cluster
}

fn decided(annotations: &[(&str, &str)], cluster: &ClusterFacts) -> Value {
    let mut pod = pod(annotations);
    pod["metadata"]["annotations"]["vault.hashicorp.com/agent-configmap"] = "agent".into();
    let decision = decision_with(&pod, "shop", Operation::Create, cluster);
    let mut facts = facts(&pod, &decision).expect("facts");
    if let Decision::Inject(_) = decision {
        let config = facts["facts"]["injected"].as_object_mut();
        let mut config = config.into_iter().flat_map(|all| all.values_mut());
        let config = config.next().map(|one| one["config"].take());
        return json!({
            "config": config,
            "warnings": facts["warnings"],
            "mounts": facts["facts"]["mounts"],
        });
    }
    json!(
        facts["message"]
            .as_str()
            .unwrap_or_default()
            .lines()
            .collect::<Vec<_>>()
    )
}

#[track_caller]
fn check(annotations: &[(&str, &str)], data: &[(&str, &str)], want: &Expect) {
    let decided = decided(annotations, &cluster(data));
    let mut lines = Vec::new();
    told("", &decided, &mut lines);
    want.assert_eq(&(lines.join("\n") + "\n"));
}

/// A line for each value, with its path; for each item of a list that is one of objects, one.
fn told(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(entries) if path.matches('.').count() < 3 => {
            for (key, value) in entries {
                told(&format!("{path}.{key}"), value, lines);
            }
        }
        Value::Array(items) => {
            lines.extend(items.iter().map(|item| format!("{path}[]: {item}")));
        }
        value => lines.push(format!("{path}: {value}")),
    }
}

#[test]
fn a_configuration_says_what_annotations_would() {
    check(
        &[],
        &[("config.hcl", CONFIG)],
        &expect![[r#"
        .config.auto_auth.method: {"config":{"role":"shop","token_path":"/var/run/secrets/kubernetes.io/serviceaccount/token"},"mount_path":"auth/cluster-a","type":"kubernetes"}
        .config.exit_after_auth: false
        .config.revoke_on_shutdown: false
        .config.template[]: {"contents":"{{ with secret \"kv/db\" }}url=${USER:-{{ .Data.data.user }}}{{ end }}\n","destination":"/vault/secrets/db.conf","left_delimiter":"{{","perms":"0600","right_delimiter":"}}"}
        .config.template_config.static_secret_render_interval: "5m0s"
        .config.vault.address: "http://vault.vault:8200"
        .mounts.web[]: {"mountPath":"/vault/secrets","name":"freshet-secrets","readOnly":true}
        .warnings[]: "spec.containers[0]: \"web\": may not be able to read /vault/secrets/db.conf, whose mode is 0600: give the refresher the container's user with vault.hashicorp.com/agent-run-as-user, or set spec.securityContext.fsGroup and a mode that the group may read"
    "#]],
    );
}

#[test]
fn directories_become_volumes_and_the_rest_of_the_annotations_counts() {
    let config = format!(
        "{CONFIG}
        vault {{ address = \"https://elsewhere:8200\" namespace = \"team\" ca_cert = \"/vault/tls/ca.crt\" }}
        template {{ contents = \"x\" destination = \"/app/conf/x\" }}
        template {{ source = \"/vault/custom/y.ctmpl\" destination = \"/app/conf/deep/y\" error_on_missing_key = true }}
        template_config {{ static_secret_render_interval = \"30s\" }}"
    );
    let annotations = [
        ("tls-secret", "vault-tls"),
        ("agent-extra-secret", "templates"),
        ("secret-volume-path", "/app/secrets"),
        ("agent-inject-secret-db", "secret/db"),
        ("auth-path", "auth/other"),
        ("agent-limits-mem", "64Mi"),
    ];
    check(
        &annotations,
        &[("config.hcl", &config)],
        &expect![[r#"
        .config.auto_auth.method: {"config":{"role":"shop","token_path":"/var/run/secrets/kubernetes.io/serviceaccount/token"},"mount_path":"auth/cluster-a","namespace":"team","type":"kubernetes"}
        .config.exit_after_auth: false
        .config.revoke_on_shutdown: false
        .config.template[]: {"destination":"/app/conf/deep/y","error_on_missing_key":true,"left_delimiter":"{{","perms":"0644","right_delimiter":"}}","source":"/vault/custom/y.ctmpl"}
        .config.template[]: {"contents":"x","destination":"/app/conf/x","left_delimiter":"{{","perms":"0644","right_delimiter":"}}"}
        .config.template[]: {"contents":"{{ with secret \"kv/db\" }}url=${USER:-{{ .Data.data.user }}}{{ end }}\n","destination":"/vault/secrets/db.conf","left_delimiter":"{{","perms":"0600","right_delimiter":"}}"}
        .config.template_config.static_secret_render_interval: "30s"
        .config.vault.address: "http://vault.vault:8200"
        .config.vault.ca_cert: "/vault/tls/ca.crt"
        .mounts.web[]: {"mountPath":"/app/secrets","name":"freshet-secrets","readOnly":true}
        .mounts.web[]: {"mountPath":"/app/conf","name":"freshet-secrets-2","readOnly":true}
        .mounts.web[]: {"mountPath":"/vault/secrets","name":"freshet-secrets-3","readOnly":true}
        .warnings[]: "metadata.annotations[vault.hashicorp.com/agent-inject-secret-db]: has no effect beside vault.hashicorp.com/agent-configmap: the configuration in the ConfigMap counts"
        .warnings[]: "metadata.annotations[vault.hashicorp.com/auth-path]: has no effect beside vault.hashicorp.com/agent-configmap: the configuration in the ConfigMap counts"
        .warnings[]: "ConfigMap agent: data[config.hcl]: vault.address: has no effect: the webhook's --vault-address counts, as it did to the agent"
        .warnings[]: "spec.containers[0]: \"web\": may not be able to read /vault/secrets/db.conf, whose mode is 0600: give the refresher the container's user with vault.hashicorp.com/agent-run-as-user, or set spec.securityContext.fsGroup and a mode that the group may read"
    "#]],
    );
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let config = r#"
        auto_auth { method "aws" { config { role = "bad role" } } }
        vault { ca_path = "/vault/tls" }
        template { contents = "x" destination = "/vault/secrets/a" command = "kill -HUP 1" }
        template { contents = "y" destination = "/vault/secrets/a" }
        template { contents = "z" destination = "/proc/1/z" }"#;
    let annotations = [("agent-run-as-user", "x")];
    check(
        &annotations,
        &[("config.hcl", config)],
        &expect![[r#"
            []: "ConfigMap agent: data[config.hcl]: template[2].destination: \"/proc/1/z\": must keep clear of /proc, which Kubernetes provides"
            []: "ConfigMap agent: data[config.hcl]: template[0].command: signals \"1\", which is another process at each start: find it by its name, e.g. kill -HUP $(pidof app)"
            []: "ConfigMap agent: data[config.hcl]: template[1].destination: its file /vault/secrets/a cannot be beside /vault/secrets/a of data[config.hcl]: template[0].destination: give one of them another with agent-inject-file-<name>, or keep the case of both with preserve-secret-case"
            []: "metadata.annotations[vault.hashicorp.com/agent-run-as-user]: \"x\": must be a number from 0 to 2147483647"
            []: "ConfigMap agent: data[config.hcl]: auto_auth.method.type: \"aws\": the sidecar logs in as the pod's service account, with kubernetes or jwt, or with approle or cert: give the pod's service account a role of one of these"
            []: "ConfigMap agent: data[config.hcl]: vault.ca_path: \"/vault/tls\": a directory of CA certificates is not read: name one file that has them with ca-cert, e.g. /vault/tls/ca.crt"
        "#]],
    );
    let broken = r#"template { contents = "hunter2 }"#;
    check(
        &annotations,
        &[("config.hcl", broken)],
        &expect![[r#"
        []: "ConfigMap agent: data[config.hcl]: line 1: the text has no closing quote in its line"
        []: "metadata.annotations[vault.hashicorp.com/agent-run-as-user]: \"x\": must be a number from 0 to 2147483647"
    "#]],
    );
    check(
        &[],
        &[("config.hcl", "auto_auth { method \"kubernetes\" {} }")],
        &expect![[r#"
            []: "ConfigMap agent: data[config.hcl]: auto_auth.method.config.role: missing: name the Vault role to log in with, e.g. app"
        "#]],
    );
    check(
        &[("agent-pre-populate-only", "true")],
        &[("config.hcl", CONFIG)],
        &expect![[r#"
            []: "ConfigMap agent: data[config-init.hcl]: missing: the agent's configuration with auto_auth and template belongs here"
        "#]],
    );
}

#[test]
fn a_pod_without_sidecar_takes_the_init_containers() {
    let annotations = [("agent-pre-populate-only", "true")];
    let data = [("config-init.hcl", CONFIG), ("config.hcl", "nonsense")];
    check(
        &annotations,
        &data,
        &expect![[r#"
        .config.auto_auth.method: {"config":{"role":"shop","token_path":"/var/run/secrets/kubernetes.io/serviceaccount/token"},"mount_path":"auth/cluster-a","type":"kubernetes"}
        .config.exit_after_auth: true
        .config.revoke_on_shutdown: false
        .config.template[]: {"contents":"{{ with secret \"kv/db\" }}url=${USER:-{{ .Data.data.user }}}{{ end }}\n","destination":"/vault/secrets/db.conf","left_delimiter":"{{","perms":"0600","right_delimiter":"}}"}
        .config.template_config.static_secret_render_interval: "5m0s"
        .config.vault.address: "http://vault.vault:8200"
        .mounts.web[]: {"mountPath":"/vault/secrets","name":"freshet-secrets","readOnly":true}
        .warnings[]: "spec.containers[0]: \"web\": may not be able to read /vault/secrets/db.conf, whose mode is 0600: give the refresher the container's user with vault.hashicorp.com/agent-run-as-user, or set spec.securityContext.fsGroup and a mode that the group may read"
    "#]],
    );
}

#[test]
fn a_map_that_is_not_there_is_named() {
    let mut unread = ClusterFacts::default();
    let reason = "is no ConfigMap of the namespace shop: apply it before the pod".to_owned();
    unread
        .agent_config_maps
        .insert("agent".to_owned(), Err(reason));
    for (cluster, want) in [
        (
            ClusterFacts::default(),
            expect![[r#"
            [
              "metadata.annotations[vault.hashicorp.com/agent-configmap]: \"agent\": is no ConfigMap that was given: add its manifest with --filename, or with --external-secrets, which does not print it"
            ]
        "#]],
        ),
        (
            unread,
            expect![[r#"
            [
              "metadata.annotations[vault.hashicorp.com/agent-configmap]: \"agent\": is no ConfigMap of the namespace shop: apply it before the pod"
            ]
        "#]],
        ),
    ] {
        want.assert_eq(&format!("{:#}\n", decided(&[], &cluster)));
    }
}

#[test]
fn a_map_is_the_same_in_json() {
    let json = r#"{"auto_auth": {"method": {"type": "kubernetes", "mount_path": "auth/cluster-a", "config": {"role": "shop"}}},
        "template": [{"destination": "/vault/secrets/db.conf", "perms": "0600",
        "contents": "{{ with secret \"kv/db\" }}url=${USER:-{{ .Data.data.user }}}{{ end }}\n"}]}"#;
    let in_json = decided(&[], &cluster(&[("config.hcl", json)]));
    assert_eq!(in_json, decided(&[], &cluster(&[("config.hcl", CONFIG)])));
}
