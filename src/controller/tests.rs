use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::get;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::*;

/// What the watches have told of themselves.
type Told = Mutex<Vec<(&'static str, bool)>>;

fn quota(name: &str, cpu: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": { "namespace": "shop", "name": name, "resourceVersion": "7" },
        "spec": { "hard": { "limits.cpu": cpu } },
    })
}

fn list(items: &[Value]) -> Value {
    json!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "7" }, "items": items })
}

/// A list to a list request, and to a watch these events and then silence.
fn listed(query: Option<&str>, items: &[Value], events: &[Value]) -> Body {
    if !query.is_some_and(|query| query.contains("watch=true")) {
        return Body::from(list(items).to_string());
    }
    let lines: Vec<_> = events
        .iter()
        .map(|event| Bytes::from(format!("{event}\n")))
        .collect();
    let events = stream::iter(lines).map(Ok::<_, Infallible>);
    Body::from_stream(events.chain(stream::pending()))
}

fn forbidden() -> (StatusCode, String) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
        "message": "limitranges is forbidden", "code": 403,
    });
    (StatusCode::FORBIDDEN, status.to_string())
}

fn version(minor: &'static str) -> Router {
    let version = json!({
        "major": "1", "minor": minor, "gitVersion": "", "gitCommit": "", "gitTreeState": "",
        "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
    });
    Router::new().route("/version", get(async move || version.to_string()))
}

/// Runs the controller on an API server until `known` is true of the facts.
async fn run_until(
    api: Router,
    version_is_set: bool,
    known: impl Fn(&NamespaceFacts, &Told) -> bool,
) -> (Arc<NamespaceFacts>, Vec<(&'static str, bool)>) {
    let (facts, told) = (Arc::new(NamespaceFacts::default()), Told::default());
    let on_synced = |resource, known| told.lock().expect("not poisoned").push((resource, known));
    let client = Client::new(api, "default");
    let waiting = async {
        while !known(&facts, &told) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = run(client, facts.clone(), version_is_set, None, &on_synced) => panic!("it ended"),
        () = waiting => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("it took too long"),
    }
    (facts, told.into_inner().expect("not poisoned"))
}

#[tokio::test]
async fn what_is_listed_and_watched_becomes_facts() {
    let api = version("33+")
        .route(
            "/api/v1/resourcequotas",
            get(async |RawQuery(query): RawQuery| {
                let event = json!({ "type": "MODIFIED", "object": quota("compute", "9") });
                listed(
                    query.as_deref(),
                    &[quota("compute", "1"), quota("best", "2")],
                    &[event],
                )
            }),
        )
        .route(
            "/api/v1/limitranges",
            get(async |RawQuery(query): RawQuery| {
                let empty = json!({ "metadata": { "namespace": "shop", "name": "without-spec" } });
                listed(query.as_deref(), &[empty], &[])
            }),
        );
    let (facts, told) = run_until(api, false, |facts, _| {
        let shop = facts.of("shop");
        let cpu = |quota: &ResourceQuota| quota.hard["limits.cpu"] == "9";
        shop.resource_quotas.iter().any(cpu)
            && !shop.limit_ranges.is_empty()
            && shop.kubernetes_version.is_some()
    })
    .await;
    let shop = facts.of("shop");
    let names: Vec<_> = shop
        .resource_quotas
        .iter()
        .map(|quota| &quota.name)
        .collect();
    assert_eq!(names, ["best", "compute"]);
    assert_eq!(shop.limit_ranges[0].limits, []);
    assert_eq!(facts.of("other").kubernetes_version, Some((1, 33)));
    assert!(told.contains(&("resourcequotas", true)), "{told:?}");
    assert!(told.contains(&("limitranges", true)), "{told:?}");
}

#[tokio::test]
async fn what_is_forbidden_leaves_the_rest_known_and_a_set_version_alone() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let api = Router::new()
        .route(
            "/version",
            get(async move || {
                count.fetch_add(1, Ordering::Relaxed);
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route("/api/v1/limitranges", get(async || forbidden()))
        .route(
            "/api/v1/resourcequotas",
            get(async |RawQuery(query): RawQuery| {
                listed(query.as_deref(), &[quota("compute", "1")], &[])
            }),
        );
    let (facts, told) = run_until(api, true, |_, told| {
        told.lock()
            .expect("not poisoned")
            .contains(&("resourcequotas", true))
    })
    .await;
    assert_eq!(facts.of("shop").resource_quotas.len(), 1);
    assert!(told.contains(&("limitranges", false)) && !told.contains(&("limitranges", true)));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}
