//! `freshet inject` and what all commands have in common, through the program itself.

mod documents;
mod format;
mod usage;

use std::io::Write as _;
use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::Value;

/// What the program said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `freshet` in an empty folder with `files` in it, and `stdin`.
pub(crate) fn freshet(arguments: &str, files: &[(&str, &str)], stdin: &str) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_freshet"))
        .args(arguments.split_whitespace())
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("freshet starts");
    let mut pipe = child.stdin.take().expect("standard input");
    // A program that fails early does not read its input.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("freshet ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

const VAULT: &str = "--vault-address https://vault.vault:8200";

/// `freshet inject` of a manifest on standard input, which must succeed.
#[track_caller]
fn inject(options: &str, manifest: &str) -> String {
    let said = freshet(&format!("inject -f - {VAULT} {options}"), &[], manifest);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(0), ""),
        "{}",
        said.stdout
    );
    said.stdout
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

/// A pod that asks for injection, at the place of a template.
const POD: &str = "\
metadata:
  name: app
  annotations:
    freshet.dev/inject: \"true\"
    freshet.dev/secret-db: secret/db#password
spec:
  containers:
  - name: app
    image: app:1
";

/// The pod as an object of its own.
fn pod() -> String {
    format!("apiVersion: v1\nkind: Pod\n{POD}")
}

/// `text` with every line indented.
fn indented(text: &str, by: usize) -> String {
    let line = |line: &str| format!("{:by$}{line}\n", "");
    text.lines().map(line).collect()
}

#[test]
fn a_denied_manifest_prints_nothing_but_the_problems() {
    let bad = pod().replace("secret-db:", "mode-tls: \"99\"\n    freshet.dev/secret-db:");
    let template = indented(&bad.replace("apiVersion: v1\nkind: Pod\n", ""), 4);
    let manifest = format!(
        "{}---\nkind: Deployment\nmetadata: {{name: shop}}\nspec:\n  template:\n{template}",
        pod()
    );
    let said = freshet(
        &format!("inject -f app.yaml --namespace team {VAULT}"),
        &[("app.yaml", &manifest)],
        "",
    );
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    expect![[r#"
        app.yaml: document 2 (Deployment team/shop): error: spec.template.metadata.annotations[freshet.dev/mode-tls]: there is neither freshet.dev/secret-tls nor freshet.dev/template-tls; the names are "db"
    "#]].assert_eq(&said.stderr);
}

#[test]
fn warnings_are_told_beside_the_manifest() {
    let manifest = pod().replace("secret/db#", "secret/data/db#");
    let said = freshet(&format!("inject -f - {VAULT}"), &[], &manifest);
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.contains("freshet.dev/status: injected"));
    expect![[r#"
        stdin: document 1 (Pod default/app): warning: metadata.annotations[freshet.dev/secret-db]: "secret/data/db#password": looks like a path of KV v2's API: write secret/db, as vault kv get takes it
    "#]].assert_eq(&said.stderr);
}

#[test]
fn the_options_are_the_webhooks() {
    let options = "--vault-namespace team --auth-type jwt --auth-path jwt-prod --auth-audience other \
        --ca-config-map platform-ca --refresher-image registry.example/refresher:2 --refresher-image-pull-policy Always \
        --refresher-requests-cpu 7m --refresher-limits-memory 48Mi --refresher-metrics-port 9999 \
        --refresher-log-format json --refresher-log-level debug";
    let injected = yaml(&inject(options, &pod()));
    let refresher = &injected["spec"]["initContainers"][0];
    assert_eq!(refresher["image"], "registry.example/refresher:2");
    assert_eq!(refresher["imagePullPolicy"], "Always");
    assert_eq!(refresher["resources"]["requests"]["cpu"], "7m");
    assert_eq!(refresher["resources"]["limits"]["memory"], "48Mi");
    assert_eq!(refresher["ports"][0]["containerPort"], 9999);
    let args = refresher["args"].to_string();
    for option in [
        "--vault-namespace=team",
        "--auth-type=jwt",
        "--auth-path=jwt-prod",
        "--audience=other",
        "--ca-file=/run/freshet/ca/ca.crt",
        "--log-format=json",
        "--log-level=debug",
    ] {
        assert!(args.contains(option), "{option} in {args}");
    }
}

#[test]
fn a_pod_that_exists_is_left_alone() {
    assert_eq!(inject("--operation update", &pod()), pod());
    assert_ne!(inject("--operation create", &pod()), pod());
}
