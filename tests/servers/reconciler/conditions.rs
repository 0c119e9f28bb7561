//! The condition `Ready`, as `kubectl get` and Argo CD see it.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::cluster::{Cluster, external_secret, failed, pod, serving, store};

const DB: (&str, &str) = ("externalsecret", "db");

#[test]
fn what_can_be_served_is_ready_before_any_pod_exists() {
    let cluster = Cluster::take();
    let replica = cluster.start(&[]);
    let namespace = cluster.served("ready");
    cluster.api.apply(&store(&namespace));
    cluster.api.apply(&external_secret(&namespace));
    let of = |(kind, name)| (namespace.as_str(), kind, name);
    assert_eq!(
        cluster.wait_for_condition(of(DB), ("True", "Accepted")),
        "pods that mount Secret db are served by Freshet"
    );
    cluster.wait_for_condition(of(("secretstore", "vault")), ("True", "Valid"));
    cluster.wait_for_event(&namespace, "db", "Accepted");
    assert!(replica.metric("freshet_conditions{reason=\"Accepted\"} ") >= 1);

    // Nothing is written again, and no field that would not be true.
    let before = cluster.api.get(&namespace, "externalsecret", "db");
    let status = before["status"].as_object().expect("a status");
    assert_eq!(status.keys().collect::<Vec<_>>(), ["conditions"]);
    thread::sleep(Duration::from_secs(3));
    let after = cluster.api.get(&namespace, "externalsecret", "db");
    assert_eq!(before, after);
    let args = [
        "get",
        "externalsecret",
        "-n",
        &namespace,
        "db",
        "-o",
        "json",
    ];
    let whole = cluster
        .api
        .run(&[&args[..], &["--show-managed-fields"]].concat(), "");
    assert!(whole.contains("\"manager\": \"freshet\""), "{whole}");
}

#[test]
fn what_is_wrong_is_said_and_a_mended_one_is_ready() {
    let cluster = Cluster::take();
    let _replica = cluster.start(&[]);
    let namespace = cluster.served("wrong");
    let of = |(kind, name)| (namespace.as_str(), kind, name);
    cluster.api.apply(&external_secret(&namespace));
    assert_eq!(
        cluster.wait_for_condition(of(DB), ("False", "Invalid")),
        "ExternalSecret db: spec.secretStoreRef.name: \"vault\": there is no such SecretStore"
    );
    let since = || {
        let found = cluster.api.get(&namespace, "externalsecret", "db");
        found["status"]["conditions"][0]["lastTransitionTime"].clone()
    };
    let (first, mut spoilt) = (since(), store(&namespace));
    spoilt["spec"]["provider"]["vault"]["auth"] =
        json!({ "appRole": { "path": "approle", "roleId": "a", "secretRef": { "name": "a" } } });
    thread::sleep(Duration::from_millis(1100));
    cluster.api.apply(&spoilt);
    let said = cluster.wait_for_condition(of(("secretstore", "vault")), ("False", "Invalid"));
    assert!(
        said.contains("spec.provider.vault.auth.appRole: "),
        "{said}"
    );
    let message = || {
        cluster
            .ready(&namespace, "externalsecret", "db")
            .map(|it| it[2].clone())
    };
    crate::support::process::wait_for("the store's problem", || {
        message()?
            .contains("spec.provider.vault.auth.appRole")
            .then_some(())
    });
    assert_eq!(since(), first, "it was False before");
    cluster.api.apply(&store(&namespace));
    cluster.wait_for_condition(of(("secretstore", "vault")), ("True", "Valid"));
    cluster.wait_for_condition(of(DB), ("True", "Accepted"));
    assert_ne!(since(), first);
}

#[test]
fn a_namespace_without_the_label_is_named() {
    let cluster = Cluster::take();
    let _replica = cluster.start(&[]);
    let namespace = cluster.api.namespace("bare", &[]);
    cluster.api.apply(&store(&namespace));
    cluster.api.apply(&external_secret(&namespace));
    let of = |(kind, name)| (namespace.as_str(), kind, name);
    assert_eq!(
        cluster.wait_for_condition(of(DB), ("False", "NamespaceNotEnabled")),
        format!(
            "namespace {namespace} has no label freshet.dev/injection, so pods are not served by \
             ExternalSecrets: kubectl label namespace {namespace} freshet.dev/injection=external-secrets"
        )
    );
    let label = |value: &str| {
        let label = format!("freshet.dev/injection={value}");
        cluster.api.run(
            &["label", "namespace", &namespace, &label, "--overwrite"],
            "",
        );
    };
    label("external-secrets");
    cluster.wait_for_condition(of(DB), ("True", "Accepted"));
    label("enabled");
    let said = cluster.wait_for_condition(of(DB), ("False", "NamespaceNotEnabled"));
    assert!(said.ends_with(" --overwrite"), "{said}");
}

#[test]
fn a_pod_that_cannot_get_its_files_is_quoted_and_vaults_silence_is_not() {
    let cluster = Cluster::take();
    let _replica = cluster.start(&[]);
    let namespace = cluster.served("failing");
    let of = |(kind, name)| (namespace.as_str(), kind, name);
    cluster.api.apply(&store(&namespace));
    cluster.api.apply(&external_secret(&namespace));
    cluster.wait_for_condition(of(DB), ("True", "Accepted"));
    let created = cluster.api.create(&pod(&namespace, "app", "db"));
    assert_eq!(created["spec"]["initContainers"][0]["name"], "freshet");

    cluster.set_status(
        &namespace,
        "app",
        &failed("waiting for Vault: https://vault.vault:8200: no route to host"),
    );
    thread::sleep(Duration::from_secs(2));
    let ready = cluster.ready(&namespace, "externalsecret", "db");
    assert_eq!(ready.expect("a condition")[0], "True");

    let denied = "login in role demo: permission denied";
    cluster.set_status(&namespace, "app", &failed(denied));
    let said = cluster.wait_for_condition(of(DB), ("False", "PodFailed"));
    assert_eq!(said, format!("pod app: {denied}"));
    cluster.wait_for_event(&namespace, "db", "PodFailed");

    cluster.set_status(&namespace, "app", &serving());
    cluster.wait_for_condition(of(DB), ("True", "Accepted"));
}

#[test]
fn only_what_is_freshets_is_touched() {
    let cluster = Cluster::take();
    let _replica = cluster.start(&[]);
    let namespace = cluster.served("foreign");
    let mut foreign = store(&namespace);
    foreign["spec"]["controller"] = json!("somebody");
    cluster.api.apply(&foreign);
    cluster.api.apply(&external_secret(&namespace));
    let other = cluster.served("own");
    cluster.api.apply(&store(&other));
    cluster.api.apply(&external_secret(&other));
    cluster.wait_for_condition((&other, "externalsecret", "db"), ("True", "Accepted"));
    for (kind, name) in [DB, ("secretstore", "vault")] {
        let found = cluster.api.get(&namespace, kind, name);
        assert_eq!(found.get("status"), None, "{kind}");
    }
}

#[test]
fn a_store_of_the_cluster_has_a_condition_too() {
    let cluster = Cluster::take();
    let _replica = cluster.start(&[]);
    let mut shared = store("");
    shared["kind"] = json!("ClusterSecretStore");
    shared["metadata"] = json!({ "name": "shared" });
    cluster.api.apply(&shared);
    let of = ("default", "clustersecretstore", "shared");
    cluster.wait_for_condition(of, ("True", "Valid"));
    cluster.wait_for_event("default", "shared", "Valid");
}
