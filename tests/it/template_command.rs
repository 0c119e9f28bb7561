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
    // A colon stands after a profile, but not in paths as Vault Agent has them.
    for (functions, text) in [
        (
            "external-secrets",
            r#"{{ secret "eu:secret/db#password" }}"#,
        ),
        (
            "consul-template",
            r#"{{ with secret "eu:secret/db" }}{{ .Data.password }}{{ end }}"#,
        ),
    ] {
        let arguments = format!("- --functions {functions} --secret eu:secret/db=db.json");
        check(&arguments, files, text, (0, "x", ""));
    }
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

#[test]
fn data_may_be_anything_and_is_taken_exactly() {
    let check_data = |data: &str, text: &str, expected: &str| {
        check("- --data d", &[("d", data)], text, (0, expected, ""));
    };
    check_data("5", "{{ . }} {{ printf \"%T\" . }}", "5 int");
    check_data("1.0", "{{ printf \"%T\" . }}", "float64");
    check_data("1e2", "{{ printf \"%T\" . }}", "float64");
    check_data("\"x\"", "{{ . }}", "x");
    check_data("null", "{{ . }}", "<no value>");
    check_data(
        "[true, 9223372036854775807]",
        "{{ . }}",
        "[true 9223372036854775807]",
    );
    check_data("a: 1\nb: [x]\n", "{{ .a }}{{ .b }}", "1[x]");
    // Without data it is nil.
    check("-", &[], "{{ . }}", (0, "<no value>", ""));
    for too_big in ["9223372036854775808", "a: 18446744073709551616", "1e999"] {
        check(
            "- --data d",
            &[("d", too_big)],
            "a",
            (2, "", "does not fit into 64 bits"),
        );
    }
    let data = &[("d", r#"{"a": 2.50, "b": 12345678901234567890, "c": null}"#)];
    check(
        "- --data d --string-map",
        data,
        r#"{{ .a }} {{ .b }} {{ printf "%q %T" .c . }}"#,
        (0, r#"2.50 12345678901234567890 "" map[string]string"#, ""),
    );
    check(
        "- --data d --string-map",
        &[("d", "[1]")],
        "a",
        (2, "", "d: must be an object for --string-map"),
    );
}

#[test]
fn a_missing_key_does_what_was_asked_for() {
    let data = &[("d", "{\"a\": {}}")];
    let text = "{{ .b }}";
    check("- --data d", data, text, (0, "<no value>", ""));
    check(
        "- --data d --missing-key default",
        data,
        text,
        (0, "<no value>", ""),
    );
    check(
        "- --data d --missing-key zero --string-map",
        data,
        "{{ .b }}|",
        (0, "|", ""),
    );
    check(
        "- --data d --missing-key error",
        data,
        text,
        (4, "", "map has no entry for key"),
    );
}

#[test]
fn the_language_has_its_own_functions_alone_unless_others_are_asked_for() {
    let text = "{{ upper \"a\" }}";
    check("-", &[], text, (3, "", "function \"upper\" not defined"));
    check("- --functions sprig", &[], text, (0, "A", ""));
    let text = "{{ toUpper \"a\" }}{{ sprig_upper \"b\" }}";
    check("- --functions consul-template", &[], text, (0, "AB", ""));
    check(
        "- --functions external-secrets",
        &[],
        "{{ toYaml (list 1) }}",
        (0, "- 1", ""),
    );
}

#[test]
fn what_panics_in_go_fails_here() {
    check(
        "- --functions sprig",
        &[],
        "a{{ repeat -1 \"x\" }}",
        (4, "", "negative Repeat count"),
    );
    check(
        "- --functions consul-template",
        &[],
        "a{{ divide 0 1 }}",
        (4, "", "integer divide by zero"),
    );
}

#[test]
fn bytes_stay_as_they_are_and_nothing_is_added() {
    check("-", &[], "", (0, "", ""));
    check("-", &[], "a\n\n", (0, "a\n\n", ""));
    check("-", &[], "a\r\n{{- 1 }}", (0, "a1", ""));
}

#[test]
fn standard_input_is_one_thing() {
    check(
        "- --data -",
        &[],
        "a",
        (2, "", "standard input is the template already"),
    );
    check(
        "t --data -",
        &[("t", "{{ .a }}")],
        "{\"a\": 1}",
        (0, "1", ""),
    );
    check("", &[], "", (2, "", "<FILE>"));
    check(
        "- --missing-key maybe",
        &[],
        "a",
        (2, "", "must be error, zero or default"),
    );
}
