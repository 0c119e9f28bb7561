//! The real `helm`, and what it makes of the chart of this repository.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::process::{folder, program};

/// The chart.
pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/freshet");

/// What a helm command did.
#[derive(Debug)]
pub(crate) struct Helm {
    /// Whether it succeeded.
    pub(crate) ok: bool,
    /// What it printed.
    pub(crate) stdout: String,
    /// What was wrong, as the person at the terminal reads it.
    pub(crate) stderr: String,
}

/// `helm ARGS`, on the cluster of `kubeconfig` or on none.
pub(crate) fn helm(kubeconfig: Option<&Path>, args: &[&str]) -> Helm {
    let home = folder("helm");
    let output = Command::new(program("helm"))
        .args(args)
        .env_clear()
        .env("HOME", &home)
        .env(
            "KUBECONFIG",
            kubeconfig.unwrap_or_else(|| Path::new("/dev/null")),
        )
        .output()
        .expect("helm");
    Helm {
        ok: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `helm template` as release `freshet` of the namespace `freshet`; later options win.
pub(crate) fn template(options: &[&str]) -> Helm {
    let args = [
        &["template", "freshet", CHART, "--namespace=freshet"],
        options,
    ];
    helm(None, &args.concat())
}

/// The objects of a chart that renders, in the order of installation.
#[track_caller]
pub(crate) fn objects(options: &[&str]) -> Vec<Value> {
    let rendered = template(options);
    assert!(
        rendered.ok,
        "helm template {options:?}: {}",
        rendered.stderr
    );
    parse(&rendered.stdout)
}

/// The documents of a YAML text.
#[track_caller]
pub(crate) fn parse(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).expect("YAML")
}

/// The object of this kind and name.
#[track_caller]
pub(crate) fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found = objects
        .iter()
        .filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found
        .next()
        .unwrap_or_else(|| panic!("there is no {kind} {name}: {}", overview(objects)))
}

/// A line for each object: its kind and name, sorted.
pub(crate) fn overview(objects: &[Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |object: &Value| {
        format!(
            "{} {}\n",
            text(&object["kind"]),
            text(&object["metadata"]["name"])
        )
    };
    let mut lines: Vec<_> = objects.iter().map(line).collect();
    lines.sort();
    lines.concat()
}
