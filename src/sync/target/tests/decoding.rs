//! How values are decoded.

use expect_test::expect;
use serde_json::json;

use super::{check_error, entries, extracted, files, render};

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
