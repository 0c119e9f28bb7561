//! `ready`, the hook that holds back the application.

use std::time::{Duration, Instant};

use freshet::dev_vault::Fault;

use super::pod::{Pod, exists};

const FILES: [(&str, &str, &str); 1] = [("a", "password", "secret/db#password")];

#[test]
fn the_hook_waits_for_a_refresher_that_is_not_there_yet_and_returns_with_the_first_files() {
    let mut pod = Pod::new(&FILES);
    std::thread::scope(|scope| {
        let state = format!("--state-dir={}", pod.path("state").display());
        let hook = scope.spawn(move || {
            std::process::Command::new(env!("CARGO_BIN_EXE_freshet-refresher"))
                .args(["ready", "--wait", "--timeout=20s", &state])
                .status()
                .expect("the hook")
        });
        pod.start(&[]);
        assert!(hook.join().expect("joined").success());
    });
    assert_eq!(
        pod.file("a/password").as_deref(),
        Some("one"),
        "not before its files"
    );
}

#[test]
fn an_outage_at_start_fails_the_hook_with_the_reason_and_the_pod_starts_when_it_is_over() {
    let mut pod = Pod::new(&FILES);
    pod.vault.order(Fault::Sealed);
    pod.start(&[]);
    pod.wait_until("the first attempt", || {
        pod.text("termination-log").contains("sealed")
    });
    let hook = pod.ask(&["ready", "--wait", "--timeout=1s"]);
    assert_eq!(hook.status.code(), Some(1));
    let reason = String::from_utf8(hook.stderr).expect("text");
    assert!(
        reason.starts_with("not ready: ") && reason.contains("sealed"),
        "{reason}"
    );
    let words = pod.text("termination-log");
    assert!(words.starts_with("waiting for Vault: "), "{words}");
    assert!(
        exists(&pod.path("state/refresher/waited")),
        "the next wait is a later one"
    );

    pod.vault.heal();
    let hook = pod.ask(&["ready", "--wait"]);
    assert_eq!(hook.status.code(), Some(0));
    assert_eq!(pod.text("termination-log"), "");
}

#[test]
fn ready_without_a_wait_answers_now() {
    let mut pod = Pod::new(&FILES);
    let asked = Instant::now();
    let answer = pod.ask(&["ready"]);
    assert_eq!(answer.status.code(), Some(1));
    let reason = String::from_utf8(answer.stderr).expect("text");
    assert!(reason.contains("no refresher answers on "), "{reason}");
    assert_eq!(pod.ask(&["status"]).status.code(), Some(1));
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(!exists(&pod.path("state/refresher/waited")));
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    let text = String::from_utf8(pod.ask(&["status"]).stdout).expect("text");
    assert!(text.starts_with("ready\nVault token: expires 20"), "{text}");
    assert!(
        text.contains("  secret/db: fresh, version 1, next look 20"),
        "{text}"
    );
}

#[test]
fn the_state_is_for_the_refreshers_user_alone() {
    let mut pod = Pod::new(&FILES);
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    let directory = std::fs::metadata(pod.path("state/refresher")).expect("a directory");
    let mode = std::os::unix::fs::PermissionsExt::mode(&directory.permissions());
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_spec_that_is_missing_is_the_reason() {
    let mut pod = Pod::new(&FILES);
    pod.set_spec("");
    pod.start(&[]);
    pod.wait_until("the reason", || {
        pod.text("termination-log").contains("is missing")
    });
    assert!(!pod.is_ready());
    assert_eq!(pod.vault.requests().len(), 0);
    pod.set_spec(&super::pod::spec("1m", &FILES));
    pod.wait_for_file("a/password", "one");
}
