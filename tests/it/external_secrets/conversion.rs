//! Volumes: what becomes of them, and how a later pass knows them again.

use expect_test::expect;
use freshet::dialect::external_secret::Claim;
use freshet::inject::{ClusterFacts, Decision, SkipReason};
use serde_json::{Value, json};

use super::{
    EXTERNAL_SECRET, POD, STORE, decision, facts, injected, injection, lines, sync_spec, yaml,
};

fn all() -> ClusterFacts {
    facts(&[STORE, EXTERNAL_SECRET], Claim::All)
}

#[test]
fn a_secret_volume_becomes_a_memory_volume_and_its_mounts_stay() {
    let pod = yaml(POD);
    let patched = injected(&pod, &all());
    let memory = json!({"name": "db", "emptyDir": {"medium": "Memory", "sizeLimit": "3Mi"}});
    assert_eq!(patched["spec"]["volumes"][0], memory);
    assert_eq!(patched["spec"]["containers"], pod["spec"]["containers"]);
    let refresher = &patched["spec"]["initContainers"][0];
    assert_eq!(
        refresher["volumeMounts"][0],
        json!({"name": "db", "mountPath": "/run/freshet/mounts/db"})
    );
    let note = &patched["metadata"]["annotations"]["freshet.dev/replaced-volumes"];
    assert_eq!(note, r#"[{"name":"db","secret":{"secretName":"db"}}]"#);
    expect![[r#"{"mounts":[{"mountPath":"/db","targets":[{"entries":[{"take":{"value":{"key":"password","property":"password","source":"secret/db?kv=2"}}}],"mode":"0644","name":"db"}],"volume":"db"}],"refreshInterval":"1h0m0s","version":1}"#]]
    .assert_eq(&sorted(sync_spec(&patched)).to_string());
}

/// With the keys in their order, whatever order the program keeps.
pub(super) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            entries.sort_by(|one, two| one.0.cmp(&two.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[test]
fn items_modes_and_optional_are_taken_over() {
    let mut pod = yaml(POD);
    pod["spec"]["volumes"][0]["secret"] = json!({
        "secretName": "db", "defaultMode": 0o440, "optional": true,
        "items": [{"key": "password", "path": "conf/pw", "mode": 0o400}, {"key": "user", "path": "user"}],
    });
    let mount = &sync_spec(&injected(&pod, &all()))["mounts"][0];
    assert_eq!(mount["optional"], true);
    let target = &mount["targets"][0];
    assert_eq!(
        (&target["mode"], &target["optional"]),
        (&json!("0440"), &json!(true))
    );
    let items = json!([
        {"key": "password", "path": "conf/pw", "mode": "0400"},
        {"key": "user", "path": "user"},
    ]);
    assert_eq!(target["items"], items);
}

#[test]
fn a_projected_volume_of_served_secrets_alone_becomes_one_of_memory() {
    let other = EXTERNAL_SECRET
        .replace("{name: db}", "{name: api}")
        .replace("key: db", "key: api");
    let facts = facts(&[STORE, EXTERNAL_SECRET, &other], Claim::All);
    let mut pod = yaml(POD);
    let source = |name: &str| json!({"secret": {"name": name}});
    let projected = json!({"name": "db", "projected": {"sources": [source("db"), source("api")], "defaultMode": 420}});
    pod["spec"]["volumes"][0] = projected;
    let targets = sync_spec(&injected(&pod, &facts))["mounts"][0]["targets"].clone();
    assert_eq!(
        (&targets[0]["name"], &targets[1]["name"]),
        (&json!("db"), &json!("api"))
    );
    let config = json!({"configMap": {"name": "conf"}});
    pod["spec"]["volumes"][0]["projected"]["sources"] =
        json!([source("db"), config, source("foreign")]);
    let Decision::Deny { problems, .. } = decision(&pod, &facts) else {
        panic!("mixed sources");
    };
    expect![[r#"
        spec.volumes[0].projected.sources[2].secret: cannot stay in a volume with the target of an ExternalSecret, which becomes a memory volume: give it a volume of its own
        spec.volumes[0].projected.sources[1]: cannot stay in a volume with the target of an ExternalSecret, which becomes a memory volume: give it a volume of its own"#]]
    .assert_eq(&lines(&problems));
}

#[test]
fn annotations_and_external_secrets_share_one_refresher() {
    let mut pod = yaml(POD);
    pod["metadata"]["annotations"] = json!({
        "freshet.dev/inject": "true", "freshet.dev/secret-api": "secret/api#key",
        "freshet.dev/refresh-interval": "5m",
    });
    let patched = injected(&pod, &all());
    let spec = sync_spec(&patched);
    assert_eq!(spec["refreshInterval"], "5m0s");
    let volumes = [&spec["mounts"][0]["volume"], &spec["mounts"][1]["volume"]];
    assert_eq!(volumes, ["db", "freshet-secrets"]);
    assert_eq!(spec["mounts"][0]["refreshInterval"], "1h0m0s");
    let mounts = &patched["spec"]["containers"][0]["volumeMounts"];
    assert_eq!(mounts[1]["mountPath"], "/secrets");
    assert_eq!(mounts.as_array().map(Vec::len), Some(2));
}

#[test]
fn config_maps_of_templates_are_mounted_in_the_refresher_alone() {
    let template = "  target:\n    template:\n      templateFrom:\n      - configMap: {name: conf, items: [{key: app.yaml}, {key: more, templateAs: KeysAndValues}]}\n";
    let with_template = format!("{EXTERNAL_SECRET}{template}");
    let patched = injected(&yaml(POD), &facts(&[STORE, &with_template], Claim::All));
    let volumes = patched["spec"]["volumes"].as_array().expect("volumes");
    let volume = volumes
        .iter()
        .find(|volume| volume["name"] == "freshet-templates");
    let items =
        json!([{"key": "app.yaml", "path": "conf/app.yaml"}, {"key": "more", "path": "conf/more"}]);
    let want = json!({"name": "freshet-templates", "projected": {"sources": [{"configMap": {"name": "conf", "items": items}}]}});
    assert_eq!(volume, Some(&want));
    let mounts = patched["spec"]["initContainers"][0]["volumeMounts"].to_string();
    assert!(mounts.contains("/run/freshet/templates"), "{mounts}");
}

#[test]
fn a_config_map_that_is_known_is_read_for_what_its_templates_need() {
    let template = "  target:\n    template:\n      templateFrom:\n      - configMap: {name: conf, items: [{key: app.conf}]}\n";
    let with_template = format!("{EXTERNAL_SECRET}{template}");
    let with = |text: &str| {
        let conf = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"},
            "data": {"app.conf": text, "other": "{{ broken"},
        });
        facts(&[STORE, &with_template, &conf.to_string()], Claim::All)
    };
    let image = |facts: &ClusterFacts| {
        let patched = injected(&yaml(POD), facts);
        patched["spec"]["initContainers"][0]["image"].to_string()
    };
    assert_eq!(image(&with("{{ .password | upper }}")), "\"slim:1\"");
    let heavy = with("{{ regexMatch `^a` .password }}");
    assert_eq!(image(&heavy), "\"full:1\"");
    let Decision::Deny { problems, .. } = decision(&yaml(POD), &with("{{ .password | uper }}"))
    else {
        panic!("not denied");
    };
    let want = expect![[
        r#"ConfigMap conf: data[app.conf]: template:1:16: at <uper>: function "uper" not defined in the table external-secrets"#
    ]];
    want.assert_eq(&lines(&problems));
}

#[test]
fn intervals_and_policies_decide_how_often_is_looked() {
    let check = |fields: &str, interval: &str, revision: Option<&str>| {
        let manifest = EXTERNAL_SECRET
            .replace("spec:\n", &format!("spec:\n{fields}"))
            .replace("{name: db}", "{name: db, annotations: {force-sync: now}}");
        let spec = sync_spec(&injected(
            &yaml(POD),
            &facts(&[STORE, &manifest], Claim::All),
        ));
        let own = spec["mounts"][0]["refreshInterval"].as_str();
        let found = own.or_else(|| spec["refreshInterval"].as_str());
        assert_eq!(found, Some(interval), "{fields}");
        assert_eq!(spec["mounts"][0]["revision"].as_str(), revision, "{fields}");
    };
    check("", "1h0m0s", Some("now"));
    check("  refreshInterval: 15s\n", "15s", Some("now"));
    check("  refreshInterval: '0'\n", "0s", Some("now"));
    check(
        "  refreshPolicy: Periodic\n  refreshInterval: 1h\n",
        "1h0m0s",
        Some("now"),
    );
    check("  refreshPolicy: OnChange\n", "0s", Some("now"));
    check("  refreshPolicy: CreatedOnce\n", "0s", None);
}

#[test]
fn a_pod_that_is_turned_off_or_uses_no_target_is_left_alone() {
    let skipped = |pod: &Value, facts: &ClusterFacts| match decision(pod, facts) {
        Decision::Skip { reason, warnings } => {
            assert_eq!(reason, SkipReason::NotAsked);
            lines(&warnings)
        }
        other => panic!("{other:?}"),
    };
    let mut pod = yaml(POD);
    pod["metadata"]["annotations"] = json!({"freshet.dev/inject": "false"});
    assert_eq!(skipped(&pod, &all()), "");
    let mut pod = yaml(POD);
    pod["spec"]["volumes"][0]["secret"]["secretName"] = json!("foreign");
    assert_eq!(skipped(&pod, &all()), "");
    // A store that is not claimed is External Secrets' to serve.
    let unclaimed = facts(&[STORE, EXTERNAL_SECRET], Claim::Freshet);
    assert_eq!(skipped(&yaml(POD), &unclaimed), "");
    let foreign = STORE.replace("spec:\n", "spec:\n  controller: other\n");
    assert_eq!(
        skipped(&yaml(POD), &facts(&[&foreign, EXTERNAL_SECRET], Claim::All)),
        ""
    );
    let ours = STORE.replace("spec:\n", "spec:\n  controller: freshet\n");
    injected(
        &yaml(POD),
        &facts(&[&ours, EXTERNAL_SECRET], Claim::Freshet),
    );
    expect!["spec.volumes[0]: db is the target of ExternalSecret db, whose store does not exist: nothing fills it"]
        .assert_eq(&skipped(&yaml(POD), &facts(&[EXTERNAL_SECRET], Claim::Freshet)));
}

#[test]
fn mounts_that_behave_otherwise_than_before_are_warned_about() {
    let mut pod = yaml(POD);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([
        {"name": "db", "mountPath": "/db"},
        {"name": "db", "mountPath": "/etc/pw", "subPath": "password", "readOnly": true},
    ]);
    pod["spec"]["volumes"][0]["secret"]["defaultMode"] = json!(0o400);
    pod["spec"]["securityContext"] = json!({"runAsUser": 1000});
    pod["spec"]["containers"][0]["securityContext"] = json!({"runAsUser": 2000});
    let warnings = lines(&injection(&pod, &all()).warnings);
    expect![[r#"
        spec.containers[0].volumeMounts[0].readOnly: should be true: a volume of a Secret is always read-only, the memory volume in its place is not
        spec.containers[0].volumeMounts[1].subPath: a file that is mounted by subPath never changes after the container has started: mount the directory to follow rotations"#]]
    .assert_eq(&warnings);
}

#[test]
fn when_the_external_secret_is_gone_a_later_pass_restores_the_volume() {
    let mut pod = yaml(POD);
    pod["metadata"]["annotations"] = json!({
        "freshet.dev/inject": "true", "freshet.dev/secret-api": "secret/api#key",
        "freshet.dev/vault-address": "https://vault.vault:8200",
    });
    let patched = injected(&pod, &all());
    let mut later = patched.clone();
    let none = facts(
        &[
            STORE,
            &EXTERNAL_SECRET.replace("{name: db}", "{name: other}"),
        ],
        Claim::All,
    );
    json_patch::patch(&mut later, &injection(&patched, &none).patch).expect("the patch applies");
    assert_eq!(later["spec"]["volumes"][0], pod["spec"]["volumes"][0]);
    // A note about a volume that somebody made another one since counts for nothing.
    let mut changed = patched;
    changed["spec"]["volumes"][0] = json!({"name": "db", "emptyDir": {}});
    let mut again = changed.clone();
    json_patch::patch(&mut again, &injection(&changed, &all()).patch).expect("the patch applies");
    assert_eq!(again["spec"]["volumes"][0], changed["spec"]["volumes"][0]);
}
