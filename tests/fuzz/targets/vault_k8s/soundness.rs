//! What the API server checks of a pod and a patch could spoil.

use std::collections::BTreeSet;

use serde_json::Value;

/// The first thing for which the API server refuses the pod: names and places that stand twice, and
/// mounts of volumes that are not there.
pub(super) fn fault(pod: &Value) -> Option<String> {
    let spec = &pod["spec"];
    let volumes = match texts(&spec["volumes"], "name") {
        Ok(volumes) => volumes,
        Err(name) => return Some(format!("volume {name:?}")),
    };
    let mut names = BTreeSet::new();
    for container in list(&spec["initContainers"]).chain(list(&spec["containers"])) {
        let name = container["name"].as_str().unwrap_or_default();
        if name.is_empty() || !names.insert(name) {
            return Some(format!("container {name:?}"));
        }
        if let Err(path) = texts(&container["volumeMounts"], "mountPath") {
            return Some(format!("mount {path:?} of {name}"));
        }
        for mount in list(&container["volumeMounts"]) {
            let volume = mount["name"].as_str().unwrap_or_default();
            if !volumes.contains(volume) {
                return Some(format!("volume {volume:?} of {name}"));
            }
        }
    }
    None
}

/// The texts of a field, each of which may stand once; one that stands twice, or is empty, is an error.
fn texts<'v>(items: &'v Value, field: &str) -> Result<BTreeSet<&'v str>, String> {
    let mut all = BTreeSet::new();
    for item in list(items) {
        let text = item[field].as_str().unwrap_or_default();
        if text.is_empty() || !all.insert(text) {
            return Err(text.to_owned());
        }
    }
    Ok(all)
}

fn list(items: &Value) -> impl Iterator<Item = &Value> {
    items.as_array().into_iter().flatten()
}
