//! A wrapped container as its author wrote it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::rewriting::HANDLERS;
use crate::inject::reference::unmarked;
use crate::inject::secret_variables;
use crate::spec::layout::{PROGRAM_DIR, PROGRAM_FILE};

/// The fields of a container that a wrapper rewrites.
pub(in crate::inject) const FIELDS: [&str; 8] = [
    "command",
    "args",
    "env",
    "envFrom",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];

/// Those of [`FIELDS`] that the container has, without what an earlier pass wrote into them; `notes`
/// are those about its variables. `is_said` tells that an annotation says what it runs, and so its author did not here.
pub(in crate::inject) fn authored(
    container: &Map<String, Value>,
    injected: bool,
    is_said: bool,
    notes: Option<&BTreeSet<String>>,
) -> Map<String, Value> {
    let fields = FIELDS.iter().filter_map(|field| {
        let value = container.get(*field)?;
        Some(((*field).to_owned(), value.clone()))
    });
    let mut fields: Map<String, Value> = fields.collect();
    if !injected {
        return fields;
    }
    if let Some(notes) = notes {
        secret_variables::restore(&mut fields, notes);
    }
    let is_wrapped = fields.get_mut("command").is_some_and(unwrap);
    if is_wrapped && is_said {
        fields.remove("command");
    }
    for list in ["command", "args"] {
        if let Some(Value::Array(words)) = fields.get_mut(list) {
            words.iter_mut().for_each(unmark);
        }
    }
    if let Some(Value::Array(variables)) = fields.get_mut("env") {
        let values = variables.iter_mut();
        values
            .filter_map(|variable| variable.get_mut("value"))
            .for_each(unmark);
    }
    let mut fields = Value::Object(fields);
    for handler in HANDLERS {
        let handler = fields.pointer_mut(handler);
        if let Some(command) = handler.and_then(|handler| handler.get_mut("command")) {
            unwrap(command);
        }
    }
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Takes off what stands before a command; answers whether anything did.
fn unwrap(command: &mut Value) -> bool {
    let Value::Array(words) = command else {
        return false;
    };
    let program = format!("{PROGRAM_DIR}/{PROGRAM_FILE}");
    let starts = |at: usize, word: &str| words.get(at).and_then(Value::as_str) == Some(word);
    let end = words.iter().position(|word| word == "--");
    match end.filter(|_| starts(0, &program) && starts(1, "exec")) {
        Some(end) => {
            words.drain(..=end);
            true
        }
        None => false,
    }
}

fn unmark(text: &mut Value) {
    if let Value::String(text) = text {
        *text = unmarked(text).into_owned();
    }
}
