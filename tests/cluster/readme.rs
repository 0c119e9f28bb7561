//! The README's way from nothing to the first pod, by its own lines.

use std::time::Instant;

use crate::support::figures::figure;
use crate::support::kubectl::run;
use crate::support::namespace::Namespace;
use crate::support::readme::Readme;
use crate::support::{freshet, vault};

/// Seconds from `helm install` to the first injected pod.
const BUDGET: f64 = 120.0;

/// The namespace of the README's application.
const NAMESPACE: &str = "my-namespace";

#[test]
fn the_first_pod_has_its_secret_two_minutes_after_helm_install() {
    freshet::install();
    let _alone = Namespace::alone("readme", &[]);
    freshet::helm(&["uninstall", "freshet", "--wait"]);
    // The certificate goes with the namespace.
    run(&["delete", "namespace", freshet::NAMESPACE]);
    run(&["create", "namespace", NAMESPACE]);
    // The README turns it on; roles of other tests are written anew by each.
    vault::vault(&["auth", "disable", "kubernetes"]);

    let readme = Readme::section("Install on a cluster");
    let start = Instant::now();
    readme.run("helm install", NAMESPACE);
    readme.run("kubectl label namespace", NAMESPACE);
    readme.run("vault auth enable", NAMESPACE);
    let said = readme.run("kind: Pod", NAMESPACE);
    let seconds = start.elapsed().as_secs_f64();
    let last = said.lines().last();
    assert_eq!(last, Some("first"), "{said}");
    figure(
        "helm install to the first injected pod",
        seconds,
        "s",
        &format!("<= {BUDGET}"),
    );

    run(&["delete", "namespace", NAMESPACE, "--wait=false"]);
    freshet::upgrade();
    freshet::wait_until_asked();
    assert!(seconds <= BUDGET, "it took {seconds:.1} s");
}
