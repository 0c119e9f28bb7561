//! What is wrong with what was asked about: a denial that names it, with the uid of the request.

use axum::http::StatusCode;
use expect_test::{Expect, expect};
use freshet::webhook::router;
use tower::ServiceExt as _;

use super::client::{get, post, read};
use super::{json, review, usual_app};

/// The `status` of a denial.
async fn check_denied(name: &str, want: Expect) {
    let body = review(name);
    let answer = router::admission(usual_app())
        .oneshot(post(body.clone()))
        .await;
    let (status, answer) = read(answer.expect("infallible")).await;
    assert_eq!(status, StatusCode::OK);
    let answer = json(&answer);
    let response = &answer["response"];
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["kind"], "AdmissionReview");
    assert_eq!(response["uid"], json(&body)["request"]["uid"]);
    assert_eq!(response["allowed"], false);
    assert_eq!(response["status"]["code"], 403);
    want.assert_eq(response["status"]["message"].as_str().expect("a message"));
}

#[tokio::test]
async fn another_kind_is_denied_with_the_rule_to_mend() {
    check_denied(
        "create-deployment",
        expect![[r#"apps/v1 deployments: Freshet reviews pods alone: the rules of the webhook configuration must name apiGroups [""], apiVersions ["v1"], resources ["pods"]"#]],
    )
    .await;
    check_denied(
        "update-ephemeral-containers",
        expect![[r#"v1 pods/ephemeralcontainers: Freshet reviews pods alone: the rules of the webhook configuration must name apiGroups [""], apiVersions ["v1"], resources ["pods"]"#]],
    )
    .await;
}

#[tokio::test]
async fn a_creation_without_an_object_is_denied() {
    check_denied(
        "create-without-object",
        expect!["request.object: must be a pod; the API server sent none"],
    )
    .await;
}

#[tokio::test]
async fn health_is_on_both_ports() {
    for router in [
        router::admission(usual_app()),
        router::observation(usual_app()),
    ] {
        for path in ["/livez", "/readyz"] {
            let answer = router.clone().oneshot(get(path)).await.expect("infallible");
            assert_eq!(read(answer).await, (StatusCode::OK, "ok".into()));
        }
        let answer = router
            .oneshot(get("/readyz?verbose"))
            .await
            .expect("infallible");
        let (_, body) = read(answer).await;
        let want = "[+]ping ok\n[+]certificate ok\n[+]not-draining ok\nreadyz check passed\n";
        assert_eq!(body, want);
    }
}
