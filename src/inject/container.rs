//! The last touches to the refresher's container: what an author's annotations say of it alone.

use serde_json::{Map, Value, json};

use super::fields::{items, text};
use super::pod::{PodView, is_reserved_volume};
use crate::dialect::{Appearance, ContainerPatch, Problem};
use crate::spec::MountDirectory;
use crate::spec::layout::TOKEN_DIR;

/// What decides how the refresher runs: no patch may change it.
const DECISIVE: [&str; 5] = [
    "/command",
    "/args",
    "/image",
    "/restartPolicy",
    "/lifecycle/postStart",
];

/// The container as its author wants it.
///
/// # Errors
/// A patch that does not fit, and files that are in none of its mounts.
pub(super) fn finished(
    mut container: Value,
    pod: &PodView<'_>,
    appearance: &Appearance,
) -> Result<Value, Vec<Problem>> {
    if let Some(mounts) = container["volumeMounts"].as_array_mut() {
        mounts.extend(copied(pod, appearance));
    }
    let (request, limit) = &appearance.ephemeral_storage;
    for (part, amount) in [("requests", request), ("limits", limit)] {
        if let Some(amount) = amount {
            container["resources"][part]["ephemeral-storage"] = json!(amount);
        }
    }
    if let Some(patch) = &appearance.patch {
        container = patched(container, patch).map_err(|problem| vec![problem])?;
    }
    let missing: Vec<_> = missing(&container, appearance).collect();
    match missing.is_empty() {
        true => Ok(container),
        false => Err(missing),
    }
}

/// The mounts of the container that is named, without ours and without its token: the refresher has
/// one of its own in that place.
fn copied(pod: &PodView<'_>, appearance: &Appearance) -> Vec<Value> {
    let Some(name) = &appearance.copied_mounts else {
        return Vec::new();
    };
    let mut containers = pod.containers.iter();
    let Some(container) = containers.find(|container| container.name() == name.as_str()) else {
        return Vec::new();
    };
    let is_kept = |mount: &Map<String, Value>| {
        let directory = text(mount, "mountPath").parse::<MountDirectory>();
        let hides_token = directory.is_ok_and(|directory| directory.overlaps(TOKEN_DIR));
        !hides_token && !is_reserved_volume(text(mount, "name"))
    };
    let mounts = container.mounts().map(|(_, mount)| mount);
    mounts
        .filter(|mount| is_kept(mount))
        .map(|mount| Value::Object(mount.clone()))
        .collect()
}

fn patched(container: Value, patch: &ContainerPatch) -> Result<Value, Problem> {
    let path = format!("metadata.annotations[{}]", patch.annotation);
    let mut changed = container.clone();
    json_patch::patch(&mut changed, &patch.patch).map_err(|error| {
        let message = format!("cannot be applied to the sidecar that is added: {error}");
        Problem::new(&path, message)
    })?;
    let mut decisive = DECISIVE.iter();
    match decisive.find(|field| changed.pointer(field) != container.pointer(field)) {
        Some(field) => Err(Problem::new(
            path,
            format!(
                "must not change {field}: the sidecar runs Freshet's own program, and no Vault Agent"
            ),
        )),
        None => Ok(changed),
    }
}

/// The files that no mount can hold. The image has none of them.
fn missing<'a>(
    container: &'a Value,
    appearance: &'a Appearance,
) -> impl Iterator<Item = Problem> + 'a {
    let is_mounted = |path: &str| {
        items(container.get("volumeMounts")).any(|mount| {
            let directory = mount["mountPath"].as_str().unwrap_or_default();
            let rest = path.strip_prefix(directory.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let needs = appearance.needs.iter();
    needs.filter(move |file| !is_mounted(&file.path)).map(|file| {
        Problem::of_value(
            format!("metadata.annotations[{}]", file.annotation),
            file.path.as_str(),
            "lies in no volume that the sidecar has: name a Secret with agent-extra-secret (/vault/custom) or tls-secret (/vault/tls), or a container that mounts it with agent-copy-volume-mounts",
        )
    })
}
