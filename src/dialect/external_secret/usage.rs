//! How a pod uses Secrets: the part of it that ExternalSecrets concern.

use serde_json::{Map, Value};

use super::fields::{Fields, Notes, Placed};
use crate::spec::target::Item;
use crate::spec::{FileMode, FilePath};

/// A pod, as far as it uses Secrets.
#[derive(Debug, Default)]
pub struct PodSecrets<'a> {
    /// The name of its service account; `None` is any.
    pub service_account: Option<&'a str>,
    /// Its volumes as their author wrote them, with their index.
    pub volumes: Vec<(usize, &'a Map<String, Value>)>,
    /// The mounts of all its containers.
    pub mounts: Vec<VolumeMount<'a>>,
    /// The containers that take variables from Secrets.
    pub environments: Vec<ContainerEnvironment<'a>>,
    /// Other fields that name a Secret: image pull secrets.
    pub references: Vec<Reference<'a>>,
}

/// The variables of a container, as far as they come from Secrets, as its author wrote them.
#[derive(Clone, Debug)]
pub struct ContainerEnvironment<'a> {
    /// `spec.containers[0]`.
    pub container: String,
    /// `env` and `envFrom`, where they name a Secret.
    pub sources: Vec<VariableSource<'a>>,
    /// The names that `env` gives otherwise than by a Secret's key, with their index.
    pub others: Vec<(usize, &'a str)>,
    /// The indices of what `envFrom` names beside Secrets.
    pub config_maps: Vec<usize>,
}

/// A Secret that variables come from.
#[derive(Clone, Debug)]
pub struct VariableSource<'a> {
    /// Which entry of the container it is.
    pub entry: VariableEntry,
    /// The name of the Secret.
    pub secret: &'a str,
    /// `optional`.
    pub is_optional: bool,
    /// What is taken.
    pub take: VariableTake<'a>,
}

/// An entry of a container's environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariableEntry {
    /// `env[INDEX]`.
    Env(usize),
    /// `envFrom[INDEX]`.
    EnvFrom(usize),
}

/// What variables take of a Secret.
#[derive(Clone, Copy, Debug)]
pub enum VariableTake<'a> {
    /// One key, as one variable.
    Key {
        /// The name of the variable.
        variable: &'a str,
        /// The key.
        key: &'a str,
    },
    /// All keys, each as a variable.
    All {
        /// What stands before a key in the variable's name.
        prefix: &'a str,
    },
}

impl VariableSource<'_> {
    /// The field with the name of the Secret.
    pub(super) fn path(&self, container: &str) -> String {
        match self.entry {
            VariableEntry::Env(index) => {
                format!("{container}.env[{index}].valueFrom.secretKeyRef.name")
            }
            VariableEntry::EnvFrom(index) => {
                format!("{container}.envFrom[{index}].secretRef.name")
            }
        }
    }
}

/// A mount of a volume in a container.
#[derive(Clone, Debug)]
pub struct VolumeMount<'a> {
    /// `spec.containers[0].volumeMounts[1]`.
    pub path: String,
    /// The name of the volume.
    pub volume: &'a str,
    /// `mountPath`.
    pub directory: &'a str,
    /// Whether one file or folder of the volume alone is mounted (`subPath`, `subPathExpr`).
    pub is_sub_path: bool,
    /// `readOnly`.
    pub is_read_only: bool,
}

/// A field that names a Secret and is no volume.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    /// Where it stands.
    pub path: String,
    /// The name of the Secret.
    pub secret: &'a str,
    /// Why a file is no help: "an environment variable cannot change while the pod runs".
    pub why: &'static str,
}

/// What a volume takes from one Secret.
#[derive(Debug)]
pub(super) struct Projection {
    pub(super) path: String,
    pub(super) secret: String,
    pub(super) mode: FileMode,
    pub(super) items: Option<Vec<Item>>,
    pub(super) optional: bool,
}

