//! The annotations of one pod in Freshet's own words, in place of the injector's.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation};
use serde_json::Value;

use crate::cli::review::ReviewedPod;
use crate::dialect::vault_k8s::is_its_key;
use crate::dialect::{DialectDefaults, native};

/// The change of a pod's annotations.
pub(super) struct Native {
    pub(super) patch: Patch,
    /// What the pod gets in another way than with the annotations that it has, beside its files.
    pub(super) differences: Vec<String>,
}

/// The change that leads to the same files.
///
/// # Errors
/// Why there is none.
pub(super) fn native(pod: &ReviewedPod, defaults: &DialectDefaults) -> Result<Native, Vec<String>> {
    let Some(asked) = &pod.asked else {
        let problems = pod.problems.iter().map(ToString::to_string);
        return Err(problems.collect());
    };
    let written = native::written(asked, defaults);
    if !written.obstacles.is_empty() {
        let obstacles = written.obstacles.into_iter();
        return Err(obstacles
            .map(|what| format!("no freshet.dev/* annotation stands for {what}"))
            .collect());
    }
    let path = |key: &str| PointerBuf::from_tokens(["metadata", "annotations", key]);
    let old = pod.described.annotations().map(|(key, _)| key);
    let removed = old
        .filter(|key| is_its_key(key))
        .map(|key| PatchOperation::Remove(RemoveOperation { path: path(key) }));
    let added = written.annotations.iter().map(|(key, value)| {
        PatchOperation::Add(AddOperation {
            path: path(key),
            value: Value::String(value.clone()),
        })
    });
    Ok(Native {
        patch: Patch(removed.chain(added).collect()),
        differences: written.differences,
    })
}
