//! A pod whose agent's configuration lies in a ConfigMap: the webhook reads it from the API server as
//! the pod is admitted.

use expect_test::expect;
use serde_json::{Value, json};

use crate::support::api_server::ApiServer;
use crate::support::webhook::{ENABLED, Webhook};

const CONFIG: &str = "auto_auth {
  method \"kubernetes\" { config = { role = \"demo\" } }
}
template {
  destination = \"/vault/secrets/db.conf\"
  contents = <<EOT
{{ with secret \"secret/db\" }}{{ .Data.data.password }}{{ end }}
EOT
}
";

fn config_map(namespace: &str, config: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "agent", "namespace": namespace },
        "data": { "config.hcl": config },
    })
}

fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace, "annotations": {
            "vault.hashicorp.com/agent-inject": "true",
            "vault.hashicorp.com/agent-configmap": "agent",
        }},
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    })
}

#[test]
fn the_configuration_of_the_moment_counts() {
    let api = ApiServer::shared();
    Webhook::shared();
    let namespace = api.namespace("agent-config-map", &[ENABLED]);
    let refused = |name: &str| {
        let args = ["create", "-o", "json", "-f", "-"];
        let created = api.kubectl(&args, &pod(&namespace, name).to_string());
        assert!(!created.ok, "{}", created.stdout);
        created.stderr.replace(&namespace, "NAMESPACE")
    };
    expect![[r#"
        Error from server (Forbidden): error when creating "STDIN": admission webhook "pods.freshet.dev" denied the request: metadata.annotations[vault.hashicorp.com/agent-configmap]: "agent": is no ConfigMap of the namespace NAMESPACE: apply it before the pod
    "#]].assert_eq(&refused("too-early"));

    api.apply(&config_map(&namespace, CONFIG));
    api.create(&pod(&namespace, "served"));
    let served = api.get(&namespace, "pod", "served");
    let sidecar = &served["spec"]["initContainers"][0];
    assert_eq!(sidecar["name"], "vault-agent");
    let mounts = &served["spec"]["containers"][0]["volumeMounts"];
    let mounts = mounts.as_array().expect("mounts");
    assert!(
        mounts
            .iter()
            .any(|mount| mount["mountPath"] == "/vault/secrets")
    );

    api.apply(&config_map(&namespace, "api_proxy {}"));
    expect![[r#"
        Error from server (Forbidden): error when creating "STDIN": admission webhook "pods.freshet.dev" denied the request: ConfigMap agent: data[config.hcl]: api_proxy: the sidecar is no proxy of Vault: an application that asks it at 127.0.0.1 would find nobody: let the application read files, which templates write, or keep the Vault Agent Injector for this pod
        ConfigMap agent: data[config.hcl]: auto_auth: missing: without a method the sidecar cannot log in, e.g. method "kubernetes"
    "#]].assert_eq(&refused("proxy"));
}
