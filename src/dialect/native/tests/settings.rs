//! The keys that stand once on a pod.

use expect_test::expect;

use super::*;

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
        grace: 2m
        revoke: true
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
        CA: vault-ca ca.crt
        certificate: vault-client
        containers: app migrate
        grace: 2m0s
        revoke: 
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
            [ca-config-map]: "Vault_CA": must be a DNS subdomain: lower-case letters, digits, hyphens and dots, at most 253
            [containers]: "app,,migrate": must be container names separated by commas, e.g. app, migrate
            [group]: "2147483648": must be a number from 1 to 2147483647
            [limits-memory]: "0": must be more than 0: leave the annotation out for the default
            [once]: "True": must be "true" or "false"
            [refresh-interval]: "0": must be at least 1s: 0 would never look again; to fetch once set once to "true"
            [requests-cpu]: "100m": must not be over its limit, 50m
            [requests-memory]: "64m": must be whole bytes, e.g. 64Mi: the suffix m means thousandths
            [requests-memory]: "64m": must not be over its limit, 0
            [role]: "a/b": must be the name of a Vault role, without blanks at its ends or slashes
            [tls-secret]: "": must be a DNS subdomain: lower-case letters, digits, hyphens and dots, at most 253
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
    let refusal = parse(&annotations("inject: true\nsecret-db: secret/db"), &nowhere)
        .expect_err("no address");
    expect![[r#"
        [vault-address]: missing, and the webhook has no default: set it, e.g. https://vault.vault:8200, or start the webhook with --vault-address
    "#]].assert_eq(&lines(&refusal.problems));
}

#[test]
fn the_webhooks_auth_path_is_for_its_own_method() {
    let with_path = DialectDefaults {
        auth_path: Some("kubernetes-prod".parse().expect("path")),
        ..defaults()
    };
    let path = |text: &str| match parse(&annotations(text), &with_path) {
        Ok(Reading::Asked(parsed)) => parsed.settings.login.auth_path.to_string(),
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
fn the_webhooks_ca_is_for_pods_that_name_none() {
    let with_ca = DialectDefaults {
        ca_config_map: Some("platform-ca".parse().expect("a name")),
        ..defaults()
    };
    let ca = |text: &str| match parse(&annotations(text), &with_ca) {
        Ok(Reading::Asked(parsed)) => parsed.settings.login.ca,
        other => panic!("{other:?}"),
    };
    let config_map = |name: &str| {
        let (name, key) = (name.to_owned(), "ca.crt".to_owned());
        Some(CaSource::ConfigMap { name, key })
    };
    assert_eq!(ca("inject: true\nsecret-a: b"), config_map("platform-ca"));
    assert_eq!(
        ca("inject: true\nsecret-a: b\nca-config-map: own"),
        config_map("own")
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

#[test]
fn an_approle_is_named_by_its_secret() {
    let parsed = asked(
        "
        inject: true
        secret-db: secret/db
        auth-type: approle
        approle-secret: vault-approle
        ",
    );
    expect![[r#"
        vault: https://vault.vault:8200
        auth: approle at approle
        approle: vault-approle
    "#]]
    .assert_eq(&settings(&parsed.settings));
    problems(
        "
        secret-db: secret/db
        auth-type: approle
        ",
        expect![[r#"
            [approle-secret]: missing, and the auth method approle logs in with what is in it: name the Secret whose keys are role-id and secret-id
        "#]],
    );
    warnings(
        "
        secret-db: secret/db
        auth-type: approle
        approle-secret: vault-approle
        auth-audience: vault
        role: app
        ",
        expect![[r#"
            [auth-audience]: has no effect: the auth method approle sends no service account's token
            [role]: has no effect: the role id decides on the role
        "#]],
    );
    warnings(
        "
        secret-db: secret/db
        approle-secret: vault-approle
        ",
        expect![[r#"
            [approle-secret]: has no effect: set auth-type to approle
        "#]],
    );
}

#[test]
fn a_login_by_certificate_needs_one_and_tls() {
    let parsed = asked(
        "
        inject: true
        secret-db: secret/db
        auth-type: cert
        tls-secret: vault-client
        ",
    );
    expect![[r#"
        vault: https://vault.vault:8200
        auth: cert at cert
        certificate: vault-client
    "#]]
    .assert_eq(&settings(&parsed.settings));
    problems(
        "
        secret-db: secret/db
        auth-type: cert
        vault-address: http://vault:8200
        ",
        expect![[r#"
            [tls-secret]: missing, and the auth method cert logs in with what is in it: name the Secret (kubernetes.io/tls) with the client certificate
            [vault-address]: "http://vault:8200": must begin with https://: the auth method cert logs in with the certificate of the TLS connection
        "#]],
    );
}
