//! What a pod that runs needs when its ExternalSecret, its store or a ConfigMap is another one.

use freshet::dialect::external_secret::Claim;
use freshet::inject::{ClusterFacts, Defaults, Following, follow};
use serde_json::{Value, json};

use super::{EXTERNAL_SECRET, POD, STORE, defaults, facts, injected, lines, yaml};

fn cluster(store: &str, external_secret: &str) -> ClusterFacts {
    facts(&[store, external_secret], Claim::All)
}

/// A pod as it runs, injected with the manifests as they are.
fn running() -> Value {
    let mut pod = injected(&yaml(POD), &cluster(STORE, EXTERNAL_SECRET));
    // What the API server and the kubelet add.
    let token = json!({ "name": "kube-api-access-x", "mountPath": "/var/run/secrets/other" });
    pod["spec"]["nodeName"] = json!("node");
    pod["spec"]["initContainers"][0]["terminationMessagePath"] = json!("/dev/termination-log");
    let mounts = pod["spec"]["initContainers"][0]["volumeMounts"].as_array_mut();
    mounts.expect("mounts").push(token);
    pod["metadata"]["uid"] = json!("1");
    pod["status"] = json!({ "phase": "Running" });
    pod
}

/// What becomes of the running pod after `change` in the manifests.
#[track_caller]
fn followed(change: impl Fn(&str) -> String, defaults: &Defaults) -> Following {
    let manifests = cluster(&change(STORE), &change(EXTERNAL_SECRET));
    follow(&running(), defaults, &manifests)
}

#[track_caller]
fn check(change: impl Fn(&str) -> String, want: &Following) {
    assert_eq!(followed(change, &defaults()), *want);
}

#[track_caller]
fn check_restart(change: impl Fn(&str) -> String, want: &str) {
    let differences = want.split("; ").map(str::to_owned);
    check(change, &Following::Restart(differences.collect()));
}

#[test]
fn what_is_served_otherwise_is_written_and_nothing_else() {
    check(str::to_owned, &Following::Current);
    for (from, to) in [
        ("property: password", "property: user"),
        ("key: db,", "key: other,"),
        ("path: secret", "path: kv"),
        (
            "  data:\n",
            "  refreshInterval: 15s\n  target: {template: {data: {url: '{{ .password }}'}}}\n  data:\n",
        ),
        (
            "metadata: {name: db}",
            "metadata: {name: db, annotations: {force-sync: again}}",
        ),
    ] {
        let Following::Behind(text) = followed(|text| text.replace(from, to), &defaults()) else {
            panic!("{to}: not behind");
        };
        let mut pod = running();
        assert_ne!(
            pod["metadata"]["annotations"]["freshet.dev/sync-spec"],
            text
        );
        pod["metadata"]["annotations"]["freshet.dev/sync-spec"] = json!(text);
        let manifests = cluster(&STORE.replace(from, to), &EXTERNAL_SECRET.replace(from, to));
        let again = follow(&pod, &defaults(), &manifests);
        assert_eq!(again, Following::Current, "{to}");
    }
}

#[test]
fn whoever_is_another_has_to_start_anew() {
    let replaced = |from: &'static str, to: &'static str| move |text: &str| text.replace(from, to);
    check_restart(
        replaced("role: demo", "role: other"),
        "its sidecar's --role",
    );
    check_restart(
        replaced(
            "server: https://vault.vault:8200",
            "server: https://other:8200\n      namespace: team",
        ),
        "its sidecar's --vault-address, --vault-namespace",
    );
    check_restart(
        replaced(
            "      path: secret",
            "      path: secret\n      caProvider: {type: ConfigMap, name: ca, key: ca.crt}",
        ),
        "its sidecar's --ca-file; the ConfigMap with the CA certificates",
    );
    check_restart(
        replaced(
            "  data:\n",
            "  target: {template: {templateFrom: [{configMap: {name: t, items: [{key: a}]}}]}}\n  data:\n",
        ),
        "the ConfigMaps with templates",
    );
    check_restart(
        replaced(
            "  data:\n",
            "  target: {template: {data: {a: '{{ .password | regexFind \"a\" }}'}}}\n  data:\n",
        ),
        "the full refresher, for its templates call regexFind",
    );
}

#[test]
fn what_is_wrong_now_leaves_the_last_that_was_right() {
    let change = |text: &str| text.replace("{name: vault}\n  data", "{name: gone}\n  data");
    let Following::Refused(problems) = followed(change, &defaults()) else {
        panic!("not refused");
    };
    assert_eq!(
        lines(&problems),
        "ExternalSecret db: spec.secretStoreRef.name: \"gone\": there is no such SecretStore"
    );
    let nothing = follow(&running(), &defaults(), &ClusterFacts::default());
    assert_eq!(nothing, Following::NotAsked);
}

#[test]
fn a_new_release_is_no_reason() {
    let newer = Defaults {
        metrics_port: None,
        log_level: Some("debug".to_owned()),
        resources: Default::default(),
        image: "mirror.example/slim:2".to_owned(),
        ..defaults()
    };
    assert_eq!(followed(str::to_owned, &newer), Following::Current);
    assert_eq!(
        follow(&yaml(POD), &defaults(), &cluster(STORE, EXTERNAL_SECRET)),
        Following::Current,
        "without a refresher nobody follows"
    );
}

#[test]
fn what_limits_new_pods_does_not_matter_to_one_that_runs() {
    let mut manifests = cluster(STORE, &EXTERNAL_SECRET.replace("key: db,", "key: other,"));
    manifests.kubernetes_version = Some((1, 20));
    let followed = follow(&running(), &defaults(), &manifests);
    assert!(matches!(followed, Following::Behind(_)), "{followed:?}");
}
