//! The keys that an entry gives: converted, rewritten, merged.

use expect_test::expect;
use serde_json::{Value, json};

use super::{check_error, extracted, files};

#[test]
fn keys_are_converted_to_those_of_a_secret() {
    for (key, default, unicode) in [
        ("a/b", "a_b", "a_U002f_b"),
        ("a b", "a_b", "a_U0020_b"),
        ("a-b._c", "a-b._c", "a-b._c"),
        ("é", "é", "é"),
        ("€", "_", "_U20ac_"),
        ("😀", "_", "_U1f600_"),
        ("½", "½", "½"),
        ("@", "_", "_U0040_"),
    ] {
        let data = json!({key: "x"}).to_string();
        for (convert, want) in [("Default", default), ("Unicode", unicode)] {
            let found = extracted(&data, json!({"convert": convert}), "None");
            assert_eq!(found, files(&[(want, "x")]), "{key} {convert}");
        }
    }
    check_error(
        extracted(r#"{"a/b": "1", "a b": "2"}"#, json!({}), "None"),
        expect![[
            r#"secret db: extract secret/db: the key "a_b" is made of two keys: set a rewrite, or conversionStrategy: Unicode"#
        ]],
    );
}

#[cfg(feature = "go-regex")]
#[test]
fn an_empty_key_is_dropped_and_one_that_no_secret_has_is_refused() {
    assert_eq!(
        extracted(r#"{"": "x", "a": "y"}"#, json!({}), "None"),
        files(&[("a", "y")])
    );
    let long = json!({"x".repeat(254): "y"}).to_string();
    assert!(extracted(&long, json!({}), "None").is_err());
    let identity = json!({"rewrite": [{"regexp": {"source": "x", "target": "a/b"}}]});
    check_error(
        extracted(r#"{"x": "1"}"#, identity, "None"),
        expect![[
            r#"secret db: extract secret/db: the key "a/b" cannot be one of a Secret: letters, digits, "-", "." and "_", at most 253"#
        ]],
    );
}

#[cfg(feature = "go-regex")]
#[test]
fn keys_are_rewritten_by_expressions_and_templates() {
    let data = r#"{"prod/db-user": "u", "prod/db-pass": "p"}"#;
    for (rewrite, want) in [
        (
            json!([{"regexp": {"source": "^prod/", "target": ""}}]),
            ["db-pass", "db-user"],
        ),
        (
            json!([{"regexp": {"source": "prod/db-(.*)", "target": "${1}_x"}}]),
            ["pass_x", "user_x"],
        ),
        (
            json!([{"regexp": {"source": "/", "target": "."}}]),
            ["prod.db-pass", "prod.db-user"],
        ),
        (
            json!([{"transform": "{{ .value | base }}"}]),
            ["db-pass", "db-user"],
        ),
        (
            json!([{"transform": "{{ .value | upper | replace \"/\" \"_\" }}"}]),
            ["PROD_DB-PASS", "PROD_DB-USER"],
        ),
        (
            json!([{"regexp": {"source": "^prod/", "target": ""}}, {"transform": "x.{{ .value }}"}]),
            ["x.db-pass", "x.db-user"],
        ),
    ] {
        let found = extracted(data, json!({"rewrite": rewrite}), "None");
        assert_eq!(found, files(&[(want[0], "p"), (want[1], "u")]), "{rewrite}");
    }
    // A key that is missing prints Go's words, which make no key.
    let found = extracted(
        data,
        json!({"rewrite": [{"transform": "{{ .nope }}"}]}),
        "None",
    );
    check_error(
        found,
        expect![[
            r#"secret db: extract secret/db: the key "<no value>" cannot be one of a Secret: letters, digits, "-", "." and "_", at most 253"#
        ]],
    );
    for bad in [
        json!([{"regexp": {"source": "(", "target": ""}}]),
        json!([{"transform": "{{"}]),
    ] {
        assert!(
            extracted(data, json!({"rewrite": bad}), "None").is_err(),
            "{bad}"
        );
    }
}

#[test]
fn json_objects_are_merged() {
    let data = json!({
        "a": r#"{"x": 1, "y": "a"}"#,
        "b": r#"{"z": [1.50, "<"]}"#,
        "c": r#"{"y": "c"}"#,
    })
    .to_string();
    let merge = |rule: Value| extracted(&data, json!({"rewrite": [{"merge": rule}]}), "None");
    check_error(
        merge(json!({})),
        expect![[
            r#"secret db: extract secret/db: merge: the key "y" is in two of the objects, and conflictPolicy is Error"#
        ]],
    );
    let joined = |y| files(&[("x", "1"), ("y", y), ("z", r#"[1.5,"\u003c"]"#)]);
    assert_eq!(merge(json!({"conflicts": "ignore"})), joined("c"));
    assert_eq!(
        merge(json!({"conflicts": "ignore", "priority": ["a"]})),
        joined("a")
    );
    check_error(
        merge(json!({"conflicts": "ignore", "priority": ["nope"]})),
        expect![[
            r#"secret db: extract secret/db: merge: there is no key "nope", which priority names"#
        ]],
    );
    let lenient = json!({"conflicts": "ignore", "priority": ["nope"], "priorityOptional": true});
    assert_eq!(merge(lenient), joined("c"));
    let into = merge(json!({"conflicts": "ignore", "into": "all"})).expect("merged");
    assert_eq!(into["all"], r#"{"x":1,"y":"c","z":[1.5,"<"]}"#);
    assert_eq!(into.len(), 4);
    let text = extracted(
        r#"{"a": "no object"}"#,
        json!({"rewrite": [{"merge": {}}]}),
        "None",
    );
    check_error(
        text,
        expect![[r#"secret db: extract secret/db: merge: the value of "a" is no JSON object"#]],
    );
}
