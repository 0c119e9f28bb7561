//! Variables that `exec` gives in place of kubelet, because an ExternalSecret would have made the
//! Secret that they come from.
//!
//! Their entries stay where they are and become optional: kubelet, which finds no Secret, starts the
//! container without them. Which of them were not optional stands in an annotation, so that a later
//! pass sees what the author wrote; it can only say what the author could have written himself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::fields::text;
use crate::dialect::external_secret::{
    ContainerEnvironment, VariableEntry, VariableSource, VariableTake,
};

/// The annotation with the entries that have become optional: a JSON object of containers.
pub(super) const ANNOTATION: &str = "freshet.dev/optional-variables";

/// The entries that have become optional, by the names of their containers.
pub(super) type Notes = BTreeMap<String, BTreeSet<String>>;

/// What is noted on a pod.
pub(super) fn noted(pod: &Value) -> Notes {
    let annotation = pod
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(ANNOTATION)?.as_str());
    let notes = annotation.and_then(|text| serde_json::from_str(text).ok());
    notes.unwrap_or_default()
}

/// The text of the annotation; `None` when there is nothing to note.
pub(super) fn note(notes: &Notes) -> Option<String> {
    let is_empty = notes.values().all(BTreeSet::is_empty);
    (!is_empty).then(|| serde_json::to_string(notes).unwrap_or_default())
}

/// Makes these entries optional; answers those that were not.
pub(super) fn release(
    fields: &mut Map<String, Value>,
    entries: &[VariableEntry],
) -> BTreeSet<String> {
    let mut released = BTreeSet::new();
    for entry in entries {
        let (list, index) = match entry {
            VariableEntry::Env(index) => (List::Env, *index),
            VariableEntry::EnvFrom(index) => (List::EnvFrom, *index),
        };
        let Some(item) = list.items_mut(fields).nth(index) else {
            continue;
        };
        let label = list.label(item);
        if let Some(reference) = list.reference_mut(item)
            && reference.get("optional") != Some(&Value::Bool(true))
        {
            reference.insert("optional".to_owned(), Value::Bool(true));
            released.extend(label);
        }
    }
    released
}

/// Takes back what an earlier pass noted.
pub(super) fn restore(fields: &mut Map<String, Value>, notes: &BTreeSet<String>) {
    for list in [List::Env, List::EnvFrom] {
        for item in list.items_mut(fields) {
            let is_noted = list.label(item).is_some_and(|label| notes.contains(&label));
            if let Some(reference) = list.reference_mut(item).filter(|_| is_noted) {
                reference.remove("optional");
            }
        }
    }
}

/// What a container takes from Secrets, as its author wrote it; `None` when that is nothing.
pub(super) fn of<'v>(
    container: (&str, &'v Map<String, Value>),
    notes: Option<&BTreeSet<String>>,
) -> Option<ContainerEnvironment<'v>> {
    let (path, fields) = container;
    let mut environment = ContainerEnvironment {
        container: path.to_owned(),
        sources: Vec::new(),
        others: Vec::new(),
        config_maps: Vec::new(),
    };
    for list in [List::EnvFrom, List::Env] {
        for (index, item) in list.items(fields).enumerate() {
            let Some(reference) = list.reference(item) else {
                match list {
                    List::Env => environment.others.push((index, text_of(item, "name"))),
                    List::EnvFrom => environment.config_maps.push(index),
                }
                continue;
            };
            let noted = list
                .label(item)
                .is_some_and(|label| notes.is_some_and(|notes| notes.contains(&label)));
            environment.sources.push(VariableSource {
                entry: match list {
                    List::Env => VariableEntry::Env(index),
                    List::EnvFrom => VariableEntry::EnvFrom(index),
                },
                secret: text(reference, "name"),
                is_optional: !noted && reference.get("optional") == Some(&Value::Bool(true)),
                take: match list {
                    List::Env => VariableTake::Key {
                        variable: text_of(item, "name"),
                        key: text(reference, "key"),
                    },
                    List::EnvFrom => VariableTake::All {
                        prefix: text_of(item, "prefix"),
                    },
                },
            });
        }
    }
    (!environment.sources.is_empty()).then_some(environment)
}

