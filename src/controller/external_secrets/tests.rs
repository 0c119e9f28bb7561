use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::*;
use crate::controller::NamespaceFacts;
use crate::dialect::external_secret::Claim;

/// What a path answers: its JSON, and to a watch of it these events before silence.
type Answers = Arc<Mutex<BTreeMap<String, (Value, Vec<Value>)>>>;

/// An API server that knows the paths that it was told, and no other.
#[derive(Clone, Default)]
struct ApiServer(Answers);

const GROUP: &str = "/apis/external-secrets.io";

impl ApiServer {
    fn tell(&self, path: impl Into<String>, answer: Value, events: &[Value]) {
        let mut answers = self.0.lock().expect("not poisoned");
        answers.insert(path.into(), (answer, events.to_vec()));
    }

    /// A list, and what happens after it.
    fn list(&self, path: impl Into<String>, items: &[Value], events: &[Value]) {
        let list = json!({
            "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "7" }, "items": items,
        });
        self.tell(path, list, events);
    }

    /// The three kinds in this version; of ExternalSecrets these.
    fn install(&self, version: &str, external_secrets: &[Value]) {
        let kinds = [
            Kind::ExternalSecret,
            Kind::SecretStore,
            Kind::ClusterSecretStore,
        ];
        let resource = |kind: Kind| json!({ "name": kind.plural(), "singularName": "", "namespaced": true, "kind": kind.name(), "verbs": [] });
        let resources: Vec<_> = kinds.into_iter().map(resource).collect();
        let group = format!("external-secrets.io/{version}");
        self.tell(
            format!("{GROUP}/{version}"),
            json!({ "groupVersion": group, "resources": resources }),
            &[],
        );
        for kind in kinds {
            let path = format!("{GROUP}/{version}/{}", kind.plural());
            match kind {
                Kind::ExternalSecret => self.list(path, external_secrets, &[]),
                _ => self.list(path, &[], &[]),
            }
        }
    }

    fn client(&self) -> Client {
        let router = Router::new().fallback(answer).with_state(self.clone());
        Client::new(router, "default")
    }

    /// Runs the watches until `known` is true of the cache.
    async fn run_until(&self, known: impl Fn(&ExternalSecretCache) -> bool) -> Seen {
        let admission = Arc::new(NamespaceFacts::default());
        let cache = ExternalSecretCache::new(Claim::All, admission.clone());
        let told = Mutex::<Vec<_>>::default();
        let on_synced =
            |resource, known| told.lock().expect("not poisoned").push((resource, known));
        let client = self.client();
        let waiting = async {
            while !known(&cache) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = follow(&client, &cache, &on_synced) => panic!("it ended"),
            () = waiting => {}
            () = tokio::time::sleep(Duration::from_secs(20)) => panic!("it took too long: {cache:?}"),
        }
        let told = told.into_inner().expect("not poisoned");
        Seen {
            cache,
            admission,
            told,
        }
    }
}

/// What came of it.
struct Seen {
    cache: ExternalSecretCache,
    admission: Arc<NamespaceFacts>,
    told: Vec<(&'static str, bool)>,
}

async fn answer(State(api): State<ApiServer>, uri: Uri, RawQuery(query): RawQuery) -> Response {
    let found = api.0.lock().expect("not poisoned").get(uri.path()).cloned();
    let Some((answer, events)) = found else {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
            "message": "the server could not find the requested resource", "code": 404,
        });
        return (StatusCode::NOT_FOUND, status.to_string()).into_response();
    };
    if let Some(code) = answer["code"].as_u64() {
        let code = u16::try_from(code).expect("a status code");
        let code = StatusCode::from_u16(code).expect("a status code");
        return (code, answer.to_string()).into_response();
    }
    if !query.is_some_and(|query| query.contains("watch=true")) {
        return answer.to_string().into_response();
    }
    let lines: Vec<_> = events
        .iter()
        .map(|event| Bytes::from(format!("{event}\n")))
        .collect();
    let events = stream::iter(lines).map(Ok::<_, Infallible>);
    Body::from_stream(events.chain(stream::pending())).into_response()
}

fn named(namespace: &str, name: &str, version: u32) -> Value {
    json!({ "metadata": {
        "namespace": namespace, "name": name, "uid": name,
        "resourceVersion": version.to_string(), "generation": 1,
    }})
}

fn external_secret(namespace: &str, name: &str) -> Value {
    let mut object = named(namespace, name, 3);
    object["spec"] = json!({
        "secretStoreRef": { "name": "vault" },
        "target": { "template": { "templateFrom": [{ "configMap": {
            "name": "conf", "items": [{ "key": "app.conf" }],
        }}]}},
        "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
    });
    object
}

