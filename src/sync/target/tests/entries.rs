//! Entries: their order, the keys that they give, decoding, absent secrets, `find`.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Vault, files, mount, render};
use crate::sync::ConfigMaps;

fn entries(entries: Value) -> Value {
    json!({ "entries": entries })
}

fn extract(source: &str) -> Value {
    json!({"take": {"extract": {"source": source}}})
}

/// An extract of `{"secret/db": data}` with these rules for keys and values.
fn extracted(data: &str, keys: Value, decode: &str) -> super::Files {
    let take = json!({"extract": {"source": "secret/db?kv=2", "keys": keys}});
    let entry = json!({"take": take, "decode": decode});
    render(entries(json!([entry])), &json!({"secret/db": data}))
}

#[track_caller]
fn check_error(found: super::Files, want: Expect) {
    want.assert_eq(&found.expect_err("an error"));
}

#[test]
fn later_entries_override_the_keys_of_earlier_ones() {
    let vault = json!({
        "secret/a": {"x": "a", "y": "a"},
        "secret/b": {"y": "b", "z": "b"},
    });
    let value =
        json!({"take": {"value": {"key": "z", "source": "secret/a?kv=2", "property": "x"}}});
    let found = render(
        entries(json!([
            extract("secret/a?kv=2"),
            extract("secret/b?kv=2"),
            value
        ])),
        &vault,
    );
    assert_eq!(found, files(&[("x", "a"), ("y", "b"), ("z", "a")]));
}

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

