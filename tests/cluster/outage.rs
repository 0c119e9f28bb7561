//! Vault goes away, is sealed, starts anew or forgets a token while pods run: nothing in them stops.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::freshet;
use crate::support::measured::check_within;
use crate::support::own_vault::OwnVault;
use crate::support::pod::{APP, Pod, REFRESHER};

/// How long Vault is away.
const OUTAGE: Duration = Duration::from_secs(60);

/// After Vault's return: the longest wait between two attempts, a login and a look.
const RECOVERED: u32 = 60;

#[test]
fn an_outage_later_on_leaves_files_and_readiness_alone_and_status_says_since_when() {
    freshet::install();
    let vault = OwnVault::start("outage");
    vault.set_password("marker-one");
    let pod = Pod::start(&vault.namespace, "app", &vault.address());
    assert_eq!(stale_seconds(&pod), 0);
    let before = pod.untouched();

    let down = vault.go_down();
    let status = pod.wait_for_status("stale since 20");
    assert!(status.starts_with("ready\n"), "{status}");
    let reason = format!("{} refuses the connection", vault.address());
    assert!(status.contains(&reason), "{status}");
    check_within(
        "Vault down later on: status says stale since after",
        down,
        30,
    );
    thread::sleep(OUTAGE.saturating_sub(down.elapsed()));
    assert!(stale_seconds(&pod) >= 30, "{}", pod.metrics());
    assert_eq!(pod.file(), "marker-one");
    assert_eq!(pod.untouched(), before, "the outage");

    vault.come_back();
    vault.set_password("marker-two");
    check_recovery(&pod, "an outage of a minute", "marker-two");
    assert_eq!(stale_seconds(&pod), 0);
    assert_eq!(pod.untouched(), before, "Vault's return");
}

#[test]
fn a_vault_that_was_sealed_or_killed_and_a_revoked_token_are_recovered_from_without_a_restart() {
    freshet::install();
    let vault = OwnVault::start("recovery");
    vault.set_password("marker-one");
    let pod = Pod::start(&vault.namespace, "app", &vault.address());
    let before = pod.untouched();

    vault.run(&["operator", "seal"]);
    let status = pod.wait_for_status("Vault is sealed: unseal it (vault operator unseal)");
    assert!(status.contains("stale since 20"), "{status}");
    assert_eq!(pod.file(), "marker-one");
    vault.unseal();
    vault.set_password("marker-two");
    check_recovery(&pod, "a seal", "marker-two");

    vault.crash();
    vault.unseal();
    vault.set_password("marker-three");
    check_recovery(&pod, "a crash of Vault", "marker-three");

    vault.run(&[
        "lease",
        "revoke",
        "-prefix",
        "-sync",
        "auth/kubernetes/login",
    ]);
    vault.set_password("marker-four");
    check_recovery(&pod, "a revoked token", "marker-four");
    assert_eq!(pod.untouched(), before, "all that");
}

#[test]
fn a_refresher_that_restarts_in_an_outage_holds_nothing_back_and_a_crashed_application_runs_again()
{
    freshet::install();
    let vault = OwnVault::start("restart");
    vault.set_password("marker-one");
    let pod = Pod::start(&vault.namespace, "app", &vault.address());
    vault.go_down();

    pod.kill(REFRESHER);
    pod.wait_for_restart(REFRESHER, 0);
    // The application is told to crash while the sidecar has no Vault to ask.
    pod.exec(&["kill", "1"]);
    let crashed = Instant::now();
    pod.wait_for_restart(APP, 0);
    pod.wait_until_ready();
    check_within(
        "application crashed in an outage: ready again after",
        crashed,
        20,
    );
    assert_eq!(pod.file(), "marker-one");
    assert_eq!(pod.restarts(REFRESHER), 1, "no hook has failed");
    let status = pod.wait_for_status("refuses the connection");
    assert!(status.starts_with("ready\n"), "{status}");

    vault.come_back();
    vault.set_password("marker-two");
    check_recovery(&pod, "an outage with a restarted refresher", "marker-two");
}

/// The newest password arrives, and everything is current again.
#[track_caller]
fn check_recovery(pod: &Pod<'_>, from: &str, password: &str) {
    let back = Instant::now();
    pod.wait_for_file(password);
    check_within(&format!("recovered from {from} after"), back, RECOVERED);
    let status = pod.status().stdout;
    assert!(!status.contains("since"), "{status}");
}

/// For how long the files are not known to be current, as the metrics say.
#[track_caller]
fn stale_seconds(pod: &Pod<'_>) -> u64 {
    let metrics = pod.metrics();
    let line = metrics
        .lines()
        .find(|line| line.starts_with("freshet_refresher_mount_stale_seconds{"));
    let value = line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok());
    value.unwrap_or_else(|| panic!("no such figure: {metrics}"))
}
