//! Stores: how their words become the refresher's arguments, which namespaces may use them, and what
//! they ask in vain.

mod several;

use expect_test::{Expect, expect};
use freshet::dialect::external_secret::Claim;
use freshet::inject::Decision;
use serde_json::{Value, json};

use super::{EXTERNAL_SECRET, POD, STORE, arguments, decision, facts, injected, lines, yaml};

/// A store whose `vault` has these fields in place of `auth`.
fn store(vault: &str) -> String {
    let (head, _) = STORE.split_once("      path:").expect("fields");
    format!("{head}      path: secret\n{vault}")
}

#[track_caller]
fn check_arguments(vault: &str, annotations: Value, want: Expect) {
    let mut pod = yaml(POD);
    pod["metadata"]["annotations"] = annotations;
    let patched = injected(&pod, &facts(&[&store(vault), EXTERNAL_SECRET], Claim::All));
    want.assert_eq(&arguments(&patched));
}

#[track_caller]
fn check_refused(store: &str, want: Expect) {
    match decision(&yaml(POD), &facts(&[store, EXTERNAL_SECRET], Claim::All)) {
        Decision::Deny { problems, .. } => want.assert_eq(&lines(&problems)),
        other => panic!("not denied: {other:?}"),
    }
}

const KUBERNETES: &str = "      auth: {kubernetes: {mountPath: k8s, role: demo}}\n";

