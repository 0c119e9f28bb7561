//! The webhook's certificate is replaced, and the CA that the API server trusts is spoilt.

use std::collections::BTreeSet;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::admissions::{admissions, ask, pending};
use crate::support::freshet;
use crate::support::kubectl::{get, run, wait_for};
use crate::support::measured::check_within;
use crate::support::namespace::{ENABLED, Namespace};
use crate::support::restore::restoring;

/// Replaced after 24 s, trusted 3 s before it is served, forgotten 6 s after.
const LIFETIME: &str = "--certificate-lifetime=36s";

#[test]
fn no_pod_is_refused_while_the_certificate_is_rotated() {
    freshet::install();
    let namespace = Namespace::alone("rotation", &[ENABLED]);
    let as_before = || {
        freshet::upgrade();
        // A certificate with its usual life is trusted first, and the one before it may not live so long.
        freshet::wait_until_asked();
    };
    restoring(as_before, || {
        shorten_lifetime();
        let mut seen = BTreeSet::from([certificate()]);
        let admissions = admissions(&namespace, || {
            wait_for(freshet::NAMESPACE, "two rotations", || {
                seen.insert(certificate());
                match seen.len() {
                    0..3 => Err(format!("{} certificates seen", seen.len())),
                    _ => Ok(()),
                }
            });
        });
        admissions.check("during two rotations of the certificate");
    });
}

#[test]
fn a_ca_bundle_that_is_removed_or_replaced_is_put_right_again() {
    freshet::install();
    let namespace = Namespace::alone("bundle", &[ENABLED]);
    let path = "/webhooks/0/clientConfig/caBundle";
    // The CA of the cluster itself: a certificate, but the wrong one.
    let config = get(&["configmap", "kube-root-ca.crt", "--namespace=default"]);
    let wrong = config["data"]["ca.crt"].as_str().expect("a certificate");
    let wrong = json!(STANDARD.encode(wrong));
    for (what, operation, spoilt) in [
        (
            "removed",
            json!({ "op": "remove", "path": path }),
            Value::Null,
        ),
        (
            "replaced",
            json!({ "op": "replace", "path": path, "value": wrong }),
            wrong,
        ),
    ] {
        let configuration = ["mutatingwebhookconfiguration", "freshet"];
        patch(&configuration, &json!([operation]));
        let start = Instant::now();
        namespace.wait_for("another caBundle, and a pod that is admitted", || {
            let bundle = &get(&configuration)["webhooks"][0]["clientConfig"]["caBundle"];
            if *bundle == spoilt {
                return Err(format!("the caBundle is {bundle}"));
            }
            match ask(&pending(&namespace, "admitted"), &["--dry-run=server"]) {
                admitted if admitted.ok => Ok(()),
                refused => Err(refused.stderr),
            }
        });
        let name = format!("caBundle {what}: pods are admitted again after");
        check_within(&name, start, 10);
    }
}

#[track_caller]
fn shorten_lifetime() {
    let deployment = ["deployment", "freshet", "--namespace=freshet"];
    let found = get(&deployment);
    let args = &found["spec"]["template"]["spec"]["containers"][0]["args"];
    let args = args.as_array().expect("arguments").iter();
    let lifetime = |arg: &&Value| {
        let arg = arg.as_str().expect("a text");
        arg.starts_with("--certificate-lifetime")
    };
    let others = args.filter(|arg| !lifetime(arg)).cloned();
    let args: Vec<Value> = others.chain([json!(LIFETIME)]).collect();
    let path = "/spec/template/spec/containers/0/args";
    patch(
        &deployment,
        &json!([{ "op": "replace", "path": path, "value": args }]),
    );
    let namespace = format!("--namespace={}", freshet::NAMESPACE);
    run(&[
        "rollout",
        "status",
        "deployment/freshet",
        &namespace,
        "--timeout=2m",
    ]);
}

#[track_caller]
fn patch(object: &[&str], operations: &Value) {
    let patch = format!("--patch={operations}");
    run(&[&["patch"], object, &["--type=json", &patch]].concat());
}

/// What the webhook shows to the API server, as its Secret holds it.
#[track_caller]
fn certificate() -> String {
    let secret = [
        "secret",
        "freshet-webhook-certificate",
        "--namespace=freshet",
    ];
    get(&secret)["data"]["tls.crt"].to_string()
}
