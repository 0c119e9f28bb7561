//! The kinds that the chart installs.

use serde_json::{Value, json};

use crate::support::helm::{CHART, helm};
use crate::support::process::wait_for;
use crate::support::release::Release;

const INSTALL: &str = "--set=externalSecrets.enabled=true,externalSecrets.installCRDs=true";
const KINDS: [&str; 3] = ["externalsecrets", "secretstores", "clustersecretstores"];

#[test]
fn the_chart_installs_its_own_kinds_again_and_never_takes_anothers() {
    let release = Release::install(&[INSTALL]);
    let definition = |plural: &str| format!("crd/{plural}.external-secrets.io");
    for plural in KINDS {
        let args = ["wait", "--for=condition=Established", &definition(plural)];
        release.api.run(&args, "");
        // Nothing of the schema is dropped or disputed.
        let found = release.api.get("default", "crd", &definition(plural)[4..]);
        let condition = |kind: &str| {
            let conditions = found["status"]["conditions"]
                .as_array()
                .expect("conditions");
            let found = conditions
                .iter()
                .find(|condition| condition["type"] == kind);
            found.map_or(Value::Null, |condition| condition["status"].clone())
        };
        assert_eq!(condition("NonStructuralSchema"), Value::Null, "{found}");
    }
    release.upgrade(&[INSTALL]);
    // They outlive the release, and the next one goes on with them.
    release.uninstall();
    for plural in KINDS {
        release.api.run(&["get", &definition(plural)], "");
    }
    let args = [
        "upgrade",
        "--install",
        "freshet",
        CHART,
        "--namespace=freshet",
        INSTALL,
    ];
    let again = helm(Some(&release.api.kubeconfig), &args);
    assert!(again.ok, "{}", again.stderr);
    release.uninstall();
    for plural in KINDS {
        release.api.run(&["delete", &definition(plural)], "");
    }
    wait_for("the kinds to be gone", || {
        (!release
            .api
            .kubectl(&["get", &definition("secretstores")], "")
            .ok)
            .then_some(())
    });
    refuse_anothers(&release, &args);
}

/// Where a kind is External Secrets' own, the chart leaves it alone.
#[track_caller]
fn refuse_anothers(release: &Release, install: &[&str]) {
    release.api.apply(&json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "secretstores.external-secrets.io" },
        "spec": {
            "group": "external-secrets.io", "scope": "Namespaced",
            "names": { "kind": "SecretStore", "plural": "secretstores", "singular": "secretstore", "listKind": "SecretStoreList" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    }));
    let refused = helm(Some(&release.api.kubeconfig), install);
    assert!(!refused.ok);
    let why = "externalSecrets.installCRDs: the CustomResourceDefinition secretstores.external-secrets.io exists and is not Freshet's";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    release
        .api
        .run(&["delete", "crd/secretstores.external-secrets.io"], "");
}

#[test]
fn an_object_that_cannot_be_is_refused_and_what_is_unknown_stays() {
    let cluster = &super::shared().cluster;
    let namespace = cluster.api.namespace("schema", &[]);
    let object = |interval: Value, more: Value| {
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": { "name": "db", "namespace": namespace },
            "spec": {
                "secretStoreRef": { "name": "vault" }, "refreshInterval": interval, "fromTomorrow": more,
                "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
            },
        })
    };
    let create = |object: &Value| {
        cluster
            .api
            .kubectl(&["create", "-f", "-"], &object.to_string())
    };
    let refused = create(&object(json!(15), json!(null)));
    assert!(
        refused
            .stderr
            .contains("spec.refreshInterval: Invalid value"),
        "{}",
        refused.stderr
    );
    let created = create(&object(json!("15s"), json!({ "a": [1] })));
    assert!(created.ok, "{}", created.stderr);
    let stored = cluster.api.get(
        &namespace,
        "externalsecrets.v1beta1.external-secrets.io",
        "db",
    );
    assert_eq!(stored["spec"]["fromTomorrow"], json!({ "a": [1] }));
    assert_eq!(
        stored["spec"].as_object().map(|spec| spec.len()),
        Some(4),
        "no defaults: {stored}"
    );
}
