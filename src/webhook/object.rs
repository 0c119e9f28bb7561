//! The object under review as plain JSON, without `metadata.managedFields`.
//!
//! Those are often half of a pod and never looked at: the answer is a patch, so that leaving them out
//! here changes nothing of what is stored.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Reads any JSON; of an object's `metadata.managedFields` nothing is kept.
///
/// # Errors
/// Those of the deserializer.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    deserializer.deserialize_any(Level::Object)
}

/// How deep in the object a map stands.
#[derive(Clone, Copy)]
enum Level {
    Object,
    Metadata,
}

/// The value of `metadata`.
struct Metadata(Value);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Level::Metadata).map(Self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<Cow<'de, str>>()? {
            let value = match (self, &*key) {
                (Self::Object, "metadata") => entries.next_value::<Metadata>()?.0,
                (Self::Metadata, "managedFields") => {
                    entries.next_value::<IgnoredAny>()?;
                    continue;
                }
                _ => entries.next_value()?,
            };
            map.insert(key.into_owned(), value);
        }
        Ok(Value::Object(map))
    }

    // An object that is none is still told apart from one that is missing.
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, want: &str) {
        let value = deserialize(&mut serde_json::Deserializer::from_str(json)).expect("JSON");
        assert_eq!(value.to_string(), want);
    }

    #[test]
    fn only_the_managed_fields_of_the_object_itself_are_left_out() {
        check(
            r#"{"metadata":{"labels":{"managedFields":"b"},"managedFields":[{"x":1}],"name":"a"},"spec":{"managedFields":3,"metadata":{"managedFields":[2]}}}"#,
            r#"{"metadata":{"labels":{"managedFields":"b"},"name":"a"},"spec":{"managedFields":3,"metadata":{"managedFields":[2]}}}"#,
        );
    }

    #[test]
    fn whatever_else_stays_as_it_is() {
        for json in [
            "null",
            "true",
            "7",
            "-7",
            "1.5",
            "\"a\\nb\"",
            "[1,{\"metadata\":{\"managedFields\":2}}]",
            "{\"metadata\":null}",
            "{\"metadata\":[1]}",
            "{\"meta\\u0064ata\":\"x\"}",
            "{}",
        ] {
            let want: Value = serde_json::from_str(json).expect("JSON");
            check(json, &want.to_string());
        }
    }

    #[test]
    fn a_number_keeps_what_json_says() {
        check(
            "{\"metadata\":{\"generation\":18446744073709551615},\"x\":0.1}",
            "{\"metadata\":{\"generation\":18446744073709551615},\"x\":0.1}",
        );
    }
}
