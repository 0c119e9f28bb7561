use std::collections::BTreeMap;

use expect_test::{Expect, expect};

use super::*;
use crate::secret::SecretValue;

/// A mount from `name source format path mode` lines.
fn mount(lines: &[&str]) -> Mount {
    let files = lines.iter().map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let &[name, source, format, path, mode] = words.as_slice() else {
            panic!("not five words: {line:?}");
        };
        FileSpec {
            name: name.parse().expect("a name"),
            path: path.parse().expect("a path"),
            mode: mode.parse().expect("a mode"),
            content: Content::Secret {
                source: source.parse().expect("a source"),
                format: format.parse().expect("a format"),
            },
        }
    });
    Mount {
        volume: "freshet-secrets".parse().expect("a volume"),
        mount_path: "/secrets".parse().expect("a directory"),
        files: files.collect(),
    }
}

fn secrets(entries: &[(&str, &str)]) -> BTreeMap<SecretRef, VaultSecret> {
    let secret = |json: &str| match SecretValue::from_json(json) {
        Ok(SecretValue::Map(data)) => VaultSecret {
            data,
            version: Some(1),
            lease: None,
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
    let known = secrets(known);
    let renderer = MountRenderer::new(&mount(lines)).expect("no template");
    let text: String = match renderer.render(&|source| known.get(source)) {
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
