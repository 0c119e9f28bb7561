//! Entries that look for their secrets.

#[cfg(feature = "go-regex")]
use expect_test::expect;
use serde_json::{Value, json};

#[cfg(feature = "go-regex")]
use super::check_error;
use super::{Vault, entries, files, render};

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