#[test]
fn a_login_is_what_the_store_says() {
    check_arguments(
        KUBERNETES,
        json!({}),
        expect![[r#"
        run
        --vault-address=https://vault.vault:8200
        --auth-type=kubernetes
        --auth-path=k8s
        --role=demo
        --mount=db=/run/freshet/mounts/db
        --metrics-address=[::]:9102"#]],
    );
    check_arguments(
        "      namespace: team\n      auth: {namespace: root, kubernetes: {serviceAccountRef: {name: default, audiences: [vault]}}}\n",
        json!({}),
        expect![[r#"
            run
            --vault-address=https://vault.vault:8200
            --vault-namespace=team
            --auth-namespace=root
            --auth-type=kubernetes
            --auth-path=kubernetes
            --role=default
            --audience=vault
            --mount=db=/run/freshet/mounts/db
            --metrics-address=[::]:9102"#]],
    );
    check_arguments(
        "      headers: {X-Team: shop}\n      readYourWrites: true\n      forwardInconsistent: true\n      auth: {jwt: {role: app, kubernetesServiceAccountToken: {serviceAccountRef: {name: default}, expirationSeconds: 900}}}\n",
        json!({}),
        expect![[r#"
            run
            --vault-address=https://vault.vault:8200
            --auth-type=jwt
            --auth-path=jwt
            --role=app
            --audience=vault
            --vault-header=x-team: shop
            --vault-header=x-vault-inconsistent: forward-active-node
            --mount=db=/run/freshet/mounts/db
            --metrics-address=[::]:9102"#]],
    );
}

#[test]
fn annotations_of_the_pod_come_before_the_store() {
    check_arguments(
        KUBERNETES,
        json!({
            "freshet.dev/role": "own", "freshet.dev/auth-path": "other", "freshet.dev/auth-audience": "vault",
            "freshet.dev/vault-address": "https://other:8200", "freshet.dev/vault-namespace": "team",
            "freshet.dev/ca-config-map": "ca",
        }),
        expect![[r#"
            run
            --vault-address=https://other:8200
            --vault-namespace=team
            --auth-type=kubernetes
            --auth-path=other
            --role=own
            --audience=vault
            --ca-file=/run/freshet/ca/ca.crt
            --mount=db=/run/freshet/mounts/db
            --metrics-address=[::]:9102"#]],
    );
}

/// A certificate, and base64 of its PEM.
fn certificate() -> (String, String) {
    use base64::Engine as _;
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["vault".to_owned()]).expect("parameters");
    let certificate = params.self_signed(&key).expect("a certificate");
    let der = base64::prelude::BASE64_STANDARD.encode(certificate.der());
    (certificate.pem(), der)
}

#[test]
fn a_bundle_travels_as_certificates_and_nothing_else() {
    use base64::Engine as _;
    let (pem, der) = certificate();
    let noise = format!("# a comment\n{pem}");
    let once = base64::prelude::BASE64_STANDARD.encode(noise);
    let twice =
        base64::prelude::BASE64_STANDARD.encode(base64::prelude::BASE64_STANDARD.encode(&pem));
    for text in [once, twice] {
        let vault = format!(
            "      caBundle: {text}\n      caProvider: {{type: Secret, name: x}}\n{KUBERNETES}"
        );
        let patched = injected(
            &yaml(POD),
            &facts(&[&store(&vault), EXTERNAL_SECRET], Claim::All),
        );
        let want = format!("--ca-certificates={der}");
        assert!(
            arguments(&patched).contains(&want),
            "{}",
            arguments(&patched)
        );
    }
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for text in [
        "no base64 !",
        "AAAA",
        &base64::prelude::BASE64_STANDARD.encode(key),
    ] {
        let vault = format!("      caBundle: {text:?}\n{KUBERNETES}");
        let refused = decision(
            &yaml(POD),
            &facts(&[&store(&vault), EXTERNAL_SECRET], Claim::All),
        );
        assert!(
            matches!(refused, Decision::Deny { .. }),
            "{text}: {refused:?}"
        );
    }
}

#[test]
fn a_config_map_of_the_namespace_is_mounted_and_another_travels() {
    let vault =
        format!("      caProvider: {{type: ConfigMap, name: ca, key: bundle}}\n{KUBERNETES}");
    let patched = injected(
        &yaml(POD),
        &facts(&[&store(&vault), EXTERNAL_SECRET], Claim::All),
    );
    let volumes = patched["spec"]["volumes"].as_array().expect("volumes");
    let volume = volumes
        .iter()
        .find(|volume| volume["name"] == "freshet-ca")
        .expect("a CA");
    assert_eq!(
        volume["configMap"],
        json!({"name": "ca", "items": [{"key": "bundle", "path": "ca.crt"}]})
    );

    let (pem, der) = certificate();
    let vault = format!(
        "      caProvider: {{type: ConfigMap, name: ca, key: bundle, namespace: vault}}\n{KUBERNETES}"
    );
    let cluster = store(&vault).replace("kind: SecretStore", "kind: ClusterSecretStore");
    let manifest =
        EXTERNAL_SECRET.replace("{name: vault}", "{name: vault, kind: ClusterSecretStore}");
    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "namespace": "vault"}, "data": {"bundle": pem}});
    let all = [cluster.as_str(), &manifest, &config_map.to_string()];
    let patched = injected(&yaml(POD), &facts(&all, Claim::All));
    assert!(arguments(&patched).contains(&format!("--ca-certificates={der}")));
    let Decision::Deny { problems, .. } = decision(&yaml(POD), &facts(&all[..2], Claim::All))
    else {
        panic!("there is no such ConfigMap");
    };
    expect![[r#"ClusterSecretStore vault: spec.provider.vault.caProvider.name: "vault/ca": there is no such ConfigMap with a key "bundle""#]]
        .assert_eq(&lines(&problems));
}

#[test]
fn what_a_pod_cannot_do_as_itself_is_refused() {
    let vault = "      caProvider: {type: Secret, name: ca, key: ca.crt}
      tls: {certSecretRef: {name: x}, keySecretRef: {name: x}}
      headers: {Authorization: Bearer x, Host: y}
      auth:
        tokenSecretRef: {name: x}
        appRole: {path: approle}
        ldap: {}
        userPass: {}
        cert: {}
        iam: {}
        gcp: {}
        azure: {}
";
    check_refused(
        &store(vault),
        expect![[r#"
        SecretStore vault: spec.provider.vault.caProvider.type: "Secret": must be ConfigMap: Secrets are not read for pods; certificates of a CA are public, put them into a ConfigMap or into caBundle
        SecretStore vault: spec.provider.vault.tls: a client certificate from a Secret of the store is not given to pods: name a Secret of the pod's namespace with the annotation freshet.dev/tls-secret
        SecretStore vault: spec.provider.vault.headers[Host]: must be text
        SecretStore vault: spec.provider.vault.headers[Authorization]: must not carry a credential, which everybody who may read pods would see
        SecretStore vault: spec.provider.vault.auth.tokenSecretRef: a Vault token from a Secret is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
        SecretStore vault: spec.provider.vault.auth.appRole: an AppRole, whose SecretID lies in a Secret, is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
        SecretStore vault: spec.provider.vault.auth.ldap: an LDAP password from a Secret is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
        SecretStore vault: spec.provider.vault.auth.userPass: a password from a Secret is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
        SecretStore vault: spec.provider.vault.auth.cert: a client certificate from a Secret is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
        SecretStore vault: spec.provider.vault.auth.iam: an AWS identity is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
        SecretStore vault: spec.provider.vault.auth.gcp: a Google identity is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
        SecretStore vault: spec.provider.vault.auth.azure: unknown: this release of Freshet does not know the field"#]],
    );
    check_refused(
        &store(""),
        expect![
            "SecretStore vault: spec.provider.vault.auth: missing: a pod logs in as itself, with auth.kubernetes or auth.jwt"
        ],
    );
    let other = STORE.replace("    vault:\n", "    aws:\n");
    check_refused(
        &other,
        expect![
            "SecretStore vault: spec.provider: must be vault: no other provider is served inside of pods; leave the store to External Secrets (spec.controller)"
        ],
    );
}

#[test]
fn another_identity_than_the_pods_is_refused() {
    let account = "      auth: {kubernetes: {role: x, secretRef: {name: y}, serviceAccountRef: {name: vault-reader}}}\n";
    check_refused(
        &store(account),
        expect![[r#"
            SecretStore vault: spec.provider.vault.auth.kubernetes.secretRef: a service account token from a Secret is not given to pods: leave the field out, and the pod logs in as its own service account
            SecretStore vault: spec.provider.vault.auth.kubernetes.serviceAccountRef.name: "vault-reader": is another service account than the pod's, default: a pod logs in as itself; bind the Vault role to default and leave serviceAccountRef out, or run the pod as the other one"#]],
    );
    let jwt = "      auth: {jwt: {role: x, secretRef: {name: y}}}\n";
    check_refused(
        &store(jwt),
        expect![
            "SecretStore vault: spec.provider.vault.auth.jwt.secretRef: a JWT from a Secret is not given to pods: use kubernetesServiceAccountToken"
        ],
    );
    let misspelt = STORE.replace("server:", "sever:").replace("path:", "pth:");
    check_refused(
        &misspelt,
        expect![[r#"
            SecretStore vault: spec.provider.vault.server: missing
            SecretStore vault: spec.provider.vault.pth: unknown: did you mean path?
            SecretStore vault: spec.provider.vault.sever: unknown: did you mean server?"#]],
    );
}

#[track_caller]
fn check_condition(conditions: &str, allowed: bool) {
    let store = STORE
        .replace("kind: SecretStore", "kind: ClusterSecretStore")
        .replace("spec:\n", &format!("spec:\n  conditions: {conditions}\n"));
    let manifest =
        EXTERNAL_SECRET.replace("{name: vault}", "{name: vault, kind: ClusterSecretStore}");
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n";
    let decision = decision(
        &yaml(POD),
        &facts(&[&store, &manifest, namespace], Claim::All),
    );
    match decision {
        Decision::Inject(_) => assert!(allowed, "{conditions}"),
        Decision::Deny { problems, .. } => {
            assert!(!allowed, "{conditions}: {}", lines(&problems));
            assert!(
                lines(&problems).contains("does not allow namespace shop"),
                "{}",
                lines(&problems)
            );
        }
        other @ Decision::Skip { .. } => panic!("{other:?}"),
    }
}

#[test]
fn any_condition_is_enough() {
    for (conditions, allowed) in [
        ("[]", true),
        ("[{namespaces: [shop]}]", true),
        ("[{namespaces: [bank]}]", false),
        ("[{namespaces: [bank]}, {namespaces: [shop]}]", true),
        ("[{namespaceRegexes: ['^sh']}]", true),
        ("[{namespaceRegexes: ['ho']}]", true),
        ("[{namespaceRegexes: ['^ho']}]", false),
        ("[{namespaceSelector: {matchLabels: {team: a}}}]", true),
        ("[{namespaceSelector: {matchLabels: {team: b}}}]", false),
        (
            "[{namespaceSelector: {matchLabels: {team: b}}, namespaces: [shop]}]",
            true,
        ),
        (
            "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]",
            true,
        ),
        (
            "[{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [b, a]}]}}]",
            true,
        ),
        (
            "[{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}}]",
            false,
        ),
        (
            "[{namespaceSelector: {matchExpressions: [{key: x, operator: NotIn, values: [a]}]}}]",
            true,
        ),
        (
            "[{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}]",
            true,
        ),
        (
            "[{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]",
            false,
        ),
        ("[{namespaceSelector: {}}]", true),
    ] {
        check_condition(conditions, allowed);
    }
}
