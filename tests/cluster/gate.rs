//! Vault is down when a pod starts: the pod waits, says why, and starts when Vault is back.

use std::env;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::freshet;
use crate::support::measured::check_within;
use crate::support::namespace::found;
use crate::support::own_vault::OwnVault;
use crate::support::pod::{APP, Pod, REFRESHER};

/// How long Vault is down, in seconds, unless the environment says so. The first wait of a pod ends
/// after 30 s, the second begins at once and takes 105 s, the third begins some 10 s after that: this
/// ends between the second and the third. An outage as in production is `600`.
const OUTAGE: (&str, u64) = ("FRESHET_TEST_OUTAGE", 150);

#[test]
fn a_pod_waits_for_vault_and_says_so_and_starts_by_itself_and_goes_when_it_is_deleted() {
    freshet::install();
    let vault = OwnVault::start("gate");
    let namespace = &vault.namespace;
    vault.set_password("marker-one");
    vault.go_down();
    let down = Instant::now();
    let waits = Pod::create(namespace, "waits", &vault.address(), &[]);
    let leaves = Pod::create(namespace, "leaves", &vault.address(), &[]);

    let reason = format!(
        "cannot log in at auth/kubernetes with role {}: {} refuses the connection: is Vault running there, is the port right?",
        namespace.name,
        vault.address(),
    );
    namespace.wait_for("kubectl describe pod to say why", || {
        let described = found(namespace.kubectl(&["describe", "pod", "waits"]))?;
        // Long lines are not wrapped.
        match described.contains(&reason) {
            true => Ok(()),
            false => Err(described),
        }
    });
    check_within(
        "Vault down at pod start: describe pod says why after",
        down,
        60,
    );

    // The longest that a pod may stay: its second wait, the longer one, has just begun.
    namespace.wait_for("the end of the first wait", || {
        match leaves.container(REFRESHER)["state"]["terminated"] {
            Value::Null => Err("it goes on".to_owned()),
            _ => Ok(()),
        }
    });
    let deleted = Instant::now();
    namespace.run(&["delete", "pod", "leaves", "--timeout=150s"]);
    check_within(
        "Vault down at pod start: a deleted pod is gone after",
        deleted,
        120,
    );

    thread::sleep(outage().saturating_sub(down.elapsed()));
    let state = waits.container(APP)["state"].to_string();
    assert!(
        state.contains("PodInitializing"),
        "the application waits: {state}"
    );
    let length = down.elapsed().as_secs();
    vault.come_back();
    let back = Instant::now();
    waits.wait_until_ready();
    let name = format!("Vault back after {length} s: the waiting pod is ready after");
    check_within(&name, back, 90);
    assert_eq!(waits.file(), "marker-one");
    assert_eq!(waits.restarts(APP), 0);
}

fn outage() -> Duration {
    let (variable, usual) = OUTAGE;
    let seconds = env::var(variable).map_or(usual, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}: {text:?}: must be a number of seconds"))
    });
    Duration::from_secs(seconds)
}
