//! Fifty applications, and credentials that live for a minute at most.

use std::collections::BTreeSet;
use std::env;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::applications::{self, DEPLOYMENT, Report};
use crate::database;
use crate::support::figures::{figure, median};
use crate::support::freshet;
use crate::support::measured::{check_within, count};
use crate::support::namespace::{ENABLED, Namespace};
use crate::support::vault;

const PODS: usize = 50;

/// How long an old credential lives on.
const GRACE: &str = "10s";

/// Between two counts of what Vault holds.
const LOOK: Duration = Duration::from_secs(5);

/// A node of two cores starts so many pods one after the other.
const STARTED: Duration = Duration::from_secs(600);

#[test]
fn no_application_sees_a_credential_that_the_database_refuses_and_none_is_left_behind() {
    freshet::install();
    let namespace = Namespace::alone("leases", &[ENABLED]);
    database::set_up();
    database::allow(&namespace.name, &namespace.name);
    applications::start(
        &namespace,
        PODS,
        &[("freshet.dev/grace", GRACE), ("freshet.dev/revoke", "true")],
    );
    wait_until_started(&namespace);
    // While it starts them, the node has no time for what runs; all credentials of then end meanwhile.
    thread::sleep(Duration::from_secs(u64::from(database::MAX_TTL)));
    let before = applications::reports(&namespace);

    let (began, time) = (Instant::now(), time());
    let mut held = Vec::new();
    while began.elapsed() < time {
        thread::sleep(LOOK);
        let leases = leases().len();
        // Each has one, and for the grace period the one before it.
        assert!(leases <= 2 * PODS, "{leases} credentials of {PODS} pods");
        held.push(f64::from(u32::try_from(leases).expect("a small number")));
    }
    let reports = applications::reports(&namespace);
    assert_eq!(reports.len(), PODS);
    check(&before, &reports, time);
    figure(
        "dynamic secrets: credentials of 50 pods, median",
        median(&held),
        "",
        "",
    );
    let most = held.iter().copied().fold(0.0, f64::max);
    figure(
        "dynamic secrets: credentials of 50 pods, most",
        most,
        "",
        "<= 100",
    );

    let deleted = Instant::now();
    namespace.run(&["delete", DEPLOYMENT, "--wait=false"]);
    namespace.wait_for("the credentials to be gone", || match leases() {
        none if none.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    });
    check_within("dynamic secrets: none is left after the pods", deleted, 60);
}

/// No login was refused, and everybody has had several users.
#[track_caller]
fn check(before: &[(String, Report)], after: &[(String, Report)], time: Duration) {
    let (mut logins, mut refused, mut fewest) = (0, Vec::new(), u32::MAX);
    for ((pod, before), (same, after)) in before.iter().zip(after) {
        assert_eq!(pod, same, "no pod was replaced");
        logins += after.logins - before.logins;
        fewest = fewest.min(after.users - before.users);
        if after.refused > before.refused {
            refused.push(format!(
                "{pod}: {} more: {:?}",
                after.refused - before.refused,
                after.problem
            ));
        }
    }
    let started: u32 = before.iter().map(|(_, report)| report.refused).sum();
    figure(
        "dynamic secrets: refused while the node started 50 pods",
        f64::from(started),
        "",
        "",
    );
    figure("dynamic secrets: logins", f64::from(logins), "", "");
    count(
        "dynamic secrets: applications with a refused login",
        refused.len(),
        "<= 0",
    );
    figure(
        "dynamic secrets: new users of one application, fewest",
        f64::from(fewest),
        "",
        "",
    );
    assert_eq!(refused, Vec::<String>::new());
    let seconds = u32::try_from(time.as_secs()).expect("a short time");
    let pods = u32::try_from(PODS).expect("a small number");
    // A machine that is busy may be late now and then.
    assert!(
        logins > seconds * pods / 2,
        "{logins} logins in {seconds} s"
    );
    assert!(fewest >= seconds / database::MAX_TTL, "{fewest} users");
}

/// The leases that Vault knows.
#[track_caller]
fn leases() -> BTreeSet<String> {
    let list = [
        "list",
        "-format=json",
        "sys/leases/lookup/database/creds/app",
    ];
    let shared = vault::Server { namespace: "vault" };
    let done = shared.try_to_run(&list, "");
    // Where there is none it says `{}` and is not content.
    let found: Value = serde_json::from_str(&done.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", done.stdout, done.stderr));
    let found = found.as_array().into_iter().flatten();
    let ids = found.map(|id| id.as_str().expect("an id").to_owned());
    ids.collect()
}

/// Waits for all pods, and tells how far it is.
#[track_caller]
fn wait_until_started(namespace: &Namespace) {
    let deadline = Instant::now() + STARTED;
    loop {
        let deployment = namespace.get(&[DEPLOYMENT]);
        let ready = deployment["status"]["readyReplicas"].as_u64().unwrap_or(0);
        if usize::try_from(ready) == Ok(PODS) {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{ready} of {PODS} pods are ready"
        );
        eprintln!("{ready} of {PODS} pods are ready");
        thread::sleep(LOOK);
    }
}

/// `FRESHET_TEST_LEASES`, in seconds.
#[track_caller]
fn time() -> Duration {
    let seconds = env::var("FRESHET_TEST_LEASES").unwrap_or_else(|_| "300".to_owned());
    Duration::from_secs(seconds.parse().expect("FRESHET_TEST_LEASES: seconds"))
}
