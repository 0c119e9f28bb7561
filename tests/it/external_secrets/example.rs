//! Four files of a GitOps repository, unchanged: a store, an ExternalSecret, and a Deployment and a
//! Service that know nothing of either.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::cli::freshet;

const NAMES: [&str; 4] = [
    "clustersecretstore",
    "deployment",
    "externalsecret",
    "service",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/external_secrets/example")
}

/// The files by name, as they are.
fn files() -> Vec<(String, String)> {
    let read = |name: &str| {
        let name = format!("{name}.yaml");
        let text = fs::read_to_string(folder().join(&name)).expect("a file of the example");
        (name, text)
    };
    NAMES.into_iter().map(read).collect()
}

/// What `freshet` makes of the files.
pub(crate) fn injected(options: &str) -> String {
    let files = files();
    let named: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let arguments: String = files
        .iter()
        .map(|(name, _)| format!(" -f {name}"))
        .collect();
    let said = freshet(&format!("inject{arguments} {options}"), &named, "");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    said.stdout
}

#[test]
fn the_files_go_in_and_the_injected_deployment_comes_out() {
    let found = injected("--external-secrets-claim all");
    let path = folder().join("injected.txt");
    let want = fs::read_to_string(&path).unwrap_or_default();
    if found != want && std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &found).expect("a writable fixture");
        return;
    }
    assert_eq!(found, want, "UPDATE_EXPECT=1 rewrites the file");
}

#[test]
fn what_was_injected_is_injected_no_further() {
    let once = injected("--external-secrets-claim all");
    let said = freshet("inject -f - --external-secrets-claim all", &[], &once);
    assert_eq!((said.code, said.stdout), (Some(0), once));
}

#[test]
fn a_store_without_a_class_is_left_to_external_secrets_unless_all_are_claimed() {
    let untouched: String = injected("");
    assert!(!untouched.contains("freshet"), "{untouched}");
    for (name, text) in files() {
        assert!(
            untouched.contains(text.trim_start_matches("---\n").trim_end()),
            "{name}"
        );
    }
}

#[test]
fn lint_tells_what_the_deployment_gets_and_what_is_wrong_with_the_manifests() {
    let files = files();
    let mut named: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    let lint = "lint -f deployment.yaml --external-secrets externalsecret.yaml --external-secrets clustersecretstore.yaml --external-secrets-claim all";
    let run = |named: &[(&str, String)]| {
        let named: Vec<_> = named
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        freshet(lint, &named, "")
    };
    let said = run(&named);
    expect_test::expect![[r#"
        deployment.yaml: document 1 (Deployment default/gitops-secrets-deploy): warning: ClusterSecretStore vault-backend: spec.provider.vault.server: is not https: tokens and secrets cross the network in clear
        deployment.yaml: document 1 (Deployment default/gitops-secrets-deploy): ok: 1 file for gitops-secrets-app by a sidecar as Vault role "demo"; memory: volume mysql at most 3Mi, refresher at most 20Mi
    "#]].assert_eq(&said.stdout);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    for (name, text) in &mut named {
        if *name == "externalsecret.yaml" {
            *text = text
                .replace("      property: url", "      property: url.@pretty")
                .replace("{{ .db_url }}", "{{ .db_url ");
        }
    }
    let said = run(&named);
    expect_test::expect![[r#"
        deployment.yaml: document 1 (Deployment default/gitops-secrets-deploy): error: ExternalSecret my-db-credentials: spec.target.template.data[credentials]: template:1:20: at <">: unterminated quoted string
        deployment.yaml: document 1 (Deployment default/gitops-secrets-deploy): error: ExternalSecret my-db-credentials: spec.data[0].remoteRef.property: "url.@pretty": has the modifier @pretty, which is not offered: take the value as it is and write it with a template, e.g. {{ .key | fromJson }}
        deployment.yaml: document 1 (Deployment default/gitops-secrets-deploy): warning: ClusterSecretStore vault-backend: spec.provider.vault.server: is not https: tokens and secrets cross the network in clear
    "#]].assert_eq(&said.stdout);
    assert_eq!(said.code, Some(1));
}

/// The SyncSpec of the injected Deployment.
pub(crate) fn sync_spec() -> Value {
    let deployment = injected("--external-secrets-claim all -o json");
    let objects = serde_json::Deserializer::from_str(&deployment).into_iter::<Value>();
    let objects: Vec<_> = objects.map(|object| object.expect("JSON")).collect();
    let deployment = objects.iter().find(|object| object["kind"] == "Deployment");
    super::sync_spec(&deployment.expect("the Deployment")["spec"]["template"])
}
