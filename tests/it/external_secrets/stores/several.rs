//! Stores of different logins in one pod, and annotations beside a store.

use expect_test::expect;
use freshet::dialect::external_secret::Claim;
use freshet::inject::Decision;
use serde_json::{Value, json};

use crate::external_secrets::{
    EXTERNAL_SECRET, POD, STORE, arguments, decision, defaults, facts, injected, lines, sync_spec,
    yaml,
};

/// A second store, and an ExternalSecret that takes a key from each.
fn two_stores(change: impl Fn(String) -> String) -> (String, String) {
    let second = change(STORE.replace("{name: vault}", "{name: other}"));
    let manifest = EXTERNAL_SECRET.to_owned()
        + "  - {secretKey: b, remoteRef: {key: x}, sourceRef: {storeRef: {name: other}}}\n"
        + "  dataFrom:\n  - {find: {name: {regexp: x}}, sourceRef: {storeRef: {name: other}}}\n";
    (second, manifest)
}

/// The secrets that a pod is served, in the order of the entries.
fn sources(pod: &Value) -> Vec<String> {
    let spec = sync_spec(pod);
    let entries = spec["mounts"][0]["targets"][0]["entries"].as_array();
    let entries = entries.expect("entries").iter().map(|entry| {
        let take = entry["take"].as_object().expect("an object");
        let take = take.values().next().expect("a variant");
        let source = take.get("source").or_else(|| take.get("folder"));
        source.and_then(Value::as_str).expect("a text").to_owned()
    });
    entries.collect()
}

#[test]
fn each_store_of_another_login_is_a_profile() {
    let (second, manifest) = two_stores(|store| {
        store.replace("role: demo", "role: more").replace(
            "https://vault.vault:8200",
            "https://other:8200\n      namespace: team",
        )
    });
    let manifests = facts(&[STORE, &second, &manifest], Claim::All);
    let patched = injected(&yaml(POD), &manifests);
    expect![[r#"
        store-other:secret?kv=2&part=list
        secret/db?kv=2
        store-other:secret/x?kv=2"#]]
    .assert_eq(&sources(&patched).join("\n"));
    expect![[r#"
        run
        --vault-address=https://vault.vault:8200
        --auth-type=kubernetes
        --auth-path=kubernetes
        --role=demo
        --mount=db=/run/freshet/mounts/db
        --profile=store-other
        --vault-address=https://other:8200
        --vault-namespace=team
        --auth-type=kubernetes
        --auth-path=kubernetes
        --role=more
        --metrics-address=[::]:9102"#]]
    .assert_eq(&arguments(&patched));
    assert_eq!(sync_spec(&patched)["version"], 2);

    // The annotations come before all stores: what they make alike is one login.
    let (second, manifest) = two_stores(|store| store.replace("role: demo", "role: more"));
    let manifests = facts(&[STORE, &second, &manifest], Claim::All);
    let mut pod = yaml(POD);
    pod["metadata"]["annotations"] = json!({"freshet.dev/role": "one"});
    let patched = injected(&pod, &manifests);
    let arguments = arguments(&patched);
    assert!(arguments.contains("--role=one") && !arguments.contains("--profile"));
    assert!(sources(&patched).iter().all(|source| !source.contains(':')));
    assert_eq!(sync_spec(&patched)["version"], 1);

    pod["metadata"]["annotations"] = json!({
        "freshet.dev/inject": "true",
        "freshet.dev/vault-address": "https://vault.vault:8200",
        "freshet.dev/secret-x": "store-vault:secret/x",
        "freshet.dev/secret-y": "store-other:secret/x",
        "freshet.dev/vault-store-vault-role": "a",
        "freshet.dev/vault-store-other-role": "a",
    });
    let Decision::Deny { problems, .. } = decision(&pod, &manifests) else {
        panic!("a profile of two");
    };
    expect![[r#"metadata.annotations: "store-other" is the profile of SecretStore other: call the annotations' own otherwise"#]].assert_eq(&lines(&problems));
}

#[test]
fn annotations_that_mean_another_vault_than_the_store_are_refused() {
    let mut defaults = defaults();
    defaults.dialect.vault_address = Some("https://elsewhere:8200".parse().expect("an address"));
    let mut pod = yaml(POD);
    pod["metadata"]["annotations"] =
        json!({"freshet.dev/inject": "true", "freshet.dev/secret-x": "secret/x"});
    let facts = facts(&[STORE, EXTERNAL_SECRET], Claim::All);
    let request = freshet::inject::Request {
        namespace: "shop",
        operation: freshet::inject::Operation::Create,
        pod: &pod,
    };
    let Decision::Deny { problems, .. } = freshet::inject::decide(&request, &defaults, &facts)
    else {
        panic!("two Vaults");
    };
    expect!["metadata.annotations[freshet.dev/vault-address]: missing: the annotations mean the webhook's Vault, https://elsewhere:8200, and SecretStore vault means https://vault.vault:8200: name the one that the annotations mean, and read from another with a profile"].assert_eq(&lines(&problems));
}

#[test]
fn a_pod_may_log_in_otherwise_than_its_store_says() {
    let manifests = facts(&[STORE, EXTERNAL_SECRET], Claim::All);
    let mut pod = yaml(POD);
    pod["metadata"]["annotations"] = json!({
        "freshet.dev/auth-type": "approle", "freshet.dev/approle-secret": "ids",
    });
    let patched = injected(&pod, &manifests);
    // The store's role and audience are those of a service account's token.
    let want = "run\n--vault-address=https://vault.vault:8200\n--auth-type=approle\n\
                --auth-path=approle\n--approle-dir=/run/freshet/approle\n--mount=";
    let found = arguments(&patched);
    assert!(found.starts_with(want), "{found}");
    let volumes = patched["spec"]["volumes"].to_string();
    assert!(!volumes.contains("serviceAccountToken"), "{volumes}");
}
