//! What does not work as people may think is told, and the condition stays True.

use serde_json::{Value, json};

use super::cluster::{Cluster, external_secret, pod, store};
use crate::support::process::wait_for;

#[test]
fn what_still_needs_the_secret_is_told() {
    let cluster = Cluster::take();
    // As External Secrets leaves an ExternalSecret.
    let namespace = cluster.served("doubts");
    cluster.api.apply(&external_secret(&namespace));
    let status = json!({ "status": {
        "binding": { "name": "db" },
        "refreshTime": "2026-01-31T12:00:00Z",
        "conditions": [{ "type": "Ready", "status": "True", "reason": "SecretSynced" }],
    }});
    let patch = ["patch", "externalsecret", "-n", &namespace, "db"];
    let how = ["--subresource=status", "--type=merge", "-p"];
    cluster
        .api
        .run(&[&patch[..], &how, &[&status.to_string()]].concat(), "");
    cluster.api.apply(&json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "page", "namespace": namespace },
        "spec": {
            "defaultBackend": { "service": { "name": "page", "port": { "number": 80 } } },
            "tls": [{ "hosts": ["page.example"], "secretName": "db" }],
        },
    }));
    cluster.unregister();
    let mut puller = pod(&namespace, "puller", "other");
    puller["spec"]["imagePullSecrets"] = json!([{ "name": "db" }]);
    cluster.api.create(&puller);
    cluster.api.apply(&store(&namespace));

    let _replica = cluster.start_unregistered(&[]);
    let want = [
        "pods that mount Secret db are served by Freshet".to_owned(),
        format!(
            "External Secrets has written Secret db (status.binding), which Freshet does not need: \
             delete it, for it is kept in etcd: kubectl delete secret --namespace {namespace} db"
        ),
        "Ingress page: Secret db is wanted and never written: leave its store to External Secrets"
            .to_owned(),
        "pod puller: Secret db is wanted to pull images, and never written".to_owned(),
    ];
    wait_for("all doubts", || {
        let [status, _, message] = cluster.ready(&namespace, "externalsecret", "db")?;
        assert_eq!(status, "True");
        (message == want.join("\n")).then_some(())
    });
    let found = cluster.api.get(&namespace, "externalsecret", "db");
    assert_eq!(found["status"]["binding"], json!({ "name": "db" }));
}

#[test]
fn an_annotated_pod_that_was_not_injected_is_counted_and_told() {
    let cluster = Cluster::take();
    cluster.unregister();
    let namespace = cluster
        .api
        .namespace("annotated", &[("freshet.dev/injection", "enabled")]);
    let annotated = |name: &str, annotations: &Value| {
        let mut pod = pod(&namespace, name, "other");
        pod["metadata"]["annotations"] = annotations.clone();
        cluster.api.create(&pod);
    };
    annotated(
        "asks",
        &json!({ "freshet.dev/inject": "true", "freshet.dev/secret-db": "secret/db#password" }),
    );
    annotated("asks-not", &json!({ "freshet.dev/inject": "false" }));
    let replica = cluster.start_unregistered(&["--vault-address=https://vault.vault:8200"]);
    let note = cluster.wait_for_event(&namespace, "asks", "NotInjected");
    assert!(
        note.contains("delete it, so that it is made again"),
        "{note}"
    );
    assert!(replica.metric("freshet_pods_not_injected ") >= 1);
    assert!(
        cluster
            .events(&namespace, "asks-not", "NotInjected")
            .is_empty()
    );
    assert!(cluster.has_pod(&namespace, "asks"));
}
