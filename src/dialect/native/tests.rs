mod files;
mod mounts;
mod profiles;
mod settings;
mod variables;
mod vocabulary;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::dialect::{CaSource, LoginSettings, Settings};
use crate::spec::ContainerName;

fn defaults() -> DialectDefaults {
    DialectDefaults {
        vault_address: Some("https://vault.vault:8200".parse().expect("address")),
        ..DialectDefaults::default()
    }
}

/// Lines `key: value` without the prefix; other keys are given whole.
fn annotations(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (key, value) = line
                .split_once(": ")
                .unwrap_or_else(|| (line.trim_end_matches(':'), ""));
            let prefix = if key.contains('/') { "" } else { PREFIX };
            (format!("{prefix}{key}"), value.to_owned())
        })
        .collect()
}

#[track_caller]
fn asked(text: &str) -> Parsed {
    match parse(&annotations(text), &defaults()) {
        Ok(Reading::Asked(parsed)) => *parsed,
        other => panic!("{text}\n{other:?}"),
    }
}

/// Compares the problems of a pod with `inject: true` and the lines of `text`.
#[track_caller]
fn problems(text: &str, expected: Expect) {
    let problems = parse(&annotations(&format!("inject: true\n{text}")), &defaults())
        .expect_err("the pod has problems")
        .problems;
    expected.assert_eq(&lines(&problems));
}

#[track_caller]
fn warnings(text: &str, expected: Expect) {
    expected.assert_eq(&lines(&asked(&format!("inject: true\n{text}")).warnings));
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut lines, problem| {
        let text = problem.to_string().replace("metadata.annotations", "");
        let _ = writeln!(lines, "{}", text.replace("freshet.dev/", ""));
        lines
    })
}

/// What was set, one line each.
fn settings(settings: &Settings) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(lines, "{name}: {value}");
        }
    };
    let Settings {
        login,
        profiles,
        resources,
        ..
    } = settings;
    of_login(login, &mut line);
    for (profile, login) in profiles {
        line("profile", Some(profile.to_string()));
        of_login(login, &mut |name, value| line(&format!("  {name}"), value));
    }
    let names = |names: &BTreeSet<ContainerName>| {
        names
            .iter()
            .map(ContainerName::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    };
    line("containers", settings.containers.as_ref().map(names));
    line("once", settings.once.then(String::new));
    line("grace", settings.grace.map(|grace| grace.to_string()));
    line("revoke", settings.revoke.then(String::new));
    line("user", settings.user.map(|id| id.to_string()));
    line("group", settings.group.map(|id| id.to_string()));
    line("requests cpu", resources.requests_cpu.clone());
    line("requests memory", resources.requests_memory.clone());
    line("limits cpu", resources.limits_cpu.clone());
    line("limits memory", resources.limits_memory.clone());
    lines
}

fn of_login(login: &LoginSettings, line: &mut dyn FnMut(&str, Option<String>)) {
    line("vault", Some(login.vault_address.to_string()));
    line(
        "namespace",
        login.vault_namespace.as_ref().map(ToString::to_string),
    );
    line(
        "auth",
        Some(format!("{} at {}", login.auth_type, login.auth_path)),
    );
    line("role", login.role.as_ref().map(ToString::to_string));
    line("audience", login.audience.as_ref().map(ToString::to_string));
    let ca = login.ca.as_ref().map(|ca| match ca {
        CaSource::ConfigMap { name, key } => format!("{name} {key}"),
        CaSource::Bundle(_) => "a bundle".to_owned(),
    });
    line("CA", ca);
    line("approle", login.approle_secret.clone());
    line("certificate", login.tls_secret.clone());
}

/// The mounts and files of a pod, one line each.
#[track_caller]
fn files(text: &str, expected: Expect) {
    let mut lines = String::new();
    for mount in asked(&format!("inject: true\n{text}")).spec.mounts {
        let _ = writeln!(lines, "{} {}", mount.volume, mount.mount_path);
        for file in mount.files {
            let content = serde_json::to_string(&file.content).expect("content");
            let _ = writeln!(lines, "  {} {} {content}", file.path, file.mode);
        }
    }
    expected.assert_eq(&lines);
}

