//! What a key says, and what was meant by a word that is none.

use std::collections::BTreeSet;

use super::*;

#[track_caller]
fn refused(word: &str, clause: &str) {
    let refusal = look_up(word).expect_err(word);
    assert_eq!(refusal.clause(), clause, "{word}");
}

#[test]
fn every_key_has_one_row_and_no_name_hides_another() {
    let keys: BTreeSet<Key> = ROWS.iter().map(|row| row.key).collect();
    assert_eq!(keys.len(), ROWS.len());
    assert_eq!(keys.len(), Key::OptionalVariables as usize + 1);
    for row in ROWS {
        let word = format!("{}{}", row.name, row.example_name());
        let expected = match row.arity {
            Arity::Variable => Word::Variable("DB_PASSWORD".parse().expect("name")),
            Arity::Container => Word::Container(row.key, "app".parse().expect("name")),
            Arity::Pod => Word::Pod(row.key),
            Arity::File => Word::File(row.key, "db".parse().expect("name")),
            Arity::Ours => Word::Ours,
        };
        assert_eq!(look_up(&word), Ok(expected), "{word}");
    }
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    for (word, meant) in [
        ("injct", "inject"),
        ("injection", "inject"),
        ("secrt-db", "secret-db"),
        ("secret_db", "secret-db"),
        ("mod-db-password", "mode-db-password"),
        ("refresh-intervall", "refresh-interval"),
        ("agent-inject-secret-db", "secret-db"),
        ("agent-inject-perms-db", "mode-db"),
        ("left-delim-db", "left-delimiter-db"),
        ("mount-paths", "mount-path"),
        ("vault-addr", "vault-address"),
        ("audience", "auth-audience"),
        ("limit-cpu", "limits-cpu"),
        ("evn-DB_HOST", "env-DB_HOST"),
        ("environment-DB_HOST", "env-DB_HOST"),
        ("comand-app", "command-app"),
    ] {
        refused(word, &format!("unknown: did you mean freshet.dev/{meant}?"));
    }
    refused("zzz", "unknown: `freshet lint --help` names all the keys");
}

#[test]
fn a_key_is_of_one_profile_alone() {
    for (row, setting) in settings() {
        let mut others = settings().map(|(_, other)| format!("-{}", other.name));
        assert!(
            !others.any(|other| setting.name.ends_with(&other)),
            "{}",
            setting.name
        );
        for profile in ["eu", "eu-auth", "auth", "a-address", "namespace"] {
            let key = row.key.of_login(Some(&profile.parse().expect("a profile")));
            let word = key.strip_prefix(PREFIX).expect("ours");
            let found = Word::Profile(row.key, profile.parse().expect("a profile"));
            assert_eq!(look_up(word), Ok(found), "{word}");
        }
        let longest = row
            .key
            .of_login(Some(&"a".repeat(32).parse().expect("a profile")));
        assert!(longest.len() - PREFIX.len() <= 63, "{longest}");
    }
    assert_eq!(look_up("vault-address"), Ok(Word::Pod(Key::VaultAddress)));
    for (word, meant) in [
        ("vault-eu-adress", "vault-eu-address"),
        ("vault-eu-west-addr", "vault-eu-west-address"),
        ("vault-eu_role", "vault-eu-role"),
        ("vault-eu-auth-method", "vault-eu-auth-type"),
        ("vault-adress", "vault-address"),
        ("vault-role", "role"),
    ] {
        refused(word, &format!("unknown: did you mean freshet.dev/{meant}?"));
    }
    refused(
        "vault-EU-role",
        "what stands between freshet.dev/vault- and -role must be the name of a profile: lower-case letters, digits and inner hyphens, at most 32",
    );
}

#[test]
fn a_family_needs_a_name() {
    refused("secret", "must end in a name, e.g. freshet.dev/secret-db");
    refused(
        "env",
        "must end in a name, e.g. freshet.dev/env-DB_PASSWORD",
    );
    refused(
        "env-9",
        "the name after freshet.dev/env- must be letters, digits and \"_\", begin with a letter and end with a letter or digit",
    );
    refused("secret-", "must end in a name, e.g. freshet.dev/secret-db");
    refused(
        "mode--",
        "the name after freshet.dev/mode- must be letters, digits, \"-\", \"_\" and \".\", and begin and end with a letter or digit",
    );
}
