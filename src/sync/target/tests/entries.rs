//! Entries: their order, absent secrets, metadata, and the items and targets that name their files.

use expect_test::expect;
use serde_json::{Value, json};

use super::{check_error, entries, files, mount, render};
use crate::sync::ConfigMaps;

fn extract(source: &str) -> Value {
    json!({"take": {"extract": {"source": source}}})
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
