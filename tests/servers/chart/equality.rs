//! The plain manifests are the chart with its defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::options::understood;
use crate::support::api_server::ApiServer;
use crate::support::helm::{objects, overview, parse};
use crate::support::process::folder;

#[test]
fn the_plain_manifests_are_the_chart_with_its_defaults() {
    let mut plain = plain_manifests();
    // Helm makes it (--create-namespace), without labels.
    let namespace = plain
        .iter()
        .position(|object| object["kind"] == "Namespace");
    let namespace = plain.remove(namespace.expect("a Namespace"));
    let level = &namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
    assert_eq!(level, "restricted");

    check_equal(objects(&[]), plain);
}

#[test]
fn the_component_is_the_chart_with_external_secrets() {
    let copy = folder("webhook-config");
    copy_folder(Path::new(FOLDER), &copy);
    let kustomization = copy.join("kustomization.yaml");
    let text = fs::read_to_string(&kustomization).expect("kustomization.yaml");
    let on = text
        .replace("# components:", "components:")
        .replace("#   - external-secrets", "  - external-secrets");
    assert_ne!(on, text);
    fs::write(&kustomization, on).expect("kustomization.yaml");
    let mut plain = kustomized(&copy.display().to_string());
    plain.retain(|object| object["kind"] != "Namespace");
    check_equal(objects(&["--set=externalSecrets.enabled=true"]), plain);

    let mut kinds = objects(&["--set=externalSecrets.installCRDs=true"]);
    kinds.retain(|object| object["kind"] == "CustomResourceDefinition");
    let file = Path::new(FOLDER).join("external-secrets/crds.yaml");
    let plain = parse(&fs::read_to_string(file).expect("crds.yaml"));
    assert_eq!(plain.len(), 3);
    check_equal(kinds, plain);
}

#[track_caller]
fn check_equal(chart: Vec<Value>, plain: Vec<Value>) {
    assert_eq!(overview(&chart), overview(&plain));
    let (chart, plain) = (essence(chart), essence(plain));
    for (name, object) in &chart {
        let (chart, plain) = (lines("", object), lines("", &plain[name]));
        let only_in_chart: Vec<_> = chart.difference(&plain).collect();
        let only_in_plain: Vec<_> = plain.difference(&chart).collect();
        // Equal when both are empty, for no line is in both.
        assert_eq!(only_in_chart, only_in_plain, "{name}");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let copy = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy_folder(&path, &copy),
            false => drop(fs::copy(&path, &copy).expect("a copy")),
        }
    }
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/webhook-config");

/// `kubectl kustomize webhook-config`.
pub(super) fn plain_manifests() -> Vec<Value> {
    kustomized(FOLDER)
}

fn kustomized(folder: &str) -> Vec<Value> {
    parse(&ApiServer::shared().run(&["kustomize", folder], ""))
}

/// The objects by their names, without what says how they were installed; of the Deployment's
/// arguments what the program makes of them, for the chart writes the program's own defaults, too.
fn essence(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let essence = |mut object: Value| {
        if let Some(labels) = object["metadata"]["labels"].as_object_mut() {
            for label in [
                "app.kubernetes.io/managed-by",
                "app.kubernetes.io/version",
                "helm.sh/chart",
            ] {
                labels.remove(label);
            }
        }
        if object["kind"] == "CustomResourceDefinition" {
            // What Helm does with it at the end of a release.
            object["metadata"]["annotations"].take();
        }
        if object["kind"] == "Deployment" {
            let settings = understood(&object).expect("options that exist");
            object["spec"]["template"]["spec"]["containers"][0]["args"] = json!(settings);
        }
        (overview(std::slice::from_ref(&object)), object)
    };
    objects.into_iter().map(essence).collect()
}

/// A line for every value that is no list and no object, with its path.
fn lines(path: &str, value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(fields) if !fields.is_empty() => fields
            .iter()
            .flat_map(|(key, value)| lines(&format!("{path}.{key}"), value))
            .collect(),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .enumerate()
            .flat_map(|(index, value)| lines(&format!("{path}[{index}]"), value))
            .collect(),
        leaf => BTreeSet::from([format!("{path}: {leaf}")]),
    }
}
