//! Whole reviews through the real decision: what the API server would store.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use freshet::webhook::router;
use json_patch::Patch;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::client::{post, read};
use super::{review, usual_app};

/// What the webhook answers, as far as the API server acts on it.
struct Answer {
    allowed: bool,
    patch: Option<Patch>,
    message: Option<String>,
}

async fn ask(review: &Value) -> Answer {
    let answer = router::admission(usual_app())
        .oneshot(post(review.to_string()))
        .await;
    let (status, body) = read(answer.expect("infallible")).await;
    assert_eq!(status, StatusCode::OK);
    let response = &super::json(&body)["response"];
    assert_eq!(response["uid"], review["request"]["uid"]);
    let patch = response["patch"].as_str().map(|patch| {
        assert_eq!(response["patchType"], "JSONPatch");
        let patch = BASE64_STANDARD.decode(patch).expect("base64");
        serde_json::from_slice(&patch).expect("a patch")
    });
    let message = response["status"]["message"].as_str().map(str::to_owned);
    let allowed = response["allowed"] == true;
    Answer {
        allowed,
        patch,
        message,
    }
}

fn read_review(name: &str) -> Value {
    super::json(&review(name))
}

/// The pod as it would be stored.
async fn admitted(review: &Value) -> Value {
    let answer = ask(review).await;
    assert!(answer.allowed, "{:?}", answer.message);
    let mut pod = review["request"]["object"].clone();
    let patch = answer.patch.expect("a patch");
    json_patch::patch(&mut pod, &patch).expect("the patch fits the pod");
    pod
}

fn sidecar(pod: &Value) -> &Value {
    let containers = pod["spec"]["initContainers"].as_array();
    let mut native = containers
        .into_iter()
        .flatten()
        .filter(|container| container["restartPolicy"] == "Always");
    native.next().expect("a native sidecar")
}

#[tokio::test]
async fn an_annotated_pod_gets_the_refresher() {
    let review = read_review("create");
    let pod = admitted(&review).await;
    assert_eq!(
        sidecar(&pod)["image"],
        "registry.example/freshet-refresher:test"
    );
    assert_eq!(
        pod["metadata"]["annotations"]["freshet.dev/status"],
        "injected"
    );
    for container in pod["spec"]["containers"].as_array().expect("containers") {
        let mounts = container["volumeMounts"].as_array().expect("mounts");
        assert!(mounts.iter().any(|mount| mount["mountPath"] == "/secrets"));
    }
}

#[tokio::test]
async fn a_second_pass_changes_nothing() {
    let mut review = read_review("create");
    review["request"]["object"] = admitted(&review).await;
    let answer = ask(&review).await;
    assert!(answer.allowed && answer.patch.is_none());
}

#[tokio::test]
async fn a_dry_run_is_answered_like_any_other() {
    let pod = admitted(&read_review("create-dry-run")).await;
    sidecar(&pod);
}

#[tokio::test]
async fn fields_newer_than_this_code_survive() {
    let pod = admitted(&read_review("create-newer")).await;
    assert_eq!(pod["spec"]["fieldOfTomorrow"], json!({ "mode": "Careful" }));
}

#[tokio::test]
async fn what_is_not_asked_for_is_left_alone() {
    for name in ["create-not-annotated", "update", "delete"] {
        let answer = ask(&read_review(name)).await;
        assert!(answer.allowed && answer.patch.is_none(), "{name}");
    }
}

#[tokio::test]
async fn every_mistake_is_a_line_of_the_denial() {
    let answer = ask(&read_review("create-two-mistakes")).await;
    assert!(!answer.allowed && answer.patch.is_none());
    let message = answer.message.expect("a message");
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(lines.len(), 2, "{message}");
    let line_of = |key: &str| {
        let path = format!("metadata.annotations[{key}]: ");
        assert!(
            lines.iter().any(|line| line.starts_with(&path)),
            "{message}"
        );
    };
    line_of("freshet.dev/mode-database");
    line_of("freshet.dev/rolle");
}
