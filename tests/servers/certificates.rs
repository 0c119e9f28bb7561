//! The certificate that the replicas keep themselves, against a real API server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::process::wait_for;
use crate::support::replica::{Installation, Replica, SECRET, leader, two};

#[test]
fn two_replicas_that_start_at_once_agree() {
    let installation = Installation::new("certs-start");
    let replicas = two(&installation, &[]);
    let namespace = installation.served_namespace();
    wait_for("the API server to know the bundle", || {
        installation.admit(&namespace).ok()
    });
    let bundles = installation.bundles();
    assert_eq!(bundles[0], bundles[1]);
    assert_eq!(bundles[0], installation.stored("ca.crt"));
    let shown = [&replicas[0], &replicas[1]].map(|replica| replica.shown(&bundles[0]));
    let [first, second] = shown.map(|leaf| leaf.expect("trusted"));
    assert_eq!(first, second);
    let leading = leader(&replicas);
    assert!(!replicas[1 - leading].leads());
    let rotated: Vec<_> = replicas
        .iter()
        .map(|replica| replica.metric("freshet_certificate_rotations_total"))
        .collect();
    assert_eq!(rotated.iter().flatten().sum::<i64>(), 1);

    let secret = installation
        .api
        .get(&installation.namespace, "secret", SECRET);
    assert_eq!(secret["type"], "freshet.dev/webhook-certificates");
    let keys: Vec<_> = secret["data"].as_object().expect("data").keys().collect();
    assert_eq!(
        keys,
        ["ca.crt", "tls.crt", "tls.key"],
        "the CA's key is not kept"
    );
}

#[test]
fn what_is_lost_or_clobbered_comes_back() {
    let installation = Installation::new("certs-heal");
    let replicas = two(&installation, &[]);
    let namespace = installation.served_namespace();
    wait_for("the API server to know the bundle", || {
        installation.admit(&namespace).ok()
    });
    let served = installation.stored("tls.crt");
    let before = without_bundles(installation.configuration());

    // The Secret: the pair that is served comes back, and a rotation begins.
    let args = ["delete", "-n", &installation.namespace, "secret", SECRET];
    installation.api.run(&args, "");
    wait_for("the Secret", || {
        (installation.stored("tls.crt") == served).then_some(())
    });
    wait_for("two CAs in the bundle", || {
        let both = installation.stored("next-ca.crt") + &installation.stored("ca.crt");
        (installation.bundles() == [both.clone(), both]).then_some(())
    });
    assert_eq!(installation.admit(&namespace), Ok(()));

    // The bundles: one emptied, one with somebody else's CA.
    let [full, _] = <[String; 2]>::try_from(installation.bundles()).expect("two entries");
    let foreign = json!([
        { "op": "remove", "path": "/webhooks/0/clientConfig/caBundle" },
        { "op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": foreign_bundle(&installation) },
    ]);
    patch(&installation, &foreign);
    wait_for("the bundles", || {
        (installation.bundles() == [full.clone(), full.clone()]).then_some(())
    });
    let leading = &replicas[leader(&replicas)];
    assert_eq!(
        leading.metric("freshet_certificate_bundle_repairs_total"),
        Some(1)
    );
    assert_eq!(without_bundles(installation.configuration()), before);
    wait_for("the API server to know the bundle", || {
        installation.admit(&namespace).ok()
    });

    // Spoilt: as if it were lost.
    let spoilt = json!({ "data": { "tls.key": "c3BvaWx0" } }).to_string();
    let args = ["patch", "-n", &installation.namespace, "secret", SECRET];
    let args = [&args[..], &["--type=merge", "-p", &spoilt]].concat();
    installation.api.run(&args, "");
    wait_for("a Secret in order", || {
        (installation.stored("tls.crt") == served
            && installation.stored("tls.key").contains("PRIVATE"))
        .then_some(())
    });
}

#[test]
fn a_rotation_fails_no_admission() {
    let installation = Installation::new("certs-rotation");
    // Replaced after 24 s, trusted 3 s before it is served, forgotten 6 s after.
    let replicas = two(&installation, &["--certificate-lifetime=36s"]);
    let namespace = installation.served_namespace();
    wait_for("the API server to know the bundle", || {
        installation.admit(&namespace).ok()
    });
    let done = AtomicBool::new(false);
    let admitted = thread::scope(|scope| {
        let admissions = scope.spawn(|| {
            let mut admitted = 0;
            while !done.load(Ordering::Relaxed) {
                assert_eq!(installation.admit(&namespace), Ok(()));
                admitted += 1;
            }
            admitted
        });
        let pairs = pairs_shown(&installation, &replicas, 3, || !admissions.is_finished());
        done.store(true, Ordering::Relaxed);
        assert_eq!(pairs, Ok(3), "two rotations");
        admissions.join().expect("every pod is admitted")
    });
    assert!(admitted > 10, "{admitted} pods");
    let repairs = replicas
        .iter()
        .filter_map(|replica| replica.metric("freshet_certificate_bundle_repairs_total"));
    assert_eq!(repairs.sum::<i64>(), 0, "nobody had to repair anything");
}

#[test]
fn a_replica_that_ends_or_is_killed_is_followed_by_the_other() {
    let installation = Installation::new("certs-leader");
    let mut replicas = two(&installation, &[]);
    let first = leader(&replicas);
    let second = 1 - first;
    let held = holder(&installation);
    assert_eq!(replicas[first].process.end("TERM"), Some(0));
    assert_ne!(holder(&installation), held, "given up, not left to expire");
    wait_for("the other to lead", || {
        replicas[second].leads().then_some(())
    });
    replicas[first] = installation.start(first, &[]);
    replicas[first].wait_until_ready();
    assert!(replicas[second].leads() && !replicas[first].leads());

    replicas[second].process.end("KILL");
    let remove = json!([{ "op": "remove", "path": "/webhooks/0/clientConfig/caBundle" }]);
    patch(&installation, &remove);
    wait_for("the bundles", || {
        let bundles = installation.bundles();
        (bundles[0] == bundles[1]).then_some(())
    });
    assert!(replicas[first].leads());
    replicas[first]
        .shown(&installation.bundles()[0])
        .expect("trusted");
}

