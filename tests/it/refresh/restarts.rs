//! The refresher's ends and beginnings.

use std::time::{Duration, Instant};

use freshet::dev_vault::Fault;
use serde_json::json;

use super::pod::{Pod, generation};

const FILES: [(&str, &str, &str); 1] = [("a", "password", "secret/db#password")];

fn running(options: &[&str]) -> Pod {
    let mut pod = Pod::new(&FILES);
    pod.start(options);
    pod.wait_for_file("a/password", "one");
    pod.wait_until("ready", || pod.is_ready());
    pod
}

#[test]
fn a_killed_refresher_does_not_gate_again_and_rewrites_nothing() {
    let mut pod = running(&[]);
    let before = generation(&pod, "a");
    pod.kill();
    pod.vault.order(Fault::Sealed);
    pod.start(&[]);
    pod.wait_until("ready without Vault", || pod.is_ready());
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
    pod.vault.heal();
    pod.wait_until("fresh", || pod.status()["mounts"][0]["state"] == "fresh");
    assert_eq!(generation(&pod, "a"), before);
    pod.put("secret/data/db", json!({"password": "two"}));
    pod.wait_for_file("a/password", "two");
}

#[test]
fn sigterm_ends_it_at_once_and_leaves_the_token_to_its_life() {
    let mut pod = running(&[]);
    let asked = Instant::now();
    let ended = pod.terminate();
    assert_eq!(ended.code(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(pod.count("auth/token/revoke-self"), 0);
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
}

#[test]
fn sigterm_revokes_the_token_when_asked_for() {
    let mut pod = running(&["--revoke-on-shutdown"]);
    assert_eq!(pod.terminate().code(), Some(0));
    assert_eq!(pod.count("auth/token/revoke-self"), 1);
}

#[test]
fn sigterm_does_not_wait_for_a_vault_that_is_gone() {
    let mut pod = running(&["--revoke-on-shutdown"]);
    pod.vault.order(Fault::Slow(Duration::from_secs(60)));
    let asked = Instant::now();
    assert_eq!(pod.terminate().code(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
}

#[test]
fn once_writes_all_files_and_ends() {
    let pod = Pod::new(&FILES);
    let output = pod.once(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", pod.text("log"));
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
}

#[test]
fn once_tries_again_until_its_time_is_over_and_says_why() {
    let pod = Pod::new(&FILES);
    pod.vault.order(Fault::Sealed);
    let output = pod.once(&["--timeout=2s"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(pod.count("auth/kubernetes/login") >= 2);
    for text in [pod.text("log"), pod.text("termination-log")] {
        assert!(
            text.contains("not all files are there: ") && text.contains("sealed"),
            "{text}"
        );
    }
}

#[test]
fn once_recovers_from_what_passes() {
    let pod = Pod::new(&FILES);
    pod.vault
        .order_for("auth/kubernetes/login", 1, Fault::OutOfService(None));
    pod.vault.order_for("secret/data/db", 1, Fault::Cut);
    assert_eq!(pod.once(&["--timeout=20s"]).status.code(), Some(0));
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
}
