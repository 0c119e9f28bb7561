//! The table of keys, row by row and in any mixture.

use proptest::prelude::*;

use super::*;
use crate::dialect::native::vocabulary::{Arity, Inherited, ROWS, settings as login_settings};

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
            pod.insert(row.key.annotation(row.example_name()), value.to_owned());
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
                    .problems
                    .iter()
                    .any(|problem| problem.path.contains(row.name)),
                "{}: {problems:?}",
                row.name
            );
        }
    }
}

/// The same of the settings of profiles, which another server does not get where they belong to the
/// pod's.
#[test]
fn every_setting_of_a_profile_is_read_and_inherited() {
    let eu: Profile = "eu".parse().expect("a profile");
    for (row, setting) in login_settings() {
        let read = |own: Option<&str>, of_profile: &[(Key, &str)]| {
            let mut pod = annotations("inject: true\nsecret-db: eu:secret/db");
            // Whoever names an AppRole logs in by it.
            if row.key == Key::ApproleSecret {
                pod.extend(annotations("auth-type: approle\napprole-secret: usual"));
            }
            pod.extend(own.map(|value| (row.key.annotation(""), value.to_owned())));
            let of_profile = of_profile.iter();
            pod.extend(
                of_profile.map(|(key, value)| (key.of_login(Some(&eu)), (*value).to_owned())),
            );
            parse(&pod, &defaults())
        };
        let login = |reading| match reading {
            Ok(Reading::Asked(parsed)) => parsed.settings.profiles[&eu].clone(),
            other => panic!("{}: {other:?}", setting.name),
        };
        let bad = read(None, &[(row.key, "\u{7}//")]).expect_err("a bad value");
        assert!(
            bad.problems
                .iter()
                .any(|problem| problem.path.contains(setting.name))
        );
        let said = login(read(None, &[(row.key, row.example)]));
        let inherited = login(read(Some(row.example), &[(Key::AuthPath, "kubernetes")]));
        if row.key != Key::AuthPath && row.key != Key::AuthType {
            let expected = LoginSettings {
                auth_path: inherited.auth_path.clone(),
                ..said.clone()
            };
            assert_eq!(inherited, expected, "{}", setting.name);
        }
        let elsewhere = [
            (Key::VaultAddress, "https://eu:8200"),
            (Key::AuthType, "kubernetes"),
        ];
        let plain = login(read(None, &elsewhere));
        let elsewhere = login(read(Some(row.example), &elsewhere));
        let is_left = elsewhere == plain;
        let server = setting.inherited == Inherited::AtTheSameServer;
        let same = [
            Key::VaultAddress,
            Key::AuthType,
            Key::AuthPath,
            Key::AuthAudience,
        ];
        if !same.contains(&row.key) {
            assert_eq!(is_left, server, "{}", setting.name);
        }
    }
}

/// Keys and values that reach deep into the parser.
fn pods() -> impl Strategy<Value = BTreeMap<String, String>> {
    let row = proptest::sample::select(ROWS);
    let name = prop_oneof!["[a-c]", "[a-z.-]{0,6}", "\\PC{0,4}"];
    let key = prop_oneof![
        9 => (row, name).prop_map(|(row, name)| match row.arity {
            Arity::Pod | Arity::Ours => row.key.annotation(""),
            _ => row.key.annotation(&name),
        }),
        1 => "freshet.dev/\\PC{0,12}",
        2 => "freshet.dev/vault-[a-c]-(role|address|namespace|auth-type)",
    ];
    let example = proptest::sample::select(ROWS).prop_map(|row| row.example.to_owned());
    let value = prop_oneof![
        example,
        "[a-c]:[a-z/]{1,8}",
        "[a-z0-9/#?=.,:-]{0,12}",
        "\\PC{0,20}"
    ];
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
            Err(refusal) => prop_assert!(!refusal.problems.is_empty()),
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