#[test]
fn the_smallest_pod_gets_every_default() {
    let parsed = asked("inject: true\nsecret-db: secret/db");
    assert!(parsed.warnings.is_empty());
    expect![[r#"
        {
          "version": 1,
          "refreshInterval": "1m0s",
          "mounts": [
            {
              "volume": "freshet-secrets",
              "mountPath": "/secrets",
              "files": [
                {
                  "name": "db",
                  "path": "db",
                  "mode": "0644",
                  "content": {
                    "secret": {
                      "source": "secret/db",
                      "format": "json"
                    }
                  }
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&parsed.spec).expect("JSON"));
    expect![[r#"
        vault: https://vault.vault:8200
        auth: kubernetes at kubernetes
        audience: vault
    "#]]
    .assert_eq(&settings(&parsed.settings));
}

#[test]
fn nothing_is_asked_for_without_inject_or_with_false() {
    let read = |text| parse(&annotations(text), &defaults());
    for text in [
        "",
        "example.com/secret-db: x",
        "inject: false\nsecret-db: secret/db\nsecrt: x",
        "status: injected\nsync-spec: {}\nrefresh: 1",
    ] {
        assert_eq!(read(text), Ok(Reading::NotAsked(Vec::new())), "{text}");
    }
    let Ok(Reading::NotAsked(warnings)) = read("secret-db: secret/db\nstatus: injected") else {
        panic!("nothing was asked for");
    };
    expect![[r#"
        [secret-db]: has no effect, for injection is off: set inject to "true"
    "#]]
    .assert_eq(&lines(&warnings));
}

#[test]
fn a_misspelt_domain_is_told() {
    for (key, told) in [
        ("freshet.io/inject", true),
        ("frehset.dev/secret-db", true),
        ("freshet.example/owner", false),
        ("example.dev/inject", false),
    ] {
        let pod = BTreeMap::from([(key.to_owned(), "true".to_owned())]);
        let Ok(Reading::NotAsked(warnings)) = parse(&pod, &defaults()) else {
            panic!("nothing was asked for");
        };
        assert_eq!(!warnings.is_empty(), told, "{key}");
    }
}

#[test]
fn the_webhooks_own_keys_are_accepted_and_mean_nothing() {
    let plain = asked("inject: true\nsecret-db: secret/db");
    let injected = asked(
        "inject: true\nsecret-db: secret/db\nstatus: injected\nsync-spec: garbage\nrefresh: now",
    );
    assert_eq!(plain, injected);
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_their_keys() {
    problems(
        "
        secrt-db: secret/db
        secret-tls: secret//tls
        mode-tls: 99
        format-tls: xml
        once: yes
        auth-type: ldap
        refresh-interval: 1 minute
        ",
        expect![[r#"
            [auth-type]: "ldap": must be kubernetes, jwt, approle or cert
            [format-tls]: "xml": must be raw, json, yaml, env, properties or dir, or for a certificate pem, pem-bundle or pkcs12
            [mode-tls]: "99": must be octal, e.g. 0640
            [once]: "yes": must be "true" or "false"
            [refresh-interval]: "1 minute": must be a duration, e.g. 30s, 5m or 1h30m
            [secret-tls]: "secret//tls": must be a Vault path, e.g. secret/db#password: it must not contain "//", "." or ".."
            [secrt-db]: unknown: did you mean secret-db?
        "#]],
    );
}

#[test]
fn inject_is_true_or_false_to_the_letter() {
    for value in ["True", "yes", "1", "", " true"] {
        let mut pod = annotations("secret-db: secret/db");
        pod.insert(format!("{PREFIX}inject"), value.to_owned());
        let Refusal { problems, .. } = parse(&pod, &defaults()).expect_err("a bad value");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].message, "must be \"true\" or \"false\"");
    }
}

#[test]
fn a_pod_without_a_secret_is_told_what_to_add() {
    problems(
        "role: app",
        expect![[r#"
        [inject]: asks for injection, but no secret is named: add e.g. secret-db: secret/db#password
    "#]],
    );
}

#[test]
fn a_flood_of_mistakes_is_cut() {
    let flood: BTreeMap<String, String> = (0..5000)
        .map(|n| (format!("{PREFIX}sekret-a-b-c-d-e-f-g-h-{n}"), String::new()))
        .chain([(format!("{PREFIX}inject"), "true".to_owned())])
        .collect();
    let Refusal { problems, .. } = parse(&flood, &defaults()).expect_err("unknown keys");
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].message, "and 4901 problems more");
}
