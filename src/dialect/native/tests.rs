use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::vocabulary::{Arity, Key, ROWS};
use super::*;
use crate::dialect::Settings;
use crate::spec::{AuthType, ContainerName};

fn defaults() -> DialectDefaults {
    DialectDefaults {
        vault_address: Some("https://vault.vault:8200".parse().expect("address")),
        vault_namespace: None,
        auth_type: AuthType::Kubernetes,
        auth_path: None,
        audience: "vault".parse().expect("audience"),
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
        .expect_err("the pod has problems");
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
    let Settings { resources, .. } = settings;
    line("vault", Some(settings.vault_address.to_string()));
    line(
        "namespace",
        settings.vault_namespace.as_ref().map(ToString::to_string),
    );
    line(
        "auth",
        Some(format!("{} at {}", settings.auth_type, settings.auth_path)),
    );
    line("role", settings.role.as_ref().map(ToString::to_string));
    line(
        "audience",
        settings.audience.as_ref().map(ToString::to_string),
    );
    line("CA", settings.ca_config_map.clone());
    line("certificate", settings.tls_secret.clone());
    let names = |names: &BTreeSet<ContainerName>| {
        names
            .iter()
            .map(ContainerName::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    };
    line("containers", settings.containers.as_ref().map(names));
    line("once", settings.once.then(String::new));
    line("user", settings.user.map(|id| id.to_string()));
    line("group", settings.group.map(|id| id.to_string()));
    line("requests cpu", resources.requests_cpu.clone());
    line("requests memory", resources.requests_memory.clone());
    line("limits cpu", resources.limits_cpu.clone());
    line("limits memory", resources.limits_memory.clone());
    lines
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
            [auth-type]: "ldap": must be kubernetes or jwt
            [format-tls]: "xml": must be raw, json, yaml, env, properties or dir
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
        let problems = parse(&pod, &defaults()).expect_err("a bad value");
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
fn a_format_fits_what_is_fetched() {
    files(
        "
        secret-a: secret/db#password
        secret-b: secret/db?version=3
        secret-c: secret/db#password
        format-c: json
        secret-d: secret/db
        format-d: dir
        ",
        expect![[r#"
            freshet-secrets /secrets
              a 0644 {"secret":{"source":"secret/db#password","format":"raw"}}
              b 0644 {"secret":{"source":"secret/db?version=3","format":"json"}}
              c 0644 {"secret":{"source":"secret/db#password","format":"json"}}
              d 0644 {"secret":{"source":"secret/db","format":"dir"}}
        "#]],
    );
    problems(
        "
        secret-a: secret/db
        format-a: raw
        secret-b: secret/db?version=3#password
        format-b: env
        secret-c: secret/db#password
        format-c: properties
        secret-d: secret/db#password
        format-d: dir
        ",
        expect![[r##"
            [format-a]: "raw": needs one key: write secret-a: secret/db#<key>, or take json
            [format-b]: "env": takes a whole secret: write secret-b: secret/db?version=3 without "#password"
            [format-c]: "properties": takes a whole secret: write secret-c: secret/db without "#password"
            [format-d]: "dir": takes a whole secret: write secret-d: secret/db without "#password"
        "##]],
    );
}

#[test]
fn a_template_has_its_settings_and_no_format() {
    files(
        "
        template-a: host={{ .host }}
        secret-b: secret/db
        template-b: [[ .password ]]
        left-delimiter-b: [[
        right-delimiter-b: ]]
        functions-b: sprig
        missing-key-b: zero
        ",
        expect![[r#"
            freshet-secrets /secrets
              a 0644 {"template":{"template":{"text":"host={{ .host }}","functions":"external-secrets","missingKey":"error","delimiters":["{{","}}"]}}}
              b 0644 {"template":{"source":"secret/db","template":{"text":"[[ .password ]]","functions":"sprig","missingKey":"zero","delimiters":["[[","]]"]}}}
        "#]],
    );
    problems(
        "
        template-a: x
        format-a: raw
        secret-b: secret/db
        functions-b: sprig
        left-delimiter-b: [[
        template-c:
        left-delimiter-c:
        functions-c: jinja
        missing-key-c: ignore
        ",
        expect![[r#"
            [format-a]: cannot be combined with template-a: the template decides what the file holds
            [functions-b]: speaks of a template, and there is no template-b
            [functions-c]: "jinja": must be go, sprig, external-secrets or consul-template
            [left-delimiter-b]: speaks of a template, and there is no template-b
            [left-delimiter-c]: "": must not be empty
            [missing-key-c]: "ignore": must be error, zero or default
            [template-c]: must not be empty
        "#]],
    );
}

#[test]
fn a_broken_template_is_told_with_line_and_column() {
    let mut pod = annotations(
        "inject: true\nsecret-a: secret/a\ntemplate-b: {{ .a }\ntemplate-c: [[ .a ]\nleft-delimiter-c: [[\nright-delimiter-c: ]]\ntemplate-d: {{ nosuch }}",
    );
    pod.insert(
        Key::Template.annotation("a"),
        "user={{ .user }}\n{{ if .x }}".to_owned(),
    );
    let problems = parse(&pod, &defaults()).expect_err("broken templates");
    expect![[r#"
        [template-a]: template:2:12: unexpected EOF
        [template-b]: template:1:7: at <}>: unexpected "}" in operand
        [template-c]: template:1:7: at <]>: unexpected "]" in operand
        [template-d]: template:1:4: at <nosuch>: function "nosuch" not defined in the table external-secrets
    "#]].assert_eq(&lines(&problems));
}

#[test]
fn a_key_of_a_file_that_nothing_fills_is_told_the_names() {
    problems(
        "
        secret-db: secret/db
        secret-tls: secret/tls
        mode-dbb: 0400
        file-credentials: x
        ",
        expect![[r#"
            [file-credentials]: there is neither secret-credentials nor template-credentials; the names are "db", "tls"
            [mode-dbb]: there is neither secret-dbb nor template-dbb: did you mean mode-db?
        "#]],
    );
}

#[test]
fn directories_become_volumes_in_the_order_of_their_paths() {
    files(
        "
        mount-path: /vault/
        secret-a: secret/a
        secret-z: secret/z
        mount-path-z: /etc/z
        secret-b: secret/b
        mount-path-b: /etc/b
        secret-c: secret/c
        mount-path-c: /vault
        file-c: sub/c
        ",
        expect![[r#"
            freshet-secrets /vault
              a 0644 {"secret":{"source":"secret/a","format":"json"}}
              sub/c 0644 {"secret":{"source":"secret/c","format":"json"}}
            freshet-secrets-2 /etc/b
              b 0644 {"secret":{"source":"secret/b","format":"json"}}
            freshet-secrets-3 /etc/z
              z 0644 {"secret":{"source":"secret/z","format":"json"}}
        "#]],
    );
}

#[test]
fn directories_lie_beside_each_other_and_clear_of_what_is_kubernetes() {
    problems(
        "
        secret-a: secret/a
        secret-b: secret/b
        mount-path-b: /secrets/b
        secret-c: secret/c
        mount-path-c: /proc/1
        secret-d: secret/d
        mount-path-d: /var/run/secrets
        secret-e: secret/e
        mount-path-e: /etc
        secret-f: secret/f
        mount-path-f: relative
        ",
        expect![[r#"
            [mount-path-b]: "/secrets/b": must not lie inside /secrets, the directory of "a": give them the same directory, or two beside each other
            [mount-path-c]: "/proc/1": must keep clear of /proc, which Kubernetes provides
            [mount-path-d]: "/var/run/secrets": must keep clear of /var/run/secrets/kubernetes.io/serviceaccount, which Kubernetes provides
            [mount-path-e]: "/etc": must keep clear of /etc/hosts, which Kubernetes provides
            [mount-path-f]: "relative": must be an absolute path, e.g. /secrets
        "#]],
    );
    problems(
        "
        mount-path: /data/inner
        secret-a: secret/a
        secret-b: secret/b
        mount-path-b: /data
        secret-c: secret/c
        mount-path-c: /database
        ",
        expect![[r#"
            [mount-path-b]: "/data": must not lie around /data/inner, the directory of "a": give them the same directory, or two beside each other
        "#]],
    );
}

#[test]
fn two_names_never_write_one_path() {
    problems(
        "
        secret-a: secret/a
        secret-b: secret/b
        file-b: a
        secret-c: secret/c
        file-c: conf/x
        secret-conf: secret/conf
        format-conf: dir
        secret-d: secret/d
        file-d: e
        secret-e: secret/e
        ",
        expect![[r#"
            [file-b]: "a": is also the file of "a", /secrets/a: each name needs a path of its own
            [file-c]: "conf/x": lies inside the file of "conf", /secrets/conf: each name needs a path of its own
            [file-d]: "e": is also the file of "e", /secrets/e: each name needs a path of its own
        "#]],
    );
}

#[test]
fn the_settings_are_read() {
    let parsed = asked(
        "
        inject: true
        secret-db: secret/db
        role: app
        vault-address: https://other:8200/vault
        vault-namespace: team-a
        auth-type: jwt
        auth-audience: other
        ca-config-map: vault-ca
        tls-secret: vault-client
        containers: app , migrate
        refresh-interval: 90s
        user: 1000
        group: 2147483647
        requests-cpu: 10m
        requests-memory: 16Mi
        limits-cpu: 0.5
        limits-memory: 64Mi
        ",
    );
    expect![[r#"
        vault: https://other:8200/vault
        namespace: team-a
        auth: jwt at jwt
        role: app
        audience: other
        CA: vault-ca
        certificate: vault-client
        containers: app migrate
        user: 1000
        group: 2147483647
        requests cpu: 10m
        requests memory: 16Mi
        limits cpu: 0.5
        limits memory: 64Mi
    "#]]
    .assert_eq(&settings(&parsed.settings));
    assert_eq!(parsed.spec.refresh_interval.to_string(), "1m30s");
}

#[test]
fn bad_settings_are_told_with_the_reason() {
    problems(
        "
        secret-db: secret/db
        role: a/b
        vault-address: vault:8200
        auth-path: a//b
        ca-config-map: Vault_CA
        tls-secret:
        containers: app,,migrate
        once: True
        user: 0
        group: 2147483648
        requests-cpu: 100m
        limits-cpu: 50m
        requests-memory: 64m
        limits-memory: 0
        refresh-interval: 0
        ",
        expect![[r#"
            [auth-path]: "a//b": must not contain "//", "." or ".."
            [ca-config-map]: "Vault_CA": must be the name of an object in the pod's namespace: lower-case letters, digits, "-" and "."
            [containers]: "app,,migrate": must be container names separated by commas, e.g. app, migrate
            [group]: "2147483648": must be a number from 1 to 2147483647
            [limits-memory]: "0": must be more than 0: leave the annotation out for the default
            [once]: "True": must be "true" or "false"
            [refresh-interval]: "0": must be at least 1s: 0 would never look again; to fetch once set once to "true"
            [requests-cpu]: "100m": must not be over its limit, 50m
            [requests-memory]: "64m": must be whole bytes, e.g. 64Mi: the suffix m means thousandths
            [requests-memory]: "64m": must not be over its limit, 0
            [role]: "a/b": must be the name of a Vault role, without blanks at its ends or slashes
            [tls-secret]: "": must be the name of an object in the pod's namespace: lower-case letters, digits, "-" and "."
            [user]: "0": must not be 0: the sidecar runs neither as root nor in root's group
            [vault-address]: "vault:8200": must be a URL, e.g. https://vault.vault:8200
        "#]],
    );
    problems(
        "
        secret-db: secret/db
        user: +5
        requests-memory: 1.5 Gi
        refresh-interval: 500ms
        ",
        expect![[r#"
            [refresh-interval]: "500ms": must be at least 1s, to spare Vault
            [requests-memory]: "1.5 Gi": must be a Kubernetes quantity, e.g. 10m, 0.5, 64Mi
            [user]: "+5": must be a number from 1 to 2147483647
        "#]],
    );
}

#[test]
fn an_address_must_come_from_somewhere() {
    let nowhere = DialectDefaults {
        vault_address: None,
        ..defaults()
    };
    let problems = parse(&annotations("inject: true\nsecret-db: secret/db"), &nowhere)
        .expect_err("no address");
    expect![[r#"
        [vault-address]: missing, and the webhook has no default: set it, e.g. https://vault.vault:8200, or start the webhook with --vault-address
    "#]].assert_eq(&lines(&problems));
}

#[test]
fn the_webhooks_auth_path_is_for_its_own_method() {
    let with_path = DialectDefaults {
        auth_path: Some("kubernetes-prod".parse().expect("path")),
        ..defaults()
    };
    let path = |text: &str| match parse(&annotations(text), &with_path) {
        Ok(Reading::Asked(parsed)) => parsed.settings.auth_path.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(path("inject: true\nsecret-a: b"), "kubernetes-prod");
    assert_eq!(path("inject: true\nsecret-a: b\nauth-type: jwt"), "jwt");
    assert_eq!(
        path("inject: true\nsecret-a: b\nauth-type: jwt\nauth-path: x"),
        "x"
    );
}

#[test]
fn doubtful_things_are_warned_of() {
    warnings(
        "
        secret-db: secret/data/db#password
        vault-address: http://vault:8200
        refresh-interval: 2s
        ",
        expect![[r#"
            [refresh-interval]: "2s": is short: every pod asks Vault for every secret that often
            [secret-db]: "secret/data/db#password": looks like a path of KV v2's API: write secret/db, as vault kv get takes it
            [vault-address]: "http://vault:8200": is not https: tokens and secrets cross the network in clear
        "#]],
    );
    warnings(
        "
        secret-db: secret/db
        mount-path-db: /db
        mount-path: /nobody
        refresh-interval: 10s
        once: true
        ",
        expect![[r#"
            [mount-path]: "/nobody": has no effect: every file names a directory of its own
            [refresh-interval]: has no effect: once fetches the files once
        "#]],
    );
}

/// Text that hardly compresses below three quarters of its size.
fn noise(bytes: usize) -> String {
    let mut state: u64 = 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'!' + (state >> 58) as u8)
    };
    (0..bytes)
        .map(|_| next())
        .collect::<String>()
        .replace(['{', '}'], "_")
}

#[test]
fn a_large_sync_spec_is_warned_of_and_a_huge_one_refused() {
    let with_template = |bytes| {
        let mut pod = annotations("inject: true");
        pod.insert(format!("{PREFIX}template-big"), noise(bytes));
        parse(&pod, &defaults())
    };
    let Ok(Reading::Asked(large)) = with_template(80 << 10) else {
        panic!("80 KiB are accepted");
    };
    expect![[r#"
        [sync-spec]: will take 84 KiB of at most 128 KiB: spread the files over several pods, or keep long templates in the application and fetch values alone
    "#]].assert_eq(&lines(&large.warnings));
    let annotation = large.spec.to_annotation();
    assert!(annotation.starts_with("zlib:"));
    assert_eq!(SyncSpec::from_annotation(&annotation), Ok(large.spec));
    let problems = with_template(160 << 10).expect_err("160 KiB are refused");
    expect![[r#"
        [sync-spec]: would take 167 KiB; at most 128 KiB, and 1 MiB before compression, are accepted: spread the files over several pods, or keep long templates in the application and fetch values alone
    "#]].assert_eq(&lines(&problems));
}

#[test]
fn a_flood_of_mistakes_is_cut() {
    let flood: BTreeMap<String, String> = (0..5000)
        .map(|n| (format!("{PREFIX}sekret-a-b-c-d-e-f-g-h-{n}"), String::new()))
        .chain([(format!("{PREFIX}inject"), "true".to_owned())])
        .collect();
    let problems = parse(&flood, &defaults()).expect_err("unknown keys");
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].message, "and 4901 problems more");
}

/// Every row's example is accepted, and a bad value is noticed: no row that nobody reads.
#[test]
fn every_row_of_the_table_is_read() {
    for row in ROWS.iter().filter(|row| row.arity != Arity::Ours) {
        let read = |value: &str| {
            let mut pod = annotations("inject: true\nsecret-other: secret/other");
            if row.arity == Arity::File && row.key != Key::Secret {
                pod.extend(annotations("secret-db: secret/db#key"));
            }
            if row.name.contains("delimiter") || matches!(row.key, Key::Functions | Key::MissingKey)
            {
                pod.extend(annotations("template-db: x"));
            }
            let name = if row.arity == Arity::File { "db" } else { "" };
            pod.insert(row.key.annotation(name), value.to_owned());
            parse(&pod, &defaults())
        };
        assert!(
            matches!(read(row.example), Ok(Reading::Asked(_))),
            "{}: {:?}",
            row.name,
            read(row.example)
        );
        if row.key != Key::Template {
            let problems = read("\u{7}//").or_else(|_| read("")).err();
            let problems = problems.or_else(|| read("").err()).unwrap_or_default();
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.path.contains(row.name)),
                "{}: {problems:?}",
                row.name
            );
        }
    }
}

/// Keys and values that reach deep into the parser.
fn pods() -> impl Strategy<Value = BTreeMap<String, String>> {
    let row = proptest::sample::select(ROWS);
    let name = prop_oneof!["[a-c]", "[a-z.-]{0,6}", "\\PC{0,4}"];
    let key = prop_oneof![
        9 => (row, name).prop_map(|(row, name)| match row.arity {
            Arity::File => row.key.annotation(&name),
            _ => row.key.annotation(""),
        }),
        1 => "freshet.dev/\\PC{0,12}",
    ];
    let example = proptest::sample::select(ROWS).prop_map(|row| row.example.to_owned());
    let value = prop_oneof![example, "[a-z0-9/#?=.,-]{0,12}", "\\PC{0,20}"];
    proptest::collection::btree_map(key, value, 0..12).prop_map(|mut pod| {
        pod.entry("freshet.dev/inject".to_owned())
            .or_insert_with(|| "true".to_owned());
        pod
    })
}

proptest! {
    #[test]
    fn never_panics_and_what_is_accepted_round_trips(pod in pods()) {
        match parse(&pod, &defaults()) {
            Ok(Reading::Asked(parsed)) => {
                prop_assert_eq!(SyncSpec::from_annotation(&parsed.spec.to_annotation()), Ok(parsed.spec));
            }
            Ok(Reading::NotAsked(_)) => {}
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }

    #[test]
    fn what_a_pod_asks_for_is_what_it_gets(
        secrets in proptest::collection::btree_map("[a-z]{1,5}", ("[a-z]{1,8}/[a-z]{1,8}", 0u32..0o400), 1..6),
    ) {
        let mut text = String::from("inject: true\n");
        for (name, (path, mode)) in &secrets {
            let _ = writeln!(text, "secret-{name}: {path}\nmode-{name}: {:04o}", mode | 0o400);
        }
        let parsed = asked(&text);
        let written: BTreeMap<String, (String, u32)> = parsed.spec.mounts[0]
            .files
            .iter()
            .map(|file| match &file.content {
                crate::spec::Content::Secret { source, .. } => {
                    (file.name.to_string(), (source.to_string(), file.mode.bits() & 0o377))
                }
                other => panic!("{other:?}"),
            })
            .collect();
        prop_assert_eq!(written, secrets);
    }
}
