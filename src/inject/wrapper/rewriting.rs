//! What a wrapper writes into the fields of a container.

use serde_json::{Map, Value};

use crate::inject::reference;

/// The handlers of a container that run a command of their own in it.
pub(super) const HANDLERS: [&str; 5] = [
    "/livenessProbe/exec",
    "/readinessProbe/exec",
    "/startupProbe/exec",
    "/lifecycle/postStart/exec",
    "/lifecycle/preStop/exec",
];

/// The fields with `words` before the commands of the handlers.
pub(super) fn with_handlers(
    fields: Map<String, Value>,
    words: impl Fn() -> Vec<String>,
) -> Map<String, Value> {
    let mut fields = Value::Object(fields);
    for handler in HANDLERS {
        let handler = fields.pointer_mut(handler);
        if let Some(Value::Array(command)) = handler.and_then(|handler| handler.get_mut("command"))
        {
            command.splice(..0, words().into_iter().map(Value::String));
        }
    }
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Writes the references to our variables so that they are left to `exec`.
pub(super) fn mark(fields: &mut Map<String, Value>, ours: &dyn Fn(&str) -> bool) {
    let mark = |text: &mut Value| {
        if let Value::String(text) = text {
            *text = reference::marked(text, ours).into_owned();
        }
    };
    if let Some(Value::Array(args)) = fields.get_mut("args") {
        args.iter_mut().for_each(mark);
    }
    if let Some(Value::Array(variables)) = fields.get_mut("env") {
        variables
            .iter_mut()
            .filter_map(|variable| variable.get_mut("value"))
            .for_each(mark);
    }
}
