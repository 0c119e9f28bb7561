//! Dynamic secrets, with the real refresher and real time.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::{Duration, Instant};

use freshet::dev_vault::{DevVault, Fault};
use serde_json::{Value, json};

use super::pod::Pod;

const FILES: [(&str, &str, &str); 2] = [
    ("a", "user", "database/creds/app#username"),
    ("b", "all", "database/creds/app"),
];

/// A pod with a database role whose users live for `ttl`, and with renewals for `max_ttl`.
fn pod(ttl: &str, max_ttl: &str) -> Pod {
    let pod = Pod::new(&FILES);
    offer_users(&pod.vault, (ttl, max_ttl));
    pod
}

/// A database role of that Vault, with what a pod may do with its users.
pub(super) fn offer_users(vault: &DevVault, (ttl, max_ttl): (&str, &str)) {
    let write = |path: &str, body: Value| {
        vault.write(path, &body).expect(path);
    };
    write("sys/mounts/database", json!({"type": "database"}));
    let role = json!({"default_ttl": ttl, "max_ttl": max_ttl});
    write("database/roles/app", role);
    let policy = json!({"path": {
        "database/creds/app": {"capabilities": ["read"]},
        "sys/leases/revoke": {"capabilities": ["update"]},
    }});
    let policy = json!({"policy": policy.to_string()});
    write("sys/policies/acl/app", policy);
}

fn user(pod: &Pod) -> String {
    pod.file("a/user").expect("a user")
}

#[test]
fn the_user_of_the_files_can_log_in_at_every_moment() {
    // Short enough to see three of them, long enough for a machine that is busy with other tests.
    let mut pod = pod("6s", "12s");
    pod.start(&["--grace=2s"]);
    pod.wait_until("ready", || pod.is_ready());
    let first = user(&pod);
    let end = Instant::now() + Duration::from_secs(25);
    let mut most = 0;
    while Instant::now() < end {
        let before = user(&pod);
        let users = pod.vault.database_users();
        let after = user(&pod);
        most = most.max(users.len());
        // The files may be switched between two looks.
        let live = users.contains(&before) || users.contains(&after);
        assert!(live, "{before}, {after}: {users:?}\n{}", pod.text("log"));
        thread::sleep(Duration::from_millis(50));
    }
    assert_ne!(user(&pod), first);
    assert!(most <= 2, "{most}: one, and the one before it in its grace");
    assert!(!pod.text("log").contains("pw-"), "no password in the log");
}

#[test]
fn a_user_that_an_operator_drops_is_replaced_at_the_next_look() {
    let mut pod = pod("1h", "24h");
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    let first = user(&pod);
    pod.vault.revoke_leases();
    pod.wait_until("another user", || user(&pod) != first);
    assert!(pod.vault.database_users().contains(&user(&pod)));
}

#[test]
fn kill_9_at_any_time_leaves_at_most_one_user_behind_and_keeps_the_rest() {
    let mut pod = pod("1h", "24h");
    let kills: u64 = 100;
    for kill in 0..kills {
        if kill % 3 == 0 {
            let slow = Fault::Slow(Duration::from_millis(40));
            pod.vault.order_for("database/creds/app", 1, slow);
        }
        if kill % 10 == 9 {
            // Something to be made anew while it is killed.
            pod.vault.revoke_leases();
        }
        pod.start(&[]);
        thread::sleep(Duration::from_millis(7 * (kill % 12)));
        pod.kill();
    }
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    pod.wait_until("a user that can log in", || {
        pod.vault.database_users().contains(&user(&pod))
    });
    pod.wait_until("one credential for both files", || {
        let whole = pod.file("b/all").expect("a file");
        whole.contains(&user(&pod))
    });
    let log = pod.text("log");
    let told = log.matches("killed while Vault may have been").count();
    let left = pod.vault.database_users().len() - 1;
    assert!(left <= told, "{left} left, {told} told");
    let last = user(&pod);
    pod.kill();
    pod.start(&[]);
    pod.wait_until("fresh", || pod.status()["mounts"][0]["state"] == "fresh");
    assert_eq!(user(&pod), last, "the one that lives is known and kept");
}

#[test]
fn what_is_kept_is_for_the_refresher_alone() {
    let mut pod = pod("1h", "24h");
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    let mode = |name: &str| {
        let found = fs::metadata(pod.path(name)).expect(name);
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode("state/refresher"), 0o700);
    assert_eq!(mode("state/refresher/memory/credentials.json"), 0o600);
}

#[test]
fn sigterm_gives_everything_back_when_that_is_asked_for() {
    let mut pod = pod("1h", "24h");
    pod.start(&["--revoke-on-shutdown"]);
    pod.wait_until("ready", || pod.is_ready());
    assert_eq!(pod.vault.database_users().len(), 1);
    assert_eq!(pod.terminate().code(), Some(0));
    assert_eq!(pod.vault.database_users().len(), 0);
    let kept = pod.text("state/refresher/memory/credentials.json");
    assert!(!kept.contains("pw-"), "{kept}");
}

#[test]
fn once_refuses_a_dynamic_secret_and_gives_it_back() {
    let pod = pod("1h", "24h");
    let output = pod.once(&["--timeout=20s"]);
    assert_eq!(output.status.code(), Some(1));
    let reason = pod.text("termination-log");
    assert!(
        reason.contains("database/creds/app is a dynamic secret"),
        "{reason}"
    );
    assert_eq!(pod.count("database/creds/app"), 1, "never again");
    assert_eq!(pod.vault.database_users().len(), 0);
}
