//! The last touches to the refresher's container: what an author's annotations say of it alone.

use serde_json::{Value, json};

use super::collision::normal;
use super::fields::{items, text};
use super::pod::{ContainerView, PodView, is_reserved_volume};
use crate::dialect::{Appearance, ContainerPatch, Problem};
use crate::spec::layout::TOKEN_DIR;
use crate::spec::{MountDirectory, is_within};

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
/// Mounts that cannot be copied, a patch that does not fit, or files that are in none of its mounts.
pub(super) fn finished(
    mut container: Value,
    pod: &PodView<'_>,
    appearance: &Appearance,
) -> Result<Value, Vec<Problem>> {
    if let Some(mounts) = container["volumeMounts"].as_array_mut() {
        let copied = copied(pod, appearance, mounts)?;
        mounts.extend(copied);
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
///
/// # Errors
/// Mounts at the place of the refresher's `own`, or inside it: the API server takes no place twice, and
/// what is hidden the refresher needs.
fn copied(
    pod: &PodView<'_>,
    appearance: &Appearance,
    own: &[Value],
) -> Result<Vec<Value>, Vec<Problem>> {
    let name = appearance.copied_mounts.as_ref();
    let named = |container: &&ContainerView<'_>| Some(container.name()) == name.map(|n| n.as_str());
    let Some(container) = pod.containers.iter().find(named) else {
        return Ok(Vec::new());
    };
    let (mut mounts, mut problems) = (Vec::new(), Vec::new());
    for (index, mount) in container.mounts() {
        let path = normal(text(mount, "mountPath"));
        let directory = path.parse::<MountDirectory>();
        let hides_token = directory.is_ok_and(|directory| directory.overlaps(TOKEN_DIR));
        if hides_token || is_reserved_volume(text(mount, "name")) {
            continue;
        }
        let mut places = own.iter().filter_map(|own| own["mountPath"].as_str());
        match places.find(|own| is_within(&path, own)) {
            Some(own) => problems.push(Problem::of_value(
                format!("{}.volumeMounts[{index}].mountPath", container.path()),
                text(mount, "mountPath"),
                format!(
                    "cannot be copied to the sidecar, which has {own} of its own: move it, or name another container with agent-copy-volume-mounts"
                ),
            )),
            None => mounts.push(Value::Object(mount.clone())),
        }
    }
    match problems.is_empty() {
        true => Ok(mounts),
        false => Err(problems),
    }
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
            is_within(path, directory.trim_end_matches('/'))
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
