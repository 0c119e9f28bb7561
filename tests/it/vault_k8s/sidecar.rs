//! What the sidecar is made of, and what it does: cases beside the recorded ones.

use freshet::inject::{Decision, Operation};
use serde_json::json;

use super::decision;
use super::own::{DB, config, ours, pod, refused, warned};

#[test]
fn secrets_of_the_namespace_reach_the_sidecar_alone() {
    let pod = pod(&[
        DB,
        ("service", "https://vault.vault:8200"),
        ("auth-type", "approle"),
        ("auth-path", "auth/approle"),
        ("agent-extra-secret", "ids"),
        ("auth-config-role-id-file-path", "/vault/custom/role"),
        ("auth-config-secret_id_file_path", "/vault/custom/id"),
        ("tls-secret", "tls"),
        ("ca-cert", "/vault/tls/ca.crt"),
        ("client-cert", "/vault/tls/client.crt"),
        ("client-key", "/vault/tls/client.key"),
        ("tls-server-name", "vault.example"),
        ("agent-inject-template-app", ""),
        ("agent-inject-template-file-app", "/vault/custom/app.tpl"),
    ]);
    let ours = ours(&pod);
    assert_eq!(ours["message"], "");
    let volumes = ours["facts"]["volumes"].as_array().expect("volumes");
    let of = |name: &str| volumes.iter().find(|volume| volume["name"] == name);
    let approle = json!({"name": "freshet-approle", "secret": {"secretName": "ids", "items": [
        {"key": "role", "path": "role-id"}, {"key": "id", "path": "secret-id"},
    ]}});
    let tls = json!({"name": "freshet-tls", "secret": {"secretName": "tls", "items": [
        {"key": "client.crt", "path": "tls.crt"}, {"key": "client.key", "path": "tls.key"},
    ]}});
    assert_eq!(of("freshet-approle"), Some(&approle));
    assert_eq!(of("freshet-tls"), Some(&tls));
    let vault = &ours["facts"]["injected"]["initContainers/vault-agent"]["config"]["vault"];
    let want = json!({
        "address": "https://vault.vault:8200",
        "ca_cert": "/vault/tls/ca.crt",
        "client_cert": "/run/freshet/tls/tls.crt",
        "client_key": "/run/freshet/tls/tls.key",
        "tls_server_name": "vault.example",
    });
    assert_eq!(vault, &want);
    let mounts = ours["facts"]["mounts"]["web"].as_array().expect("mounts");
    assert_eq!(mounts.len(), 1);
}

