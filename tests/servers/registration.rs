//! What the registration says: who is asked, how often, and what happens when nobody answers.

use serde_json::{Value, json};

use crate::support::api_server::{ApiServer, Kubectl};
use crate::support::process::{free_port, wait_for};
use crate::support::second_webhook;
use crate::support::webhook::{Webhook, manifest, own_label, own_manifest, register};

#[test]
fn a_pod_without_our_annotations_never_leaves_the_api_server() {
    let api = ApiServer::shared();
    let webhook = Webhook::own(api, "conditions", &[]);
    let namespace = api.namespace("conditions", &[own_label("conditions")]);
    let before = webhook.reviews();
    for (name, annotations) in [
        ("none", Value::Null),
        ("empty", json!({})),
        ("other", json!({ "example.org/freshet.dev": "true" })),
    ] {
        assert!(
            create(api, &pod(&namespace, name, &annotations)).ok,
            "{name}"
        );
    }
    // A pod with volumes, an update of a pod and another kind do not either.
    let mut volumes = pod(&namespace, "volumes", &Value::Null);
    volumes["spec"]["volumes"] = json!([{ "name": "v", "secret": { "secretName": "s" } }]);
    api.create(&volumes);
    api.run(&["label", "-n", &namespace, "pod", "none", "a=b"], "");
    api.run(&["create", "-n", &namespace, "configmap", "map"], "");
    assert_eq!(webhook.reviews(), before);

    api.create(&pod(&namespace, "ours", &asked()));
    assert_eq!(webhook.reviews(), before + 1);
    api.run(
        &[
            "annotate",
            "-n",
            &namespace,
            "pod",
            "ours",
            "freshet.dev/refresh=1",
        ],
        "",
    );
    assert_eq!(
        webhook.reviews(),
        before + 1,
        "a pod that exists is not reviewed again"
    );
}

#[test]
fn pods_of_the_vault_agent_injector_are_asked_about() {
    let api = ApiServer::shared();
    let webhook = Webhook::own(api, "injector", &[]);
    let namespace = api.namespace("injector", &[own_label("injector")]);
    let before = webhook.reviews();
    let role = json!({ "vault.hashicorp.com/role": "app" });
    assert!(create(api, &pod(&namespace, "role", &role)).ok);
    assert_eq!(webhook.reviews(), before);
    for (name, prefix) in [("vault", "vault.hashicorp.com"), ("bao", "openbao.org")] {
        let annotations = json!({
            format!("{prefix}/agent-inject"): "true",
            format!("{prefix}/role"): "app",
            format!("{prefix}/agent-inject-secret-db"): "secret/data/db",
        });
        let created = create(api, &pod(&namespace, name, &annotations));
        assert!(created.ok, "{}", created.stderr);
        let created: Value = serde_json::from_str(&created.stdout).expect("JSON");
        let sidecar = &created["spec"]["initContainers"][0];
        assert_eq!(sidecar["name"], "vault-agent");
        assert_eq!(sidecar["restartPolicy"], "Always");
        let status = &created["metadata"]["annotations"]["vault.hashicorp.com/agent-inject-status"];
        assert_eq!(status, "injected");
    }
}

#[test]
fn while_the_webhook_is_down_only_annotated_pods_are_refused() {
    let api = ApiServer::shared();
    let port = free_port();
    register(api, "down", &own_manifest(api, "down"), port);
    let namespace = api.namespace("down", &[own_label("down")]);
    let refused = wait_for("the API server to know of the registration", || {
        let created = create(api, &pod(&namespace, "ours", &asked()));
        if created.ok {
            api.run(&["delete", "-n", &namespace, "pod", "ours", "--force"], "");
        }
        (!created.ok).then_some(created)
    });
    assert_eq!(
        refused.stderr,
        format!(
            "Error from server (InternalError): error when creating \"STDIN\": Internal error occurred: \
             failed calling webhook \"pods.freshet.dev\": failed to call webhook: \
             Post \"https://127.0.0.1:{port}/mutate?timeout=5s\": \
             dial tcp 127.0.0.1:{port}: connect: connection refused\n"
        )
    );
    assert!(create(api, &pod(&namespace, "other", &Value::Null)).ok);
}

#[test]
fn a_later_webhook_that_changes_the_pod_makes_ours_look_again() {
    let api = ApiServer::shared();
    let webhook = Webhook::own(api, "reinvocation", &[]);
    let second = second_webhook::serve(api, "second-webhook", |pod| {
        let containers = pod["spec"]["containers"].as_array().expect("containers");
        if containers
            .iter()
            .any(|container| container["name"] == "late")
        {
            return json!([]);
        }
        json!([
            { "op": "add", "path": "/spec/containers/-", "value": { "name": "late", "image": "late" } },
            { "op": "add", "path": "/metadata/labels", "value": { "late": "true" } },
        ])
    });
    // Registrations are asked in the order of their names: this one after ours.
    let mut later = own_manifest(api, "reinvocation");
    later["webhooks"][0]["name"] = json!("late.example.org");
    later["webhooks"][0]["matchConditions"] = json!([]);
    register(api, "zz-second", &later, second);
    let namespace = api.namespace("reinvocation", &[own_label("reinvocation")]);
    wait_for("the API server to know of the second webhook", || {
        let pod = pod(&namespace, "probe", &Value::Null);
        let created = api.kubectl(
            &["create", "--dry-run=server", "-o", "json", "-f", "-"],
            &pod.to_string(),
        );
        created.stdout.contains("late").then_some(())
    });

    let before = webhook.reviews();
    let created = create(api, &pod(&namespace, "app", &asked()));
    assert!(created.ok, "{}", created.stderr);
    assert_eq!(webhook.reviews(), before + 2, "asked, and asked again");
    assert!(
        created.stderr.contains("late"),
        "a warning names it: {}",
        created.stderr
    );
    let pod: Value = serde_json::from_str(&created.stdout).expect("kubectl prints JSON");
    let refreshers = pod["spec"]["initContainers"]
        .as_array()
        .expect("init containers");
    assert_eq!(refreshers.len(), 1, "{pod}");
    let mounts = |container: &Value| {
        container["volumeMounts"]
            .to_string()
            .contains("freshet-secrets")
    };
    assert!(mounts(&pod["spec"]["containers"][0]), "{pod}");
    assert!(
        !mounts(&pod["spec"]["containers"][1]),
        "it was not in what the author wrote: {pod}"
    );
}

#[test]
fn the_manifest_is_what_the_guide_promises() {
    let manifest = manifest(ApiServer::shared());
    for entry in manifest["webhooks"].as_array().expect("webhooks") {
        assert!(
            entry["clientConfig"].get("caBundle").is_none(),
            "a GitOps tool would fight over it"
        );
        assert_eq!(entry["failurePolicy"], "Fail");
        assert_eq!(entry["reinvocationPolicy"], "IfNeeded");
        assert_eq!(entry["sideEffects"], "None");
        assert_eq!(entry["timeoutSeconds"], 5);
    }
}

fn asked() -> Value {
    json!({ "freshet.dev/inject": "true", "freshet.dev/secret-db": "secret/db#password" })
}

fn pod(namespace: &str, name: &str, annotations: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace, "annotations": annotations },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    })
}

fn create(api: &ApiServer, object: &Value) -> Kubectl {
    api.kubectl(&["create", "-o", "json", "-f", "-"], &object.to_string())
}
