//! What is wrong with a request: the right status, and a text that says what to do.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use expect_test::{Expect, expect};
use freshet::inject::Decision;
use freshet::webhook::limits::Limits;
use freshet::webhook::router;
use futures_util::stream;
use tower::ServiceExt as _;

use super::client::{get, post, read};
use super::{SKIP, app, json, review, usual_app};

async fn send(request: Request<Body>) -> (StatusCode, Bytes) {
    send_within(Limits::default(), request).await
}

async fn send_within(limits: Limits, request: Request<Body>) -> (StatusCode, Bytes) {
    let router = router::admission(app(SKIP, limits));
    read(router.oneshot(request).await.expect("infallible")).await
}

/// The status and the `message` of a Kubernetes `Status`.
#[track_caller]
fn check(answer: (StatusCode, Bytes), want: Expect) {
    let (status, body) = answer;
    let body = json(&body);
    assert_eq!(body["kind"], "Status");
    assert_eq!(body["code"], status.as_u16());
    want.assert_eq(&format!(
        "{} {}: {}",
        status.as_u16(),
        body["reason"].as_str().expect("a reason"),
        body["message"].as_str().expect("a message")
    ));
}

fn with_content_type(content_type: Option<&'static str>) -> Request<Body> {
    let mut request = post(review("create"));
    request.headers_mut().remove("Content-Type");
    if let Some(content_type) = content_type {
        let value = content_type.parse().expect("a header value");
        request.headers_mut().insert("Content-Type", value);
    }
    request
}

#[tokio::test]
async fn a_wrong_content_type_is_415() {
    check(
        send(with_content_type(None)).await,
        expect![[
            r#"415 UnsupportedMediaType: freshet: Content-Type "": must be application/json"#
        ]],
    );
    check(
        send(with_content_type(Some(
            "application/vnd.kubernetes.protobuf",
        )))
        .await,
        expect![[
            r#"415 UnsupportedMediaType: freshet: Content-Type "application/vnd.kubernetes.protobuf": must be application/json"#
        ]],
    );
    check(
        send(with_content_type(Some("application/jsonp"))).await,
        expect![[
            r#"415 UnsupportedMediaType: freshet: Content-Type "application/jsonp": must be application/json"#
        ]],
    );
}

#[tokio::test]
async fn a_content_type_may_have_parameters() {
    for accepted in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
    ] {
        let (status, _) = send(with_content_type(Some(accepted))).await;
        assert_eq!(status, StatusCode::OK, "{accepted}");
    }
}

#[tokio::test]
async fn a_bad_body_is_400() {
    check(
        send(post("")).await,
        expect![
            "400 BadRequest: freshet: the body is not an AdmissionReview: it ends too early at line 1 column 0"
        ],
    );
    check(
        send(post("password=hunter2")).await,
        expect![
            "400 BadRequest: freshet: the body is not an AdmissionReview: it is not JSON at line 1 column 1"
        ],
    );
    check(
        send(post(vec![0xff; 100])).await,
        expect![
            "400 BadRequest: freshet: the body is not an AdmissionReview: it is not JSON at line 1 column 1"
        ],
    );
    let mut half = review("create");
    half.truncate(half.len() / 2);
    let (status, body) = send(post(half)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let message = json(&body)["message"].to_string();
    assert!(message.contains("it ends too early"), "{message}");
}

#[tokio::test]
async fn another_version_is_400_and_says_what_is_accepted() {
    check(
        send(post(review("create-v1beta1"))).await,
        expect![[
            r#"400 BadRequest: freshet: apiVersion "admission.k8s.io/v1beta1", kind "AdmissionReview": must be admission.k8s.io/v1, AdmissionReview: set admissionReviewVersions: ["v1"] in the webhook configuration"#
        ]],
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whether_its_length_is_told_or_not() {
    let limits = Limits {
        body: 1000,
        ..Limits::default()
    };
    check(
        send_within(limits.clone(), post(vec![b' '; 1001])).await,
        expect![
            "413 RequestEntityTooLarge: freshet: the body has 1001 bytes: must be at most 1000 (--body-limit)"
        ],
    );
    let chunks = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 600])));
    check(
        send_within(limits, post(Body::from_stream(chunks))).await,
        expect![
            "413 RequestEntityTooLarge: freshet: the body has more than 1000 bytes: must be at most 1000 (--body-limit)"
        ],
    );
}

#[tokio::test]
async fn a_body_that_never_ends_is_408() {
    let limits = Limits {
        request: Duration::from_millis(20),
        ..Limits::default()
    };
    let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    check(
        send_within(limits, post(endless)).await,
        expect!["408 Timeout: freshet: the body did not arrive within 20ms"],
    );
}

#[tokio::test]
async fn another_path_or_method_is_told_what_is_here() {
    check(
        send(get("/validate")).await,
        expect![
            "404 NotFound: freshet: GET /validate: no such path: this port serves POST /mutate, GET /livez and GET /readyz"
        ],
    );
    check(
        send(get("/mutate")).await,
        expect!["405 MethodNotAllowed: freshet: GET /mutate: another method is expected"],
    );
    let mut delete = get("/readyz");
    *delete.method_mut() = Method::DELETE;
    check(
        send(delete).await,
        expect!["405 MethodNotAllowed: freshet: DELETE /readyz: another method is expected"],
    );
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    const PANIC: freshet::webhook::Decide = |request, _, _| -> Decision {
        let name = request.pod["metadata"]["generateName"].as_str();
        assert!(name.is_none(), "hunter2");
        SKIP(request, &super::defaults(), &Default::default())
    };
    let app = app(PANIC, Limits::default());
    let router = router::admission(app.clone());
    let answer = router.clone().oneshot(post(review("create"))).await;
    check(
        read(answer.expect("infallible")).await,
        expect![
            "500 InternalError: freshet: the decision about this pod failed: this is a fault of Freshet; its log says where"
        ],
    );
    let answer = router.oneshot(post(review("create-dry-run"))).await;
    assert_eq!(answer.expect("infallible").status(), StatusCode::OK);

    let observation = router::observation(app);
    let answer = observation.oneshot(get("/metrics")).await;
    let (_, metrics) = read(answer.expect("infallible")).await;
    let metrics = String::from_utf8_lossy(&metrics).into_owned();
    assert!(
        metrics.contains("reviews_total{result=\"failed\"} 1\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn metrics_are_on_the_other_port_alone() {
    let app = usual_app();
    let answer = router::admission(app.clone())
        .oneshot(get("/metrics"))
        .await;
    assert_eq!(answer.expect("infallible").status(), StatusCode::NOT_FOUND);

    let answer = router::observation(app.clone())
        .oneshot(get("/metrics"))
        .await;
    let answer = answer.expect("infallible");
    assert_eq!(
        answer.headers()["Content-Type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let (status, body) = read(answer).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.ends_with(b"# EOF\n"));

    let answer = router::observation(app)
        .oneshot(post(review("create")))
        .await;
    assert_eq!(answer.expect("infallible").status(), StatusCode::NOT_FOUND);
}