#[test]
fn the_clusters_own_ca_is_known() {
    let pod = pod(&[
        DB,
        (
            "ca-cert",
            "/run/secrets/kubernetes.io/serviceaccount/ca.crt",
        ),
    ]);
    let volumes = ours(&pod)["facts"]["volumes"].to_string();
    assert!(
        volumes.contains(r#""name":"kube-root-ca.crt""#),
        "{volumes}"
    );
}

#[test]
fn verification_is_never_skipped() {
    let skip = ("tls-skip-verify", "true");
    let https = ("service", "https://vault.vault:8200");
    let why = "metadata.annotations[vault.hashicorp.com/tls-skip-verify]: \"true\": Vault's certificate is always checked, or its tokens would go to whoever answers: name its CA with ca-cert, or start the webhook with --ca-config-map";
    refused(&[DB, https, skip], why);
    warned(
        &[
            DB,
            https,
            skip,
            ("tls-secret", "tls"),
            ("ca-cert", "/vault/tls/ca.crt"),
        ],
        &[
            "metadata.annotations[vault.hashicorp.com/tls-skip-verify]: \"true\": has no effect: Vault's certificate is always checked",
        ],
    );
}

#[test]
fn the_namespace_is_that_of_login_and_secrets() {
    let pod = pod(&[DB, ("namespace", "team/eu")]);
    let Decision::Inject(injection) = decision(&pod, "shop", Operation::Create) else {
        panic!("not injected");
    };
    let patch = serde_json::to_string(&injection.patch).expect("JSON");
    assert!(patch.contains("--vault-namespace=team/eu"), "{patch}");
    assert!(!patch.contains("--auth-namespace"), "{patch}");
}

#[test]
fn a_job_fetches_once_and_leaves_its_leases() {
    let pod = pod(&[DB, ("agent-pre-populate-only", "true")]);
    let Decision::Inject(injection) = decision(&pod, "shop", Operation::Create) else {
        panic!("not injected");
    };
    let patch = serde_json::to_string(&injection.patch).expect("JSON");
    assert!(patch.contains(r#""args":["once""#), "{patch}");
    assert!(patch.contains("--leave-leases"), "{patch}");
    assert!(patch.contains(r#""name":"vault-agent-init""#), "{patch}");
}

#[test]
fn a_patch_changes_the_container_but_not_what_it_runs() {
    let env = r#"[{"op": "add", "path": "/env", "value": [{"name": "A", "value": "b"}]}]"#;
    let patched = ours(&pod(&[DB, ("agent-json-patch", env)]));
    let sidecar = &patched["facts"]["injected"]["initContainers/vault-agent"];
    assert_eq!(sidecar["env"], json!([{"name": "A", "value": "b"}]));
    let args = r#"[{"op": "replace", "path": "/args", "value": []}]"#;
    refused(
        &[DB, ("agent-json-patch", args)],
        "metadata.annotations[vault.hashicorp.com/agent-json-patch]: must not change /args: the sidecar runs Freshet's own program, and no Vault Agent",
    );
}

#[test]
fn an_init_container_of_a_mesh_comes_after_the_sidecar() {
    let mut pod = pod(&[DB]);
    pod["spec"]["initContainers"] = json!([
        {"name": "setup", "image": "a"},
        {"name": "istio-init", "image": "istio/proxyv2:1"},
    ]);
    pod["spec"]["containers"] = json!([
        {"name": "web", "image": "a"},
        {"name": "istio-proxy", "image": "istio/proxyv2:1"},
    ]);
    let facts = ours(&pod);
    let inits = &facts["facts"]["initContainers"];
    assert_eq!(
        inits,
        &json!(["setup", "vault-agent", "istio-init"]),
        "{facts}"
    );
}

/// A template with a command.
fn with_command(command: &str) -> [(&str, &str); 2] {
    [DB, ("agent-inject-command-db", command)]
}

#[test]
fn commands_are_done_without_a_shell() {
    let shared = ("agent-share-process-namespace", "true");
    for (command, done) in [
        ("kill -HUP $(pidof nginx)", "processes:HUP pidof nginx"),
        (
            "curl -X POST http://127.0.0.1:8080/-/reload",
            "http:POST http://127.0.0.1:8080/-/reload",
        ),
    ] {
        let [db, command] = with_command(command);
        let config = config(&[db, command, shared]);
        assert_eq!(config["template"][0]["command"], done);
        warned(&[db, command, shared], &[]);
    }
    warned(
        &with_command("pkill -HUP nginx"),
        &[
            "metadata.annotations[vault.hashicorp.com/agent-inject-command-db]: finds no process but the sidecar's own: the pod does not share its process namespace; set agent-share-process-namespace to \"true\", and agent-run-as-same-user, as nobody else may signal the application",
        ],
    );
    let config = config(&with_command("true"));
    assert_eq!(config["template"][0].get("command"), None);
    let mut ours = ours(&pod(&[
        DB,
        ("agent-inject-command-db", "/vault/custom/reload --now"),
        ("agent-extra-secret", "programs"),
    ]));
    assert_eq!(ours["allowed"], true, "{}", ours["message"]);
    let sidecar = ours["facts"]["injected"]["initContainers/vault-agent"].take();
    assert_eq!(
        sidecar["config"]["template"][0]["command"],
        "run:[\"/vault/custom/reload\",\"--now\"]"
    );
    refused(
        &with_command("/opt/reload"),
        "metadata.annotations[vault.hashicorp.com/agent-inject-command-db]: \"/opt/reload\": lies in no volume that the sidecar has: name a Secret with agent-extra-secret (/vault/custom) or tls-secret (/vault/tls), or a container that mounts it with agent-copy-volume-mounts",
    );
}

#[test]
fn mounts_are_copied_where_the_sidecar_has_none_of_its_own() {
    let asked = [
        DB,
        ("agent-extra-secret", "ids"),
        ("agent-copy-volume-mounts", "web"),
    ];
    let mut pod = pod(&asked);
    let own_token = "/var/run/secrets/kubernetes.io/serviceaccount";
    pod["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    let mut copied = |directory: &str| {
        let mount = json!([{"name": "data", "mountPath": directory}]);
        pod["spec"]["containers"][0]["volumeMounts"] = mount;
        ours(&pod)
    };
    for (directory, is_copied) in [
        ("/data", true),
        ("/vault", true),
        ("/vault/custom-not", true),
        (own_token, false),
        (&format!("{own_token}/"), false),
    ] {
        let ours = copied(directory);
        let mounts =
            ours["facts"]["injected"]["initContainers/vault-agent"]["volumeMounts"].to_string();
        assert_eq!(
            mounts.contains("\"data\""),
            is_copied,
            "{directory}: {ours}"
        );
    }
    for directory in ["/vault/custom", "/vault//custom/", "/vault/custom/deep"] {
        let want = format!(
            "spec.containers[0].volumeMounts[0].mountPath: {directory:?}: cannot be copied to the sidecar, which has /vault/custom of its own: move it, or name another container with agent-copy-volume-mounts"
        );
        assert_eq!(copied(directory)["message"], want);
    }
}
