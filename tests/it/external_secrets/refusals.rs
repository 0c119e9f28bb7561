//! What cannot be served from inside of a pod, or is no manifest: all of it at once, with the way out.

use expect_test::{Expect, expect};
use freshet::dialect::external_secret::Claim;
use freshet::inject::Decision;
use serde_json::json;

use super::{EXTERNAL_SECRET, POD, STORE, decision, facts, lines, yaml};

#[track_caller]
fn check(manifests: &[&str], pod: &str, want: Expect) {
    match decision(&yaml(pod), &facts(manifests, Claim::All)) {
        Decision::Deny { problems, .. } => want.assert_eq(&lines(&problems)),
        other => panic!("not denied: {other:?}"),
    }
}

/// The ExternalSecret with this `spec`.
#[track_caller]
fn check_spec(spec: &str, want: Expect) {
    let (head, _) = EXTERNAL_SECRET.split_once("spec:\n").expect("a spec");
    check(&[STORE, &format!("{head}spec:\n{spec}")], POD, want);
}

#[test]
fn every_field_about_store_and_target_is_known_or_told() {
    check_spec(
        "  secretStoreRef: {name: vault, kind: Store, nam: x}
  refreshInterval: often
  refreshPolicy: Sometimes
  syncWindows: [{kind: allow}]
  target:
    creationPolicy: Merge
    deletionPolicy: Keep
    manifest: {apiVersion: v1, kind: ConfigMap}
    template:
      engineVersion: v1
      metadata: {labels: {a: '{{ .x | nope }}'}}
      data: {conf: '{{ .a', n: 1}
      templateFrom:
      - secret: {name: s, items: [{key: k}]}
      - {literal: '{{', target: spec.data}
      - configMap: {name: conf, items: [{templateAs: Keys}]}
  data: [{secretKey: d, remoteRef: {key: x}}]
",
        expect![[r#"
            ExternalSecret db: spec.secretStoreRef.kind: "Store": must be SecretStore or ClusterSecretStore
            ExternalSecret db: spec.secretStoreRef.nam: unknown: did you mean name?
            ExternalSecret db: spec.refreshInterval: "often": must be a duration, e.g. 30s, 5m or 1h30m
            ExternalSecret db: spec.refreshPolicy: "Sometimes": must be Periodic, CreatedOnce or OnChange
            ExternalSecret db: spec.syncWindows: is not served: pods look at Vault at any time; leave the field out, or set refreshPolicy: OnChange
            ExternalSecret db: spec.target.creationPolicy: "Merge": the rest of the Secret comes from elsewhere and cannot be served: give the ExternalSecret a target of its own (creationPolicy: Owner), or leave its store to External Secrets
            ExternalSecret db: spec.target.deletionPolicy: "Keep": must be Retain, Delete or Merge
            ExternalSecret db: spec.target.manifest: another object than a Secret is not served: leave the store to External Secrets
            ExternalSecret db: spec.target.template.engineVersion: "v1": must be v2
            ExternalSecret db: spec.target.template.metadata.labels[a]: template:1:9: at <nope>: function "nope" not defined in the table external-secrets
            ExternalSecret db: spec.target.template.data[n]: must be text
            ExternalSecret db: spec.target.template.data[conf]: template:1:1: at <{{>: unclosed action
            ExternalSecret db: spec.target.template.templateFrom[0].secret: templates from a Secret are not given to pods: put the text into a ConfigMap of the namespace
            ExternalSecret db: spec.target.template.templateFrom[1].target: "spec.data": must be Data, Annotations or Labels
            ExternalSecret db: spec.target.template.templateFrom[1].literal: template:1:1: at <{{>: unclosed action
            ExternalSecret db: spec.target.template.templateFrom[2].configMap.items[0].key: missing
            ExternalSecret db: spec.target.template.templateFrom[2].configMap.items[0].templateAs: "Keys": must be Values or KeysAndValues"#]],
    );
}

#[test]
fn every_field_of_an_entry_is_known_or_told() {
    check_spec(
        "  secretStoreRef: {name: vault}
  data:
  - {secretKey: a/b, remoteRef: {key: x, property: a.@keys, version: latest, decodingStrategy: Base32, nullBytePolicy: Warn, conversionStrategy: None, metadataPolicy: Get, prop: a}}
  - {secretKey: c, remotRef: {key: x}}
  - {secretKey: d, remoteRef: {key: x}}
  - {secretKey: d, remoteRef: {key: x}}
  dataFrom:
  - {extract: {key: x}, find: {name: {regexp: a}}}
  - {find: {path: x}}
  - {find: {name: {regexp: '('}}, rewrite: [{regexp: {source: '[', target: x}, transform: {template: x}}, {transform: {template: '{{'}}, {merge: {strategy: JSON}}]}
  - {sourceRef: {generatorRef: {kind: Password, name: x}}}
",
        expect![[r#"
            ExternalSecret db: spec.dataFrom[0]: must have either extract or find
            ExternalSecret db: spec.dataFrom[1].find: must have either name or tags
            ExternalSecret db: spec.dataFrom[2].rewrite[0].regexp.source: "[": missing closing ] in the regular expression
            ExternalSecret db: spec.dataFrom[2].rewrite[0]: must have one of merge, regexp and transform
            ExternalSecret db: spec.dataFrom[2].rewrite[1].transform.template: template:1:1: at <{{>: unclosed action
            ExternalSecret db: spec.dataFrom[2].rewrite[2].merge.into: missing: strategy JSON needs the key of the joined object
            ExternalSecret db: spec.dataFrom[2].find.name.regexp: "(": the regular expression is not valid, or too large
            ExternalSecret db: spec.dataFrom[3].sourceRef.generatorRef: generators are not run for pods: leave the store to External Secrets, or make the value with a template (randAlphaNum, genPrivateKey …)
            ExternalSecret db: spec.data[0].secretKey: "a/b": must be letters, digits, "-", "_" and ".", at most 253, and not begin with ".."
            ExternalSecret db: spec.data[0].remoteRef.decodingStrategy: "Base32": must be None, Base64, Base64URL or Auto
            ExternalSecret db: spec.data[0].remoteRef.nullBytePolicy: "Warn": must be Ignore or Fail
            ExternalSecret db: spec.data[0].remoteRef.conversionStrategy: "None": must be Default or Unicode
            ExternalSecret db: spec.data[0].remoteRef.property: "a.@keys": has the modifier @keys, which is not offered: take the value as it is and write it with a template, e.g. {{ .key | fromJson }}
            ExternalSecret db: spec.data[0].remoteRef.metadataPolicy: "Get": must be None or Fetch
            ExternalSecret db: spec.data[0].remoteRef.version: "latest": must be the number of a version, e.g. 3
            ExternalSecret db: spec.data[0].remoteRef.prop: unknown: this release of Freshet does not know the field
            ExternalSecret db: spec.data[1].remoteRef: missing
            ExternalSecret db: spec.data[1].remotRef: unknown: did you mean remoteRef?
            ExternalSecret db: spec.data[3].secretKey: "d": stands there twice"#]],
    );
}

#[test]
fn an_external_secret_needs_something_to_fetch_and_a_store() {
    check_spec(
        "  secretStoreRef: {name: vault}\n",
        expect![
            "ExternalSecret db: spec.data: missing: either data or dataFrom should be specified"
        ],
    );
    check_spec(
        "  data: [{secretKey: a, remoteRef: {key: x}}]\n  secretStoreRef: {name: other}\n",
        expect![[
            r#"ExternalSecret db: spec.secretStoreRef.name: "other": there is no such SecretStore"#
        ]],
    );
    check_spec(
        "  data: [{secretKey: a, remoteRef: {key: x}, sourceRef: {storeRef: {name: vault}}}, {secretKey: b, remoteRef: {key: other}}]\n",
        expect!["ExternalSecret db: spec.secretStoreRef: missing"],
    );
}

#[test]
fn keys_that_are_no_places_are_told_with_the_stores_rule() {
    let store = STORE.replace("      path: secret\n", "");
    let manifest = EXTERNAL_SECRET.replace("key: db, ", "key: db, metadataPolicy: Fetch, ");
    check(
        &[&store, &manifest],
        POD,
        expect![[
            r#"ExternalSecret db: spec.data[0].remoteRef.key: "db": must be MOUNT/data/NAME, because the store names no path and the metadata lies beside the data"#
        ]],
    );
    check(
        &[&store, EXTERNAL_SECRET],
        POD,
        expect![[
            r#"ExternalSecret db: spec.data[0].remoteRef.key: "db": must begin with the mount of the engine, because the store names no path"#
        ]],
    );
    let store = STORE.replace("path: secret\n", "path: secret\n      version: v1\n");
    let manifest = EXTERNAL_SECRET.replace(
        "key: db, ",
        "key: db, version: '3', metadataPolicy: Fetch, ",
    ) + "  dataFrom: [{find: {tags: {a: b}}}]\n";
    check(
        &[&store, &manifest],
        POD,
        expect![[r#"
        ExternalSecret db: spec.dataFrom[0].find.tags: needs metadata, which only stores of version v2 have
        ExternalSecret db: spec.data[0].remoteRef.version: needs versions, which only stores of version v2 have
        ExternalSecret db: spec.data[0].remoteRef.key: "db": has no metadata: the store is of version v1, and only v2 keeps any"#]],
    );
    let traversal = EXTERNAL_SECRET.replace("key: db, ", "key: ../db, ");
    check(
        &[STORE, &traversal],
        POD,
        expect![[
            r#"ExternalSecret db: spec.data[0].remoteRef.key: "../db": must not contain "//", "." or "..""#
        ]],
    );
}

#[test]
fn image_pull_secrets_cannot_be_served_from_files() {
    let mut pod = yaml(POD);
    pod["spec"]["imagePullSecrets"] = json!([{"name": "db"}]);
    check(
        &[STORE, EXTERNAL_SECRET],
        &pod.to_string(),
        expect![[r#"
            spec.imagePullSecrets[0].name: "db": is the target of ExternalSecret db, which this pod would get as files: images are pulled before the pod exists; mount it as a volume and read the file, or leave its store to External Secrets"#]],
    );
    // Without a volume of it, too: the pod would never start.
    pod["spec"]["volumes"] = json!([]);
    let Decision::Deny { problems, .. } =
        decision(&pod, &facts(&[STORE, EXTERNAL_SECRET], Claim::All))
    else {
        panic!("it uses the target");
    };
    assert_eq!(problems.len(), 1);
}

#[test]
fn one_secret_has_one_maker() {
    let second = EXTERNAL_SECRET.replace("{name: db}", "{name: other}") + "  target: {name: db}\n";
    check(
        &[STORE, EXTERNAL_SECRET, &second],
        POD,
        expect![[
            r#"spec.volumes[0].secret: "db": is the target of ExternalSecret db and of other: give each a target of its own"#
        ]],
    );
}

#[test]
fn modes_and_items_that_no_file_can_have_are_told() {
    let mut pod = yaml(POD);
    pod["spec"]["volumes"][0]["secret"] = json!({
        "secretName": "db", "defaultMode": 0o040,
        "items": [{"key": "a", "path": "../a"}, {"path": "b", "mode": 0o4755}],
    });
    check(
        &[STORE, EXTERNAL_SECRET],
        &pod.to_string(),
        expect![[r#"
        spec.volumes[0].secret.defaultMode: "0040": must let the owner read the file, e.g. 0400
        spec.volumes[0].secret.items[0].path: "../a": must not have an empty part, "." or a part that begins with ".."
        spec.volumes[0].secret.items[1].key: missing
        spec.volumes[0].secret.items[1].mode: "4755": must be at most 0777: set-user-id, set-group-id and sticky have no use on a secret"#]],
    );
}

#[test]
fn a_name_of_ours_is_taken_by_no_volume() {
    let pod = POD.replace("name: db", "name: freshet-secrets");
    let pod = pod.replace("secretName: freshet-secrets", "secretName: db");
    check(
        &[STORE, EXTERNAL_SECRET],
        &pod,
        expect![[r#"
        spec.volumes[0].name: "freshet-secrets": is the name of a volume that is added: rename this one
        spec.containers[0].volumeMounts[0].name: "freshet-secrets": is the name of a volume that is added, with its mounts: remove this one, or rename the volume
        spec.containers[0].volumeMounts[0].mountPath: "/db": overlaps /db, where the secrets are mounted: move it, or set freshet.dev/mount-path"#]],
    );
}

#[test]
fn what_needs_the_full_refresher_says_so() {
    let manifest = EXTERNAL_SECRET.to_owned() + "  dataFrom: [{find: {name: {regexp: x}}}]\n";
    let facts = facts(&[STORE, &manifest], Claim::All);
    let pod = yaml(POD);
    let request = freshet::inject::Request {
        namespace: "shop",
        operation: freshet::inject::Operation::Create,
        pod: &pod,
    };
    let slim = freshet::inject::Defaults::usual("slim:1");
    let Decision::Deny { problems, .. } = freshet::inject::decide(&request, &slim, &facts) else {
        panic!("no image for it");
    };
    expect!["metadata.annotations: a regular expression in dataFrom needs the full refresher: name its image to the webhook with --refresher-full-image, or do without"].assert_eq(&lines(&problems));
    let patched = super::injected(&pod, &facts);
    assert_eq!(patched["spec"]["initContainers"][0]["image"], "full:1");
}
