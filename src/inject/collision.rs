//! Names and paths that the author has taken already.

use super::conversion::is_converted;
use super::fields::text;
use super::pod::{ContainerView, PodView, is_reserved_volume};
use crate::dialect::{Appearance, Problem};
use crate::spec::{Mount, MountDirectory, SyncSpec, is_within};

/// All that is in the way: a container of the refresher's name, a volume of a reserved one or a mount of such a volume,
/// and, in the containers that get the files, a mount at, above or below theirs.
pub(super) fn problems(
    pod: &PodView<'_>,
    spec: &SyncSpec,
    appearance: &Appearance,
    targets: &[&ContainerView<'_>],
) -> Vec<Problem> {
    let mut problems: Vec<_> = containers(pod, appearance.container)
        .chain(volumes(pod))
        .collect();
    for container in &pod.containers {
        let own = match container.is_among(targets) {
            true => spec.mounts.as_slice(),
            false => &[],
        };
        problems.extend(mounts(pod, container, own, appearance));
    }
    problems
}

fn containers<'p>(pod: &'p PodView<'_>, own: &'static str) -> impl Iterator<Item = Problem> + 'p {
    pod.containers
        .iter()
        .filter(move |container| container.name() == own)
        .map(move |container| {
            Problem::of_value(
                format!("{}.name", container.path()),
                own,
                "is the name of the container that is added: rename this one",
            )
        })
}

fn volumes<'p>(pod: &'p PodView<'_>) -> impl Iterator<Item = Problem> + 'p {
    pod.volumes.iter().filter_map(|(index, volume)| {
        let name = text(volume, "name");
        is_reserved_volume(name).then(|| {
            Problem::of_value(
                format!("spec.volumes[{index}].name"),
                name,
                "is the name of a volume that is added: rename this one",
            )
        })
    })
}

/// The mounts of one container that are of volumes which are added, such as that of the refresher's
/// token, or overlap its `own` with files. A mount with `subPath` is no exception: it would hide a file
/// of ours, or stand on a read-only volume.
fn mounts(
    pod: &PodView<'_>,
    container: &ContainerView<'_>,
    own: &[Mount],
    appearance: &Appearance,
) -> Vec<Problem> {
    let ours = |name: &str| pod.refresher.is_some() && is_reserved_volume(name);
    let mut problems = Vec::new();
    for (index, mount) in container.mounts() {
        let (name, directory) = (text(mount, "name"), text(mount, "mountPath"));
        if ours(name) {
            continue;
        }
        let path = format!("{}.volumeMounts[{index}]", container.path());
        if is_reserved_volume(name) {
            problems.push(Problem::of_value(
                format!("{path}.name"),
                name,
                "is the name of a volume that is added, with its mounts: remove this one, or rename the volume",
            ));
        }
        let normal = normal(directory);
        let may_be_inside = |own: &Mount| {
            let is_inside = is_inside(&own.mount_path, &normal);
            appearance.inside_others && is_inside
        };
        let overlaps = |own: &&Mount| {
            !is_converted(own)
                && !own.environment
                && !directory.is_empty()
                && own.mount_path.overlaps(&normal)
                && !may_be_inside(own)
        };
        if let Some(own) = own.iter().find(overlaps) {
            problems.push(Problem::of_value(
                format!("{path}.mountPath"),
                directory,
                format!(
                    "overlaps {}, where the secrets are mounted: move it, or set freshet.dev/mount-path",
                    own.mount_path
                ),
            ));
        }
    }
    problems
}

/// Whether the directory lies inside another, and is not the same.
fn is_inside(directory: &MountDirectory, other: &str) -> bool {
    let (inner, outer) = (directory.as_str(), other.trim_end_matches('/'));
    inner != outer && is_within(inner, outer)
}

/// The path without `.`, `..` and empty parts: Kubernetes takes them, and the container runtime
/// resolves them.
pub(super) fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
