//! `freshet lint`, through the program itself.

use expect_test::{Expect, expect};

use super::cli::freshet;

/// Lints `app.yaml` with this text.
#[track_caller]
fn check(options: &str, manifest: &str, code: i32, expected: Expect) {
    let said = freshet(
        &format!("lint -f app.yaml {options}"),
        &[("app.yaml", manifest)],
        "",
    );
    assert_eq!(said.code, Some(code), "{}{}", said.stdout, said.stderr);
    expected.assert_eq(&(said.stdout + &said.stderr));
}

const VAULT: &str = "--vault-address https://vault.vault:8200";

fn pod(annotations: &str) -> String {
    let lines: String = annotations
        .lines()
        .map(|line| format!("    freshet.dev/{}\n", line.trim()))
        .collect();
    format!(
        "kind: Pod\nmetadata:\n  name: app\n  annotations:\n{lines}spec:\n  serviceAccountName: shop\n  containers: [{{name: app}}, {{name: log}}]\n"
    )
}

#[test]
fn a_sound_pod_is_told_what_it_gets_and_what_that_costs() {
    check(
        VAULT,
        &pod(
            "inject: 'true'\nsecret-db: secret/db#password\nsecret-tls: pki/tls\nmount-path-tls: /tls\ncontainers: app",
        ),
        0,
        expect![[r#"
            app.yaml: document 1 (Pod default/app): ok: 2 files for app by a sidecar as Vault role "shop"; memory: volume freshet-secrets at most 3Mi, volume freshet-secrets-2 at most 3Mi, refresher at most 23Mi
        "#]],
    );
    check(
        &format!("{VAULT} --namespace team"),
        &pod("inject: 'true'\nonce: 'true'\nrole: other\nsecret-db: secret/db#password"),
        0,
        expect![[r#"
            app.yaml: document 1 (Pod team/app): ok: 1 file for app, log by an init container as Vault role "other"; memory: volume freshet-secrets at most 3Mi, refresher at most 20Mi
        "#]],
    );
}

#[test]
fn the_logins_of_profiles_are_told() {
    check(
        VAULT,
        &pod(
            "inject: 'true'\nsecret-db: secret/db#password\nsecret-eu: eu:secret/db\nsecret-ci: ci:kv/db\ncontainers: app\nvault-eu-role: reader\nvault-ci-auth-type: approle\nvault-ci-approle-secret: ci",
        ),
        0,
        expect![[r#"
            app.yaml: document 1 (Pod default/app): ok: 3 files for app by a sidecar as Vault role "shop", for ci as an AppRole, for eu as Vault role "reader"; memory: volume freshet-secrets at most 7Mi, refresher at most 24Mi
        "#]],
    );
}

#[test]
fn all_problems_are_told_with_file_document_and_path() {
    let cron = "kind: CronJob\nmetadata: {name: nightly, namespace: batch}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        metadata:\n          annotations: {freshet.dev/inject: 'true', freshet.dev/secret-db: secret//db, freshet.dev/format-db: toml}\n        spec: {containers: [{name: app}]}\n";
    let list = "kind: List\nitems:\n- {kind: Pod, metadata: {name: a, annotations: {freshet.dev/injct: 'true', freshet.dev/inject: 'true'}}, spec: {containers: [{name: app}]}}\n";
    check(
        VAULT,
        &format!("# only a comment\n---\nkind: Service\n---\n{cron}---\n{list}"),
        1,
        expect![[r#"
            app.yaml: document 2 (CronJob batch/nightly): error: spec.jobTemplate.spec.template.metadata.annotations[freshet.dev/format-db]: "toml": must be raw, json, yaml, env, properties or dir, or for a certificate pem, pem-bundle or pkcs12
            app.yaml: document 2 (CronJob batch/nightly): error: spec.jobTemplate.spec.template.metadata.annotations[freshet.dev/secret-db]: "secret//db": must be a Vault path, e.g. secret/db#password: it must not contain "//", "." or ".."
            app.yaml: document 3 (Pod default/a): error: items[0].metadata.annotations[freshet.dev/injct]: unknown: did you mean freshet.dev/inject?
            app.yaml: document 3 (Pod default/a): error: items[0].metadata.annotations[freshet.dev/inject]: asks for injection, but no secret is named: add e.g. freshet.dev/secret-db: secret/db#password
        "#]],
    );
    check(
        "",
        &pod("inject: 'true'\nsecret-db: secret/db"),
        1,
        expect![[r#"
            app.yaml: document 1 (Pod default/app): error: metadata.annotations[freshet.dev/vault-address]: missing, and the webhook has no default: set it, e.g. https://vault.vault:8200, or start the webhook with --vault-address
        "#]],
    );
}

#[test]
fn annotations_without_quotes_are_told_to_be_quoted() {
    check(
        VAULT,
        &pod(
            "inject: true\nsecret-db: secret/db\nmode-db: 0640\nuser: 1000\nonce: no\nrole:\ntemplate-x: [a]",
        ),
        1,
        expect![[r#"
            app.yaml: document 1 (Pod default/app): error: metadata.annotations[freshet.dev/inject]: is the boolean true, not text: write "true"
            app.yaml: document 1 (Pod default/app): error: metadata.annotations[freshet.dev/mode-db]: is the number 416, not text: write it in quotes, e.g. "0640"
            app.yaml: document 1 (Pod default/app): error: metadata.annotations[freshet.dev/once]: is the boolean false, not text: write "false"
            app.yaml: document 1 (Pod default/app): error: metadata.annotations[freshet.dev/role]: has no value: give it one in quotes, or leave it out
            app.yaml: document 1 (Pod default/app): error: metadata.annotations[freshet.dev/template-x]: must be text: write it in quotes
            app.yaml: document 1 (Pod default/app): error: metadata.annotations[freshet.dev/user]: is the number 1000, not text: write "1000"
        "#]],
    );
}

#[test]
fn warnings_alone_are_no_failure() {
    check(
        VAULT,
        &pod("inject: 'true'\nsecret-db: secret/data/db\nrefresh-interval: 1s"),
        0,
        expect![[r#"
            app.yaml: document 1 (Pod default/app): warning: metadata.annotations[freshet.dev/refresh-interval]: "1s": is short: every pod asks Vault for every secret that often
            app.yaml: document 1 (Pod default/app): warning: metadata.annotations[freshet.dev/secret-db]: "secret/data/db": looks like a path of KV v2's API: write secret/db, as vault kv get takes it
            app.yaml: document 1 (Pod default/app): ok: 1 file for app, log by a sidecar as Vault role "shop"; memory: volume freshet-secrets at most 3Mi, refresher at most 20Mi
        "#]],
    );
    check(
        VAULT,
        &pod("secret-db: secret/db"),
        0,
        expect![[r#"
            app.yaml: document 1 (Pod default/app): warning: metadata.annotations[freshet.dev/secret-db]: has no effect, for injection is off: set freshet.dev/inject to "true"
            no pod asks for injection (annotation freshet.dev/inject: "true" or vault.hashicorp.com/agent-inject: "true", or a volume of an ExternalSecret's target)
        "#]],
    );
}

#[test]
fn a_manifest_without_us_is_told_so() {
    check(
        "",
        "kind: Service\n",
        0,
        expect![[r#"
            no pod asks for injection (annotation freshet.dev/inject: "true" or vault.hashicorp.com/agent-inject: "true", or a volume of an ExternalSecret's target)
        "#]],
    );
    check(
        "",
        "",
        0,
        expect![[r#"
            no pod asks for injection (annotation freshet.dev/inject: "true" or vault.hashicorp.com/agent-inject: "true", or a volume of an ExternalSecret's target)
        "#]],
    );
}

#[test]
fn what_cannot_be_read_ends_in_2() {
    check(
        "",
        "a: [\n",
        2,
        expect![[r#"
        error: app.yaml:1: unclosed bracket '['
    "#]],
    );
    let said = freshet("lint -f nowhere.yaml", &[], "");
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
}

#[test]
fn help_names_every_annotation() {
    let said = freshet("lint --help", &[], "");
    for key in [
        "inject: true",
        "secret-<name>: secret/db#password",
        "limits-memory: 32Mi",
    ] {
        assert!(
            said.stdout.contains(&format!("\n  freshet.dev/{key}\n")),
            "{key}"
        );
    }
}
