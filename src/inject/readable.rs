//! Whether the application may read what the refresher writes.
//!
//! The refresher has no capability, so a file belongs to its own user and group. With `fsGroup` the
//! kubelet gives a memory volume to that group and sets the set-group-id bit on its root, which new
//! directories and files take over, and every container belongs to that group. Else the group is
//! the refresher's own, which the application has only by the same `runAsGroup` or through
//! `supplementalGroups`.

use serde_json::{Map, Value};

use super::conversion::is_converted;
use super::fields::{items, text};
use super::plan::Choices;
use super::pod::{ContainerView, PodView};
use super::security::{Ids, id};
use crate::dialect::Problem;
use crate::spec::target::Item;
use crate::spec::{FileMode, Mount, SyncSpec};

/// A warning for each file whose mode hides it from a container that sees the volume, as far as the
/// manifest tells: a user that only an image names is unknown.
pub(super) fn warnings(
    pod: &PodView<'_>,
    spec: &SyncSpec,
    choices: &Choices<'_, '_>,
) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for mount in &spec.mounts {
        let sees = |container: &ContainerView<'_>| match is_converted(mount) {
            true => container
                .mounts()
                .any(|(_, own)| text(own, "name") == mount.volume.as_str()),
            false => true,
        };
        for (path, mode) in modes(mount).filter(|(_, mode)| !mode.others_may_read()) {
            let candidates = match is_converted(mount) {
                true => &choices.readers,
                false => &choices.targets,
            };
            let blind = |container: &&&ContainerView<'_>| {
                sees(container) && !may_read(pod, container, choices.ids, mode)
            };
            if let Some(container) = candidates.iter().find(blind) {
                warnings.push(warning(mount, &path, mode, container));
            }
        }
    }
    warnings
}

/// The files of a mount, as far as they are known, and their modes.
fn modes(mount: &Mount) -> impl Iterator<Item = (String, FileMode)> {
    let files = mount
        .files
        .iter()
        .map(|file| (file.path.to_string(), file.mode));
    let targets = mount.targets.iter().flat_map(|target| {
        let items = target.items.iter().flatten();
        let item = |item: &Item| (item.path.to_string(), item.mode.unwrap_or(target.mode));
        let all = target
            .items
            .is_none()
            .then(|| ("*".to_owned(), target.mode));
        items.map(item).chain(all).collect::<Vec<_>>()
    });
    files.chain(targets)
}

fn warning(mount: &Mount, path: &str, mode: FileMode, container: &ContainerView<'_>) -> Problem {
    let directory = &mount.mount_path;
    Problem::of_value(
        container.path(),
        container.name(),
        format!(
            "may not be able to read {directory}/{path}, whose mode is {mode}: give the refresher the container's user with freshet.dev/user, or set spec.securityContext.fsGroup and a mode that the group may read"
        ),
    )
}

fn may_read(pod: &PodView<'_>, container: &ContainerView<'_>, ids: Ids, mode: FileMode) -> bool {
    let pod_context = pod.spec.get("securityContext");
    let own_context = container.fields.get("securityContext");
    let effective = |field: &str| id(own_context, field).or_else(|| id(pod_context, field));
    let user = effective("runAsUser");
    if user == Some(0) && !drops_all(own_context) {
        return true;
    }
    let known_same = |one: Option<u32>, other: Option<u32>| one.is_some() && one == other;
    if known_same(user, ids.user.or_else(|| id(pod_context, "runAsUser"))) {
        return true;
    }
    let refresher_group = ids.group.or_else(|| id(pod_context, "runAsGroup"));
    let shares_group = id(pod_context, "fsGroup").is_some()
        || known_same(effective("runAsGroup"), refresher_group)
        || refresher_group.is_some_and(|group| supplemental(pod_context).any(|id| id == group));
    mode.bits() & 0o040 != 0 && shares_group
}

fn supplemental(context: Option<&Value>) -> impl Iterator<Item = u32> {
    let groups = context.and_then(|context| context.get("supplementalGroups"));
    items(groups).filter_map(|group| group.as_u64()?.try_into().ok())
}

/// Without capabilities even root reads only its own.
fn drops_all(context: Option<&Value>) -> bool {
    let capabilities = context.and_then(|context| context.get("capabilities"));
    let added = |capabilities: &Map<String, Value>| items(capabilities.get("add")).len() > 0;
    capabilities
        .and_then(Value::as_object)
        .is_some_and(|capabilities| {
            items(capabilities.get("drop")).any(|name| name == "ALL") && !added(capabilities)
        })
}
