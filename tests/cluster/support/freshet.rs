//! Freshet as the README installs it: `webhook-config/`, then a certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::kubectl::{kubectl, output, run, run_with, wait_for};
use super::namespace::{ENABLED, found};
use super::{image, vault};

/// The namespace of the webhook.
pub(crate) const NAMESPACE: &str = "freshet";

/// Installs Freshet once for all tests of a run, over what an earlier run may have left.
#[track_caller]
pub(crate) fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let namespace = format!("--namespace={NAMESPACE}");
        let known = kubectl(&["get", "deployment", "freshet", &namespace], "").ok;
        run(&["apply", "--kustomize", &overlay().display().to_string()]);
        certificate();
        if known {
            // Its image may be another of the same name.
            run(&["rollout", "restart", "deployment/freshet", &namespace]);
        }
        wait_for(NAMESPACE, "the webhook", || {
            let wait = "--timeout=1s";
            found(kubectl(
                &["rollout", "status", "deployment/freshet", &namespace, wait],
                "",
            ))
        });
        wait_until_asked();
    });
}

/// `webhook-config/` with this cluster's Vault and images, as a person would write it down.
fn overlay() -> PathBuf {
    let folder = scratch("install");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config");
    let base = folder.join("base");
    fs::create_dir(&base).expect("a folder");
    for file in fs::read_dir(&from).expect("webhook-config") {
        let file = file.expect("a readable folder");
        fs::copy(file.path(), base.join(file.file_name())).expect("a copy of a manifest");
    }
    let args = json!([
        "webhook",
        format!("--vault-address={}", vault::ADDRESS),
        format!(
            "--refresher-image={}",
            image::of_freshet("freshet-refresher")
        ),
        format!(
            "--refresher-full-image={}",
            image::of_freshet("freshet-refresher-full")
        ),
    ]);
    let patch = json!([{
        "op": "replace",
        "path": "/spec/template/spec/containers/0/args",
        "value": args,
    }]);
    let (name, tag) = split(&image::of_freshet("freshet"));
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["base"],
        "images": [{ "name": "freshet", "newName": name, "newTag": tag }],
        "patches": [{ "target": { "kind": "Deployment", "name": "freshet" }, "patch": patch.to_string() }],
    });
    fs::write(folder.join("kustomization.yaml"), kustomization.to_string()).expect("a file");
    folder
}

/// A private CA for the webhook, by the project's own script.
#[track_caller]
fn certificate() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs/generate");
    let done = output(Command::new(script).arg("--apply").arg(scratch("tls")), "");
    assert!(done.ok, "certs/generate: {}{}", done.stdout, done.stderr);
}

/// The API server learns of a registration a moment after it accepted it.
#[track_caller]
fn wait_until_asked() {
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

/// An empty folder.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cluster")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// `registry:5000/freshet:0.1.0` as name and tag.
fn split(image: &str) -> (String, String) {
    let (name, tag) = image.rsplit_once(':').expect("an image has a tag");
    (name.to_owned(), tag.to_owned())
}
