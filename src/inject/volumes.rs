//! The volumes that are added, and where each container sees them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::conversion::is_converted;
use super::logins::LoginFiles;
use super::memory::{Memory, STATE, SUPERVISION};
use super::wrapper::Wrappers;
use crate::spec::layout::{
    MOUNTS_DIR, POD_DIR, POD_VOLUME, PROGRAM_DIR, PROGRAM_VOLUME, REFRESH_ANNOTATION, REFRESH_FILE,
    SPEC_FILE, STATE_DIR, STATE_VOLUME, SUPERVISION_DIR, TEMPLATES_DIR, TEMPLATES_VOLUME,
    TOKEN_DIR, TOKEN_VOLUME,
};
use crate::spec::target::TemplateText;
use crate::spec::{ANNOTATION, Mount, SyncSpec, VolumeName};

/// The volumes: secrets, token, annotations, state, and what is needed to talk to Vault.
pub(super) fn volumes(
    logins: &LoginFiles<'_>,
    spec: &SyncSpec,
    memory: &Memory,
    wrappers: &Wrappers,
) -> Vec<Value> {
    let own = spec.mounts.iter().filter(|mount| !is_converted(mount));
    let mut volumes: Vec<Value> = own.map(|mount| secrets_volume(mount, memory)).collect();
    volumes.extend(logins.token_volume());
    volumes.push(json!({"name": POD_VOLUME, "downwardAPI": {"items": [
        annotation_file(SPEC_FILE, ANNOTATION),
        annotation_file(REFRESH_FILE, REFRESH_ANNOTATION),
    ]}}));
    volumes.push(memory_volume(STATE_VOLUME, STATE.to_string()));
    if let Some(size) = memory.program {
        volumes.push(memory_volume(PROGRAM_VOLUME, size.to_string()));
    }
    let supervisions = wrappers.supervisions();
    volumes.extend(supervisions.map(|(_, volume)| memory_volume(volume, SUPERVISION.to_string())));
    volumes.extend(logins.ca_volumes());
    let templates = templates(spec);
    if !templates.is_empty() {
        volumes.push(templates_volume(templates));
    }
    volumes.extend(logins.secret_volumes());
    volumes
}

/// The memory volume of a mount, whose files are secret.
pub(super) fn secrets_volume(mount: &Mount, memory: &Memory) -> Value {
    let size = memory.volumes.get(&mount.volume).copied();
    memory_volume(mount.volume.as_str(), size.unwrap_or_default().to_string())
}

/// The mounts of the refresher: the only container that may write the secrets' volumes, and the
/// only one that sees the token.
pub(super) fn refresher_mounts(
    logins: &LoginFiles<'_>,
    spec: &SyncSpec,
    wrappers: &Wrappers,
) -> Vec<Value> {
    let read_only = |volume: &str, directory: &str| json!({"name": volume, "mountPath": directory, "readOnly": true});
    let mut mounts: Vec<Value> = spec
        .mounts
        .iter()
        .map(|mount| {
            let directory = refresher_directory(&mount.volume);
            json!({"name": mount.volume.as_str(), "mountPath": directory})
        })
        .collect();
    // Where nothing is mounted, the ServiceAccount admission plugin puts the API token: a refresher
    // that needs no token shall have none, so there is something of no use to anybody.
    mounts.push(match logins.has_token() {
        true => read_only(TOKEN_VOLUME, TOKEN_DIR),
        false => read_only(POD_VOLUME, TOKEN_DIR),
    });
    mounts.push(read_only(POD_VOLUME, POD_DIR));
    mounts.push(json!({"name": STATE_VOLUME, "mountPath": STATE_DIR}));
    if !wrappers.is_empty() {
        mounts.push(json!({"name": PROGRAM_VOLUME, "mountPath": PROGRAM_DIR}));
    }
    mounts.extend(wrappers.supervisions().map(
        |(_, volume)| json!({"name": volume, "mountPath": format!("{SUPERVISION_DIR}/{volume}")}),
    ));
    let certificates = logins.ca_mounts();
    mounts.extend(certificates.map(|(volume, directory)| read_only(volume, directory)));
    if !templates(spec).is_empty() {
        mounts.push(read_only(TEMPLATES_VOLUME, TEMPLATES_DIR));
    }
    let secrets = logins.secret_mounts();
    mounts.extend(secrets.map(|(volume, directory)| read_only(volume, directory)));
    mounts
}

/// The mount of a volume in the application's containers.
pub(super) fn application_mount(mount: &Mount) -> Value {
    json!({
        "name": mount.volume.as_str(),
        "mountPath": mount.mount_path.as_str(),
        "readOnly": true,
    })
}

/// Where the refresher has a volume of secrets.
pub(super) fn refresher_directory(volume: &VolumeName) -> String {
    format!("{MOUNTS_DIR}/{volume}")
}

/// The keys of ConfigMaps that templates are taken from.
fn templates(spec: &SyncSpec) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut templates: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let targets = spec.mounts.iter().flat_map(|mount| &mount.targets);
    let texts = targets.filter_map(|target| target.template.as_ref());
    for source in texts.flat_map(|template| &template.from) {
        if let TemplateText::ConfigMap { name, key } = &source.text {
            templates.entry(name).or_default().insert(key);
        }
    }
    templates
}

/// A directory for each ConfigMap. A pod whose ConfigMap does not exist waits for it, and its events
/// name it.
fn templates_volume(templates: BTreeMap<&str, BTreeSet<&str>>) -> Value {
    let sources = templates.into_iter().map(|(name, keys)| {
        let item = |key: &str| json!({"key": key, "path": format!("{name}/{key}")});
        let items: Vec<_> = keys.into_iter().map(item).collect();
        json!({"configMap": {"name": name, "items": items}})
    });
    json!({"name": TEMPLATES_VOLUME, "projected": {"sources": sources.collect::<Vec<_>>()}})
}

fn memory_volume(name: &str, size: String) -> Value {
    json!({"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": size}})
}

fn annotation_file(file: &str, annotation: &str) -> Value {
    let field = format!("metadata.annotations['{annotation}']");
    json!({"path": file, "fieldRef": {"fieldPath": field}})
}
