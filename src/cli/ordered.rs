//! A document whose maps keep their keys in the order in which they were read, so that what is
//! printed anew looks as its author wrote it.
//!
//! Decisions are made about [`Value`]s, whose keys are sorted; what was decided, a patch, is applied
//! here.

use std::collections::HashMap;
use std::fmt;

use json_patch::jsonptr::{Pointer, Token};
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A value of JSON, with its keys in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ordered {
    /// Neither list nor map.
    Scalar(Value),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// The patch names a place that the document does not have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}: there is nothing to be patched")]
pub(super) struct Missing(String);

impl Ordered {
    /// The same without the order.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::List(items) => items.iter().map(Self::to_value).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.to_value()))
                .collect(),
        }
    }

    /// Changes each scalar.
    pub(super) fn map(self, change: &impl Fn(Value) -> Value) -> Self {
        match self {
            Self::Scalar(value) => Self::Scalar(change(value)),
            Self::List(items) => {
                Self::List(items.into_iter().map(|item| item.map(change)).collect())
            }
            Self::Map(entries) => {
                let entries = entries.into_iter();
                Self::Map(
                    entries
                        .map(|(key, value)| (key, value.map(change)))
                        .collect(),
                )
            }
        }
    }

    /// Applies a patch of [`inject`](crate::inject), which adds, removes and replaces, to what stands
    /// at `place`. New keys come last.
    ///
    /// # Errors
    /// When it is not for this document.
    pub(super) fn patch(&mut self, place: &Pointer, patch: &Patch) -> Result<(), Missing> {
        let root = self.at(place).ok_or_else(|| Missing(place.to_string()))?;
        for operation in &patch.0 {
            root.edit(operation)
                .ok_or_else(|| Missing(operation.path().to_string()))?;
        }
        Ok(())
    }

    fn edit(&mut self, operation: &PatchOperation) -> Option<()> {
        let (parent, last) = operation.path().split_back()?;
        let parent = self.at(parent)?;
        match operation {
            PatchOperation::Add(AddOperation { value, .. }) => match parent {
                Self::List(items) => {
                    let index = last.to_index().ok()?.for_len_incl(items.len()).ok()?;
                    items.insert(index, value.clone().into());
                }
                parent => match parent.child(&last) {
                    Some(current) => *current = value.clone().into(),
                    None => parent.entries()?.push(entry(&last, value)),
                },
            },
            PatchOperation::Replace(ReplaceOperation { value, .. }) => {
                *parent.child(&last)? = value.clone().into();
            }
            PatchOperation::Remove(RemoveOperation { .. }) => match parent {
                Self::List(items) => {
                    let index = last.to_index().ok()?.for_len(items.len()).ok()?;
                    items.remove(index);
                }
                parent => {
                    let entries = parent.entries()?;
                    let index = entries.iter().position(|(key, _)| *key == last.decoded())?;
                    entries.remove(index);
                }
            },
            _ => return None,
        }
        Some(())
    }

    fn at(&mut self, place: &Pointer) -> Option<&mut Self> {
        place
            .tokens()
            .try_fold(self, |value, token| value.child(&token))
    }

    fn child(&mut self, token: &Token<'_>) -> Option<&mut Self> {
        match self {
            Self::Scalar(_) => None,
            Self::List(items) => {
                let index = token.to_index().ok()?.for_len(items.len()).ok()?;
                items.get_mut(index)
            }
            Self::Map(entries) => entries
                .iter_mut()
                .find(|(key, _)| *key == token.decoded())
                .map(|(_, value)| value),
        }
    }

    fn entries(&mut self) -> Option<&mut Vec<(String, Self)>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }
}

fn entry(key: &Token<'_>, value: &Value) -> (String, Ordered) {
    (key.decoded().into_owned(), value.clone().into())
}

impl From<Value> for Ordered {
    /// With the keys sorted, but for `name`, which people look for first.
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(mut fields) => {
                let name = fields.remove_entry("name");
                let entries = name.into_iter().chain(fields);
                Self::Map(
                    entries
                        .map(|(key, value)| (key, Self::from(value)))
                        .collect(),
                )
            }
            scalar => Self::Scalar(scalar),
        }
    }
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut found: A) -> Result<Ordered, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = found.next_element()? {
            items.push(item);
        }
        Ok(Ordered::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut found: A) -> Result<Ordered, A::Error> {
        let mut entries: Vec<(String, Ordered)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some((key, value)) = found.next_entry::<String, Ordered>()? {
            // JSON may have a key twice: the last value is meant.
            match places.get(&key) {
                Some(place) => entries[*place].1 = value,
                None => {
                    places.insert(key.clone(), entries.len());
                    entries.push((key, value));
                }
            }
        }
        Ok(Ordered::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Ordered {
        serde_json::from_str(text).expect("JSON")
    }

    /// The document after a patch, which the library applies to the sorted one alike.
    #[track_caller]
    fn check(document: &str, place: &'static str, patch: Value, want: &str) {
        let patch: Patch = serde_json::from_value(patch).expect("a patch");
        let mut ordered = read(document);
        let mut sorted = ordered.to_value();
        let place = Pointer::from_static(place);
        let patched = ordered.patch(place, &patch);
        let part = place.resolve_mut(&mut sorted).ok();
        let done = part.is_some_and(|part| json_patch::patch(part, &patch).is_ok());
        assert_eq!(patched.is_ok(), done);
        if done {
            assert_eq!(serde_json::to_string(&ordered).expect("JSON"), want);
            assert_eq!(ordered.to_value(), sorted);
        }
        assert_eq!(
            patched.map_err(|error| error.to_string()).err(),
            match done {
                true => None,
                false => Some(format!("{want}: there is nothing to be patched")),
            }
        );
    }

    #[test]
    fn keys_keep_their_order_and_new_ones_come_last() {
        check(
            r#"{"z":{"b":[1,2],"a":null},"m":1.50}"#,
            "/z",
            json!([
                { "op": "add", "path": "/b/1", "value": {"k": 1, "name": 2} },
                { "op": "add", "path": "/b/-", "value": 3 },
                { "op": "replace", "path": "/a", "value": "x" },
                { "op": "add", "path": "/0~1", "value": [] },
            ]),
            r#"{"z":{"b":[1,{"name":2,"k":1},2,3],"a":"x","0/":[]},"m":1.5}"#,
        );
    }

    #[test]
    fn what_is_removed_is_gone_and_what_is_added_anew_stays_in_its_place() {
        check(
            r#"{"c":1,"b":[7,8],"a":2}"#,
            "",
            json!([
                { "op": "remove", "path": "/b/0" },
                { "op": "add", "path": "/c", "value": 3 },
                { "op": "remove", "path": "/a" },
            ]),
            r#"{"c":3,"b":[8]}"#,
        );
    }

    #[test]
    fn a_patch_for_another_document_is_refused() {
        let remove = |path: &str| json!([{ "op": "remove", "path": path }]);
        check(r#"{"a":[]}"#, "", remove("/a/0"), "/a/0");
        check(r#"{"a":[]}"#, "", remove("/b"), "/b");
        check(r#"{"a":[]}"#, "/b", remove("/a"), "/b");
        check(r#"{"a":[]}"#, "", remove("/a/x/y"), "/a/x/y");
    }

    #[test]
    fn a_key_that_stands_twice_has_its_last_value() {
        assert_eq!(
            read(r#"{"a":1,"b":2,"a":3}"#).to_value(),
            json!({"a": 3, "b": 2})
        );
    }
}