impl Projection {
    /// All keys of a Secret, as far as a pod says nothing.
    pub(super) fn whole(path: &str, secret: &str) -> Self {
        Self {
            path: path.to_owned(),
            secret: secret.to_owned(),
            mode: FileMode::DEFAULT,
            items: None,
            optional: false,
        }
    }
}

/// The sources of a volume of Secrets: what it takes from them, and the paths of other sources.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) secrets: Vec<Projection>,
    pub(super) others: Vec<String>,
}

/// The names of the Secrets of a volume, without looking closer; most volumes have none.
pub(crate) fn secrets_of(volume: &Map<String, Value>) -> Vec<&str> {
    if let Some(secret) = volume.get("secret") {
        return secret
            .get("secretName")
            .and_then(Value::as_str)
            .into_iter()
            .collect();
    }
    let sources = volume
        .get("projected")
        .and_then(|projected| projected.get("sources"));
    let sources = sources
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    sources
        .iter()
        .filter_map(|source| source.pointer("/secret/name")?.as_str())
        .collect()
}

/// Reads a volume that has a Secret.
pub(super) fn sources(index: usize, volume: &Map<String, Value>, notes: &mut Notes) -> Sources {
    let path = format!("spec.volumes[{index}]");
    if let Some(secret) = volume.get("secret") {
        let path = format!("{path}.secret");
        let default_mode = mode(
            secret.get("defaultMode"),
            format!("{path}.defaultMode"),
            notes,
        );
        let projection = projection((secret, path), "secretName", default_mode, notes);
        return Sources {
            secrets: projection.into_iter().collect(),
            others: Vec::new(),
        };
    }
    let mut sources = Sources::default();
    let Some(projected) = volume.get("projected") else {
        return sources;
    };
    let path = format!("{path}.projected");
    let default_mode = mode(
        projected.get("defaultMode"),
        format!("{path}.defaultMode"),
        notes,
    );
    let Some(mut fields) = Fields::of((projected, path), notes) else {
        return sources;
    };
    for (source, path) in fields.list("sources", notes) {
        match source.get("secret") {
            Some(secret) => {
                let placed = (secret, format!("{path}.secret"));
                sources
                    .secrets
                    .extend(projection(placed, "name", default_mode, notes));
            }
            None => sources.others.push(path),
        }
    }
    sources
}

/// Fields that are unknown are the API server's affair: it is its object.
fn projection(
    placed: Placed<'_>,
    name: &'static str,
    default_mode: Option<FileMode>,
    notes: &mut Notes,
) -> Option<Projection> {
    let mut fields = Fields::of(placed, notes)?;
    let secret = fields.required(name, notes);
    let optional = fields.value("optional");
    let has_items = fields.has("items");
    let mut items = Vec::new();
    for placed in fields.list("items", notes) {
        let Some(mut item) = Fields::of(placed, notes) else {
            continue;
        };
        let key = item.required("key", notes);
        let path: Option<FilePath> = item.parsed("path", notes);
        let mode_path = item.path("mode");
        let own = item.value("mode").map(|(value, _)| value);
        let mode = own.and_then(|value| mode(Some(value), mode_path, notes));
        if let (Some(key), Some(path)) = (key, path) {
            items.push(Item {
                key: key.to_owned(),
                path,
                mode,
            });
        }
    }
    Some(Projection {
        path: fields.own_path().to_owned(),
        secret: secret?.to_owned(),
        mode: default_mode?,
        items: (has_items && !items.is_empty()).then_some(items),
        optional: optional.is_some_and(|(value, _)| value == true),
    })
}

/// A mode as Kubernetes has it, a number; without one the kubelet's default.
fn mode(value: Option<&Value>, path: String, notes: &mut Notes) -> Option<FileMode> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Some(FileMode::DEFAULT);
    };
    let text = value
        .as_u64()
        .map(|bits| format!("{bits:04o}"))
        .unwrap_or_default();
    match text.parse() {
        Ok(mode) => Some(mode),
        Err(invalid) => {
            notes.refuse(
                path,
                if text.is_empty() {
                    value.to_string()
                } else {
                    text
                },
                invalid.to_string(),
            );
            None
        }
    }
}
