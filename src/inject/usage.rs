//! How a pod uses Secrets, for the dialect that knows who makes them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::conversion;
use super::fields::{items, text};
use super::pod::{self, ContainerView, PodView};
use crate::dialect::external_secret::{self, PodSecrets, Reference, VolumeMount};

/// The names of the Secrets that a pod uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretUse {
    /// In its volumes, as their author wrote them.
    pub volumes: BTreeSet<String>,
    /// To pull its images, and in its environment.
    pub others: BTreeSet<String>,
}

/// Which Secrets a pod uses; none where it is no pod.
pub fn secret_use(pod: &Value) -> SecretUse {
    let (annotations, _) = pod::annotations(pod);
    let Ok(view) = PodView::of(pod, annotations) else {
        return SecretUse::default();
    };
    let PodSecrets {
        volumes,
        references,
        ..
    } = of(&view);
    let volumes = volumes.into_iter();
    let volumes = volumes.flat_map(|(_, volume)| external_secret::secrets_of(volume));
    let others = references.iter().map(|reference| reference.secret);
    SecretUse {
        volumes: volumes.map(str::to_owned).collect(),
        others: others.map(str::to_owned).collect(),
    }
}

/// The pod's service account, its volumes as their author wrote them, its mounts, and what else names
/// a Secret.
pub(super) fn of<'v>(view: &'v PodView<'_>) -> PodSecrets<'v> {
    let containers = view.containers.iter();
    let mut references: Vec<_> = containers.clone().flat_map(environment).collect();
    for (index, item) in items(view.spec.get("imagePullSecrets")).enumerate() {
        references.extend(reference(
            item.get("name"),
            format!("spec.imagePullSecrets[{index}].name"),
            "images are pulled before the pod exists",
        ));
    }
    PodSecrets {
        service_account: Some(view.service_account()),
        volumes: conversion::authored(view),
        mounts: containers.flat_map(mounts).collect(),
        references,
    }
}

fn mounts<'v>(container: &ContainerView<'v>) -> Vec<VolumeMount<'v>> {
    let path = container.path();
    let has = |mount: &Map<String, Value>, field: &str| !text(mount, field).is_empty();
    let mounts = container.mounts().map(|(index, mount)| VolumeMount {
        path: format!("{path}.volumeMounts[{index}]"),
        volume: text(mount, "name"),
        directory: text(mount, "mountPath"),
        is_sub_path: has(mount, "subPath") || has(mount, "subPathExpr"),
        is_read_only: mount.get("readOnly") == Some(&Value::Bool(true)),
    });
    mounts.collect()
}

fn environment<'v>(container: &ContainerView<'v>) -> Vec<Reference<'v>> {
    const WHY: &str = "an environment variable is fixed when the container starts";
    let path = container.path();
    let mut references = Vec::new();
    for (index, variable) in items(container.fields.get("env")).enumerate() {
        references.extend(reference(
            variable.pointer("/valueFrom/secretKeyRef/name"),
            format!("{path}.env[{index}].valueFrom.secretKeyRef.name"),
            WHY,
        ));
    }
    for (index, source) in items(container.fields.get("envFrom")).enumerate() {
        references.extend(reference(
            source.pointer("/secretRef/name"),
            format!("{path}.envFrom[{index}].secretRef.name"),
            WHY,
        ));
    }
    references
}

fn reference<'v>(
    name: Option<&'v Value>,
    path: String,
    why: &'static str,
) -> Option<Reference<'v>> {
    let secret = name?.as_str()?;
    Some(Reference { path, secret, why })
}
