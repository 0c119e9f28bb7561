//! Variables of Secrets that nobody writes: containers start through `exec`, which has them.

use expect_test::{Expect, expect};
use freshet::dialect::external_secret::Claim;
use freshet::inject::{ClusterFacts, Decision};
use serde_json::{Value, json};

use super::conversion::sorted;
use super::{EXTERNAL_SECRET, STORE, decision, facts, injected, injection, lines, sync_spec, yaml};

const POD: &str = "\
metadata: {name: app}
spec:
  containers:
  - name: app
    image: app:1
    command: [/app, '--url=$(URL)', $(HOME)]
    args: [$(PASSWORD), $$(PASSWORD), $(OTHER)]
    env:
    - {name: OTHER, value: x}
    - name: PASSWORD
      valueFrom: {secretKeyRef: {name: db, key: password}}
    - name: USER
      valueFrom: {secretKeyRef: {name: db, key: user, optional: true}}
    - name: URL
      value: 'db://$(PASSWORD)@$(HOST)'
    - name: FOREIGN
      valueFrom: {secretKeyRef: {name: foreign, key: x}}
  - name: other
    image: other:1
";

fn all() -> ClusterFacts {
    facts(&[STORE, EXTERNAL_SECRET], Claim::All)
}

/// The items of a list, one a line.
#[track_caller]
fn shown(list: Value, expected: Expect) {
    let items = list.as_array().cloned().expect("a list");
    let lines: Vec<_> = items
        .into_iter()
        .map(|item| sorted(item).to_string())
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_container_takes_keys_of_a_target_through_exec() {
    let pod = yaml(POD);
    let patched = injected(&pod, &all());
    let container = &patched["spec"]["containers"][0];
    shown(
        json!([
            container["command"],
            container["args"],
            container["env"],
            container["volumeMounts"]
        ]),
        expect![[r#"
            ["/run/freshet/program/freshet-refresher","exec","--env-dir=/run/freshet/environment","--","/app","--url=$(URL)","$(HOME)"]
            ["$(freshet.dev/PASSWORD)","$$(PASSWORD)","$(OTHER)"]
            [{"name":"OTHER","value":"x"},{"name":"PASSWORD","valueFrom":{"secretKeyRef":{"key":"password","name":"db","optional":true}}},{"name":"USER","valueFrom":{"secretKeyRef":{"key":"user","name":"db","optional":true}}},{"name":"URL","value":"db://$(freshet.dev/PASSWORD)@$(HOST)"},{"name":"FOREIGN","valueFrom":{"secretKeyRef":{"key":"x","name":"foreign"}}}]
            [{"mountPath":"/run/freshet/program","name":"freshet-program","readOnly":true},{"mountPath":"/run/freshet/environment","name":"freshet-environment-1","readOnly":true}]"#]],
    );
    let notes = &patched["metadata"]["annotations"]["freshet.dev/optional-variables"];
    assert_eq!(notes, r#"{"app":["env/PASSWORD"]}"#);
    assert_eq!(
        patched["spec"]["containers"][1],
        pod["spec"]["containers"][1]
    );
    shown(
        sync_spec(&patched)["mounts"].take(),
        expect![[
            r#"{"environment":true,"mountPath":"/run/freshet/environment","targets":[{"entries":[{"take":{"value":{"key":"password","property":"password","source":"secret/db?kv=2"}}}],"items":[{"key":"password","path":"PASSWORD"}],"mode":"0644","name":"db"},{"entries":[{"take":{"value":{"key":"password","property":"password","source":"secret/db?kv=2"}}}],"items":[{"key":"user","path":"USER"}],"mode":"0644","name":"db","optional":true}],"volume":"freshet-environment-1"}"#
        ]],
    );
}

#[test]
fn all_keys_of_a_target_become_variables_but_for_those_that_env_names() {
    let mut pod = yaml(POD);
    pod["spec"]["containers"][0]["envFrom"] = json!([
        {"configMapRef": {"name": "conf"}},
        {"prefix": "DB_", "secretRef": {"name": "db"}},
    ]);
    let patched = injected(&pod, &all());
    let container = &patched["spec"]["containers"][0];
    shown(
        json!([
            container["command"],
            container["args"],
            container["envFrom"],
            container["env"][3]
        ]),
        expect![[r#"
            ["/run/freshet/program/freshet-refresher","exec","--env-dir=/run/freshet/environment","--","/app","--url=$(URL)","$(freshet.dev/HOME)"]
            ["$(freshet.dev/PASSWORD)","$$(PASSWORD)","$(OTHER)"]
            [{"configMapRef":{"name":"conf"}},{"prefix":"DB_","secretRef":{"name":"db","optional":true}}]
            {"name":"URL","value":"db://$(freshet.dev/PASSWORD)@$(freshet.dev/HOST)"}"#]],
    );
    let targets = &sync_spec(&patched)["mounts"][0]["targets"];
    let all = &targets[0]["variables"];
    assert_eq!(all["prefix"], "DB_");
    assert_eq!(all["except"], json!(["FOREIGN", "OTHER", "URL"]));
    assert_eq!(targets[1]["items"][0]["path"], "PASSWORD");
    assert_eq!(lines(&injection(&pod, &self::all()).warnings), "");
    let list = pod["spec"]["containers"][0]["envFrom"].as_array_mut();
    list.expect("a list").reverse();
    expect!["spec.containers[0].envFrom[1]: comes after the target of an ExternalSecret, db, and yet a variable that both have is taken from that: put it before, or give one of the two a prefix"].assert_eq(&lines(&injection(&pod, &self::all()).warnings));
}

#[test]
fn a_container_that_may_do_without_starts_without() {
    let mut pod = yaml(POD);
    let container = &mut pod["spec"]["containers"][0];
    container["env"] = json!([]);
    container["envFrom"] = json!([{"secretRef": {"name": "db", "optional": true}}]);
    let patched = injected(&pod, &all());
    let mount = &sync_spec(&patched)["mounts"][0];
    assert_eq!(
        (&mount["optional"], &mount["environment"]),
        (&json!(true), &json!(true))
    );
    let container = &patched["spec"]["containers"][0];
    assert_eq!(container["command"][3], "--env-optional");
    let annotations = &patched["metadata"]["annotations"];
    assert_eq!(annotations["freshet.dev/optional-variables"], Value::Null);
}

#[test]
fn without_a_command_the_ways_out_are_named() {
    let mut pod = yaml(POD);
    let container = pod["spec"]["containers"][0].as_object_mut();
    container.expect("an object").remove("command");
    let Decision::Deny { problems, .. } = decision(&pod, &all()) else {
        panic!("not denied");
    };
    expect![[r#"spec.containers[0].command: missing, and what starts with variables of a Secret that nobody writes, db, must be known without asking a registry: write it here or as freshet.dev/command-app: '["/app", "--flag"]', or mount db as a volume and read its files"#]].assert_eq(&lines(&problems));
    pod["metadata"]["annotations"] = json!({"freshet.dev/command-app": "[\"/app\"]"});
    let patched = injected(&pod, &all());
    assert_eq!(patched["spec"]["containers"][0]["command"][4], "/app");
}

#[test]
fn annotated_variables_and_those_of_targets_stand_side_by_side() {
    let mut pod = yaml(POD);
    pod["spec"]["containers"][1]["command"] = json!(["/other"]);
    pod["metadata"]["annotations"] = json!({
        "freshet.dev/inject": "true", "freshet.dev/env-API_KEY": "secret/api#key",
    });
    let patched = injected(&pod, &all());
    let mounts = &sync_spec(&patched)["mounts"];
    let names = |mount: &Value| {
        let names = mount["files"].as_array().into_iter().flatten();
        let names: Vec<_> = names.filter_map(|file| file["name"].as_str()).collect();
        (
            names.join(" "),
            mount["targets"].as_array().map_or(0, Vec::len),
        )
    };
    assert_eq!(
        [names(&mounts[0]), names(&mounts[1])],
        [("API_KEY".to_owned(), 2), ("API_KEY".to_owned(), 0)]
    );
    pod["metadata"]["annotations"]["freshet.dev/env-PASSWORD"] = json!("secret/api#key");
    let Decision::Deny { problems, .. } = decision(&pod, &all()) else {
        panic!("not denied");
    };
    expect![[r#"spec.containers[0].env[1].name: "PASSWORD": is also freshet.dev/env-PASSWORD: remove one of the two"#]].assert_eq(&lines(&problems));
}

#[test]
fn a_target_that_is_nobodys_any_more_is_left_to_kubelet_again() {
    let mut pod = yaml(POD);
    pod["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "db", "mountPath": "/db", "readOnly": true}]);
    pod["spec"]["volumes"] = json!([{"name": "db", "secret": {"secretName": "api"}}]);
    let api = EXTERNAL_SECRET
        .replace("{name: db}", "{name: api}")
        .replace("key: db", "key: api");
    let both = facts(&[STORE, EXTERNAL_SECRET, &api], Claim::All);
    let patched = injected(&pod, &both);
    let one = facts(&[STORE, &api], Claim::All);
    let mut later = patched.clone();
    let again = injection(&patched, &one);
    json_patch::patch(&mut later, &again.patch).expect("the patch applies");
    for field in ["command", "args", "env"] {
        let container = &pod["spec"]["containers"][0];
        assert_eq!(later["spec"]["containers"][0][field], container[field]);
    }
}
