//! Freshet as the README installs it: with its Helm chart, and a certificate that it keeps itself.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::kubectl::{kubectl, output, run, run_with, wait_for};
use super::namespace::ENABLED;
use super::{image, vault};

/// The namespace of the webhook.
pub(crate) const NAMESPACE: &str = "freshet";

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/freshet");

/// Installs Freshet once for all tests of a run, over what an earlier run may have left.
#[track_caller]
pub(crate) fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let deployment = ["deployment/freshet", "--namespace", NAMESPACE];
        let known = kubectl(&[&["get"], deployment.as_slice()].concat(), "").ok;
        upgrade();
        if known {
            // Its image may be another of the same name.
            run(&[&["rollout", "restart"], deployment.as_slice()].concat());
            run(&[
                &["rollout", "status", "--timeout=2m"],
                deployment.as_slice(),
            ]
            .concat());
        }
        wait_until_asked();
    });
}

/// What all tests but those of the chart itself take for given, whatever is installed now.
#[track_caller]
pub(crate) fn upgrade() {
    upgrade_with(&[]);
}

/// The same, with further options of helm.
#[track_caller]
pub(crate) fn upgrade_with(more: &[&str]) {
    let registry = format!("--set=registry={}", image::registry_of_freshet());
    let address = format!("--set=vault.address={}", vault::ADDRESS);
    let options = [
        "upgrade",
        "--install",
        "freshet",
        CHART,
        "--create-namespace",
        "--wait",
        "--timeout=2m",
        &registry,
        &address,
        "--set=refresher.fullImage.repository=freshet-refresher-full",
    ];
    helm(&[options.as_slice(), more].concat());
}

/// `helm ARGS` in Freshet's namespace; it has to succeed.
#[track_caller]
pub(crate) fn helm(args: &[&str]) -> String {
    let mut command = Command::new("helm");
    command.args(args).args(["--namespace", NAMESPACE]);
    let done = output(&mut command, "");
    if !done.ok {
        let namespace = ["--namespace", NAMESPACE];
        let pods = kubectl(&[&["describe", "pods"], namespace.as_slice()].concat(), "");
        panic!("helm {args:?}: {}{}", done.stderr, pods.stdout);
    }
    done.stdout
}

/// The API server learns of a registration a moment after it accepted it.
#[track_caller]
pub(crate) fn wait_until_asked() {
    let namespace = run_with(
        &[
            "create",
            "--output=jsonpath={.metadata.name}",
            "--filename=-",
        ],
        &json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "generateName": "probe-", "labels": { ENABLED.0: ENABLED.1 } },
        })
        .to_string(),
    );
    let pod = probe(&namespace).to_string();
    wait_for(NAMESPACE, "the API server to ask the webhook", || {
        let refused = kubectl(&["create", "--dry-run=server", "--filename=-"], &pod);
        if refused.stderr.contains("freshet.dev/inject") {
            Ok(())
        } else {
            Err(format!(
                "a pod with a mistake was not refused: {}{}",
                refused.stdout, refused.stderr
            ))
        }
    });
    run(&["delete", "namespace", &namespace, "--wait=false"]);
}

fn probe(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "probe",
            "namespace": namespace,
            "annotations": { "freshet.dev/inject": "perhaps" },
        },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    })
}
