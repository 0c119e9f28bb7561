//! Pods that run follow a change of their ExternalSecret, its store or its namespace.

use serde_json::{Value, json};

use super::cluster::{Cluster, external_secret, pod, serving, store};
use crate::support::process::wait_for;

/// A pod that serves the ExternalSecret `db` of a new namespace.
fn serve(cluster: &Cluster, name: &str) -> String {
    let namespace = cluster.served(name);
    cluster.api.apply(&store(&namespace));
    cluster.api.apply(&external_secret(&namespace));
    let of = (namespace.as_str(), "externalsecret", "db");
    cluster.wait_for_condition(of, ("True", "Accepted"));
    let created = cluster.api.create(&pod(&namespace, "app", "db"));
    assert_eq!(created["spec"]["initContainers"][0]["name"], "freshet");
    cluster.set_status(&namespace, "app", &serving());
    namespace
}

fn sync_spec(cluster: &Cluster, namespace: &str) -> String {
    let pod = cluster.api.get(namespace, "pod", "app");
    let text = pod["metadata"]["annotations"]["freshet.dev/sync-spec"].as_str();
    text.unwrap_or_default().to_owned()
}

fn other_key(namespace: &str, key: &str) -> Value {
    let mut changed = external_secret(namespace);
    changed["spec"]["data"][0]["remoteRef"]["key"] = json!(key);
    changed
}

#[test]
fn the_annotation_follows_and_nothing_else_of_the_pod_changes() {
    let cluster = Cluster::take();
    let replica = cluster.start(&[]);
    let namespace = serve(&cluster, "follow");
    let before = cluster.api.get(&namespace, "pod", "app");
    cluster.api.apply(&other_key(&namespace, "elsewhere"));
    let spec = wait_for("the annotation", || {
        Some(sync_spec(&cluster, &namespace)).filter(|spec| spec.contains("elsewhere"))
    });
    let mut after = cluster.api.get(&namespace, "pod", "app");
    after["metadata"]["annotations"]["freshet.dev/sync-spec"] =
        before["metadata"]["annotations"]["freshet.dev/sync-spec"].clone();
    for pod in [&mut after, &mut before.clone()] {
        for field in ["resourceVersion", "managedFields"] {
            pod["metadata"]
                .as_object_mut()
                .expect("metadata")
                .remove(field);
        }
    }
    assert_eq!(
        after["metadata"]["annotations"],
        before["metadata"]["annotations"]
    );
    assert_eq!(after["spec"], before["spec"]);
    cluster.wait_for_event(&namespace, "app", "SyncSpecChanged");
    assert_eq!(replica.metric("freshet_pod_patches_total "), 1);

    // By the store, too.
    let mut moved = store(&namespace);
    moved["spec"]["provider"]["vault"]["path"] = json!("kv");
    cluster.api.apply(&moved);
    wait_for("the annotation", || {
        (sync_spec(&cluster, &namespace) != spec).then_some(())
    });
}

#[test]
fn a_change_that_needs_another_login_is_told_and_the_pod_stays() {
    let cluster = Cluster::take();
    let _replica = cluster.start(&[]);
    let namespace = serve(&cluster, "login");
    let before = sync_spec(&cluster, &namespace);
    let mut other = store(&namespace);
    other["spec"]["provider"]["vault"]["auth"]["kubernetes"]["role"] = json!("other");
    cluster.api.apply(&other);
    let note = cluster.wait_for_event(&namespace, "app", "RestartNeeded");
    assert!(note.contains("its sidecar's --role"), "{note}");
    let [status, _, message] = wait_for("the doubt", || {
        let ready = cluster.ready(&namespace, "externalsecret", "db")?;
        ready[2].contains("pod app: ").then_some(ready)
    });
    assert_eq!(status, "True");
    assert!(message.ends_with("while running: start anew"), "{message}");
    assert_eq!(sync_spec(&cluster, &namespace), before);
    // Back to what it was: nothing is to be done.
    cluster.api.apply(&store(&namespace));
    wait_for("the doubt to be gone", || {
        let [_, _, message] = cluster.ready(&namespace, "externalsecret", "db")?;
        (!message.contains('\n')).then_some(())
    });
}

#[test]
fn a_change_that_is_wrong_leaves_what_is_served() {
    let cluster = Cluster::take();
    let _replica = cluster.start(&[]);
    let namespace = serve(&cluster, "spoilt");
    let before = sync_spec(&cluster, &namespace);
    let mut spoilt = external_secret(&namespace);
    spoilt["spec"]["secretStoreRef"]["name"] = json!("gone");
    cluster.api.apply(&spoilt);
    let of = (namespace.as_str(), "externalsecret", "db");
    let said = cluster.wait_for_condition(of, ("False", "Invalid"));
    assert!(
        said.contains("\"gone\": there is no such SecretStore"),
        "{said}"
    );
    let note = cluster.wait_for_event(&namespace, "app", "NotFollowing");
    assert!(note.contains("keeps what it was served last"), "{note}");
    assert_eq!(sync_spec(&cluster, &namespace), before);
}

#[test]
fn what_changed_while_nobody_led_is_caught_up_with() {
    let cluster = Cluster::take();
    let first = cluster.start(&[]);
    let namespace = serve(&cluster, "missed");
    assert_eq!(first.process.end("TERM"), Some(0));
    cluster.api.apply(&other_key(&namespace, "meanwhile"));
    let _second = cluster.start(&[]);
    wait_for("the annotation", || {
        sync_spec(&cluster, &namespace)
            .contains("meanwhile")
            .then_some(())
    });
}
