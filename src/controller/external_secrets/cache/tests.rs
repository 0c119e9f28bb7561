use serde_json::{Value, from_value, json};

use super::*;

fn object(namespace: &str, name: &str, version: u32, spec: Value) -> Listed {
    from_value(json!({
        "metadata": {
            "namespace": namespace, "name": name, "uid": format!("uid-{name}"),
            "resourceVersion": version.to_string(), "generation": version,
            "managedFields": [{ "manager": "kubectl" }],
        },
        "spec": spec,
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    }))
    .expect("an object")
}

fn external_secret(namespace: &str, name: &str, version: u32, target: &str) -> Listed {
    let spec = json!({
        "secretStoreRef": { "name": "vault", "kind": "ClusterSecretStore" },
        "target": { "name": target },
        "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
    });
    object(namespace, name, version, spec)
}

fn store(version: u32) -> Listed {
    let mut store = object("", "vault", version, json!({ "controller": "freshet" }));
    store.metadata.namespace = None;
    store
}

fn cache() -> (ExternalSecretCache, Arc<NamespaceFacts>) {
    let admission = Arc::new(NamespaceFacts::default());
    let cache = ExternalSecretCache::new(Claim::Freshet, admission.clone());
    (cache, admission)
}

/// The targets that admissions of a namespace know.
fn targets(admission: &NamespaceFacts, namespace: &str) -> Vec<String> {
    let facts = admission.of(namespace).external_secrets.clone();
    let all = facts.external_secrets();
    all.map(|manifest| manifest.target().to_owned()).collect()
}

fn changes(cache: &ExternalSecretCache) -> Changes {
    std::mem::take(&mut cache.lock().changes)
}

fn namespaces(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const KIND: Kind = Kind::ExternalSecret;

#[test]
fn a_list_replaces_and_a_watch_amends() {
    let (cache, admission) = cache();
    cache.set_namespace("shop", Some(BTreeMap::new()));
    let (a, b) = (
        external_secret("shop", "a", 1, "db"),
        external_secret("shop", "b", 2, "mail"),
    );
    let listed = BTreeSet::from([key(KIND, &a), key(KIND, &b)]);
    cache.put(KIND, a);
    cache.put(KIND, b);
    assert_eq!(targets(&admission, "shop"), [""; 0]);
    cache.sweep(KIND, &listed);
    assert_eq!(targets(&admission, "shop"), ["db", "mail"]);

    cache.put(KIND, external_secret("shop", "a", 3, "other"));
    cache.publish();
    assert_eq!(targets(&admission, "shop"), ["other", "mail"]);
    cache.remove(KIND, &external_secret("shop", "a", 4, "other"));
    cache.publish();
    assert_eq!(targets(&admission, "shop"), ["mail"]);

    let c = external_secret("shop", "c", 9, "new");
    let listed = BTreeSet::from([key(KIND, &c)]);
    cache.put(KIND, c);
    cache.sweep(KIND, &listed);
    assert_eq!(targets(&admission, "shop"), ["new"]);
    cache.absent(KIND);
    assert_eq!(targets(&admission, "shop"), [""; 0]);
    assert!(cache.objects().is_empty() && cache.of("shop").is_none());
}

#[test]
fn only_a_labelled_namespace_is_served() {
    let (cache, admission) = cache();
    cache.put(KIND, external_secret("shop", "a", 1, "db"));
    cache.publish();
    assert_eq!(targets(&admission, "shop"), [""; 0]);
    assert!(cache.of("shop").is_some() && !cache.is_served("shop"));

    let labels = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
    cache.set_namespace("shop", Some(labels));
    assert_eq!(targets(&admission, "shop"), ["db"]);
    cache.sweep_namespaces(&namespaces(&["bank"]));
    assert_eq!(targets(&admission, "shop"), [""; 0]);
    assert!(cache.of("shop").is_some());
}

#[test]
fn whoever_waits_is_told_what_has_changed() {
    let (cache, _) = cache();
    cache.put(KIND, external_secret("shop", "a", 1, "db"));
    cache.put(KIND, external_secret("bank", "b", 2, "db"));
    let told = changes(&cache);
    assert_eq!(told.namespaces, namespaces(&["bank", "shop"]));
    assert_eq!(told.objects.len(), 2);

    // The same object again, and one of which only the status has changed.
    cache.put(KIND, external_secret("shop", "a", 1, "db"));
    assert_eq!(changes(&cache), Changes::default());
    let mut reported = external_secret("shop", "a", 1, "db");
    reported.metadata.resource_version = Some("7".to_owned());
    reported.status = Some(json!({ "refreshTime": "now" }));
    cache.put(KIND, reported);
    let told = changes(&cache);
    assert_eq!(told.namespaces, namespaces(&[]));
    let keys: Vec<_> = told.objects.into_iter().collect();
    let object = cache.object(&keys[0]).expect("known");
    assert_eq!(object.status(), json!({ "refreshTime": "now" }));

    cache.put(Kind::ClusterSecretStore, store(1));
    assert_eq!(changes(&cache).namespaces, namespaces(&["bank", "shop"]));
    cache.set_namespace("shop", Some(BTreeMap::new()));
    assert_eq!(changes(&cache).namespaces, namespaces(&["shop"]));
    cache.remove(KIND, &external_secret("bank", "b", 3, "db"));
    assert_eq!(changes(&cache).namespaces, namespaces(&["bank"]));
}

#[test]
fn where_nobody_asks_what_is_gone_is_not_remembered_for_ever() {
    let (cache, _) = cache();
    cache.put(KIND, external_secret("shop", "stays", 1, "db"));
    for number in 0..3000 {
        let namespace = format!("build-{number}");
        let object = external_secret(&namespace, "db", 1, "db");
        cache.put(KIND, object.clone());
        cache.publish();
        cache.remove(KIND, &object);
        cache.publish();
    }
    let told = changes(&cache);
    let sizes = (told.objects.len(), told.namespaces.len());
    assert!(sizes.0 <= 1002 && sizes.1 <= 1002, "{sizes:?}");
    assert!(told.namespaces.contains("shop"));
    assert_eq!(cache.objects().len(), 1);
}

#[tokio::test]
async fn a_change_wakes_whoever_waits() {
    let (cache, _) = cache();
    let change = async {
        tokio::task::yield_now().await;
        cache.put(KIND, external_secret("shop", "a", 1, "db"));
        cache.publish();
    };
    let (changes, ()) = tokio::join!(cache.changes(), change);
    assert_eq!(changes.namespaces, namespaces(&["shop"]));
}

#[test]
fn a_resource_is_awaited_until_it_was_listed_and_never_again() {
    let (cache, _) = cache();
    let all = "externalsecrets, secretstores, clustersecretstores, namespaces, configmaps";
    assert_eq!(cache.awaited().join(", "), all);
    assert!(!cache.config_maps_read());
    cache.sweep(KIND, &BTreeSet::new());
    cache.sweep_namespaces(&namespaces(&[]));
    cache.absent(Kind::SecretStore);
    assert_eq!(
        cache.awaited().join(", "),
        "clustersecretstores, configmaps"
    );
    cache.sweep(Kind::ClusterSecretStore, &BTreeSet::new());
    assert!(cache.config_maps_read());
    cache.absent(KIND);
    assert_eq!(cache.awaited(), [""; 0]);
}
