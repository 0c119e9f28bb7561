//! What the fuzzer writes, as a pod and the data of a ConfigMap.
//!
//! ```text
//! agent-inject=true
//! openbao.org/role=app
//! --- config.hcl
//! …
//! --- pod
//! {"spec": …}
//! ```
//!
//! A key without a prefix gets the injector's, so that the fuzzer need not find it. Any text is one:
//! a pod that is no JSON is a plain one.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub(super) const PREFIX: &str = "vault.hashicorp.com/";
pub(super) const OTHER_PREFIX: &str = "openbao.org/";

/// What begins a part that is not annotations.
pub(super) const PART: &str = "\n--- ";

pub(super) struct Case {
    pub(super) pod: Value,
    /// The ConfigMap's.
    pub(super) data: BTreeMap<String, String>,
}

impl Case {
    pub(super) fn read(text: &str) -> Self {
        let text = format!("\n{text}");
        let mut parts = text.split(PART);
        let annotations = annotations(parts.next().unwrap_or_default());
        let mut pod = None;
        let mut data = BTreeMap::new();
        for part in parts {
            let (name, body) = part.split_once('\n').unwrap_or((part, ""));
            match name {
                "pod" => pod = serde_json::from_str::<Map<String, Value>>(body).ok(),
                name => {
                    data.insert(name.to_owned(), body.to_owned());
                }
            }
        }
        let mut pod = pod.map_or_else(plain, Value::Object);
        annotate(&mut pod, annotations);
        Self { pod, data }
    }

    /// Whether the author writes into the container that is added.
    pub(super) fn patches_the_sidecar(&self) -> bool {
        let annotations = self.pod.pointer("/metadata/annotations");
        let annotations = annotations.and_then(Value::as_object);
        let mut keys = annotations.into_iter().flat_map(Map::keys);
        keys.any(|key| key.ends_with("json-patch"))
    }

    /// The pod with each annotation of one prefix under the other; `None` where both stand on it.
    pub(super) fn under_the_other_prefix(&self) -> Option<Value> {
        let mut pod = self.pod.clone();
        let annotations = pod.pointer_mut("/metadata/annotations")?.as_object_mut()?;
        let ours = |key: &String| key.starts_with(PREFIX);
        if annotations.keys().any(|key| key.starts_with(OTHER_PREFIX)) {
            return None;
        }
        let (own, mut all): (Map<_, _>, Map<_, _>) = std::mem::take(annotations)
            .into_iter()
            .partition(|(key, _)| ours(key));
        all.extend(
            own.into_iter()
                .map(|(key, value)| (key.replacen(PREFIX, OTHER_PREFIX, 1), value)),
        );
        *annotations = all;
        Some(pod)
    }
}

fn plain() -> Value {
    json!({
        "metadata": {"name": "shop-1"},
        "spec": {
            "serviceAccountName": "shop",
            "containers": [{"name": "web", "image": "registry.example/web:1"}],
        },
    })
}

/// A line each; `\n` is a new line in a value.
fn annotations(lines: &str) -> Map<String, Value> {
    let lines = lines.split('\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let prefix = if key.contains('/') { "" } else { PREFIX };
            (format!("{prefix}{key}"), value.replace("\\n", "\n").into())
        })
        .collect()
}

/// A pod whose metadata is no object keeps it.
fn annotate(pod: &mut Value, annotations: Map<String, Value>) {
    let Some(pod) = pod.as_object_mut() else {
        return;
    };
    let metadata = pod.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else {
        return;
    };
    match metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    {
        Some(own) => own.extend(annotations),
        None => {
            metadata.insert("annotations".to_owned(), annotations.into());
        }
    }
}
