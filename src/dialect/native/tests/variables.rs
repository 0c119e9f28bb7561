//! Environment variables, and the commands of containers.

use super::*;

#[test]
fn a_variable_is_one_key_of_a_secret() {
    let parsed = asked(
        "inject: true
        env-DB_PASSWORD: secret/db?version=2#password
        env-api: secret/api#a#b
        command-web: [\"/web\", \"--flag\", \"\"]",
    );
    assert_eq!(parsed.spec.mounts, []);
    let variables = parsed.variables.iter();
    let variables: Vec<_> = variables
        .map(|variable| {
            let content = serde_json::to_string(&variable.content).expect("JSON");
            format!("{} {content}", variable.path)
        })
        .collect();
    assert_eq!(
        variables,
        [
            r#"DB_PASSWORD {"secret":{"source":"secret/db?version=2#password","format":"raw"}}"#,
            r#"api {"secret":{"source":"secret/api#a#b","format":"raw"}}"#,
        ]
    );
    let commands: Vec<_> = parsed.commands.into_iter().collect();
    let words = ["/web", "--flag", ""].map(str::to_owned).to_vec();
    assert_eq!(commands, [("web".parse().expect("a name"), words)]);
}

#[test]
fn what_is_no_variable_and_no_command_is_told() {
    problems(
        "env-A: secret/db
        env-B: #x
        env-1: secret/db#a
        env-C_: secret/db#a
        command-web: /web --flag
        command-worker: []
        command-other: [\"\"]
        command-W: [\"/x\"]",
        expect![[r##"
            [command-W]: the name after command- must be a DNS label: lower-case letters, digits and hyphens, at most 63
            [command-other]: "[\"\"]": must be a JSON list of a program and its arguments, e.g. ["/app", "--port=8080"]
            [command-web]: "/web --flag": must be a JSON list of a program and its arguments, e.g. ["/app", "--port=8080"]
            [command-worker]: "[]": must be a JSON list of a program and its arguments, e.g. ["/app", "--port=8080"]
            [env-1]: the name after env- must be letters, digits and "_", begin with a letter and end with a letter or digit
            [env-A]: "secret/db": must name one key, for a variable holds one value: write secret/db#<key>
            [env-B]: "#x": must be a Vault path, e.g. secret/db#password: it must not be empty
            [env-C_]: the name after env- must be letters, digits and "_", begin with a letter and end with a letter or digit
        "##]],
    );
}

#[test]
fn a_path_of_the_api_is_doubted() {
    warnings(
        "env-A: secret/data/db#a",
        expect![[r#"
            [env-A]: "secret/data/db#a": looks like a path of KV v2's API: write secret/db, as vault kv get takes it
        "#]],
    );
}
