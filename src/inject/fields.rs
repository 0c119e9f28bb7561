//! Fields of JSON objects, read as Kubernetes means them: absent, null and empty are the same.

use serde_json::{Map, Value};

use crate::dialect::Problem;

/// The text of a field; empty when it is absent or no text.
pub(super) fn text<'a>(object: &'a Map<String, Value>, field: &str) -> &'a str {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The items of a list; none when it is absent or no list.
pub(super) fn items(list: Option<&Value>) -> std::slice::Iter<'_, Value> {
    list.and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

/// The objects of a list, with their index; `path` is the list's, for the problems of a list that
/// is none or holds something else.
pub(super) fn objects<'a>(
    list: Option<&'a Value>,
    path: impl Fn() -> String,
    problems: &mut Vec<Problem>,
) -> Vec<(usize, &'a Map<String, Value>)> {
    let items = match list {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            problems.push(Problem::new(path(), "must be a list"));
            return Vec::new();
        }
    };
    let mut objects = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.as_object() {
            Some(object) => objects.push((index, object)),
            None => problems.push(Problem::new(
                format!("{}[{index}]", path()),
                "must be an object",
            )),
        }
    }
    objects
}
