//! A configuration in JSON. Keys keep their order, and one that stands twice stands twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{DEPTH, Item, SyntaxError, Value};

pub(super) fn parse(text: &str) -> Result<Vec<Item>, SyntaxError> {
    let error = |line: usize, message| SyntaxError { line, message };
    let value: Value = serde_json::from_str(text)
        .map_err(|cause| error(cause.line(), "is not JSON, as which it begins"))?;
    match value {
        Value::Body(items) if is_shallow(&items, DEPTH) => Ok(items),
        Value::Body(_) => Err(error(1, "objects lie too deep in each other")),
        _ => Err(error(1, "must be an object")),
    }
}

fn is_shallow(items: &[Item], depth: usize) -> bool {
    fn of_value(value: &Value, depth: usize) -> bool {
        match value {
            Value::List(values) => {
                depth > 0 && values.iter().all(|value| of_value(value, depth - 1))
            }
            Value::Body(items) => is_shallow(items, depth),
            _ => true,
        }
    }
    depth > 0 && items.iter().all(|item| of_value(&item.value, depth - 1))
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(f64::INFINITY), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = all.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some((key, value)) = all.next_entry()? {
            items.push(Item {
                keys: vec![key],
                value,
            });
        }
        Ok(Value::Body(items))
    }
}
