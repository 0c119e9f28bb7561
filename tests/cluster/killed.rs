//! The refresher or the node's containerd ends out of the blue: the files stay, and the next process
//! carries on.

use serde_json::json;

use crate::support::namespace::{ENABLED, Namespace};
use crate::support::pod::{APP, Pod, REFRESHER};
use crate::support::{freshet, vault};

#[test]
fn a_killed_refresher_leaves_its_files_and_the_next_one_carries_on() {
    freshet::install();
    let namespace = prepare(Namespace::new("killed", &[ENABLED]));
    let pod = Pod::start(&namespace, "app", vault::ADDRESS);
    let before = pod.container(APP);
    for (round, password) in ["marker-two", "marker-three"].into_iter().enumerate() {
        let old = pod.file();
        pod.kill(REFRESHER);
        assert_eq!(pod.file(), old, "while no refresher runs");
        pod.wait_for_restart(REFRESHER, round as u64);
        assert_eq!(pod.file(), old, "when the next one runs");
        set_password(&namespace, password);
        pod.wait_for_file(password);
    }
    assert_eq!(
        pod.container(APP),
        before,
        "the application has noticed nothing"
    );
}

/// Vault takes no longer value. Of three a refresher with [`LITTLE_MEMORY`] cannot even read the reply.
const LARGE: usize = 1 << 20;

/// Enough for a password.
const LITTLE_MEMORY: &str = "7Mi";

#[test]
fn a_refresher_that_runs_out_of_memory_leaves_its_files_and_carries_on_when_the_secret_fits() {
    freshet::install();
    let namespace = prepare(Namespace::new("oom", &[ENABLED]));
    let memory = [
        ("freshet.dev/limits-memory", LITTLE_MEMORY),
        ("freshet.dev/requests-memory", LITTLE_MEMORY),
    ];
    let pod = Pod::create(&namespace, "app", vault::ADDRESS, &memory);
    pod.wait_until_ready();
    let before = pod.container(APP);

    let large = "x".repeat(LARGE);
    let data = json!({ "password": "too late", "a": large, "b": large, "c": large });
    vault::vault_with(&["kv", "put", &secret(&namespace), "-"], &data.to_string());
    namespace.wait_for("a refresher without memory", || {
        let status = pod.container(REFRESHER);
        match status["lastState"]["terminated"]["reason"] == "OOMKilled" {
            true => Ok(()),
            false => Err(status.to_string()),
        }
    });
    assert_eq!(pod.file(), "marker-one");
    set_password(&namespace, "marker-two");
    pod.wait_for_file("marker-two");
    assert_eq!(
        pod.container(APP),
        before,
        "the application has noticed nothing"
    );
}

#[test]
fn pods_outlive_the_containerd_of_their_node() {
    freshet::install();
    // Nobody else's containers start meanwhile.
    let namespace = prepare(Namespace::alone("containerd", &[ENABLED]));
    let pod = Pod::start(&namespace, "app", vault::ADDRESS);
    let before = pod.container(APP);
    let node = pod.node();
    let old = node.containerd().expect("containerd runs");
    node.kill_containerd();
    namespace.wait_for("another containerd", || match node.containerd() {
        Ok(now) if now != old => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(pod.file(), "marker-one");
    set_password(&namespace, "marker-two");
    pod.wait_for_file("marker-two");
    pod.wait_until_ready();
    assert_eq!(
        pod.container(APP),
        before,
        "the application has noticed nothing"
    );
    assert_eq!(pod.restarts(REFRESHER), 0, "nor has the refresher");
    // A pod starts as before.
    Pod::start(&namespace, "another", vault::ADDRESS);
}

/// Its pods have a secret in the Vault of the cluster.
#[track_caller]
fn prepare(namespace: Namespace) -> Namespace {
    vault::allow(&namespace.name, &namespace.name, "default");
    set_password(&namespace, "marker-one");
    namespace
}

#[track_caller]
fn set_password(namespace: &Namespace, password: &str) {
    vault::put(&secret(namespace), &[&format!("password={password}")]);
}

fn secret(namespace: &Namespace) -> String {
    format!("secret/{}/db", namespace.name)
}
