//! Pods that were made before their ExternalSecret.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::{Cluster, external_secret, owned, pod, store};
use crate::support::process::wait_for;

#[test]
fn a_pod_that_comes_again_is_evicted_and_no_other() {
    let cluster = Cluster::take();
    let replica = cluster.start(&[]);
    let namespace = cluster.served("evict");
    let create = |pod: Value| {
        let created = cluster.api.create(&pod);
        assert_eq!(created["spec"].get("initContainers"), None, "not injected");
    };
    let set = |name: &str, kind: &str| {
        let uid = format!("00000000-0000-0000-0000-{kind:0>12}");
        let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
        owned(pod(&namespace, name, "db"), version, kind, &uid)
    };
    create(set("replica-1", "ReplicaSet"));
    create(set("replica-2", "ReplicaSet"));
    create(set("stateful-0", "StatefulSet"));
    create(set("job-1", "Job"));
    create(pod(&namespace, "nobodys", "db"));
    let mut running = set("running", "ReplicaSet");
    running["spec"]["volumes"][0]["secret"]["optional"] = json!(true);
    create(running);
    cluster.set_status(&namespace, "running", &json!({ "phase": "Running" }));
    create(owned(
        pod(&namespace, "of-another-secret", "other"),
        "apps/v1",
        "ReplicaSet",
        "1",
    ));
    // Without its store nothing could be injected, so nothing is evicted.
    cluster.api.apply(&external_secret(&namespace));
    cluster.wait_for_condition((&namespace, "externalsecret", "db"), ("False", "Invalid"));
    thread::sleep(Duration::from_secs(3));
    assert!(cluster.has_pod(&namespace, "replica-1"));

    cluster.api.apply(&store(&namespace));
    for name in ["replica-1", "replica-2", "stateful-0"] {
        wait_until_gone(&cluster, &namespace, name);
    }
    assert_eq!(replica.metric("freshet_pod_evictions_total "), 3);
    let note = cluster.wait_for_event(&namespace, "replica-1", "EvictedForInjection");
    assert!(note.contains("its ReplicaSet makes it again"), "{note}");
    for name in ["job-1", "nobodys", "running", "of-another-secret"] {
        assert!(cluster.has_pod(&namespace, name), "{name}");
    }
    check_told(&cluster, &namespace);

    // Made again, and served.
    let again = cluster.api.create(&set("replica-3", "ReplicaSet"));
    assert_eq!(again["spec"]["initContainers"][0]["name"], "freshet");
    assert_eq!(replica.process.end("TERM"), Some(0));

    // Of Jobs only when that is asked for.
    let _replica = cluster.start(&["--external-secrets-evict-pods=jobs-too"]);
    wait_until_gone(&cluster, &namespace, "job-1");
    assert!(cluster.has_pod(&namespace, "nobodys"));
}

#[test]
fn what_eviction_does_not_help_is_evicted_more_and_more_seldom() {
    let cluster = Cluster::take();
    let namespace = cluster.served("backoff");
    cluster.api.apply(&store(&namespace));
    cluster.api.apply(&external_secret(&namespace));
    // Nobody is asked, so whatever is made again is not injected again.
    cluster.unregister();
    let replica = cluster.start_unregistered(&[]);
    replica.wait_until_it_leads();
    let uid = "00000000-0000-0000-0000-00000000000b";
    let of_owner = |name: &str| {
        let pod = owned(pod(&namespace, name, "db"), "apps/v1", "ReplicaSet", uid);
        cluster.api.create(&pod);
    };
    let gone = |name: &str| wait_until_gone(&cluster, &namespace, name);
    of_owner("one");
    gone("one");
    of_owner("two");
    thread::sleep(Duration::from_secs(6));
    assert!(cluster.has_pod(&namespace, "two"), "10 s have to pass");
    gone("two");
    let told = cluster.events(&namespace, "two", "EvictedForInjection");
    assert_eq!(told.len(), 1);
}

/// Those that stay are told of, by Events and in the condition.
#[track_caller]
fn check_told(cluster: &Cluster, namespace: &str) {
    wait_for("the advice about a bare pod", || {
        let told = cluster.events(namespace, "nobodys", "NotInjected");
        let mut told = told.iter();
        told.any(|note| note.contains("delete it")).then_some(())
    });
    let told = wait_for("the doubt", || {
        let [_, _, message] = cluster.ready(namespace, "externalsecret", "db")?;
        message.contains("not injected").then_some(message)
    });
    let named = "pods job-1, nobodys, running: not injected";
    assert!(told.contains(named), "{told}");
}

#[track_caller]
fn wait_until_gone(cluster: &Cluster, namespace: &str, name: &str) {
    wait_for(&format!("{name} to be evicted"), || {
        (!cluster.has_pod(namespace, name)).then_some(())
    });
}
