//! Freshet itself, deployed by Argo CD from `webhook-config/`: the `caBundle` that it writes into its
//! registration is no drift.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::application::{Application, Apply, Wanted};
use crate::git::Repository;
use crate::support::freshet;
use crate::support::kubectl::{get, run};
use crate::support::namespace::Namespace;
use crate::support::restore::restoring;
use crate::{freshet_here, peace};

const REGISTRATION: &str = "mutatingwebhookconfigurations";

#[test]
fn a_ca_bundle_is_no_drift_with_client_side_and_with_server_side_apply() {
    freshet_here::install();
    let _alone = Namespace::alone("registration", &[]);
    restoring(freshet_here::upgrade, || {
        freshet::helm(&["uninstall", "freshet", "--wait"]);
        run(&["delete", "namespace", freshet::NAMESPACE]);
        check(Apply::ClientSide);
        check(Apply::ServerSide);
    });
}

#[track_caller]
fn check(apply: Apply) {
    let repository = Repository::new("freshet");
    let revision = repository.push("Deploy Freshet", &files());
    let application = Application::create(&Wanted {
        name: "freshet",
        repository: repository.url(),
        path: "webhook-config",
        namespace: freshet::NAMESPACE,
        makes_namespace: false,
        apply,
    });
    application.wait_until_healthy(&revision);
    freshet::wait_until_asked();
    let before = ca_bundles();
    assert!(
        before.len() == 2 && before.iter().all(Value::is_string),
        "{before:?}"
    );
    peace::check(&application, &[REGISTRATION]);
    assert_eq!(ca_bundles(), before, "{apply:?}");
    application.delete();
}

/// As they are in the repository, with the two lines that turn on External Secrets' manifests.
#[track_caller]
fn files() -> Vec<(String, String)> {
    const OFF: &str = "# components:\n#   - external-secrets\n";
    const ON: &str = "components:\n  - external-secrets\n";
    let mut files = files_of("webhook-config");
    files.extend(files_of("webhook-config/external-secrets"));
    // A cluster has the kinds once for all.
    files.retain(|(path, _)| !path.ends_with("/crds.yaml"));
    let (_, text) = files
        .iter_mut()
        .find(|(path, _)| path == "webhook-config/kustomization.yaml")
        .expect("it is there");
    assert!(text.contains(OFF), "{text}");
    *text = text.replace(OFF, ON);
    files
}

#[track_caller]
fn files_of(folder: &str) -> Vec<(String, String)> {
    let entries =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder");
    let paths = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file());
    let named = paths.map(|path| {
        let text = fs::read_to_string(&path).expect("a manifest");
        (
            format!("{folder}/{}", path.file_name().expect("a name").display()),
            text,
        )
    });
    named.collect()
}

/// Those of all entries.
#[track_caller]
fn ca_bundles() -> Vec<Value> {
    let registration = get(&[REGISTRATION, "freshet"]);
    let entries = registration["webhooks"].as_array().expect("entries");
    entries
        .iter()
        .map(|entry| entry["clientConfig"]["caBundle"].clone())
        .collect()
}
