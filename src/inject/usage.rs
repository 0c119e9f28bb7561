//! How a pod uses Secrets, for the dialect that knows who makes them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fields::{items, text};
use super::pod::{self, ContainerView, PodView};
use super::{conversion, secret_variables};
use crate::dialect::external_secret::{self, PodSecrets, Reference, VolumeMount};

/// The names of the Secrets that a pod uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretUse {
    /// In its volumes, as their author wrote them.
    pub volumes: BTreeSet<String>,
    /// In the environment of its containers.
    pub environment: BTreeSet<String>,
    /// To pull its images.
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
        environments,
        references,
        ..
    } = of(&view);
    let volumes = volumes.into_iter();
    let volumes = volumes.flat_map(|(_, volume)| external_secret::secrets_of(volume));
    let environment = environments.iter();
    let environment = environment.flat_map(|one| one.sources.iter());
    let others = references.iter().map(|reference| reference.secret);
    SecretUse {
        volumes: volumes.map(str::to_owned).collect(),
        environment: environment.map(|one| one.secret.to_owned()).collect(),
        others: others.map(str::to_owned).collect(),
    }
}

/// The pod's service account, its volumes and variables as their author wrote them, its mounts, and
/// what else names a Secret.
pub(super) fn of<'v>(view: &'v PodView<'_>) -> PodSecrets<'v> {
    let containers = view.containers.iter();
    let mut references = Vec::new();
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
        mounts: containers.clone().flat_map(mounts).collect(),
        environments: containers
            .filter_map(|container| {
                let notes = view.optional_variables.get(container.name());
                secret_variables::of((&container.path(), container.fields), notes)
            })
            .collect(),
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

fn reference<'v>(
    name: Option<&'v Value>,
    path: String,
    why: &'static str,
) -> Option<Reference<'v>> {
    let secret = name?.as_str()?;
    Some(Reference { path, secret, why })
}
