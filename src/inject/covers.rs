//! Whether something in a pod is what was planned, although others wrote into it since.
//!
//! The API server fills in defaults and writes quantities in their shortest form, a LimitRange adds
//! resources, an autoscaler raises them, a webhook rewrites the registry of an image or adds an
//! environment variable. All that may stay. What decides how the refresher runs may not.

use serde_json::Value;

use super::resources::amount;

/// Fields of a container that nobody else has a reason to add.
const DECISIVE: [&str; 8] = [
    "restartPolicy",
    "lifecycle",
    "command",
    "ports",
    "startupProbe",
    "livenessProbe",
    "readinessProbe",
    "envFrom",
];

/// Whether `found` is the `planned` container.
pub(super) fn container_covers(found: &Value, planned: &Value) -> bool {
    let privileged = found.pointer("/securityContext/privileged");
    let same_image = match (text(found, "image"), text(planned, "image")) {
        (Some(found), Some(planned)) => is_same_image(found, planned),
        _ => false,
    };
    let mut planned = planned.clone();
    if same_image {
        planned["image"] = found["image"].clone();
    }
    covers(found, &planned)
        && privileged != Some(&Value::Bool(true))
        && DECISIVE
            .iter()
            .all(|field| found.get(field).is_none() || planned.get(field).is_some())
}

/// Whether `found` has all that is `planned`, and perhaps more.
pub(super) fn covers(found: &Value, planned: &Value) -> bool {
    match (found, planned) {
        (Value::Object(found), Value::Object(planned)) => planned.iter().all(|(name, planned)| {
            found.get(name).is_some_and(|found| match name.as_str() {
                "cpu" | "memory" => is_at_least(found, planned),
                "sizeLimit" => is_same_quantity(found, planned),
                "capabilities" => found == planned,
                "volumeMounts" => has_each(found, planned),
                _ => covers(found, planned),
            })
        }),
        (Value::Array(found), Value::Array(planned)) => {
            found.len() == planned.len()
                && found
                    .iter()
                    .zip(planned)
                    .all(|(found, planned)| covers(found, planned))
        }
        _ => found == planned,
    }
}

/// Whether each planned item is somewhere in the list.
fn has_each(found: &Value, planned: &Value) -> bool {
    match (found, planned) {
        (Value::Array(found), Value::Array(planned)) => planned
            .iter()
            .all(|planned| found.iter().any(|found| covers(found, planned))),
        _ => false,
    }
}

/// Autoscalers and clusters with a least size of a container (GKE Autopilot) raise resources, and
/// would do it again for ever if they were put back.
fn is_at_least(found: &Value, planned: &Value) -> bool {
    let quantity = |value: &Value| amount(value.as_str()?);
    found == planned || (quantity(planned).is_some() && quantity(found) >= quantity(planned))
}

fn is_same_quantity(found: &Value, planned: &Value) -> bool {
    let quantity = |value: &Value| amount(value.as_str()?);
    found == planned || (quantity(found).is_some() && quantity(found) == quantity(planned))
}

/// Whether the images differ in their registry alone: webhooks that send pulls to a mirror rewrite
/// that, and would do it again for ever if it were put back.
fn is_same_image(found: &str, planned: &str) -> bool {
    let name = |image: &str| image.rsplit('/').next().map(str::to_owned);
    name(found) == name(planned)
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}
