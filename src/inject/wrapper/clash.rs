//! What keeps a container from starting through the refresher's program.

use serde_json::{Map, Value};

use super::names::Names;
use crate::dialect::{Position, Problem};
use crate::inject::fields::{items, text};
use crate::inject::pod::{ContainerView, PodView};
use crate::inject::{mesh, reference};
use crate::spec::SyncSpec;

/// What all mounts of a wrapped container lie in.
const DIRECTORY: &str = "/run/freshet";

/// A container that starts before the refresher finds no program.
pub(super) fn late(pod: &PodView<'_>, container: &ContainerView<'_>) -> Option<Problem> {
    let mut early = mesh::overtaking(pod, mesh::position(pod, Position::First));
    early.any(|early| early.path() == container.path()).then(|| {
        Problem::of_value(
            container.path(),
            container.name(),
            "runs before the refresher, which has to wait for the mesh's proxy, and cannot start through it: leave it out of freshet.dev/containers, or its environment without Secrets",
        )
    })
}

/// What of the container stands in the way of its variables.
pub(super) fn clashes(
    container: &ContainerView<'_>,
    fields: &Map<String, Value>,
    names: &Names<'_>,
) -> Vec<Problem> {
    let path = container.path();
    let is_annotated = |name: &str| names.annotated().any(|own| own == name);
    let is_ours = |name: &str| names.is_ours(name);
    let mut problems = Vec::new();
    for (index, variable) in items(fields.get("env")).enumerate() {
        let name = variable.get("name").and_then(Value::as_str);
        if let Some(name) = name.filter(|name| is_annotated(name)) {
            problems.push(Problem::of_value(
                format!("{path}.env[{index}].name"),
                name,
                format!("is also freshet.dev/env-{name}: remove one of the two"),
            ));
        }
    }
    for (index, mount) in container.mounts() {
        let path = format!("{path}.volumeMounts[{index}]");
        let expression = text(mount, "subPathExpr");
        if let Some(name) = reference::first(expression, &is_ours) {
            problems.push(Problem::of_value(
                format!("{path}.subPathExpr"),
                expression,
                format!("names {name}, a variable which nobody knows when volumes are mounted"),
            ));
        }
        let directory = text(mount, "mountPath").trim_end_matches('/');
        let ours = text(mount, "name").starts_with("freshet-");
        let below = directory == DIRECTORY || directory.starts_with("/run/freshet/");
        let above = ["/run", "/var/run"].contains(&directory);
        if !ours && (below || above && mount.get("readOnly") == Some(&Value::Bool(true))) {
            problems.push(Problem::of_value(
                format!("{path}.mountPath"),
                text(mount, "mountPath"),
                format!("leaves no room for {DIRECTORY}, where Freshet mounts what the container starts through: move it"),
            ));
        }
    }
    problems
}

/// Files that would lie where the variables do.
pub(super) fn beside_files(spec: &SyncSpec) -> Option<Problem> {
    let mount = spec
        .mounts
        .iter()
        .find(|mount| mount.mount_path.overlaps(DIRECTORY))?;
    Some(Problem::of_value(
        "metadata.annotations[freshet.dev/mount-path]",
        mount.mount_path.as_str(),
        format!(
            "must keep clear of {DIRECTORY}, where Freshet mounts what the containers start through"
        ),
    ))
}
