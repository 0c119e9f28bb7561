use serde_json::json;

use super::*;

/// An injected pod with this status of its refresher.
fn injected(status: &Value) -> Value {
    json!({
        "metadata": {
            "name": "app", "uid": "1", "creationTimestamp": "2026-01-31T12:00:00Z",
            "annotations": { "freshet.dev/replaced-volumes":
                "[{\"name\":\"db\",\"secret\":{\"secretName\":\"target\"}}]" },
        },
        "spec": {
            "initContainers": [{ "name": "freshet", "args": ["run", "--vault-address=https://v"] }],
            "containers": [{ "name": "app", "envFrom": [{ "secretRef": { "name": "env" } }] }],
            "imagePullSecrets": [{ "name": "pull" }],
            "volumes": [
                { "name": "db", "emptyDir": { "medium": "Memory" } },
                { "name": "all", "projected": { "sources": [{ "secret": { "name": "other" } }] } },
            ],
        },
        "status": { "phase": "Pending", "initContainerStatuses": [status] },
    })
}

#[track_caller]
fn check(status: Value, want: Refresher) {
    let mut status = status;
    status["name"] = json!("freshet");
    let pod = Pod::of(&injected(&status));
    assert_eq!(pod.refresher, Some(want), "{status}");
}

#[test]
fn a_refresher_is_read_from_its_status() {
    let failing = || Refresher::Failing("denied".to_owned());
    let ended = |message: &str| json!({ "terminated": { "exitCode": 1, "message": message } });
    let waits = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
    check(json!({ "state": waits }), Refresher::Starting);
    check(
        json!({ "state": waits, "lastState": ended("denied\n") }),
        failing(),
    );
    check(json!({ "state": ended("denied") }), failing());
    check(
        json!({ "state": waits, "lastState": ended("") }),
        Refresher::Starting,
    );
    check(
        json!({ "state": waits, "lastState": ended("waiting for Vault: no route") }),
        Refresher::Waiting,
    );
    check(
        json!({ "state": ended("not all files are there: waiting for Vault: no route") }),
        Refresher::Waiting,
    );
    let runs = json!({ "running": {} });
    check(
        json!({ "state": runs, "started": false, "lastState": ended("denied") }),
        failing(),
    );
    check(
        json!({ "state": runs, "started": true, "lastState": ended("denied") }),
        Refresher::Serving,
    );
    let told = |message: &str| json!({ "terminated": { "exitCode": 0, "message": message } });
    check(json!({ "state": told("") }), Refresher::Serving);
    // As a real kubelet shows one that it ended at the gate, until it starts it anew.
    check(
        json!({ "state": told("denied"), "started": false }),
        failing(),
    );
    check(
        json!({ "state": waits, "started": false, "lastState": told("denied") }),
        failing(),
    );
}

#[test]
fn secrets_are_those_that_the_author_wrote() {
    let pod = Pod::of(&injected(&json!({ "name": "freshet" })));
    let volumes: Vec<_> = pod.secrets.volumes.iter().map(String::as_str).collect();
    let others: Vec<_> = pod.secrets.others.iter().map(String::as_str).collect();
    assert_eq!(volumes, ["other", "target"]);
    assert_eq!(others, ["pull"]);
    assert!(pod.mounts("env") && pod.mounts("target") && !pod.mounts("pull"));
    assert!(pod.is_there() && pod.owner.is_none());
}
