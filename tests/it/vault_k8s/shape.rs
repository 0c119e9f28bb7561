//! How two trees of facts differ.

use serde_json::Value;

/// A line for each place at which they do.
pub(super) fn differences(
    path: &str,
    want: Option<&Value>,
    have: Option<&Value>,
    found: &mut Vec<String>,
) {
    match (want, have) {
        (Some(Value::Object(want)), Some(Value::Object(have))) => {
            let names: std::collections::BTreeSet<_> = want.keys().chain(have.keys()).collect();
            for name in names {
                let path = format!("{path}.{name}");
                differences(&path, want.get(name), have.get(name), found);
            }
        }
        (Some(Value::Array(want)), Some(Value::Array(have))) if want.len() == have.len() => {
            for (index, (want, have)) in want.iter().zip(have).enumerate() {
                differences(&format!("{path}[{index}]"), Some(want), Some(have), found);
            }
        }
        (want, have) if want == have => {}
        (want, have) => {
            let text = |value: Option<&Value>| {
                value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
            };
            found.push(format!("{path}: want {}, have {}", text(want), text(have)));
        }
    }
}
