//! Which containers see the files.

use std::collections::BTreeMap;

use super::fields::text;
use super::pod::{ContainerView, PodView, is_reserved_volume};
use super::{conversion, mesh};
use crate::dialect::{Parsed, Problem, Settings, closest};
use crate::spec::ContainerName;

const ANNOTATION: &str = "metadata.annotations[freshet.dev/containers]";

/// The containers that are named, or else all that are the application's.
///
/// A mesh's containers are not, and neither are those that another webhook added after an earlier
/// pass of this one: they did not stand in what the author wrote, and get nothing.
pub(super) fn choose<'p, 'a>(
    pod: &'p PodView<'a>,
    settings: &Settings,
    problems: &mut Vec<Problem>,
) -> Vec<&'p ContainerView<'a>> {
    let chosen: Vec<_> = match &settings.containers {
        Some(names) => {
            problems.extend(
                names
                    .iter()
                    .filter_map(|name| unknown(pod, name, ANNOTATION)),
            );
            let named = |container: &&ContainerView<'_>| {
                names.iter().any(|name| name.as_str() == container.name())
            };
            pod.containers.iter().filter(named).collect()
        }
        None => {
            let injected_before = pod
                .containers
                .iter()
                .any(|container| has_ours(pod, container));
            pod.containers
                .iter()
                .filter(|container| !mesh::is_mesh(container))
                .filter(|container| !injected_before || has_ours(pod, container))
                .collect()
        }
    };
    if pod.containers.is_empty() {
        problems.push(Problem::new(
            "spec.containers",
            "must have a container to mount the secrets in",
        ));
    }
    chosen
}

/// The containers that see files: those that get mounts or variables, and those that mount a volume
/// whose Secret is served.
pub(super) fn readers<'p, 'a>(
    pod: &'p PodView<'a>,
    targets: &[&'p ContainerView<'a>],
    parsed: &Parsed,
) -> Vec<&'p ContainerView<'a>> {
    let converted = conversion::names(&parsed.spec);
    let is_target = |container: &ContainerView<'_>| {
        let mut targets = targets.iter();
        targets.any(|target| target.path() == container.path())
    };
    let mounts = |container: &ContainerView<'_>| {
        let mut mounts = container.mounts();
        mounts.any(|(_, mount)| converted.contains(text(mount, "name")))
    };
    let has_variables = |container: &ContainerView<'_>| {
        let mut of_secrets = parsed.environments.iter();
        of_secrets.any(|own| own.container == container.path())
    };
    pod.containers
        .iter()
        .filter(|container| is_target(container) || mounts(container) || has_variables(container))
        .collect()
}

/// The containers that get nothing because they came after an earlier pass.
pub(super) fn late<'p, 'a>(
    pod: &'p PodView<'a>,
    settings: &Settings,
    chosen: &[&'p ContainerView<'a>],
) -> impl Iterator<Item = Problem> {
    let chosen: Vec<_> = chosen.iter().map(|container| container.path()).collect();
    let all = settings.containers.is_none();
    pod.containers
        .iter()
        .filter(move |container| all && !mesh::is_mesh(container))
        .filter(move |container| !chosen.contains(&container.path()))
        .map(|container| {
            Problem::of_value(
                container.path(),
                container.name(),
                "was added after the secrets were mounted, and does not see them: if it should, name all that do in freshet.dev/containers",
            )
        })
}

fn has_ours(pod: &PodView<'_>, container: &ContainerView<'_>) -> bool {
    pod.refresher.is_some()
        && container
            .mounts()
            .any(|(_, mount)| is_reserved_volume(text(mount, "name")))
}

/// Commands for containers that the pod has not.
pub(super) fn unknown_commands(
    pod: &PodView<'_>,
    commands: &BTreeMap<ContainerName, Vec<String>>,
) -> impl Iterator<Item = Problem> {
    commands.keys().filter_map(|name| {
        let annotation = format!("metadata.annotations[freshet.dev/command-{name}]");
        unknown(pod, name, &annotation)
    })
}

fn unknown(pod: &PodView<'_>, name: &ContainerName, annotation: &str) -> Option<Problem> {
    let names: Vec<_> = pod.containers.iter().map(ContainerView::name).collect();
    let name = name.as_str();
    let message = match closest(name, names.iter().copied()) {
        Some(near) if near == name => return None,
        Some(near) => format!("is no container of the pod: did you mean {near}?"),
        None => format!("is no container of the pod, which has {}", names.join(", ")),
    };
    Some(Problem::of_value(annotation, name, message))
}
