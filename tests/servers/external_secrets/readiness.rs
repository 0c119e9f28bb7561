//! When the webhook is ready, and what it does without the kinds.

use serde_json::{Value, json};

use super::{Shared, shared};
use crate::support::external_secrets::{Cluster, SERVED, chart, is_served, pod};
use crate::support::helm::find;
use crate::support::process::wait_for;

const ALL: &[&str] = &["--external-secrets-claim=all"];

#[test]
fn it_is_not_ready_before_all_is_known_and_says_what_is_missing() {
    let cluster = Cluster::without_permissions("external-secrets-forbidden");
    cluster.install_kinds(&["v1", "v1beta1"]);
    let (webhook, _) = cluster.launch(ALL);
    let awaited =
        |resources: &str| format!("[-]external-secrets failed: not known yet: {resources}\n");
    let all = awaited("externalsecrets, secretstores, clustersecretstores, namespaces, configmaps");
    webhook.process.wait_for("a reason", || {
        let ready = webhook.readiness()?;
        (ready.status == 503 && ready.body.contains(&all)).then_some(())
    });
    webhook.process.wait_for("the log to say why", || {
        let log = webhook.process.log();
        let resources = [
            "externalsecrets",
            "secretstores",
            "clustersecretstores",
            "namespaces",
        ];
        let said = |resource: &&str| {
            let forbidden = format!("{resource}.external-secrets.io is forbidden");
            log.contains(&forbidden) || log.contains(&format!("{resource} is forbidden"))
        };
        resources.iter().all(said).then_some(())
    });

    // Some of what the chart grants, then the rest.
    let rendered = chart();
    let role = find(&rendered, "ClusterRole", "freshet");
    let mut without_stores = role.clone();
    for rule in without_stores["rules"].as_array_mut().expect("rules") {
        let resources = rule["resources"].as_array_mut().expect("resources");
        resources.retain(|resource| resource != "secretstores");
    }
    cluster
        .api
        .apply(find(&rendered, "ClusterRoleBinding", "freshet"));
    cluster.api.apply(&without_stores);
    let stores = awaited("secretstores, configmaps");
    webhook
        .process
        .wait_for("the stores alone to be missing", || {
            webhook.readiness()?.body.contains(&stores).then_some(())
        });
    cluster.api.apply(role);
    webhook.wait_until_ready();
    let metrics = webhook.metrics();
    for resource in [
        "externalsecrets",
        "secretstores",
        "clustersecretstores",
        "namespaces",
        "configmaps",
    ] {
        let line = format!("freshet_kubernetes_watch_synced{{resource=\"{resource}\"}} 1\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    // Once ready it stays so, and keeps what it knows.
    cluster
        .api
        .run(&["delete", "clusterrolebinding", "freshet"], "");
    assert_eq!(webhook.readiness().map(|reply| reply.status), Some(200));
}

#[test]
fn kinds_may_come_late_in_another_version_and_go_and_so_may_the_webhook() {
    let cluster = Cluster::start("external-secrets-late");
    let webhook = cluster.serve(ALL);
    let log = webhook.process.log();
    assert_eq!(
        log.matches("not installed in this cluster").count(),
        3,
        "{log}"
    );
    let namespace = cluster.api.namespace("late", &[SERVED]);
    let pod = pod(&namespace, "mysql-credentials");
    let stored: Value = serde_json::from_str(&cluster.try_pod(&pod).stdout).expect("a pod");
    assert!(!is_served(&stored));

    cluster.install_kinds(&["v1beta1"]);
    let example = |cluster: &Cluster| {
        cluster.apply_example(&namespace, "clustersecretstore.yaml");
        cluster.apply_example(&namespace, "externalsecret.yaml");
    };
    example(&cluster);
    cluster.wait_for_pod("the kinds in v1beta1", &pod, is_served);

    let kinds = [
        "crd/externalsecrets.external-secrets.io",
        "crd/secretstores.external-secrets.io",
        "crd/clustersecretstores.external-secrets.io",
    ];
    cluster.api.run(&[&["delete"], &kinds[..]].concat(), "");
    cluster.wait_for_pod("the kinds to be gone", &pod, |pod| !is_served(pod));
    assert_eq!(webhook.readiness().map(|reply| reply.status), Some(200));
    cluster.install_kinds(&["v1", "v1beta1"]);
    example(&cluster);
    cluster.wait_for_pod("the kinds in v1", &pod, is_served);

    drop(webhook);
    let refused = || (!cluster.try_pod(&pod).ok).then_some(());
    wait_for("a pod to be refused without a webhook", refused);
    let mut other = pod.clone();
    other["spec"]["volumes"][0] = json!({ "name": "db", "emptyDir": {} });
    assert!(cluster.try_pod(&other).ok, "it uses no Secret");
    // Ready, so it knows: the first pod is served.
    let _webhook = cluster.serve(ALL);
    let tried = cluster.try_pod(&pod);
    let stored: Value = serde_json::from_str(&tried.stdout).expect(&tried.stderr);
    assert!(is_served(&stored), "{stored}");
}

#[test]
fn config_maps_are_read_where_they_are_named() {
    let Shared { cluster, webhook } = shared();
    let namespace = cluster.api.namespace("templates", &[SERVED]);
    let config_map = |text: &str| {
        cluster.api.apply(&json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "conf", "namespace": namespace },
            "data": { "app.conf": text },
        }));
    };
    let kubernetes = json!({ "mountPath": "kubernetes", "role": "demo" });
    cluster.api.apply(&json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": { "name": "vault", "namespace": namespace },
        "spec": { "provider": { "vault": { "server": "https://vault.example", "path": "secret", "auth": { "kubernetes": kubernetes } } } },
    }));
    cluster.api.apply(&json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": "db", "namespace": namespace },
        "spec": {
            "secretStoreRef": { "name": "vault" },
            "target": { "template": { "templateFrom": [{ "configMap": { "name": "conf", "items": [{ "key": "app.conf" }] } }] } },
            "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
        },
    }));
    let pod = pod(&namespace, "db");
    // One that is not there yet holds nothing up but the pod itself.
    cluster.wait_for_pod("the ExternalSecret", &pod, is_served);
    config_map("{{ .password | uper }}");
    let said = cluster.wait_for_refusal(&pod, "ConfigMap conf");
    assert!(said.contains(r#"ConfigMap conf: data[app.conf]: template:1:16: at <uper>: function "uper" not defined"#), "{said}");
    config_map("{{ .password | upper }}");
    cluster.wait_for_pod("the template to be mended", &pod, is_served);
    assert!(webhook.metrics().contains("resource=\"configmaps\"} 1"));
}
