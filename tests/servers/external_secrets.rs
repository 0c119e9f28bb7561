//! Pods that are served from ExternalSecrets: by a real API server with the chart's kinds, permissions
//! and registration.

mod kinds;
mod readiness;
mod refusals;

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::external_secrets::{Cluster, SERVED, is_served, pod};
use crate::support::second_webhook;
use crate::support::webhook::{Webhook, register};

/// The cluster that these tests share, with the example's store for all, and its webhook.
struct Shared {
    cluster: Cluster,
    webhook: Webhook,
}

fn shared() -> &'static Shared {
    static SHARED: LazyLock<Shared> = LazyLock::new(|| {
        let cluster = Cluster::start("external-secrets");
        cluster.install_kinds(&["v1", "v1beta1"]);
        cluster.apply_example("default", "clustersecretstore.yaml");
        let webhook = cluster.serve(&["--external-secrets-claim=all"]);
        Shared { cluster, webhook }
    });
    &SHARED
}

impl Shared {
    /// A served namespace with the example's ExternalSecret, of which the webhook knows.
    #[track_caller]
    fn example(&self, name: &str) -> String {
        let namespace = self.cluster.api.namespace(name, &[SERVED]);
        self.cluster
            .apply_example(&namespace, "externalsecret.yaml");
        let pod = pod(&namespace, "mysql-credentials");
        self.cluster
            .wait_for_pod("the webhook to know", &pod, is_served);
        namespace
    }
}

#[test]
fn the_example_goes_in_as_it_is_and_its_pod_is_served() {
    let Shared { cluster, .. } = shared();
    let namespace = shared().example("example");
    cluster.apply_example(&namespace, "deployment.yaml");
    let deployment = cluster
        .api
        .get(&namespace, "deployment", "gitops-secrets-deploy");
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["namespace"] = json!(namespace);
    pod["metadata"]["name"] = json!("app");
    let stored = cluster.api.create(&pod);
    let spec = &stored["spec"];
    assert_eq!(spec["initContainers"][0]["name"], "freshet", "{stored}");
    let volume = &spec["volumes"][0];
    assert_eq!(
        (&volume["name"], &volume["emptyDir"]["medium"]),
        (&json!("mysql"), &json!("Memory"))
    );
    let mount = &spec["containers"][0]["volumeMounts"][0];
    assert_eq!(mount["mountPath"], "/secrets");
    let sync_spec = &stored["metadata"]["annotations"]["freshet.dev/sync-spec"];
    assert!(
        sync_spec
            .as_str()
            .expect("a sync-spec")
            .contains("mysql_credentials"),
        "{stored}"
    );
    // The columns that people know.
    let args = ["get", "-n", &namespace, "externalsecret", "--no-headers"];
    let columns = cluster.api.run(&args, "");
    let columns: Vec<_> = columns.split_whitespace().collect();
    assert_eq!(
        columns[..4],
        [
            "my-db-credentials",
            "ClusterSecretStore",
            "vault-backend",
            "15s"
        ]
    );
}

#[test]
fn the_next_pod_gets_what_the_external_secret_says_now() {
    let Shared { cluster, .. } = shared();
    let namespace = shared().example("changes");
    let pod = pod(&namespace, "mysql-credentials");
    let says = |part: &'static str| {
        move |pod: &Value| {
            pod["metadata"]["annotations"]["freshet.dev/sync-spec"]
                .to_string()
                .contains(part)
        }
    };
    let patch = |patch: Value| {
        let args = [
            "patch",
            "-n",
            &namespace,
            "externalsecret",
            "my-db-credentials",
            "--type=merge",
            "-p",
        ];
        cluster
            .api
            .run(&[&args[..], &[&patch.to_string()]].concat(), "");
    };
    patch(
        json!({ "spec": { "data": [{ "secretKey": "a", "remoteRef": { "key": "elsewhere" } }] } }),
    );
    cluster.wait_for_pod("another key", &pod, says("elsewhere"));
    patch(json!({ "metadata": { "annotations": { "force-sync": "now-please" } } }));
    cluster.wait_for_pod("the annotation", &pod, says("now-please"));
    patch(json!({ "spec": { "target": { "name": "renamed", "template": null } } }));
    cluster.wait_for_pod("the old name to be nobody's", &pod, |pod| !is_served(pod));
    let args = [
        "delete",
        "-n",
        &namespace,
        "externalsecret",
        "my-db-credentials",
    ];
    let renamed = self::pod(&namespace, "renamed");
    cluster.wait_for_pod("the new name", &renamed, is_served);
    cluster.api.run(&args, "");
    cluster.wait_for_pod("nothing to be served", &renamed, |pod| !is_served(pod));
}

