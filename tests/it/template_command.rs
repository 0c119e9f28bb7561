//! `freshet template`, through the program itself.

use crate::cli::freshet;

#[track_caller]
fn check(arguments: &str, files: &[(&str, &str)], stdin: &str, expected: (i32, &str, &str)) {
    let said = freshet(&format!("template {arguments}"), files, stdin);
    let (code, stdout, stderr) = expected;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(code), stdout),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains(stderr), "{}", said.stderr);
    assert_eq!(said.stderr.is_empty(), stderr.is_empty(), "{}", said.stderr);
}

#[test]
fn the_output_is_printed_as_it_is() {
    check("-", &[], "a{{ 1 }}", (0, "a1", ""));
    check(
        "t --data d",
        &[("t", "{{ .a }} {{ .b }}"), ("d", r#"{"a": 1, "b": 2.50}"#)],
        "",
        (0, "1 2.5", ""),
    );
    check(
        "- --data d.yaml --functions sprig",
        &[("d.yaml", "user: root\n")],
        "{{ .user | upper }}",
        (0, "ROOT", ""),
    );
    check(
        "- --left-delim [[ --right-delim ]]",
        &[],
        "[[ 7 ]]{{",
        (0, "7{{", ""),
    );
    let data = &[("d", r#"{"port": 5432, "on": true}"#)];
    check(
        "- --data d --string-map",
        data,
        r#"{{ printf "%q %q" .port .on }}"#,
        (0, r#""5432" "true""#, ""),
    );
}

#[test]
fn secrets_come_from_files() {
    let files = &[("db.json", r#"{"password": "x", "port": 5432}"#)];
    let text = r#"{{ (secret "secret/db").port }}{{ secret "secret/db#password" }}"#;
    check(
        "- --functions external-secrets --secret secret/db=db.json",
        files,
        text,
        (0, "5432x", ""),
    );
    let text = r#"{{ with secret "secret/db" }}{{ .Data.password }}{{ end }}"#;
    check(
        "- --functions consul-template --secret secret/db=db.json",
        files,
        text,
        (0, "x", ""),
    );
    check(
        "- --functions consul-template",
        &[],
        text,
        (4, "", "--secret 'secret/db=FILE'"),
    );
}

#[test]
fn every_failure_has_its_exit_code_and_prints_nothing_else() {
    check("-", &[], "a\n{{ if }}", (3, "", "template:2:"));
    check(
        "-",
        &[],
        "a{{ index 1 1 }}",
        (4, "", "can't index item of type int"),
    );
    check(
        "- --data d --missing-key error",
        &[("d", "{}")],
        "a{{ .b }}",
        (4, "", "map has no entry for key"),
    );
    check("nowhere", &[], "", (2, "", "nowhere"));
    check(
        "- --data d",
        &[("d", "{]")],
        "a",
        (2, "", "d:1: neither JSON nor YAML"),
    );
    check(
        "- --data d",
        &[("d", "[123456789012345678901]")],
        "a",
        (2, "", "does not fit into 64 bits"),
    );
    check(
        "- --functions perl",
        &[],
        "a",
        (
            2,
            "",
            "must be go, sprig, external-secrets or consul-template",
        ),
    );
}
