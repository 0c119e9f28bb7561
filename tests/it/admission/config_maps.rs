//! The ConfigMap that a pod names is read from the API server when the pod is admitted.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use expect_test::{Expect, expect};
use freshet::controller::NamespaceFacts;
use freshet::inject;
use freshet::webhook::limits::Limits;
use freshet::webhook::{App, router};
use kube::Client;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::client::{post, read};
use super::{defaults, review};

/// An API server with one ConfigMap, `shop/agent`, that takes down which ones it was asked for.
fn api_server(asked: Arc<Mutex<Vec<String>>>) -> Client {
    let answer = async move |Path((namespace, name)): Path<(String, String)>| {
        asked
            .lock()
            .expect("not poisoned")
            .push(format!("{namespace}/{name}"));
        match name.as_str() {
            "agent" => (StatusCode::OK, config_map()),
            "secret" => (StatusCode::FORBIDDEN, status(403, "Forbidden")),
            "slow" => std::future::pending().await,
            _ => (StatusCode::NOT_FOUND, status(404, "NotFound")),
        }
    };
    let path = "/api/v1/namespaces/{namespace}/configmaps/{name}";
    Client::new(Router::new().route(path, get(answer)), "default")
}

fn config_map() -> String {
    let config = "auto_auth { method \"kubernetes\" { config { role = \"shop\" } } }\n\
                  template { contents = \"x\" destination = \"/vault/secrets/x\" }\n";
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "agent", "namespace": "shop"},
        "data": {"config.hcl": config},
    })
    .to_string()
}

fn status(code: u16, reason: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason,
        "message": "the server's words", "code": code,
    })
    .to_string()
}

/// What is answered to a pod with these annotations, and which ConfigMaps were asked for.
async fn answer(annotations: Value, client: bool) -> (String, Vec<String>) {
    let asked = Arc::new(Mutex::default());
    let facts = Arc::new(NamespaceFacts::default());
    facts.set_kubernetes_version((1, 36));
    let mut defaults = defaults();
    defaults.dialect.vault_address = Some("https://vault:8200".parse().expect("an address"));
    let app = App::new(
        inject::decide,
        defaults,
        facts,
        Limits::default(),
        Arc::default(),
    )
    .with_api(client.then(|| api_server(asked.clone())));
    let mut review = super::json(&review("create"));
    review["request"]["namespace"] = "shop".into();
    review["request"]["object"]["metadata"]["annotations"] = annotations;
    let admission = router::admission(Arc::new(app));
    let answer = admission.oneshot(post(review.to_string())).await;
    let (_, body) = read(answer.expect("infallible")).await;
    let response = &super::json(&body)["response"];
    let told = match response["allowed"].as_bool() {
        Some(true) if response["patch"].is_string() => "patched".to_owned(),
        Some(true) => "left alone".to_owned(),
        _ => response["status"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    let asked = asked.lock().expect("not poisoned").clone();
    (told, asked)
}

fn named(name: &str) -> Value {
    json!({
        "vault.hashicorp.com/agent-inject": "true",
        "vault.hashicorp.com/agent-configmap": name,
    })
}

#[tokio::test]
async fn a_pod_gets_what_its_config_map_says_or_is_refused_with_the_reason() {
    let check = async |name: &str, client: bool, want: Expect| {
        let (told, asked) = answer(named(name), client).await;
        want.assert_eq(&told);
        let want: &[String] = &[format!("shop/{name}")];
        assert_eq!(asked, if client { want } else { &[] });
    };
    check("agent", true, expect!["patched"]).await;
    check("other", true, expect![[r#"metadata.annotations[vault.hashicorp.com/agent-configmap]: "other": is no ConfigMap of the namespace shop: apply it before the pod"#]]).await;
    check("secret", true, expect![[r#"metadata.annotations[vault.hashicorp.com/agent-configmap]: "secret": cannot be read: configmaps shop/secret: get: forbidden: the ClusterRole of the webhook's service account must grant get on configmaps (the API server says: the server's words); the chart's value vaultK8s.agentConfigMaps=true does"#]]).await;
    check("slow", true, expect![[r#"metadata.annotations[vault.hashicorp.com/agent-configmap]: "slow": cannot be read: configmaps shop/slow: get: no answer within 2s"#]]).await;
    check("agent", false, expect![[r#"metadata.annotations[vault.hashicorp.com/agent-configmap]: "agent": cannot be read: the webhook does not talk to the Kubernetes API: start it without --kubernetes-api=off"#]]).await;
}

#[tokio::test]
async fn nothing_is_read_for_a_pod_that_asks_for_nothing_or_names_no_object() {
    for annotations in [
        json!({"vault.hashicorp.com/agent-configmap": "agent"}),
        json!({"vault.hashicorp.com/agent-inject": "false", "vault.hashicorp.com/agent-configmap": "agent"}),
        named("../secrets/agent"),
        named(""),
    ] {
        let (_, asked) = answer(annotations, true).await;
        assert_eq!(asked, [] as [String; 0]);
    }
}
