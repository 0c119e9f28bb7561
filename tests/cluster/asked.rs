//! Which pods the API server asks Freshet about: it asks for no other, so no other can wait for it.

use serde_json::{Value, json};

use crate::support::app;
use crate::support::freshet;
use crate::support::freshet::NAMESPACE;
use crate::support::kubectl::{get, kubectl, run, wait_for};
use crate::support::namespace::{ENABLED, Namespace};

#[test]
fn pods_that_did_not_opt_in_are_never_sent_to_the_webhook() {
    freshet::install();
    // Reviews are counted: nobody else may cause one.
    let enabled = Namespace::alone("asked", &[ENABLED]);
    let annotated = app::pod(&enabled, "app", "true");
    let mut plain = annotated.clone();
    plain["metadata"]["annotations"] = json!({ "example.com/inject": "true" });
    let mut without = annotated.clone();
    without["metadata"]["annotations"] = Value::Null;
    let before = reviews();
    for (what, namespace, pod) in [
        ("annotations of others", enabled.name.as_str(), &plain),
        ("no annotations", enabled.name.as_str(), &without),
        ("a namespace without the label", "default", &annotated),
        ("kube-system", "kube-system", &annotated),
        ("Freshet's own namespace", NAMESPACE, &annotated),
    ] {
        admit(namespace, pod);
        assert_eq!(reviews(), before, "{what}");
    }
    // With the label they are left alone all the same.
    for namespace in ["kube-system", NAMESPACE] {
        let label = format!("{}={}", ENABLED.0, ENABLED.1);
        run(&["label", "namespace", namespace, &label]);
        admit(namespace, &annotated);
        run(&["label", "namespace", namespace, &format!("{}-", ENABLED.0)]);
        assert_eq!(reviews(), before, "{namespace} with the label");
    }
    admit(&enabled.name, &annotated);
    assert!(reviews() > before, "one that opted in is counted");
}

/// Admission as for a real pod; only that none is made.
#[track_caller]
fn admit(namespace: &str, pod: &Value) {
    let args = [
        "create",
        "--dry-run=server",
        "--filename=-",
        "--namespace",
        namespace,
    ];
    let done = kubectl(&args, &pod.to_string());
    assert!(done.ok, "{namespace}: {}", done.stderr);
}

/// How many reviews the webhook's replicas have answered.
#[track_caller]
fn reviews() -> u64 {
    let pods = wait_for(NAMESPACE, "replicas that stay", || {
        let pods = get(&["pods", "--namespace", NAMESPACE]);
        let pods = pods["items"].as_array().expect("a list").clone();
        let ends = |pod: &Value| pod["metadata"]["deletionTimestamp"].is_string();
        if pods.is_empty() || pods.iter().any(ends) {
            Err(format!("{} pods, of which some end", pods.len()))
        } else {
            Ok(pods)
        }
    });
    let of_pod = |pod: &Value| {
        let name = pod["metadata"]["name"].as_str().expect("a name");
        let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{name}:8081/proxy/metrics");
        let metrics = run(&["get", "--raw", &path]);
        let counts = metrics
            .lines()
            .filter(|line| line.starts_with("freshet_admission_reviews_total{"));
        let counts: Vec<u64> = counts
            .map(|line| {
                line.rsplit(' ')
                    .next()
                    .and_then(|count| count.parse().ok())
                    .expect("a count")
            })
            .collect();
        assert!(!counts.is_empty(), "no count of reviews: {metrics}");
        counts.iter().sum::<u64>()
    };
    pods.iter().map(of_pod).sum()
}
