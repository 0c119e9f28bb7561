use std::process::Command;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn data(json: &str) -> SecretMap {
    match SecretValue::from_json(json) {
        Ok(SecretValue::Map(data)) => data,
        other => panic!("not an object: {other:?}"),
    }
}

#[track_caller]
fn check(write: fn(Selected<'_>) -> SecretBytes, json: &str, expected: Expect) {
    let data = data(json);
    let text = write(Selected::Whole(&data));
    expected.assert_eq(str::from_utf8(text.expose()).expect("UTF-8"));
}

#[track_caller]
fn check_env(json: &str, expected: Expect) {
    let data = data(json);
    let text = match env(Selected::Whole(&data)) {
        Ok(text) => String::from_utf8(text.expose().to_vec()).expect("UTF-8"),
        Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
    };
    expected.assert_eq(&text);
}

#[test]
fn json_is_compact_and_sorted_without_a_newline() {
    check(
        json,
        r#"{"b": [1.50, {"z": null, "a": 12345678901234567890}], "a\n": "é\"", "c": {}}"#,
        expect![[r#"{"a\n":"é\"","b":[1.50,{"a":12345678901234567890,"z":null}],"c":{}}"#]],
    );
}

#[test]
fn yaml_strings_are_plain_only_where_every_reader_sees_a_string() {
    check(
        yaml,
        r#"{"word": "postgres", "path": "/etc/ssl/ca.pem", "mail": "a@b.example", "url": "https://db:5432/app?x=1",
            "no": "no", "Yes": "YES", "null": "Null", "tilde": "~", "int": "0123", "time": "12:30:45", "date": "2026-11-24",
            "hex": "0x1F", "exp": "1e3", "dot": ".5", "inf": ".inf", "merge": "<<", "equals": "=", "space": "a b", "lead": " a",
            "colon": "a: b", "hash": "a #b", "dash": "- a", "bang": "!x", "star": "*x", "empty": "", "quote": "it's \"so\"",
            "lines": "a\nb\n", "tab": "\t", "control": "\u0000\u001b\u007f\u0085\u2028\ufeff", "emoji": "🔑", "umlaut": "ä"}"#,
        expect![[r#"
            "Yes": "YES"
            bang: "!x"
            colon: "a: b"
            control: "\u0000\u001b\u007f\u0085\u2028\ufeff"
            dash: "- a"
            date: "2026-11-24"
            dot: ".5"
            emoji: "🔑"
            empty: ""
            equals: "="
            exp: "1e3"
            hash: "a #b"
            hex: "0x1F"
            "inf": ".inf"
            int: "0123"
            lead: " a"
            lines: "a\nb\n"
            mail: a@b.example
            merge: "<<"
            "no": "no"
            "null": "Null"
            path: /etc/ssl/ca.pem
            quote: "it's \"so\""
            space: "a b"
            star: "*x"
            tab: "\t"
            tilde: "~"
            time: "12:30:45"
            umlaut: "ä"
            url: "https://db:5432/app?x=1"
            word: postgres
        "#]],
    );
}

#[test]
fn yaml_collections_are_blocks_and_numbers_are_numbers_everywhere() {
    check(
        yaml,
        r#"{"map": {"b": {"c": true}, "a": null}, "list": [1, [2, [3]], {"k": "v", "l": [{}]}, [], "x"], "numbers": [1e3, 1.5E-7, -0, 12345678901234567890, 2E+5], "none": {}}"#,
        expect![[r#"
            list:
              - 1
              - - 2
                - - 3
              - k: v
                l:
                  - {}
              - []
              - x
            map:
              a: null
              b:
                c: true
            none: {}
            numbers:
              - 1.0e+3
              - 1.5e-7
              - -0
              - 12345678901234567890
              - 2.0e+5
        "#]],
    );
    check(
        yaml,
        "{}",
        expect![[r#"
        {}
    "#]],
    );
}

#[test]
fn env_quotes_only_what_a_shell_would_read_otherwise() {
    check_env(
        r#"{"URL": "https://db:5432/app", "PASSWORD": "p\"w$`\\!", "QUOTE": "va'lue", "EMPTY": "", "_LINES": "a\nb", "N1": 1.50,
            "NULL": null, "MAP": {"a": [1, "x y"]}, "HOME": "~", "T": true, "UMLAUT": "ä", "AND": "a&b;c|d>e"}"#,
        expect![[r#"
            AND='a&b;c|d>e'
            EMPTY=
            HOME='~'
            MAP='{"a":[1,"x y"]}'
            N1=1.50
            NULL=
            PASSWORD='p"w$`\!'
            QUOTE='va'\''lue'
            T=true
            UMLAUT='ä'
            URL=https://db:5432/app
            _LINES='a
            b'
        "#]],
    );
}

#[test]
fn env_names_every_key_that_cannot_be_a_variable() {
    check_env(
        r#"{"db-password": "hunter2", "1st": "hunter2", "": "hunter2", "GOOD": "hunter2", "Ünder": "hunter2", "NUL": "hun\u0000ter2"}"#,
        expect![[r#"
            key "" cannot be a variable: format env needs letters, digits and "_", not beginning with a digit; rename the key, or use another format or a template
            key "1st" cannot be a variable: format env needs letters, digits and "_", not beginning with a digit; rename the key, or use another format or a template
            the value of key "NUL" holds a NUL byte, which no shell variable can hold; use another format
            key "db-password" cannot be a variable: format env needs letters, digits and "_", not beginning with a digit; rename the key, or use another format or a template
            key "Ünder" cannot be a variable: format env needs letters, digits and "_", not beginning with a digit; rename the key, or use another format or a template
        "#]],
    );
}

#[test]
fn properties_are_escaped_as_java_stores_them() {
    check(
        properties,
        r##"{"url": "jdbc:mysql://db:3306/app?a=b&c=d", "a key": " two  spaces", "#c": "#!", "b=c:d": "back\\slash", "tab": "\ta\n\r\f", "e": "ä🔑", "z": null, "n": 3}"##,
        expect![[r##"
            \#c=\#\!
            a\ key=\ two  spaces
            b\=c\:d=back\\slash
            e=\u00E4\uD83D\uDD11
            n=3
            tab=\ta\n\r\f
            url=jdbc\:mysql\://db\:3306/app?a\=b&c\=d
            z=
        "##]],
    );
}

#[test]
fn a_key_narrows_to_its_value_or_to_its_line() {
    let data = data(r#"{"a": {"b": [1]}, "c": "no"}"#);
    let of = |key: &'static str| Selected::Key(key, &data[key]);
    assert_eq!(json(of("a")).expose(), br#"{"b":[1]}"#);
    assert_eq!(json(of("c")).expose(), br#""no""#);
    assert_eq!(yaml(of("a")).expose(), b"b:\n  - 1\n");
    assert_eq!(yaml(of("c")).expose(), b"\"no\"\n");
    assert_eq!(properties(of("c")).expose(), b"c=no\n");
    let line = env(of("c")).expect("a line");
    assert_eq!(line.expose(), b"c=no\n");
}

/// Text with much of what has a meaning somewhere.
fn awkward() -> impl Strategy<Value = String> {
    "(\\PC|[ \t\n'\"\\\\$`!#:=~*?&|<>;(){}\\[\\]%@,0-9a-z-]){0,24}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_shell_reads_back_what_env_writes(value in awkward()) {
        let data = SecretMap::from([("KEY".to_owned(), SecretValue::String(value.clone().into()))]);
        let line = env(Selected::Whole(&data)).expect("a line");
        let script = format!("{}printf %s \"$KEY\"", str::from_utf8(line.expose()).expect("UTF-8"));
        let output = Command::new("sh").arg("-c").arg(script).output().expect("a shell");
        prop_assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), value);
    }
}

proptest! {
    #[test]
    #[cfg(feature = "cli")]
    fn a_yaml_reader_reads_back_what_yaml_writes(key in awkward(), value in awkward(), list in proptest::collection::vec(awkward(), 0..4)) {
        let json = serde_json::json!({ key: { "value": value, "list": [list, [], {}] } });
        let secret = SecretValue::from_json(&json.to_string()).expect("JSON");
        let SecretValue::Map(data) = secret else { panic!("a map") };
        let text = yaml(Selected::Whole(&data));
        let text = str::from_utf8(text.expose()).expect("UTF-8");
        let read: serde_json::Value = serde_saphyr::from_str(text).expect("YAML");
        prop_assert_eq!(read, json);
    }
}
