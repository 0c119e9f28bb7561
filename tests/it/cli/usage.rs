//! Commands that cannot be carried out as they are given, and the help.

use expect_test::{Expect, expect};

use super::freshet;

#[track_caller]
fn unusable(arguments: &str, files: &[(&str, &str)], expected: Expect) {
    let said = freshet(arguments, files, "");
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(2), ""),
        "{}",
        said.stderr
    );
    expected.assert_eq(said.stderr.split("\n\nUsage").next().unwrap_or_default());
}

#[test]
fn wrong_usage_ends_in_2() {
    unusable(
        "",
        &[],
        expect![
            "Live Vault secrets in Kubernetes pods: a mutating admission webhook and a tiny native sidecar"
        ],
    );
    unusable(
        "inject",
        &[],
        expect![[r#"
        error: the following required arguments were not provided:
          --filename <FILE>"#]],
    );
    unusable(
        "inject -f app.yaml",
        &[],
        expect![[r#"
        error: app.yaml: No such file or directory (os error 2)
    "#]],
    );
    unusable(
        "inject -f - -f -",
        &[],
        expect![[r#"
        error: --filename -: standard input can be read once
    "#]],
    );
    unusable(
        "inject -f - -o xml",
        &[],
        expect![[r#"
            error: invalid value 'xml' for '--output <FORMAT>'
              [possible values: yaml, json, facts]

              tip: a similar value exists: 'yaml'

            For more information, try '--help'.
        "#]],
    );
    unusable(
        "inject -f - --vault-address vault",
        &[],
        expect![[r#"
        error: invalid value 'vault' for '--vault-address <URL>': must be a URL, e.g. https://vault.vault:8200

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn input_that_cannot_be_read_ends_in_2_with_its_line() {
    unusable(
        "inject -f app.yaml",
        &[("app.yaml", "a: 1\n---\nb: [\n")],
        expect![[r#"
            error: app.yaml:3: unclosed bracket '['
        "#]],
    );
    unusable(
        "inject -f app.yaml",
        &[("app.yaml", "a: {{ .Values.a }}\n")],
        expect![[r#"
            error: app.yaml:1: expected string scalar: render the chart first, e.g. with helm template
        "#]],
    );
    unusable(
        "inject -f - --refresher-requests-cpu 2 --refresher-limits-cpu 1",
        &[],
        expect![[r#"
            error: --refresher-requests-cpu 2 is over --refresher-limits-cpu 1
        "#]],
    );
}

#[test]
fn help_names_the_commands_and_shows_examples() {
    let help = freshet("--help", &[], "");
    assert_eq!(help.code, Some(0));
    for command in ["webhook", "inject", "lint"] {
        assert!(
            help.stdout.contains(&format!("\n  {command} ")),
            "{}",
            help.stdout
        );
        let help = freshet(&format!("{command} --help"), &[], "");
        assert!(help.stdout.contains("Examples:\n"), "{command}");
        assert!(
            help.stdout.contains(&format!("\n    freshet {command} "))
                || help.stdout.contains(&format!("| freshet {command} "))
        );
        assert!(help.stdout.contains("--vault-address"), "{command}");
    }
}
