//! What is taken from a secret: the rows were made by the libraries that External Secrets uses.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{files, render};
use crate::spec::Property;

fn vectors() -> Value {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/external_secrets/values.json"
    ));
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_property_is_what_go_finds() {
    let vectors = vectors();
    let vault = json!({"secret/db": vectors["secret"]});
    let (mut same, mut refused) = (0, Vec::new());
    for case in vectors["properties"].as_array().expect("cases") {
        let property = case["property"].as_str().expect("a property");
        // A key may begin with "!", so admission lets it pass; here it is an error.
        if property.parse::<Property>().is_err() || property.starts_with('!') {
            refused.push(property);
            continue;
        }
        let take = json!({"value": {"key": "k", "source": "secret/db?kv=2", "property": property}});
        let found = render(json!({"entries": [{"take": take}]}), &vault);
        match case["value"].as_str() {
            Some(value) => assert_eq!(found, files(&[("k", value)]), "{property}"),
            None => {
                let error = found.expect_err(property);
                assert!(error.contains("has no property"), "{property}: {error}");
            }
        }
        same += 1;
    }
    assert!(same >= 150, "{same}");
    // What the two libraries answer differently.
    assert!(refused.len() < 25, "{refused:?}");
    assert!(refused.contains(&"name|@pretty") && refused.contains(&"*.first"));
}

#[test]
fn an_extract_is_what_go_reads_again() {
    let vectors = vectors();
    let vault = json!({"secret/db": vectors["secret"]});
    let extracts = vectors["extracts"].as_object().expect("extracts");
    assert!(extracts.len() > 10);
    for (property, want) in extracts {
        let mut extract = json!({"source": "secret/db?kv=2", "keys": {"convert": "Unicode"}});
        if !property.is_empty() {
            extract["property"] = json!(property);
        }
        let found = render(json!({"entries": [{"take": {"extract": extract}}]}), &vault);
        let Some(want) = want.as_object() else {
            found.expect_err(property);
            continue;
        };
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let converted = |key: &String| {
            let escape = |c: char| match c {
                c if c.is_alphanumeric() || ".-_".contains(c) => c.to_string(),
                c => format!("_U{:04x}_", u32::from(c)),
            };
            key.chars().map(escape).collect::<String>()
        };
        let want = want
            .iter()
            .map(|(key, value)| (converted(key), text(value)));
        assert_eq!(found, Ok(want.collect()), "{property}");
    }
}

#[test]
fn without_a_property_a_value_is_the_whole_secret_as_go_writes_json() {
    let check = |data: &str, want: &str| {
        let take = json!({"value": {"key": "k", "source": "secret/db?kv=2"}});
        let vault = json!({"secret/db": data});
        let found = render(json!({"entries": [{"take": take}]}), &vault);
        assert_eq!(found, files(&[("k", want)]), "{data}");
    };
    check(r#"{"b": 1, "a": "x"}"#, r#"{"a":"x","b":1}"#);
    check(
        r#"{"n": 1.50, "big": 12345678901234567890}"#,
        r#"{"big":12345678901234567890,"n":1.50}"#,
    );
    check(
        "{\"t\": \"<&>\u{2028}\u{2029}\u{e9}\"}",
        r#"{"t":"\u003c\u0026\u003e\u2028\u2029é"}"#,
    );
    check(
        "{\"<k>\": [null, true, {}]}",
        r#"{"\u003ck\u003e":[null,true,{}]}"#,
    );
    check(
        r#"{"t": "\b\f\n\t\u0001\u007f"}"#,
        "{\"t\":\"\\b\\f\\n\\t\\u0001\u{7f}\"}",
    );
}

proptest! {
    #[test]
    fn no_property_ends_the_program(property in "([a-c]|[0-9]|[.|#@!*?\\\\\"{}(),:=<>%~\\[\\]]|@this|#\\(a==1\\)|[\u{e9}\u{1f600}]){1,24}", value in "\\PC{0,12}") {
        let Ok(checked) = property.parse::<Property>() else {
            return Ok(());
        };
        let secret = json!({"a": {"b": [1, {"c": value}, []]}, "b": [[], {"a": 1}], "c": value});
        let take = json!({"value": {"key": "k", "source": "secret/db?kv=2", "property": checked}});
        let _ = render(json!({"entries": [{"take": take}]}), &json!({"secret/db": secret}));
    }
}
