//! Logins beside the pod's own: what they inherit, and who names them.

use expect_test::expect;

use super::*;

#[test]
fn a_profile_is_the_pods_login_but_for_what_it_says() {
    let parsed = asked(
        "
        inject: true
        secret-db: secret/db
        secret-tls: admin:secret/tls
        secret-team: team:secret/team
        role: app
        vault-namespace: shop
        auth-path: k8s
        auth-audience: shop
        ca-config-map: vault-ca
        tls-secret: vault-client
        vault-admin-role: admin
        vault-team-namespace: team
        vault-team-auth-type: approle
        vault-team-approle-secret: team-approle
        ",
    );
    expect![[r#"
        vault: https://vault.vault:8200
        namespace: shop
        auth: kubernetes at k8s
        role: app
        audience: shop
        CA: vault-ca ca.crt
        certificate: vault-client
        profile: admin
          vault: https://vault.vault:8200
          namespace: shop
          auth: kubernetes at k8s
          role: admin
          audience: shop
          CA: vault-ca ca.crt
          certificate: vault-client
        profile: team
          vault: https://vault.vault:8200
          namespace: team
          auth: approle at approle
          CA: vault-ca ca.crt
          approle: team-approle
          certificate: vault-client
    "#]]
    .assert_eq(&settings(&parsed.settings));
    assert_eq!(parsed.spec.version, 2);
    expect![[r#""#]].assert_eq(&lines(&parsed.warnings));
}

#[test]
fn a_profile_of_another_server_has_nothing_that_belongs_to_the_pods() {
    let parsed = asked(
        "
        inject: true
        secret-db: secret/db
        secret-eu: eu:secret/db
        secret-same: same:secret/db
        role: app
        vault-namespace: shop
        auth-type: cert
        ca-config-map: vault-ca
        tls-secret: vault-client
        vault-eu-address: https://eu:8200
        vault-eu-auth-type: jwt
        vault-same-address: https://VAULT.vault:8200/
        vault-same-role: other
        ",
    );
    expect![[r#"
        vault: https://vault.vault:8200
        namespace: shop
        auth: cert at cert
        role: app
        CA: vault-ca ca.crt
        certificate: vault-client
        profile: eu
          vault: https://eu:8200
          auth: jwt at jwt
          audience: vault
        profile: same
          vault: https://vault.vault:8200
          namespace: shop
          auth: cert at cert
          role: other
          CA: vault-ca ca.crt
          certificate: vault-client
    "#]]
    .assert_eq(&settings(&parsed.settings));
    problems(
        "
        secret-eu: eu:secret/db
        secret-us: us:secret/db
        auth-type: approle
        approle-secret: vault-approle
        vault-eu-address: https://eu:8200
        vault-us-address: http://us:8200
        vault-us-auth-type: cert
        vault-us-ca-config-map: Us
        ",
        expect![[r#"
            [vault-eu-approle-secret]: missing, and the auth method approle logs in with what is in it: name the Secret whose keys are role-id and secret-id
            [vault-us-address]: "http://us:8200": must begin with https://: the auth method cert logs in with the certificate of the TLS connection
            [vault-us-ca-config-map]: "Us": must be a DNS subdomain: lower-case letters, digits, hyphens and dots, at most 253
            [vault-us-tls-secret]: missing, and the auth method cert logs in with what is in it: name the Secret (kubernetes.io/tls) with the client certificate
        "#]],
    );
}

#[test]
fn only_what_is_declared_is_a_profile() {
    problems(
        "
        secret-db: ue:secret/db#password
        env-TOKEN: asia:kv/token?version=3#value
        secret-path: /asia:kv/token
        secret-eu: eu:secret/db
        vault-eu-role: app
        vault-eu-adress: https://eu:8200
        vault-Eu-role: app
        ",
        expect![[r#"
            [env-TOKEN]: "asia:kv/token?version=3#value": there is no profile "asia", only "eu": declare it by a setting of its own, e.g. vault-asia-role, or write /asia:kv/token for a path that begins so itself
            [secret-db]: "ue:secret/db#password": there is no profile "ue", only "eu" (did you mean "eu"?): declare it by a setting of its own, e.g. vault-ue-role, or write /ue:secret/db for a path that begins so itself
            [vault-Eu-role]: what stands between vault- and -role must be the name of a profile: lower-case letters, digits and inner hyphens, at most 32
            [vault-eu-adress]: unknown: did you mean vault-eu-address?
        "#]],
    );
    let parsed = asked("inject: true\nsecret-path: /asia:kv/token");
    assert_eq!(parsed.spec.version, 1, "the oldest that says it");
}

#[test]
fn what_nothing_names_and_what_a_template_may_name_is_doubted() {
    warnings(
        "
        secret-db: secret/db
        template-app: {{ with secret \"eu:secret/db\" }}{{ .a }}{{ end }}{{ secret `asia:secret/x` }}
        template-agent: {{ with secret \"us:secret/db\" }}{{ .Data.a }}{{ end }}{{ secret \"asia:secret/x\" }}
        functions-agent: consul-template
        vault-eu-role: app
        vault-us-address: https://us:8200
        vault-us-role: app
        vault-team-approle-secret: team
        secret-team: team:secret/data/db
        ",
        expect![[r#"
            [secret-team]: "team:secret/data/db": looks like a path of KV v2's API: write team:secret/db, as vault kv get takes it
            [template-agent]: secret "us:secret/db": is a path of the pod's own login: the functions of consul-template know no profiles, so take others for what is read with us
            [template-app]: secret "asia:secret/x": there is no profile "asia", only "eu", "team", "us": declare it by a setting of its own, e.g. vault-asia-role, or write /asia:secret/x for a path that begins so itself
            [vault-team-approle-secret]: has no effect: set vault-team-auth-type to approle
            [vault-us-role]: nothing is read with this profile: name it before a path, e.g. secret-db: us:secret/db
        "#]],
    );
}

#[test]
fn without_an_address_the_pods_alone_is_told() {
    let nowhere = DialectDefaults {
        vault_address: None,
        ..defaults()
    };
    let text = "inject: true\nsecret-db: eu:secret/db\nvault-eu-role: a/b";
    let refusal = parse(&annotations(text), &nowhere).expect_err("no address");
    expect![[r#"
        [vault-address]: missing, and the webhook has no default: set it, e.g. https://vault.vault:8200, or start the webhook with --vault-address
        [vault-eu-role]: "a/b": must be the name of a Vault role, without blanks at its ends or slashes
    "#]].assert_eq(&lines(&refusal.problems));
}
