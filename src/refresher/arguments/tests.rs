//! The command line, as people and the webhook write it.

use std::ffi::OsStr;
use std::path::Path;

use super::*;
use crate::telemetry::LogFormat;

fn parse(line: &str) -> Result<Command, UsageError> {
    Command::parse(line.split_whitespace().map(OsString::from))
}

#[track_caller]
fn refused(line: &str, want: &[&str]) {
    let error = parse(line).expect_err("a bad command line");
    assert_eq!(error.0, want, "{line}");
}

const IDENTITY: &str = "--vault-address=https://vault:8200 --role=app --mount=freshet-secrets=/m";

#[test]
fn the_webhooks_arguments_are_understood() {
    let line = format!("run {IDENTITY} --metrics-address=[::]:9090 --log-format=json");
    let Ok(Command::Run(refresh)) = parse(&line) else {
        panic!("{line}");
    };
    let role = refresh.identity.login.auth.role();
    assert_eq!(role.map(ToString::to_string).as_deref(), Some("app"));
    assert_eq!(refresh.log_format, LogFormat::Json);
    assert_eq!(refresh.inputs.spec, Path::new("/run/freshet/pod/sync-spec"));
    assert_eq!(
        refresh.inputs.token,
        Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token")
    );
    assert!(!refresh.revoke_on_shutdown);
}

#[test]
fn the_hooks_arguments_are_understood() {
    let hook = parse("ready --wait");
    assert!(matches!(
        hook,
        Ok(Command::Ready {
            wait: true,
            longest: None,
            ..
        })
    ));
    let hook = parse("ready --wait --timeout 5s --state-dir /tmp/x");
    assert!(
        matches!(hook, Ok(Command::Ready { longest: Some(longest), .. }) if longest.as_secs() == 5)
    );
    assert!(matches!(
        parse("status -o json"),
        Ok(Command::Status { json: true, .. })
    ));
}

#[test]
fn all_problems_are_told_at_once() {
    refused(
        "run --vault-address=vault --mount=freshet-secrets=/m --log-level=loud --nonsense=1 --wait",
        &[
            "--nonsense: unknown option",
            "--log-level: \"loud\": must be error, warn, info or debug",
            "--vault-address: \"vault\": must be a URL, e.g. https://vault.vault:8200",
            "--role: missing",
        ],
    );
    refused(
        "",
        &["a command is missing: run, once, ready, exec or status"],
    );
    refused(
        "watch",
        &["\"watch\": must be run, once, ready, exec or status"],
    );
    refused(
        "status -o yaml",
        &["--output: \"yaml\": must be text or json"],
    );
    refused(
        "ready --role=app --output=json",
        &[
            "--output: not an option of this command",
            "--role: not an option of this command",
        ],
    );
    refused(
        &format!("run {IDENTITY} --timeout=1s"),
        &["--timeout: not an option of this command"],
    );
    refused("ready --wait --wait=yes", &["--wait: takes no value"]);
    refused("status --state-dir", &["--state-dir: needs a value"]);
}

#[test]
fn help_is_given_for_the_command() {
    assert!(matches!(parse("--help"), Ok(Command::Help(Topic::Program))));
    assert!(matches!(parse("ready -h"), Ok(Command::Help(Topic::Ready))));
    assert!(matches!(parse("-V"), Ok(Command::Version)));
}

#[test]
fn the_applications_command_is_its_own_to_the_last_byte() {
    let parse = |words: &[&str]| match Command::parse(words.iter().map(OsString::from)) {
        Ok(Command::Exec(exec)) => (
            exec.variables.map(|path| path.display().to_string()),
            exec.command
                .join(OsStr::new("|"))
                .into_string()
                .expect("text"),
        ),
        other => panic!("{words:?}: {other:?}"),
    };
    let variables = |path: &str| Some(path.to_owned());
    assert_eq!(
        parse(&[
            "exec",
            "--env-dir=/e",
            "--",
            "app",
            "--help",
            "--",
            "-x",
            "",
            "a b"
        ]),
        (variables("/e"), "app|--help|--|-x||a b".to_owned())
    );
    assert_eq!(
        parse(&["exec", "app", "--env-dir=/e"]),
        (None, "app|--env-dir=/e".to_owned())
    );
    assert_eq!(parse(&["exec", "--", "-app"]), (None, "-app".to_owned()));
    refused(
        "exec",
        &["a command is missing: exec -- COMMAND [ARGUMENT...]"],
    );
    refused(
        "--role=app exec --wait -x --env-dir",
        &[
            "--wait: not an option of this command",
            "-x: unknown option",
            "--env-dir: needs a value",
            "--role: not an option of this command",
            "a command is missing: exec -- COMMAND [ARGUMENT...]",
        ],
    );
    assert!(matches!(
        self::parse("exec --help"),
        Ok(Command::Help(Topic::Exec))
    ));
}

#[test]
fn a_quit_address_is_a_loopback_address_of_run() {
    for address in ["127.0.0.1:8200", "[::1]:8200", "127.1.2.3:0"] {
        let line = format!("run {IDENTITY} --quit-address={address}");
        let Ok(Command::Run(refresh)) = parse(&line) else {
            panic!("{line}");
        };
        let found = refresh.quit_address.map(|address| address.to_string());
        assert_eq!(found.as_deref(), Some(address));
    }
    for address in [
        "0.0.0.0:8200",
        "[::]:8200",
        "10.0.0.1:8200",
        "127.0.0.1",
        "8200",
    ] {
        refused(
            &format!("run {IDENTITY} --quit-address={address}"),
            &[&format!(
                "--quit-address: {address:?}: must be a loopback address and a port, e.g. 127.0.0.1:8200"
            )],
        );
    }
    refused(
        &format!("once {IDENTITY} --quit-address=127.0.0.1:8200"),
        &["--quit-address: not an option of this command"],
    );
}