/// One of the two lists of a container that name Secrets.
#[derive(Clone, Copy)]
enum List {
    Env,
    EnvFrom,
}

impl List {
    fn field(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::EnvFrom => "envFrom",
        }
    }

    fn items(self, fields: &Map<String, Value>) -> impl Iterator<Item = &Value> {
        super::fields::items(fields.get(self.field()))
    }

    fn items_mut(self, fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
        let list = fields.get_mut(self.field()).and_then(Value::as_array_mut);
        list.into_iter().flatten()
    }

    fn reference(self, item: &Value) -> Option<&Map<String, Value>> {
        match self {
            Self::Env => item.get("valueFrom")?.get("secretKeyRef")?.as_object(),
            Self::EnvFrom => item.get("secretRef")?.as_object(),
        }
    }

    fn reference_mut(self, item: &mut Value) -> Option<&mut Map<String, Value>> {
        match self {
            Self::Env => item
                .get_mut("valueFrom")?
                .get_mut("secretKeyRef")?
                .as_object_mut(),
            Self::EnvFrom => item.get_mut("secretRef")?.as_object_mut(),
        }
    }

    /// How an entry is noted: by what tells it from the others, wherever a later webhook moves it.
    fn label(self, item: &Value) -> Option<String> {
        let secret = text(self.reference(item)?, "name");
        Some(match self {
            Self::Env => format!("env/{}", text_of(item, "name")),
            Self::EnvFrom => format!("envFrom/{}/{secret}", text_of(item, "prefix")),
        })
    }
}

fn text_of<'v>(item: &'v Value, name: &str) -> &'v str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_becomes_optional_can_be_taken_back() {
        let container = json!({
            "env": [
                {"name": "A", "value": "1"},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "db", "key": "b"}}},
                {"name": "C", "valueFrom": {"secretKeyRef": {"name": "db", "key": "c", "optional": true}}},
            ],
            "envFrom": [
                {"configMapRef": {"name": "db"}},
                {"prefix": "X_", "secretRef": {"name": "db"}},
                {"secretRef": {"name": "other"}},
            ],
        });
        let mut fields = container.as_object().cloned().expect("an object");
        let entries = [
            VariableEntry::EnvFrom(1),
            VariableEntry::Env(1),
            VariableEntry::Env(2),
        ];
        let released = release(&mut fields, &entries);
        assert_eq!(
            note(&BTreeMap::from([("app".to_owned(), released.clone())])).as_deref(),
            Some(r#"{"app":["env/B","envFrom/X_/db"]}"#)
        );
        let optional = |pointer: &str| Value::Object(fields.clone()).pointer(pointer).cloned();
        let is_optional = Some(Value::Bool(true));
        assert_eq!(
            optional("/env/1/valueFrom/secretKeyRef/optional"),
            is_optional
        );
        assert_eq!(optional("/envFrom/1/secretRef/optional"), is_optional);
        assert_eq!(optional("/envFrom/2/secretRef/optional"), None);
        let read = of(("c", &fields), Some(&released)).expect("variables");
        let optional: Vec<_> = read.sources.iter().map(|one| one.is_optional).collect();
        assert_eq!(optional, [false, false, false, true]);
        assert_eq!((read.others, read.config_maps), (vec![(0, "A")], vec![0]));
        restore(&mut fields, &released);
        assert_eq!(Value::Object(fields), container);
    }

    #[test]
    fn a_container_without_secrets_takes_nothing() {
        let container = json!({"env": [{"name": "A"}], "envFrom": null});
        let fields = container.as_object().expect("an object");
        assert!(of(("c", fields), None).is_none());
        let nothing = Notes::from([("app".to_owned(), BTreeSet::new())]);
        assert_eq!(note(&nothing), None);
    }
}
