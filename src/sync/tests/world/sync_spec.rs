//! The SyncSpecs that those pods follow.

use std::collections::BTreeSet;

use crate::spec::{PROFILES_VERSION, SyncSpec};

/// A SyncSpec with a file for each `(volume, file, reference)`, format `raw` where there is a key
/// and `json` where not, a template where the reference starts with a brace, the file of one where it
/// starts with a slash, or the token.
pub(in crate::sync::tests) fn spec(interval: &str, files: &[(&str, &str, &str)]) -> SyncSpec {
    let volumes: BTreeSet<_> = files.iter().map(|(volume, ..)| *volume).collect();
    let mounts: Vec<_> = volumes
        .into_iter()
        .map(|volume| {
            let files: Vec<_> = files
                .iter()
                .filter(|file| file.0 == volume)
                .map(file)
                .collect();
            serde_json::json!({"volume": volume, "mountPath": format!("/{volume}"), "files": files})
        })
        .collect();
    let json = serde_json::json!({"version": PROFILES_VERSION, "refreshInterval": interval, "mounts": mounts});
    SyncSpec::from_annotation(&json.to_string()).expect("a SyncSpec")
}

fn file((_, name, text): &(&str, &str, &str)) -> serde_json::Value {
    let content = if text.starts_with('{') {
        serde_json::json!({"template": {"template": {
            "text": text, "functions": "external-secrets", "missingKey": "error",
            "delimiters": ["{{", "}}"],
        }}})
    } else if text.starts_with('/') {
        serde_json::json!({"templateFile": {
            "path": text, "functions": "consul-template", "missingKey": "zero",
            "delimiters": ["{{", "}}"],
        }})
    } else if *text == "token" {
        serde_json::json!("token")
    } else {
        let format = if text.contains('#') { "raw" } else { "json" };
        serde_json::json!({"secret": {"source": text, "format": format}})
    };
    serde_json::json!({"name": name, "path": name, "mode": "0644", "content": content})
}
