//! Secret volumes that become memory volumes of the same name, because an ExternalSecret would have
//! filled the Secret.
//!
//! What the author wrote stands in an annotation from then on. A later pass plans from that and not
//! from the memory volume, so it comes to the same plan, or to another one when the ExternalSecret is
//! gone; a note about a volume that is no memory volume any more counts for nothing. The note can
//! only say what a pod's author could have written himself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::covers::covers;
use super::fields::{items, text};
use super::patch::ListEditor;
use super::pod::{PodView, is_reserved_volume};
use crate::spec::{Mount, SyncSpec};

/// The annotation with the volumes as their author wrote them: a JSON list.
pub(super) const ANNOTATION: &str = "freshet.dev/replaced-volumes";

/// What is noted on a pod, by the names of the volumes.
pub(super) fn noted(pod: &Value) -> BTreeMap<String, Map<String, Value>> {
    let annotation = pod
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(ANNOTATION)?.as_str());
    let volumes: Option<Vec<Map<String, Value>>> =
        annotation.and_then(|text| serde_json::from_str(text).ok());
    let volumes = volumes.unwrap_or_default().into_iter();
    volumes
        .map(|volume| (text(&volume, "name").to_owned(), volume))
        .collect()
}

/// The volumes as their author wrote them, with their index in `spec.volumes`.
pub(super) fn authored<'v>(view: &'v PodView<'_>) -> Vec<(usize, &'v Map<String, Value>)> {
    let authored = view.volumes.iter().map(|(index, found)| {
        let original = view.replaced.get(text(found, "name"));
        let original = original.filter(|_| is_memory(found));
        (*index, original.unwrap_or(found))
    });
    authored.collect()
}

fn is_memory(volume: &Map<String, Value>) -> bool {
    let medium = volume.get("emptyDir").and_then(|empty| empty.get("medium"));
    medium.is_some_and(|medium| medium == "Memory")
}

/// Whether a mount stands in a volume of the author's, and not in one that is added.
pub(super) fn is_converted(mount: &Mount) -> bool {
    !is_reserved_volume(mount.volume.as_str())
}

/// The volumes that are replaced, and what by.
#[derive(Debug, Default)]
pub(super) struct Conversions {
    /// Index in `spec.volumes`, and the memory volume.
    planned: Vec<(usize, Value)>,
    /// The author's volumes of an earlier pass that stay after all.
    restored: Vec<(usize, Value)>,
    /// The text of the annotation; `None` without conversions.
    pub(super) note: Option<String>,
}

impl Conversions {
    /// Plans for a pod; `memory_volume` makes the volume of a mount.
    pub(super) fn plan(
        view: &PodView<'_>,
        spec: &SyncSpec,
        memory_volume: impl Fn(&Mount) -> Value,
    ) -> Self {
        let mut conversions = Self::default();
        let mut originals = Vec::new();
        for (index, original) in authored(view) {
            let name = text(original, "name");
            let mut mounts = spec.mounts.iter().filter(|mount| is_converted(mount));
            match mounts.find(|mount| mount.volume.as_str() == name) {
                Some(mount) => {
                    conversions.planned.push((index, memory_volume(mount)));
                    originals.push(original);
                }
                None if view.replaced.contains_key(name) => {
                    let original = Value::Object(original.clone());
                    conversions.restored.push((index, original));
                }
                None => {}
            }
        }
        conversions.note =
            (!originals.is_empty()).then(|| serde_json::to_string(&originals).unwrap_or_default());
        conversions
    }

    /// Writes what is not so yet into `spec.volumes`, of which the pod has `found`.
    pub(super) fn edit(&self, list: &mut ListEditor<'_>, found: Option<&Value>) {
        let found: Vec<_> = items(found).collect();
        for (index, planned) in &self.planned {
            if found
                .get(*index)
                .is_none_or(|found| !covers(found, planned))
            {
                list.replace(*index, planned.clone());
            }
        }
        for (index, original) in &self.restored {
            if found.get(*index).is_none_or(|found| *found != original) {
                list.replace(*index, original.clone());
            }
        }
    }
}

/// The names of the volumes that are replaced.
pub(super) fn names(spec: &SyncSpec) -> BTreeSet<&str> {
    let converted = spec.mounts.iter().filter(|mount| is_converted(mount));
    converted.map(|mount| mount.volume.as_str()).collect()
}
