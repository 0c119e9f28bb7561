//! What can be said of an ExternalSecret without any pod.

use freshet::dialect::external_secret::{Claim, Standing};

use super::{EXTERNAL_SECRET, STORE, facts, lines};

/// How `db` stands with these manifests.
fn standing(manifests: &[&str], claim: Claim) -> Option<Standing> {
    let facts = facts(manifests, claim).external_secrets;
    let mut all = facts.external_secrets();
    let manifest = all.find(|manifest| manifest.name() == "db");
    facts.standing(manifest.expect("db"))
}

#[track_caller]
fn check(store: &str, external_secret: &str, want: &str) {
    let standing = standing(&[store, external_secret], Claim::All).expect("Freshet's");
    assert_eq!(lines(&standing.problems), want);
}

#[test]
fn what_is_right_has_no_problem_whoever_mounts_it() {
    check(STORE, EXTERNAL_SECRET, "");
    // Whether that account is the pod's can be said of a pod alone.
    let other = STORE.replace(
        "role: demo",
        "role: demo, serviceAccountRef: {name: somebody}",
    );
    check(&other, EXTERNAL_SECRET, "");
}

#[test]
fn what_is_wrong_names_object_and_field() {
    check(
        "",
        EXTERNAL_SECRET,
        "ExternalSecret db: spec.secretStoreRef.name: \"vault\": there is no such SecretStore",
    );
    check(
        &STORE.replace("path: secret", "path: secret\n      version: v3"),
        EXTERNAL_SECRET,
        "SecretStore vault: spec.provider.vault.version: \"v3\": must be v2 or v1",
    );
    let two = format!(
        "{EXTERNAL_SECRET}\n---\n{}",
        EXTERNAL_SECRET
            .replace("{name: db}", "{name: other}\n")
            .replace("  secretStoreRef", "  target: {name: db}\n  secretStoreRef")
    );
    check(
        STORE,
        &two,
        "spec.target.name: \"db\": is the target of ExternalSecret db and of other: give each a target of its own",
    );
    let conditions = STORE
        .replace("SecretStore", "ClusterSecretStore")
        .replace("spec:\n", "spec:\n  conditions: [{namespaces: [bank]}]\n");
    check(
        &conditions,
        &EXTERNAL_SECRET.replace("{name: vault}", "{name: vault, kind: ClusterSecretStore}"),
        "ExternalSecret db: spec.secretStoreRef.name: \"vault\": does not allow namespace shop (spec.conditions)",
    );
}

#[test]
fn heavy_functions_are_named() {
    let template = EXTERNAL_SECRET.replace(
        "  data:\n",
        "  target: {template: {data: {a: '{{ .password | bcrypt }}'}}}\n  data:\n",
    );
    let standing = standing(&[STORE, &template], Claim::All).expect("Freshet's");
    assert!(standing.heavy_functions.contains("bcrypt"));
}

#[test]
fn what_is_not_freshets_has_none() {
    assert_eq!(standing(&[STORE, EXTERNAL_SECRET], Claim::Freshet), None);
    let foreign = STORE.replace("spec:\n", "spec:\n  controller: somebody\n");
    assert_eq!(standing(&[&foreign, EXTERNAL_SECRET], Claim::All), None);
    let own = STORE.replace("spec:\n", "spec:\n  controller: freshet\n");
    assert!(standing(&[&own, EXTERNAL_SECRET], Claim::Freshet).is_some());
    // Somebody else may know it.
    assert_eq!(standing(&[EXTERNAL_SECRET], Claim::Freshet), None);
}
