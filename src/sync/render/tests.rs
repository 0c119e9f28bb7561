use std::collections::BTreeMap;

use expect_test::{Expect, expect};

use super::*;
use crate::secret::SecretValue;
use crate::spec::{Content, FileSpec, FunctionTable, MissingKey, TemplateSpec};

/// A mount from `name source format path mode` lines. With `template` for the format, the rest of
/// the line is the template, and the source may be `-`.
fn mount(lines: &[&str]) -> Mount {
    let files = lines.iter().map(|line| {
        let words: Vec<_> = line.splitn(5, ' ').collect();
        let &[name, source, format, path, last] = words.as_slice() else {
            panic!("not five words: {line:?}");
        };
        let (mode, content) = match format {
            "template" => ("0644", template(source, last)),
            format => {
                let format = format.parse().expect("a format");
                let source = source.parse().expect("a source");
                (last, Content::Secret { source, format })
            }
        };
        FileSpec {
            name: name.parse().expect("a name"),
            path: path.parse().expect("a path"),
            mode: mode.parse().expect("a mode"),
            content,
        }
    });
    let volume = "freshet-secrets".parse().expect("a volume");
    Mount {
        files: files.collect(),
        ..Mount::new(volume, "/secrets".parse().expect("a directory"))
    }
}

fn template(source: &str, text: &str) -> Content {
    Content::Template {
        source: (source != "-").then(|| source.parse().expect("a source")),
        template: TemplateSpec {
            text: text.to_owned(),
            functions: FunctionTable::ExternalSecrets,
            missing_key: MissingKey::Error,
            delimiters: ("{{".to_owned(), "}}".to_owned()),
        },
    }
}

fn secrets(entries: &[(&str, &str)]) -> BTreeMap<SecretRef, VaultSecret> {
    let secret = |json: &str| match SecretValue::from_json(json) {
        Ok(SecretValue::Map(data)) => VaultSecret {
            data,
            version: Some(1),
            lease: None,
            ..VaultSecret::default()
        },
        other => panic!("not an object: {other:?}"),
    };
    let entries = entries.iter();
    entries
        .map(|(source, json)| (source.parse().expect("a source"), secret(json)))
        .collect()
}

/// The outcome as text: files, needs or errors, one a line.
#[track_caller]
fn check(lines: &[&str], known: &[(&str, &str)], expected: Expect) {
    check_mount(&mount(lines), known, expected);
}

#[track_caller]
fn check_mount(mount: &Mount, known: &[(&str, &str)], expected: Expect) {
    let known = secrets(known);
    let mut random = |bytes: &mut [u8]| bytes.fill(7);
    let rendered = MountRenderer::new(mount).and_then(|renderer| {
        let lookup = |source: &SecretRef| known.get(source);
        renderer.render(&lookup, SystemTime::UNIX_EPOCH, &mut random)
    });
    let text: String = match rendered {
        Ok(Rendered::Complete(payload)) => payload
            .iter()
            .map(|(path, file)| {
                let content = String::from_utf8_lossy(file.content.expose()).into_owned();
                format!("{path} {} {content:?}\n", file.mode)
            })
            .collect(),
        Ok(Rendered::Needs(needs)) => needs.iter().map(|need| format!("needs {need}\n")).collect(),
        Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
    };
    expected.assert_eq(&text);
}

const DB: (&str, &str) = (
    "secret/db",
    r#"{"host": "db", "password": "hunter2", "port": 5432}"#,
);

