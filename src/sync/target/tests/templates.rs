//! Templates of a target: precedence, scopes, ConfigMaps, and External Secrets' own cases.

use expect_test::{Expect, expect};
use serde_json::{Map, Value, json};

use super::{files, render, render_with};
use crate::sync::ConfigMaps;

/// A target that fetches `{"user": "u", "password": "p"}` and has this template.
fn with_template(template: Value) -> Value {
    json!({
        "entries": [{"take": {"extract": {"source": "secret/db?kv=2"}}}],
        "template": template,
    })
}

fn rendered(template: Value) -> super::Files {
    render(
        with_template(template),
        &json!({"secret/db": {"user": "u", "password": "p"}}),
    )
}

fn literal(text: &str) -> Value {
    json!({"text": {"literal": text}, "scope": "keysAndValues"})
}

#[test]
fn a_template_replaces_the_keys_or_joins_them() {
    let data = json!({"conf": "{{ .user }}:{{ .password }}"});
    assert_eq!(rendered(json!({"data": data})), files(&[("conf", "u:p")]));
    assert_eq!(
        rendered(json!({"data": data, "merge": true})),
        files(&[("conf", "u:p"), ("password", "p"), ("user", "u")])
    );
}

#[test]
fn single_keys_beat_texts_and_later_texts_beat_earlier_ones() {
    let template = json!({
        "merge": true,
        "from": [literal("user: one\na: one\nb: one"), literal("b: two\nc: two")],
        "data": {"c": "three"},
    });
    let want = [
        ("a", "one"),
        ("b", "two"),
        ("c", "three"),
        ("password", "p"),
        ("user", "one"),
    ];
    assert_eq!(rendered(template), files(&want));
}

#[test]
fn texts_of_config_maps_are_values_or_keys_and_values() {
    let source = |key: &str, scope: &str| json!({"text": {"configMap": {"name": "conf", "key": key}}, "scope": scope});
    let template = json!({"from": [source("app.yaml", "values"), source("keys", "keysAndValues")]});
    let text = |key: &str, text: &str| (("conf".to_owned(), key.to_owned()), text.to_owned());
    let vault = json!({"secret/db": {"user": "u"}});
    let config_maps = ConfigMaps::from([
        text("app.yaml", "name: {{ .user }}"),
        text("keys", "{{ .user }}: 1.50"),
    ]);
    let found = render_with(with_template(template.clone()), &vault, &config_maps);
    assert_eq!(found, files(&[("app.yaml", "name: u"), ("u", "1.5")]));
    let found = render(with_template(template.clone()), &vault);
    expect![[r#"
        secret db: templateFrom app.yaml: the ConfigMap conf has no key "app.yaml", or is not mounted yet
        secret db: templateFrom keys: the ConfigMap conf has no key "keys", or is not mounted yet"#]]
    .assert_eq(&found.expect_err("no ConfigMap"));
    let broken = ConfigMaps::from([text("app.yaml", "{{"), text("keys", "- a")]);
    let found = render_with(with_template(template), &vault, &broken);
    expect![[r#"
        secret db: templateFrom app.yaml: unable to parse the template: template:1:1: at <{{>: unclosed action
        secret db: templateFrom keys: the rendered text is no YAML mapping of texts: the text is no mapping of keys to values"#]]
    .assert_eq(&found.expect_err("broken"));
}

#[track_caller]
fn check_error(template: Value, want: Expect) {
    want.assert_eq(&rendered(template).expect_err("an error"));
}

#[test]
fn what_is_wrong_with_a_template_is_told_with_its_key() {
    check_error(
        json!({"data": {"conf": "{{ .nope }}", "other": "{{ .user | nope }}"}}),
        expect![[
            r#"secret db: other: unable to parse the template: template:1:12: at <nope>: function "nope" not defined in the table external-secrets"#
        ]],
    );
    check_error(
        json!({"data": {"conf": "{{ .nope }}"}}),
        expect![[
            r#"secret db: conf: unable to execute the template: template:1:4: at <.nope>: map has no entry for key "nope""#
        ]],
    );
    check_error(
        json!({"from": [literal("list: [{{ .user }}]")]}),
        expect![
            "secret db: templateFrom literal: the rendered text is no YAML mapping of texts: a key or value is no scalar"
        ],
    );
}

#[test]
fn a_template_may_ask_for_more_secrets() {
    let template = json!({"data": {"conf": "{{ (secret \"secret/api\").key }}"}});
    let vault = json!({"secret/db": {"user": "u"}, "secret/api": {"key": "k"}});
    assert_eq!(
        render(with_template(template), &vault),
        files(&[("conf", "k")])
    );
}

/// The cases that External Secrets' own tests have for the data of a Secret.
#[test]
fn the_maps_of_external_secrets_are_the_same_here() {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/external_secrets/map_cases.json"
    ));
    let cases: Value = serde_json::from_str(text).expect("JSON");
    let mut checked = 0;
    for case in cases["map_cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        let error = case.get("error_contains").and_then(Value::as_str);
        // Paths into other objects than Secrets are refused when the manifest is read.
        if error.is_some_and(|error| !error.starts_with("failed to decode")) {
            continue;
        }
        let decode = case
            .get("valuesDecodingStrategy")
            .cloned()
            .unwrap_or_else(|| json!("None"));
        let scope = match case["scope"].as_str() {
            Some("Values") => "values",
            _ => "keysAndValues",
        };
        let mut config_maps = ConfigMaps::new();
        let texts = case["tpl"].as_object().expect("templates");
        let from = texts.iter().map(|(key, text)| {
            let text = text.as_str().expect("a text").to_owned();
            config_maps.insert(("conf".to_owned(), key.clone()), text);
            json!({"text": {"configMap": {"name": "conf", "key": key}}, "scope": scope, "decode": decode})
        });
        let template = json!({"from": from.collect::<Vec<_>>()});
        let vault = json!({"secret/db": case["data"]});
        let found = render_with(with_template(template), &vault, &config_maps);
        match error {
            Some(_) => assert!(found.is_err(), "{name}: {found:?}"),
            None => {
                let none = Map::new();
                let want = case
                    .get("expected_map")
                    .and_then(Value::as_object)
                    .unwrap_or(&none);
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                let want = want.iter().map(|(key, value)| (key.clone(), text(value)));
                assert_eq!(found, Ok(want.collect()), "{name}");
            }
        }
        checked += 1;
    }
    assert_eq!(checked, 13);
}