#[test]
fn only_pods_that_use_secrets_in_labelled_namespaces_are_sent_and_each_once() {
    let Shared { cluster, webhook } = shared();
    let namespace = cluster.api.namespace("labelled", &[SERVED]);
    let sent = |pod: &Value| {
        let namespace = pod["metadata"]["namespace"].as_str().expect("a namespace");
        let before = counted(webhook, namespace);
        let tried = cluster.try_pod(pod);
        assert!(tried.ok, "{}", tried.stderr);
        counted(webhook, namespace) - before
    };
    for labels in [&[][..], &[("freshet.dev/injection", "enabled")]] {
        let other = cluster.api.namespace("other", labels);
        assert_eq!(sent(&pod(&other, "db")), 0, "{labels:?}");
    }
    let mut plain = pod(&namespace, "db");
    plain["spec"]["volumes"][0] = json!({ "name": "db", "emptyDir": {} });
    assert_eq!(sent(&plain), 0);
    plain["spec"]["volumes"][0] =
        json!({ "name": "db", "projected": { "sources": [{ "configMap": { "name": "a" } }] } });
    plain["spec"]["initContainers"] =
        json!([{ "name": "init", "image": "a", "env": [{ "name": "A", "value": "a" }] }]);
    assert_eq!(sent(&plain), 0);

    let with = |pointer: &str, value: Value| {
        let mut pod = plain.clone();
        *pod.pointer_mut(pointer).expect("a field") = value;
        pod
    };
    let key = json!({ "name": "a", "key": "k" });
    for pod in [
        pod(&namespace, "db"),
        with(
            "/spec/volumes/0/projected/sources/0",
            json!({ "secret": { "name": "a" } }),
        ),
        with(
            "/spec/containers/0",
            json!({ "name": "app", "image": "a", "envFrom": [{ "secretRef": { "name": "a" } }] }),
        ),
        with(
            "/spec/initContainers/0/env/0",
            json!({ "name": "A", "valueFrom": { "secretKeyRef": key } }),
        ),
        with(
            "/metadata",
            json!({ "name": "app", "namespace": namespace, "annotations": { "freshet.dev/inject": "false" } }),
        ),
    ] {
        assert_eq!(sent(&pod), 1, "{pod}");
    }
    let mut both = pod(&namespace, "db");
    both["metadata"]["annotations"] = json!({
        "freshet.dev/inject": "true", "freshet.dev/secret-a": "secret/a", "freshet.dev/mount-path": "/a",
    });
    assert_eq!(sent(&both), 1);
}

#[test]
fn annotations_and_external_secrets_share_one_refresher() {
    let Shared { cluster, .. } = shared();
    let namespace = shared().example("both");
    let mut pod = pod(&namespace, "mysql-credentials");
    pod["metadata"]["annotations"] = json!({
        "freshet.dev/inject": "true", "freshet.dev/secret-api": "secret/api#key",
        "freshet.dev/mount-path": "/api",
        "freshet.dev/vault-address": "http://vault.vault:8200",
    });
    let stored = cluster.api.create(&pod);
    let inits = stored["spec"]["initContainers"]
        .as_array()
        .expect("init containers");
    assert_eq!(inits.len(), 1);
    assert!(is_served(&stored), "{stored}");
    let mounts = stored["spec"]["containers"][0]["volumeMounts"].to_string();
    assert!(mounts.contains("freshet-secrets"), "{mounts}");
}

#[test]
fn variables_of_a_target_come_from_the_sidecar() {
    let Shared { cluster, .. } = shared();
    let namespace = shared().example("variables");
    let mut pod = pod(&namespace, "mysql-credentials");
    pod["spec"]["volumes"] = json!([{ "name": "db", "emptyDir": {} }]);
    let container = &mut pod["spec"]["containers"][0];
    container["command"] = json!(["/app"]);
    container["env"] = json!([{
        "name": "CREDENTIALS",
        "valueFrom": { "secretKeyRef": { "name": "mysql-credentials", "key": "credentials" } },
    }]);
    container["envFrom"] =
        json!([{ "prefix": "DB_", "secretRef": { "name": "mysql-credentials" } }]);
    let stored = cluster.api.create(&pod);
    let container = &stored["spec"]["containers"][0];
    assert_eq!(container["command"][1], "exec", "{stored}");
    assert_eq!(
        container["env"][0]["valueFrom"]["secretKeyRef"]["optional"],
        true
    );
    assert_eq!(container["envFrom"][0]["secretRef"]["optional"], true);
    let note = &stored["metadata"]["annotations"]["freshet.dev/optional-variables"];
    assert_eq!(
        note,
        r#"{"app":["env/CREDENTIALS","envFrom/DB_/mysql-credentials"]}"#
    );
}

#[test]
fn a_later_webhook_that_changes_the_pod_makes_ours_look_again() {
    let Shared { cluster, webhook } = shared();
    let namespace = shared().example("reinvoked");
    let second = second_webhook::serve(&cluster.api, "second-webhook", |pod| {
        if !pod["metadata"]["labels"]["late"].is_null() {
            return json!([]);
        }
        json!([{ "op": "add", "path": "/metadata/labels", "value": { "late": "true" } }])
    });
    let args = [
        "get",
        "mutatingwebhookconfiguration",
        "freshet",
        "-o",
        "json",
    ];
    let mut later: Value = serde_json::from_str(&cluster.api.run(&args, "")).expect("JSON");
    later["webhooks"]
        .as_array_mut()
        .expect("webhooks")
        .truncate(1);
    let entry = &mut later["webhooks"][0];
    entry["name"] = json!("late.example.org");
    entry["matchConditions"] = json!([]);
    entry["namespaceSelector"] =
        json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } });
    register(&cluster.api, "zz-second", &later, second);
    let pod = pod(&namespace, "mysql-credentials");
    let is_late = |pod: &Value| pod["metadata"]["labels"]["late"] == "true";
    cluster.wait_for_pod("the second webhook", &pod, is_late);
    let before = counted(webhook, &namespace);
    let stored = cluster.api.create(&pod);
    assert!(is_served(&stored) && is_late(&stored), "{stored}");
    assert_eq!(
        stored["spec"]["initContainers"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(
        counted(webhook, &namespace) - before,
        2,
        "asked, and asked again"
    );
    cluster
        .api
        .run(&["delete", "mutatingwebhookconfiguration", "zz-second"], "");
}

/// How many pods of a namespace the webhook has decided about; other tests' are not among them.
fn counted(webhook: &Webhook, namespace: &str) -> usize {
    let name = format!("\"pod.namespace\":\"{namespace}\"");
    let log = webhook.process.log();
    log.lines().filter(|line| line.contains(&name)).count()
}