#[test]
fn values_are_decoded_as_go_decodes_them() {
    for (strategy, value, want) in [
        ("None", "aGk=", Some("aGk=")),
        ("Base64", "aGk=", Some("hi")),
        ("Base64", "aG\nk=\r\n", Some("hi")),
        ("Base64", "aGk", None),
        ("Base64", "aGl=", Some("hi")),
        ("Base64", "aGk=x", None),
        ("Base64", "a G k=", None),
        ("Base64", "Pz8/", Some("???")),
        ("Base64", "Pz8_", None),
        ("Base64", "", Some("")),
        ("Base64URL", "Pz8_", Some("???")),
        ("Base64URL", "Pz8/", None),
        ("Base64URL", "aGk", None),
        ("Auto", "Pz8/", Some("???")),
        ("Auto", "Pz8_", Some("???")),
        ("Auto", "plain text", Some("plain text")),
        ("Auto", "aGk", Some("aGk")),
        // A user name of four letters is base64, too: bug for bug.
        ("Auto", "user", Some("\u{fffd}\u{1eb}")),
    ] {
        let data = json!({"k": value}).to_string();
        let found = extracted(&data, json!({}), strategy);
        match want {
            Some(want) => assert_eq!(found, files(&[("k", want)]), "{strategy} {value:?}"),
            None => assert!(found.is_err(), "{strategy} {value:?}: {found:?}"),
        }
    }
    check_error(
        extracted(r#"{"k": "!"}"#, json!({}), "Base64"),
        expect!["secret db: k: the value is not base64 (decodingStrategy: Base64)"],
    );
}

#[test]
fn a_nul_byte_is_refused_where_it_shall_be() {
    let vault = json!({"secret/db": {"k": "a\u{0}b"}});
    let take = json!({"value": {"key": "k", "source": "secret/db?kv=2", "property": "k"}});
    let entry = |policy: &str| entries(json!([{"take": take, "nullBytes": policy}]));
    assert_eq!(render(entry("Ignore"), &vault), files(&[("k", "a\u{0}b")]));
    check_error(
        render(entry("Fail"), &vault),
        expect!["secret db: k: the value holds a NUL byte, and nullBytePolicy is Fail"],
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

#[test]
fn an_absent_secret_is_left_out_only_where_it_may_be() {
    let vault = json!({"secret/a": {"x": "a"}});
    let found = render(
        entries(json!([
            extract("secret/a?kv=2"),
            extract("secret/b?kv=2&optional")
        ])),
        &vault,
    );
    assert_eq!(found, files(&[("x", "a")]));
    let found = render(entries(json!([extract("secret/b?kv=2")])), &vault);
    check_error(found, expect!["there is no secret/b"]);
}

#[test]
fn metadata_is_a_secret_of_its_own() {
    let vault = json!({"metadata of secret/db": {"owner": "team-a", "current_version": "3"}});
    let take = |property: &str| json!({"take": {"value": {"key": property, "source": "secret/db?kv=2&part=metadata", "property": property}}});
    let found = render(
        entries(json!([take("owner"), take("current_version")])),
        &vault,
    );
    assert_eq!(
        found,
        files(&[("current_version", "3"), ("owner", "team-a")])
    );
}

fn tree() -> Vault {
    json!({
        "list of secret/team": {"keys": ["api", "db", "gone", "inner/"]},
        "list of secret/team/inner": {"keys": ["db", "other"]},
        "secret/team/api": {"k": "<api>"},
        "secret/team/db": {"k": "db"},
        "secret/team/gone": null,
        "secret/team/inner/db": {"k": "inner"},
        "secret/team/inner/other": {"k": "other"},
        "metadata of secret/team/api": {"tier": "a", "owner": "x"},
        "metadata of secret/team/db": {"tier": "a"},
        "metadata of secret/team/gone": {"tier": "a"},
        "metadata of secret/team/inner/db": {"tier": "b"},
        "metadata of secret/team/inner/other": {},
    })
}

#[track_caller]
fn check_find(select: Value, keys: Value, want: &[(&str, &str)]) {
    // What lies below a folder is read with the login of its list.
    for profile in ["", "eu:"] {
        let find = json!({"find": {
            "folder": format!("{profile}secret/team?kv=2&part=list"), "prefix": "team/",
            "place": {"mount": "secret"}, "select": select, "keys": keys,
        }});
        let tree = tree();
        let of_login = tree.as_object().expect("a map").iter();
        let of_login = of_login.map(|(name, found)| {
            let name = name.replacen("secret/", &format!("{profile}secret/"), 1);
            (name, found.clone())
        });
        let of_login = Value::Object(of_login.collect());
        let found = render(entries(json!([{"take": find}])), &of_login);
        assert_eq!(found, files(want), "{profile}{select}");
    }
}

#[cfg(feature = "go-regex")]
#[test]
fn secrets_are_found_by_name_anywhere_below_the_folder() {
    let all = [
        ("team_api", r#"{"k":"\u003capi\u003e"}"#),
        ("team_db", r#"{"k":"db"}"#),
        ("team_inner_db", r#"{"k":"inner"}"#),
        ("team_inner_other", r#"{"k":"other"}"#),
    ];
    check_find(json!({"name": ".*"}), json!({}), &all);
    check_find(json!({"name": "db$"}), json!({}), &all[1..3]);
    check_find(json!({"name": "^team/[^/]*$"}), json!({}), &all[..2]);
    check_find(json!({"name": "nothing"}), json!({}), &[]);
    let base = json!({"rewrite": [{"regexp": {"source": ".*/", "target": ""}}]});
    check_find(
        json!({"name": "team/(api|inner/other)"}),
        base,
        &[("api", all[0].1), ("other", all[3].1)],
    );
}

#[test]
fn secrets_are_found_by_their_metadata() {
    check_find(
        json!({"tags": {"tier": "b"}}),
        json!({}),
        &[("team_inner_db", r#"{"k":"inner"}"#)],
    );
    check_find(
        json!({"tags": {"tier": "a", "owner": "x"}}),
        json!({}),
        &[("team_api", r#"{"k":"\u003capi\u003e"}"#)],
    );
    check_find(json!({"tags": {"tier": "c"}}), json!({}), &[]);
}

#[cfg(feature = "go-regex")]
#[test]
fn a_folder_without_secrets_is_an_error_unless_it_may_be_absent() {
    let find = |folder: &str| {
        let take = json!({"find": {"folder": folder, "place": {"mount": "secret"}, "select": {"name": "."}}});
        render(entries(json!([{"take": take}])), &tree())
    };
    check_error(
        find("secret/nope?kv=2&part=list"),
        expect!["there is no list of secret/nope"],
    );
    assert_eq!(find("secret/nope?kv=2&part=list&optional"), files(&[]));
}

#[test]
fn items_name_files_and_modes() {
    let vault = json!({"secret/db": {"user": "u", "password": "p"}});
    let with = |items: Value, optional: bool| {
        let fields =
            json!({"entries": [extract("secret/db?kv=2")], "items": items, "optional": optional});
        render(fields, &vault)
    };
    let items = json!([
        {"key": "password", "path": "conf/pw", "mode": "0400"},
        {"key": "password", "path": "again"},
    ]);
    assert_eq!(
        with(items, false),
        files(&[("again", "p"), ("conf/pw", "p")])
    );
    let missing = json!([{"key": "nope", "path": "x"}, {"key": "user", "path": "y"}]);
    assert_eq!(with(missing.clone(), true), files(&[("y", "u")]));
    check_error(
        with(missing, false),
        expect![[
            r#"secret db: nope: the pod asks for the key "nope", which is not there: it has "password", "user""#
        ]],
    );
    let dots =
        json!({"entries": [{"take": {"value": {"key": "..x", "source": "secret/db?kv=2"}}}]});
    check_error(
        render(dots, &vault),
        expect![[
            r#"secret db: ..x: the key "..x" cannot be a file name: it must not have an empty part, "." or a part that begins with "..""#
        ]],
    );
}

#[test]
fn of_two_targets_of_a_projected_volume_the_later_one_counts() {
    let vault = json!({"secret/a": {"x": "a", "y": "a"}, "secret/b": {"y": "b"}});
    let target = |name: &str, source: &str| json!({"name": name, "mode": "0644", "entries": [extract(source)]});
    let targets = json!([target("a", "secret/a?kv=2"), target("b", "secret/b?kv=2")]);
    let found = mount(targets, &vault, &ConfigMaps::new());
    assert_eq!(found, files(&[("x", "a"), ("y", "b")]));
}

#[test]
fn all_errors_are_told_and_none_holds_a_value() {
    let vault = json!({"secret/db": {"k": "hunter2", "n": "hunter3"}});
    let value = |key: &str, property: &str, decode: &str| json!({"take": {"value": {"key": key, "source": "secret/db?kv=2", "property": property}}, "decode": decode});
    let found = render(
        entries(json!([
            value("a", "nope", "None"),
            value("b", "k", "Base64")
        ])),
        &vault,
    );
    let error = found.expect_err("errors");
    expect![[r#"
        secret db: a: secret/db has no property "nope": it has "k", "n"
        secret db: b: the value is not base64 (decodingStrategy: Base64)"#]]
    .assert_eq(&error);
    assert!(!error.contains("hunter"));
}