#[test]
fn a_registration_that_comes_later_is_filled_in_and_no_apply_undoes_it() {
    let installation = Installation::new("certs-later");
    let replica = installation.start(0, &[]);
    replica.wait_until_ready();
    replica.wait_for_log(
        "mutatingwebhookconfigurations.admissionregistration.k8s.io certs-later: does not exist, so no pod reaches this webhook",
    );
    installation.api.apply(&installation.registration(&[0]));
    let authority = installation.stored("ca.crt");
    let filled = |count| {
        wait_for("the bundles", || {
            let bundles = installation.bundles();
            (bundles == vec![authority.clone(); count]).then_some(())
        });
    };
    filled(1);
    // As `kubectl apply` and as Argo CD's server-side apply, with another entry and without.
    for entries in [&[0_usize, 1][..], &[0]] {
        let text = installation.registration(entries).to_string();
        installation.api.run(&["apply", "-f", "-"], &text);
        filled(entries.len());
        assert!(installation.api.kubectl(&["diff", "-f", "-"], &text).ok);
    }
    let sync = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=argocd-controller",
        "-f",
        "-",
    ];
    for entries in [&[0_usize, 1][..], &[0]] {
        let text = installation.registration(entries).to_string();
        installation.api.run(&sync, &text);
        filled(entries.len());
    }
    assert_eq!(
        replica.metric("freshet_certificate_bundle_repairs_total"),
        Some(3),
        "one for each entry that was new"
    );
}

#[test]
fn what_is_forbidden_is_named_with_what_to_grant() {
    let installation = Installation::without_permissions("certs-forbidden");
    let replica = installation.start(0, &[]);
    replica.wait_for_log(
        "mutatingwebhookconfigurations.admissionregistration.k8s.io certs-forbidden: list: forbidden: \
         the ClusterRole of the webhook's service account must grant list on \
         mutatingwebhookconfigurations.admissionregistration.k8s.io with resourceNames \
         [certs-forbidden] (the API server says: ",
    );
    for (resource, object, verb) in [
        ("secrets", SECRET, "get"),
        ("secrets", SECRET, "list"),
        ("leases.coordination.k8s.io", "freshet", "get"),
    ] {
        replica.wait_for_log(&format!(
            "{resource} {}/{object}: {verb}: forbidden: the Role of the webhook's service account must \
             grant {verb} on {resource} with resourceNames [{object}] (the API server says: ",
            installation.namespace
        ));
    }
    let ready = replica.ask("/readyz").expect("an answer");
    assert_eq!(ready.status, 503);
    assert!(
        ready.body.contains("[-]certificate failed"),
        "{}",
        ready.body
    );
    assert!(replica.shown("").is_err());
}

#[test]
fn a_secret_of_somebody_else_is_left_alone() {
    let installation = Installation::new("certs-foreign");
    let foreign = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": SECRET, "namespace": installation.namespace },
        "stringData": { "note": "mine" },
    });
    installation.api.apply(&foreign);
    let replica = installation.start(0, &[]);
    replica.wait_for_log(&format!(
        "secrets {}/{SECRET}: type: \\\"Opaque\\\": must be freshet.dev/webhook-certificates: this \
         Secret is somebody else's; name another with --certificate-secret",
        installation.namespace
    ));
    assert_eq!(installation.stored("note"), "mine");
}

/// Shakes hands as an API server that opens a new connection each time, until `enough` pairs were seen
/// in two minutes and a half; answers how many.
fn pairs_shown(
    installation: &Installation,
    replicas: &[Replica; 2],
    enough: usize,
    goes_on: impl Fn() -> bool,
) -> Result<usize, String> {
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    let began = Instant::now();
    while pairs.len() < enough && goes_on() && began.elapsed() < Duration::from_secs(150) {
        let bundle = &installation.bundles()[0];
        for replica in replicas {
            let shown = replica.shown(bundle).map_err(|error| error.to_string())?;
            if !pairs.contains(&shown) {
                pairs.push(shown);
            }
        }
    }
    Ok(pairs.len())
}

/// Who holds the Lease; empty when it was given up.
fn holder(installation: &Installation) -> String {
    let lease = installation
        .api
        .get(&installation.namespace, "lease", "freshet");
    let holder = &lease["spec"]["holderIdentity"];
    holder.as_str().unwrap_or_default().to_owned()
}

fn patch(installation: &Installation, operations: &Value) {
    let args = [
        "patch",
        "mutatingwebhookconfiguration",
        installation.name,
        "--type=json",
        "-p",
        &operations.to_string(),
    ];
    installation.api.run(&args, "");
}

fn foreign_bundle(installation: &Installation) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(installation.api.authority.pem())
}

/// All that somebody else owns.
fn without_bundles(mut configuration: Value) -> Value {
    for entry in configuration["webhooks"].as_array_mut().expect("entries") {
        let config = entry["clientConfig"].as_object_mut();
        config.expect("an object").remove("caBundle");
    }
    let metadata = configuration["metadata"].as_object_mut().expect("metadata");
    for changing in ["generation", "resourceVersion", "managedFields"] {
        metadata.remove(changing);
    }
    configuration
}
