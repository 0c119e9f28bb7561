//! The Helm chart as files: its values, their schema, its version. What it renders is tested with
//! the real Helm, in `tests/servers/chart`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

fn read(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/freshet");
    fs::read_to_string(folder.join(file)).expect(file)
}

fn values() -> Value {
    serde_saphyr::from_str(&read("values.yaml")).expect("YAML")
}

fn schema() -> Value {
    serde_json::from_str(&read("values.schema.json")).expect("JSON")
}

#[test]
fn values_and_schema_name_the_same() {
    let (mut in_values, mut in_schema) = (BTreeSet::new(), BTreeSet::new());
    paths_of_values("", &values(), &mut in_values);
    paths_of_schema("", &schema(), &mut in_schema);
    // Helm's own, and parts of Kubernetes' objects.
    in_schema.retain(|path| path != ".global" && !path.starts_with(".webhook.affinity."));
    assert_eq!(in_values, in_schema);
}

/// Every value; a map that users fill as they like is one value.
fn paths_of_values(path: &str, value: &Value, paths: &mut BTreeSet<String>) {
    const MAPS: [&str; 3] = ["requests", "limits", "nodeSelector"];
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        let is_map = MAPS.contains(&key.as_str()) && path.starts_with(".webhook.");
        if !is_map {
            paths_of_values(&path, value, paths);
        }
        paths.insert(path);
    }
}

fn paths_of_schema(path: &str, schema: &Value, paths: &mut BTreeSet<String>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        paths_of_schema(&path, property, paths);
        paths.insert(path);
    }
}

#[test]
fn the_schema_describes_every_value_and_lets_no_other_pass() {
    let mut found = Vec::new();
    check("", &schema(), &mut found);
    for (name, definition) in schema()["definitions"].as_object().into_iter().flatten() {
        check(name, definition, &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn check(path: &str, schema: &Value, found: &mut Vec<String>) {
    let described = schema["description"].as_str();
    if !described.is_some_and(|text| text.ends_with('.')) {
        found.push(format!("{path}: has no description"));
    }
    if schema.get("properties").is_some() && schema["additionalProperties"] != false {
        found.push(format!("{path}: lets a misspelt value pass"));
    }
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        check(&format!("{path}.{key}"), property, found);
    }
    if let Some(items) = schema
        .get("items")
        .filter(|items| items.get("$ref").is_none())
    {
        check(&format!("{path}[]"), items, found);
    }
}

#[test]
fn the_chart_has_the_version_of_the_programs() {
    let chart: Value = serde_saphyr::from_str(&read("Chart.yaml")).expect("YAML");
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}