fn namespace(name: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "freshet.dev/injection": "external-secrets" } } })
}

/// A cluster with a served namespace `shop`, and no ConfigMap.
fn cluster() -> ApiServer {
    let api = ApiServer::default();
    api.list("/api/v1/namespaces", &[namespace("shop")], &[]);
    api.list("/api/v1/configmaps", &[], &[]);
    api
}

#[tokio::test]
async fn kinds_that_do_not_exist_are_known_to_be_none() {
    let seen = cluster()
        .run_until(|cache| cache.awaited().is_empty())
        .await;
    assert!(seen.cache.objects().is_empty());
    for resource in [
        "externalsecrets",
        "secretstores",
        "clustersecretstores",
        "namespaces",
        "configmaps",
    ] {
        assert!(
            seen.told.contains(&(resource, true)),
            "{resource}: {:?}",
            seen.told
        );
    }
}

#[tokio::test]
async fn kinds_that_are_installed_later_are_found() {
    let api = cluster();
    let later = api.clone();
    let seen = api
        .run_until(move |cache| {
            if cache.awaited().is_empty() && cache.version(Kind::ExternalSecret).is_none() {
                later.install("v1", &[external_secret("shop", "db")]);
            }
            !cache.objects().is_empty()
        })
        .await;
    assert!(!seen.admission.of("shop").external_secrets.is_empty());
}

#[tokio::test]
async fn an_older_version_is_read_where_it_is_the_only_one() {
    let api = cluster();
    api.install(
        "v1beta1",
        &[external_secret("shop", "db"), external_secret("bank", "db")],
    );
    let seen = api.run_until(|cache| cache.awaited().is_empty()).await;
    assert_eq!(seen.cache.version(Kind::ExternalSecret), Some("v1beta1"));
    assert!(!seen.admission.of("shop").external_secrets.is_empty());
    assert!(seen.admission.of("bank").external_secrets.is_empty());
    api.install("v1", &[]);
    let seen = api.run_until(|cache| cache.awaited().is_empty()).await;
    assert_eq!(seen.cache.version(Kind::ExternalSecret), Some("v1"));
}

#[tokio::test]
async fn what_is_forbidden_is_awaited() {
    let api = cluster();
    api.install("v1", &[]);
    let forbidden = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
        "message": "secretstores is forbidden", "code": 403,
    });
    api.tell(format!("{GROUP}/v1/secretstores"), forbidden, &[]);
    let seen = api.run_until(|cache| cache.awaited().len() == 2).await;
    assert_eq!(seen.cache.awaited(), ["secretstores", "configmaps"]);
}

#[tokio::test]
async fn of_the_config_maps_that_are_named_the_named_keys_are_read() {
    let text = |cache: &ExternalSecretCache, key: &str| {
        let facts = cache.of("shop")?;
        facts.config_map("shop", "conf", key).map(str::to_owned)
    };
    let api = cluster();
    api.install(
        "v1",
        &[external_secret("shop", "db"), external_secret("bank", "db")],
    );
    let config_map = |version: u32, text: &str| {
        let mut object = named("shop", "conf", version);
        object["data"] = json!({ "app.conf": text, "large": "something else" });
        object
    };
    let (first, second) = (config_map(1, "first"), config_map(2, "second"));
    api.tell(
        "/api/v1/namespaces/shop/configmaps/conf",
        first.clone(),
        &[],
    );
    let event = json!({ "type": "MODIFIED", "object": named("shop", "conf", 2) });
    api.list(
        "/api/v1/configmaps",
        &[named("shop", "conf", 1), named("shop", "other", 1)],
        &[],
    );
    let seen = api.run_until(|cache| cache.awaited().is_empty()).await;
    assert_eq!(text(&seen.cache, "app.conf").as_deref(), Some("first"));
    assert_eq!(text(&seen.cache, "large"), None);
    // A namespace that is not served reads none.
    let bank = seen.cache.of("bank").expect("known");
    assert_eq!(bank.config_map("bank", "conf", "app.conf"), None);

    api.tell("/api/v1/namespaces/shop/configmaps/conf", second, &[]);
    api.list("/api/v1/configmaps", &[named("shop", "conf", 1)], &[event]);
    let seen = api
        .run_until(|cache| text(cache, "app.conf").as_deref() == Some("second"))
        .await;
    assert_eq!(text(&seen.cache, "large"), None);
}