#[test]
fn every_format_makes_its_file() {
    check(
        &[
            "raw secret/db#password raw db/password 0400",
            "json secret/db json db.json 0644",
            "yaml secret/db yaml db.yaml 0640",
            "env secret/db env db.env 0644",
            "properties secret/db properties db.properties 0644",
            "dir secret/db dir conf.d 0444",
            "old secret/db?version=3#password json old 0644",
        ],
        &[DB, ("secret/db?version=3", r#"{"password": "hunter1"}"#)],
        expect![[r#"
            conf.d/host 0444 "db"
            conf.d/password 0444 "hunter2"
            conf.d/port 0444 "5432"
            db.env 0644 "host=db\npassword=hunter2\nport=5432\n"
            db.json 0644 "{\"host\":\"db\",\"password\":\"hunter2\",\"port\":5432}"
            db.properties 0644 "host=db\npassword=hunter2\nport=5432\n"
            db.yaml 0640 "host: db\npassword: hunter2\nport: 5432\n"
            db/password 0400 "hunter2"
            old 0644 "\"hunter1\""
        "#]],
    );
}

#[test]
fn what_is_not_read_yet_is_needed_without_its_key() {
    check(
        &[
            "a secret/db#nothing raw a 0644",
            "b secret/other#key raw b 0644",
            "c secret/other json c 0644",
            "d secret/other?version=2 json d 0644",
        ],
        &[DB],
        expect![[r#"
            needs secret/other
            needs secret/other?version=2
        "#]],
    );
}

#[test]
fn all_errors_come_at_once_and_name_keys_but_no_values() {
    check(
        &[
            "typo secret/db#passwd raw a 0644",
            "none secret/empty#key raw b 0644",
            "raw secret/db raw c 0644",
            "env secret/odd env d 0644",
            "dir secret/odd dir e 0644",
            "twice secret/db#host raw x 0644",
            "again secret/db#host raw x 0644",
            "below secret/db#host raw x/y 0644",
            "clash secret/db dir db 0644",
            "inside secret/db#host raw db/password 0644",
        ],
        &[
            DB,
            ("secret/empty", "{}"),
            (
                "secret/odd",
                r#"{"a/b": "hunter2", "..x": "hunter2", "fine": "hunter2"}"#,
            ),
        ],
        expect![[r#"
            secret typo: secret/db has no key "passwd": it has "host", "password", "port"
            secret none: secret/empty has no key "key": it is empty
            secret raw: secret/db is written raw and names no key: append one, e.g. secret/db#password, or use another format
            secret env: secret/odd: key "..x" cannot be a variable: format env needs letters, digits and "_", not beginning with a digit; rename the key, or use another format or a template
            secret env: secret/odd: key "a/b" cannot be a variable: format env needs letters, digits and "_", not beginning with a digit; rename the key, or use another format or a template
            secret dir: secret/odd: key "..x" cannot be a file name: it must not have an empty part, "." or a part that begins with ".."; rename the key, or use another format
            secret dir: secret/odd: key "a/b" cannot be a file name: it must be a file name without a slash; rename the key, or use another format
            secret again: file x is written twice
            secret below: file x/y cannot lie inside file x
            secret inside: file db/password is written twice
        "#]],
    );
}

#[test]
fn of_very_many_keys_the_first_are_shown() {
    let many: BTreeMap<String, u32> = (0..30).map(|n| (format!("k{n:02}"), n)).collect();
    let json = serde_json::to_string(&many).expect("JSON");
    check(
        &["many secret/many#x raw a 0644"],
        &[("secret/many", &json)],
        expect![[r#"
            secret many: secret/many has no key "x": it has "k00", "k01", "k02", "k03", "k04", "k05", "k06", "k07", "k08", "k09", "k10", "k11", "k12", "k13", "k14", "k15", "k16", "k17", "k18", "k19" and 10 more
        "#]],
    );
}

#[test]
fn a_template_sees_the_secret_the_key_or_an_empty_map() {
    check(
        &[
            "whole secret/db template a db_user=\"{{ .host }}\" {{ .port }}",
            "key secret/db#password template b {{ . }}!",
            "none - template c {{ len . }} {{ printf \"%d\" 7 }}",
        ],
        &[DB],
        expect![[r#"
            a 0644 "db_user=\"db\" 5432"
            b 0644 "hunter2!"
            c 0644 "0 7"
        "#]],
    );
}

#[test]
fn a_template_waits_for_its_secret() {
    check(
        &["a secret/other#key template a {{ .missing }}"],
        &[DB],
        expect![[r#"
            needs secret/other
        "#]],
    );
}

#[test]
fn a_template_asks_for_the_secrets_that_it_names_one_after_the_other() {
    let lines =
        ["a - template a {{ $next := secret \"secret/first\" }}{{ (secret $next.path).password }}"];
    let first = ("secret/first", r#"{"path": "secret/db"}"#);
    check(
        &lines,
        &[],
        expect![[r#"
        needs secret/first
    "#]],
    );
    check(
        &lines,
        &[first],
        expect![[r#"
        needs secret/db
    "#]],
    );
    check(
        &lines,
        &[first, DB],
        expect![[r#"
        a 0644 "hunter2"
    "#]],
    );
}

#[test]
fn a_template_that_fails_names_the_place_and_no_value() {
    check(
        &[
            "missing secret/db template a {{ .passwd }}",
            "key secret/db#passwd template b {{ . }}",
            "index secret/db template c {{ index .password 99 }}",
        ],
        &[DB],
        expect![[r#"
            secret missing: template:1:4: at <.passwd>: map has no entry for key "passwd"
            secret key: secret/db has no key "passwd": it has "host", "password", "port"
            secret index: template:1:4: at <index .password 99>: error calling index: index out of range
        "#]],
    );
}

#[test]
fn every_text_that_is_no_template_is_refused_at_once() {
    check(
        &[
            "open - template a {{ if }}",
            "unknown - template b {{ frobnicate }}",
        ],
        &[],
        expect![[r#"
            secret open: template:1:7: at <}}>: missing value for if
            secret unknown: template:1:4: at <frobnicate>: function "frobnicate" not defined in the table external-secrets
        "#]],
    );
}

#[test]
fn variables_are_written_as_one_file() {
    let variables = |lines: &[&str]| Mount {
        environment: true,
        ..mount(lines)
    };
    let lines = [
        "PORT secret/db#port raw PORT 0600",
        "HOST secret/db#host raw HOST 0644",
        "ODD secret/odd#value raw ODD 0644",
    ];
    check_mount(
        &variables(&lines),
        &[DB, ("secret/odd", r#"{"value": "a=\nb"}"#)],
        expect![[r#"
            variables 0644 "HOST=db\0ODD=a=\nb\0PORT=5432\0"
        "#]],
    );
    check_mount(
        &variables(&[]),
        &[],
        expect![[r#"
            variables 0644 ""
        "#]],
    );
    let long = format!(
        r#"{{"value": "{}", "nul": "a\u0000b"}}"#,
        "x".repeat(131_067)
    );
    let odd = [("secret/odd", long.as_str())];
    check_mount(
        &variables(&[
            "NUL secret/odd#nul raw NUL 0644",
            "LONG secret/odd#value raw LONG 0644",
        ]),
        &odd,
        expect![[r#"
            secret LONG: is longer than the 128 KiB of an environment variable: serve it as a file
            secret NUL: has a NUL byte, which no environment variable can hold: serve it as a file
        "#]],
    );
}
