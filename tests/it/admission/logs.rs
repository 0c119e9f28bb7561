//! One line for each admission, and never the body.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use expect_test::{Expect, expect};
use freshet::telemetry::{LogFormat, LogLevel, subscriber};
use freshet::webhook::router;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::client::post;
use super::{review, usual_app};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged at the most talkative level while the webhook answers `body`; each line without
/// its time and the time that the review took.
async fn logged(body: Vec<u8>) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = subscriber(LogFormat::Json, LogLevel::Debug, move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let answer = router::admission(usual_app()).oneshot(post(body)).await;
    answer.expect("infallible");
    let log = log.0.lock().expect("not poisoned");
    let line = |line: &str| {
        let mut event: Value = serde_json::from_str(line).expect("JSON");
        for changing in ["timestamp", "duration_us"] {
            event.as_object_mut().expect("an object").remove(changing);
        }
        format!("{event}\n")
    };
    std::str::from_utf8(&log)
        .expect("UTF-8")
        .lines()
        .map(line)
        .collect()
}

async fn check(name: &str, want: Expect) {
    want.assert_eq(&logged(review(name)).await);
}

#[tokio::test]
async fn an_admission_is_one_line() {
    check("create", expect![[r#"
        {"dry_run":false,"files":1,"level":"INFO","message":"injected","owner.kind":"ReplicaSet","owner.name":"web-6f9c7d5b8f","pod.name":"web-6f9c7d5b8f-","pod.namespace":"shop"}
    "#]]).await;
    check("create-dry-run", expect![[r#"
        {"dry_run":true,"files":1,"level":"INFO","message":"injected","pod.name":"web-debug","pod.namespace":"shop"}
    "#]]).await;
    check("create-not-annotated", expect![[r#"
        {"dry_run":false,"level":"DEBUG","message":"skipped","owner.kind":"ReplicaSet","owner.name":"web-6f9c7d5b8f","pod.name":"web-6f9c7d5b8f-","pod.namespace":"shop"}
    "#]]).await;
    check("create-two-mistakes", expect![[r#"
        {"dry_run":false,"level":"INFO","message":"denied","owner.kind":"ReplicaSet","owner.name":"web-6f9c7d5b8f","pod.name":"web-6f9c7d5b8f-","pod.namespace":"shop","problems":"metadata.annotations[freshet.dev/mode-database]: \"99\": must be octal, e.g. 0640\nmetadata.annotations[freshet.dev/rolle]: unknown: did you mean freshet.dev/role?"}
    "#]]).await;
}

#[tokio::test]
async fn a_request_that_cannot_be_answered_is_one_line() {
    check("create-v1beta1", expect![[r#"
        {"level":"WARN","message":"request refused","reason":"apiVersion \"admission.k8s.io/v1beta1\", kind \"AdmissionReview\": must be admission.k8s.io/v1, AdmissionReview: set admissionReviewVersions: [\"v1\"] in the webhook configuration"}
    "#]]).await;
}

#[tokio::test]
async fn what_a_pod_holds_is_not_logged() {
    for name in ["create", "create-two-mistakes", "create-not-annotated"] {
        let mut review = super::json(&review(name));
        let pod = &mut review["request"]["object"];
        pod["metadata"]["annotations"]["example.com/token"] = json!("hvs.marker");
        pod["spec"]["containers"][0]["env"] =
            json!([{ "name": "PASSWORD", "value": "hvs.marker" }]);
        review["request"]["userInfo"]["extra"] = json!({ "token": ["hvs.marker"] });
        let log = logged(review.to_string().into_bytes()).await;
        assert!(!log.is_empty());
        assert!(!log.contains("marker"), "{log}");
        // Cut in the middle, it is not JSON any more.
        let mut half = review.to_string().into_bytes();
        half.truncate(half.len() - 10);
        let log = logged(half).await;
        assert!(
            log.contains("ends too early") && !log.contains("marker"),
            "{log}"
        );
    }
}
