//! What is refused, as `kubectl` prints it.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::shared;
use crate::support::external_secrets::{SERVED, pod};

/// A namespace with an ExternalSecret `db` that names a store of this kind and name.
#[track_caller]
fn namespace(name: &str, kind: &str, store: &str) -> String {
    let api = &shared().cluster.api;
    let namespace = api.namespace(name, &[SERVED]);
    api.apply(&json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": "db", "namespace": namespace },
        "spec": {
            "secretStoreRef": { "kind": kind, "name": store },
            "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
        },
    }));
    namespace
}

/// A store of this kind and name, with these fields and this login.
#[track_caller]
fn store(namespace: &str, kind: &str, name: &str, fields: &Value, auth: &Value) {
    let vault = json!({ "server": "https://vault.example", "path": "secret", "auth": auth });
    let mut spec = json!({ "provider": { "vault": vault } });
    let spec_fields = spec.as_object_mut().expect("an object");
    spec_fields.extend(fields.as_object().expect("an object").clone());
    shared().cluster.api.apply(&json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": kind,
        "metadata": { "name": name, "namespace": namespace },
        "spec": spec,
    }));
}

#[track_caller]
fn check(namespace: &str, pod: &Value, part: &str, want: Expect) {
    let said = shared().cluster.wait_for_refusal(pod, part);
    let said = said.replace(namespace, "NAMESPACE");
    want.assert_eq(
        said.trim_start_matches("Error from server (Forbidden): error when creating \"STDIN\": "),
    );
}

#[test]
fn a_store_that_does_not_exist() {
    let namespace = namespace("no-store", "SecretStore", "nowhere");
    check(
        &namespace,
        &pod(&namespace, "db"),
        "nowhere",
        expect![[r#"
        admission webhook "external-secrets.freshet.dev" denied the request: ExternalSecret db: spec.secretStoreRef.name: "nowhere": there is no such SecretStore
    "#]],
    );
}

#[test]
fn a_store_whose_conditions_leave_the_namespace_out() {
    let kubernetes = json!({ "kubernetes": { "mountPath": "kubernetes", "role": "demo" } });
    let conditions = json!({ "conditions": [
        { "namespaces": ["another"] },
        { "namespaceSelector": { "matchLabels": { "team": "a" } } },
    ]});
    store("", "ClusterSecretStore", "choosy", &conditions, &kubernetes);
    let namespace = namespace("left-out", "ClusterSecretStore", "choosy");
    let pod = pod(&namespace, "db");
    check(
        &namespace,
        &pod,
        "conditions",
        expect![[r#"
        admission webhook "external-secrets.freshet.dev" denied the request: ExternalSecret db: spec.secretStoreRef.name: "choosy": does not allow namespace NAMESPACE (spec.conditions)
    "#]],
    );
    // The label of a namespace counts as soon as it is there.
    let cluster = &shared().cluster;
    cluster
        .api
        .run(&["label", "namespace", &namespace, "team=a"], "");
    cluster.wait_for_pod(
        "the label",
        &pod,
        crate::support::external_secrets::is_served,
    );
}

#[test]
fn a_store_that_logs_in_by_app_role() {
    let namespace = namespace("app-role", "SecretStore", "by-app-role");
    let app_role = json!({ "appRole": {
        "path": "approle", "roleId": "demo", "secretRef": { "name": "s", "key": "k" },
    }});
    store(
        &namespace,
        "SecretStore",
        "by-app-role",
        &json!({}),
        &app_role,
    );
    check(
        &namespace,
        &pod(&namespace, "db"),
        "appRole",
        expect![[r#"
        admission webhook "external-secrets.freshet.dev" denied the request: SecretStore by-app-role: spec.provider.vault.auth.appRole: an AppRole, whose SecretID lies in a Secret, is not given to pods; a pod logs in as itself: use auth.kubernetes or auth.jwt with a service account, or leave the store to External Secrets (spec.controller)
    "#]],
    );
}

#[test]
fn what_only_a_secret_could_give() {
    let namespace = shared().example("no-volume");
    let mut pod = pod(&namespace, "mysql-credentials");
    pod["spec"]["volumes"] = json!([{ "name": "db", "emptyDir": {} }]);
    pod["spec"]["imagePullSecrets"] = json!([{ "name": "mysql-credentials" }]);
    check(
        &namespace,
        &pod,
        "imagePullSecrets",
        expect![[r#"
        admission webhook "external-secrets.freshet.dev" denied the request: spec.imagePullSecrets[0].name: "mysql-credentials": is the target of ExternalSecret my-db-credentials, which this pod would get as files: images are pulled before the pod exists; mount it as a volume and read the file, or leave its store to External Secrets
    "#]],
    );
}
