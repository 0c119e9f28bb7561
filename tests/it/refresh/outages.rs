//! What Vault may do to a running pod, and what the pod's files do then: stay.

use freshet::dev_vault::Fault;
use serde_json::json;

use super::pod::{Pod, generation};

const FILES: [(&str, &str, &str); 1] = [("a", "password", "secret/db#password")];

fn running() -> Pod {
    let mut pod = Pod::new(&FILES);
    pod.start(&[]);
    pod.wait_for_file("a/password", "one");
    pod
}

/// The last good file stays and is shown as stale, with the class of the trouble; what was written
/// meanwhile arrives when the trouble is over.
#[track_caller]
fn survives(fault: Fault, class: &str) {
    let pod = running();
    let before = generation(&pod, "a");
    pod.vault.order(fault);
    pod.put("secret/data/db", json!({"password": "two"}));
    pod.wait_until("stale", || pod.status()["mounts"][0]["state"] == "stale");
    let status = pod.status();
    assert_eq!(
        status["mounts"][0]["secrets"][0]["class"], class,
        "{status:#}"
    );
    assert!(status["mounts"][0]["staleSince"].is_string());
    assert!(pod.is_ready());
    assert_eq!(generation(&pod, "a"), before);
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
    let text = String::from_utf8(pod.ask(&["status"]).stdout).expect("text");
    assert!(text.contains("/a (a): stale since 20"), "{text}");
    pod.vault.heal();
    pod.wait_for_file("a/password", "two");
    pod.wait_until("fresh", || pod.status()["mounts"][0]["state"] == "fresh");
}

#[test]
fn a_sealed_vault_leaves_the_last_good_files() {
    survives(Fault::Sealed, "unavailable");
}

#[test]
fn a_vault_that_cuts_connections_leaves_the_last_good_files() {
    survives(Fault::Cut, "unavailable");
}

#[test]
fn a_rate_limit_is_waited_for() {
    survives(Fault::RateLimited(Some(1)), "rate_limited");
}

#[test]
fn a_revoked_token_is_replaced() {
    let pod = running();
    pod.vault.revoke_tokens();
    pod.put("secret/data/db", json!({"password": "two"}));
    pod.wait_for_file("a/password", "two");
    assert_eq!(pod.count("auth/kubernetes/login"), 2);
}

#[test]
fn a_denied_path_beside_good_ones_holds_up_its_own_mount_alone() {
    let mut pod = Pod::new(&[
        ("a", "password", "secret/db#password"),
        ("b", "key", "secret/api#key"),
    ]);
    pod.policy(&["secret/data/api", "secret/metadata/api"]);
    pod.start(&[]);
    pod.wait_for_file("b/key", "k-1");
    pod.put("secret/data/api", json!({"key": "k-2"}));
    pod.wait_for_file("b/key", "k-2");
    assert!(!pod.is_ready());
    let status = pod.status();
    assert_eq!(status["mounts"][0]["secrets"][0]["class"], "denied");
    assert_eq!(status["mounts"][1]["state"], "fresh");
    assert_eq!(
        pod.count("secret/data/api"),
        2,
        "read once for each version"
    );
    assert_eq!(pod.count("auth/kubernetes/login"), 1);
    let reason = pod.text("termination-log");
    assert!(
        reason.contains("secret/db") && !reason.contains("api"),
        "{reason}"
    );

    pod.policy(&["secret/data/*"]);
    pod.wait_for_file("a/password", "one");
    pod.wait_until("ready", || pod.is_ready());
    assert_eq!(pod.text("termination-log"), "", "nothing is wrong any more");
}

#[test]
fn a_deleted_secret_is_told_and_leaves_the_last_good_file() {
    // The newest version, and the secret with all its versions.
    for (path, told) in [
        ("secret/data/db", "has been deleted"),
        ("secret/metadata/db", "there is no such secret"),
    ] {
        let pod = running();
        let before = generation(&pod, "a");
        pod.vault.delete(path).expect("deleted");
        pod.wait_until(told, || {
            let secret = &pod.status()["mounts"][0]["secrets"][0];
            secret["class"] == "not_found" && secret.to_string().contains(told)
        });
        assert_eq!(generation(&pod, "a"), before);
        assert_eq!(pod.file("a/password").as_deref(), Some("one"));
    }
}
