//! Cases beside the recorded ones, of the same kinds: what the injector's rules say of them.

use freshet::cli::facts::facts;
use freshet::inject::{Decision, Operation};
use serde_json::{Value, json};

use super::decision;
use crate::cli::freshet;

/// A pod with these annotations beside the three that most have.
pub(super) fn pod(annotations: &[(&str, &str)]) -> Value {
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "shop", "annotations": {
            "vault.hashicorp.com/agent-inject": "true",
            "vault.hashicorp.com/role": "shop",
        }},
        "spec": {
            "serviceAccountName": "shop",
            "containers": [{"name": "web", "image": "web:1"}],
        },
    });
    for (word, value) in annotations {
        let key = match word.contains('/') {
            true => (*word).to_owned(),
            false => format!("vault.hashicorp.com/{word}"),
        };
        pod["metadata"]["annotations"][key] = (*value).into();
    }
    pod
}

pub(super) fn ours(pod: &Value) -> Value {
    facts(pod, &decision(pod, "shop", Operation::Create)).expect("facts")
}

#[track_caller]
pub(super) fn config(annotations: &[(&str, &str)]) -> Value {
    let mut ours = ours(&pod(annotations));
    assert_eq!(ours["allowed"], true, "{}", ours["message"]);
    let injected = ours["facts"]["injected"].as_object_mut();
    let mut injected = injected.expect("facts").values_mut();
    injected.next().expect("a container")["config"].take()
}

/// The files of a pod: where they lie, in the order of their places.
#[track_caller]
fn destinations(annotations: &[(&str, &str)], want: &[&str]) {
    let config = config(annotations);
    let templates = config["template"].as_array().cloned().unwrap_or_default();
    let found: Vec<_> = templates
        .iter()
        .map(|template| template["destination"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(found, want);
}

#[track_caller]
pub(super) fn refused(annotations: &[(&str, &str)], want: &str) {
    let ours = ours(&pod(annotations));
    assert_eq!(ours["message"], want, "{annotations:?}");
}

#[track_caller]
pub(super) fn warned(annotations: &[(&str, &str)], want: &[&str]) {
    let ours = ours(&pod(annotations));
    assert_eq!(ours["warnings"], json!(want), "{}", ours["message"]);
}

pub(super) const DB: (&str, &str) = ("agent-inject-secret-db", "secret/data/db");

#[test]
fn a_pod_that_is_refused_hears_its_warnings_too() {
    let annotations = [
        DB,
        ("agent-inject-comand-db", "kill -HUP 1"),
        ("agent-inject-perms-db", "9"),
    ];
    refused(
        &annotations,
        "metadata.annotations[vault.hashicorp.com/agent-inject-perms-db]: \"9\": must be octal, e.g. 0640",
    );
    warned(
        &annotations,
        &[
            "metadata.annotations[vault.hashicorp.com/agent-inject-comand-db]: unknown, and has no effect: did you mean vault.hashicorp.com/agent-inject-command-db?",
        ],
    );
    // That no file is left comes of the mistake.
    warned(&[("agent-inject-secret-db", "a//b?=")], &[]);
}

#[test]
fn names_are_files() {
    destinations(
        &[
            ("agent-inject-secret-Db.Conf", "secret/a"),
            ("agent-inject-secret-.env", "secret/b"),
            ("agent-inject-secret-a_b-c", "secret/c"),
        ],
        &[
            "/vault/secrets/.env",
            "/vault/secrets/a_b-c",
            "/vault/secrets/db.conf",
        ],
    );
    destinations(
        &[
            ("agent-inject-secret-Db", "secret/a"),
            ("agent-inject-secret-db", "secret/b"),
            ("preserve-secret-case", "1"),
        ],
        &["/vault/secrets/Db", "/vault/secrets/db"],
    );
    refused(
        &[
            ("agent-inject-secret-Db", "secret/a"),
            ("agent-inject-secret-db", "secret/b"),
        ],
        "metadata.annotations[vault.hashicorp.com/agent-inject-secret-db]: its file /vault/secrets/db cannot be beside /vault/secrets/db of vault.hashicorp.com/agent-inject-secret-Db: give one of them another with agent-inject-file-<name>, or keep the case of both with preserve-secret-case",
    );
}

#[test]
fn an_option_is_looked_up_in_its_own_case() {
    let annotations = [
        ("agent-inject-secret-Key", "secret/key"),
        ("agent-inject-file-key", "id_rsa"),
    ];
    destinations(&annotations, &["/vault/secrets/key"]);
    warned(
        &annotations,
        &[
            "metadata.annotations[vault.hashicorp.com/agent-inject-file-key]: \"id_rsa\": has no effect: there is no vault.hashicorp.com/agent-inject-secret-key, did you mean vault.hashicorp.com/agent-inject-file-Key?",
        ],
    );
}

#[test]
fn both_prefixes_are_read_and_the_later_wins_for_each_key() {
    let config = config(&[
        DB,
        ("openbao.org/agent-inject-secret-api", "secret/api"),
        ("openbao.org/agent-inject-secret-db", "secret/other"),
        ("openbao.org/role", "bao"),
    ]);
    assert_eq!(config["auto_auth"]["method"]["config"]["role"], "bao");
    let contents = |index: usize| config["template"][index]["contents"].to_string();
    assert!(contents(0).contains("secret/api"), "{}", contents(0));
    assert!(contents(1).contains("secret/other"), "{}", contents(1));
    let mut alone = pod(&[]);
    alone["metadata"]["annotations"] = json!({
        "openbao.org/agent-inject": "T",
        "openbao.org/role": "bao",
        "openbao.org/agent-inject-secret-db": "secret/db",
    });
    assert_eq!(ours(&alone)["patched"], true);
    alone["metadata"]["annotations"]["openbao.org/role"] = "a/b".into();
    let message = ours(&alone)["message"].to_string();
    assert!(
        message.contains("annotations[openbao.org/role]"),
        "{message}"
    );
}

#[test]
fn directories_inside_another_are_its_folders() {
    destinations(
        &[
            DB,
            ("agent-inject-secret-tls", "secret/tls"),
            ("secret-volume-path-tls", "/vault/secrets/certs"),
            ("agent-inject-secret-api", "secret/api"),
            ("secret-volume-path-api", "/etc/api/"),
        ],
        &[
            "/etc/api/api",
            "/vault/secrets/certs/tls",
            "/vault/secrets/db",
        ],
    );
    let inside = pod(&[DB, ("secret-volume-path-db", "/vault/secrets/db")]);
    let mounts = &ours(&inside)["facts"]["mounts"]["web"];
    assert_eq!(mounts.as_array().map(Vec::len), Some(1), "{mounts}");
}

#[test]
fn a_slip_that_would_write_a_template_as_a_secret_is_refused() {
    refused(
        &[
            (
                "agent-inject-template-db",
                "[[ with secret \"a\" ]][[ end ]]",
            ),
            ("agent-inject-template-left-delim-db", "[["),
        ],
        "metadata.annotations[vault.hashicorp.com/agent-inject-template-left-delim-db]: \"[[\": would be a file of its own: write vault.hashicorp.com/agent-template-left-delim-db",
    );
}

#[test]
fn a_path_in_the_default_template_cannot_break_out() {
    let path = r#"secret/a" }}{{ .Data }}{{ with secret "b\"#;
    let config = config(&[("agent-inject-secret-db", path)]);
    let contents = config["template"][0]["contents"].as_str().expect("text");
    assert!(
        contents.starts_with(r#"{{ with secret "secret/a\" }}{{ .Data }}{{ with secret \"b\\" }}"#),
        "{contents}"
    );
}

#[test]
fn delimiters_come_from_their_own_keys() {
    let config = config(&[
        (
            "agent-inject-template-db",
            "<% with secret \"secret/db\" %><% .Data.a %><% end %>",
        ),
        ("agent-template-left-delim-db", "<%"),
        ("agent-template-right-delim-db", "%>"),
        ("error-on-missing-key-db", "t"),
    ]);
    let template = &config["template"][0];
    assert_eq!(template["left_delimiter"], "<%");
    assert_eq!(template["right_delimiter"], "%>");
    assert_eq!(template["error_on_missing_key"], true);
}

#[test]
fn all_problems_are_told_at_once() {
    refused(
        &[
            DB,
            ("agent-inject-perms-db", "rw"),
            ("agent-limits-mem", "64m"),
            ("service", "vault"),
        ],
        "metadata.annotations[vault.hashicorp.com/agent-inject-perms-db]: \"rw\": must be octal, e.g. 0640\n\
         metadata.annotations[vault.hashicorp.com/agent-limits-mem]: \"64m\": must be whole bytes, e.g. 64Mi: the suffix m means thousandths\n\
         metadata.annotations[vault.hashicorp.com/service]: \"vault\": must be a URL, e.g. https://vault.vault:8200",
    );
}

#[test]
fn what_means_nothing_is_warned_about() {
    warned(
        &[
            DB,
            ("agent-inject-secrets-api", "secret/api"),
            ("agent-cache-enable", "true"),
            ("go-max-procs", "1"),
        ],
        &[
            "metadata.annotations[vault.hashicorp.com/agent-cache-enable]: \"true\": has no effect: the sidecar is no proxy of Vault: an application that asks it at 127.0.0.1 for secrets finds nobody",
            "metadata.annotations[vault.hashicorp.com/agent-inject-secrets-api]: unknown, and has no effect: did you mean vault.hashicorp.com/agent-inject-secret-api?",
            "metadata.annotations[vault.hashicorp.com/go-max-procs]: \"1\": has no effect: the sidecar is no Go program",
        ],
    );
}

#[test]
fn a_pod_speaks_this_dialect_or_the_native_one() {
    let native = ("freshet.dev/secret-x", "secret/x");
    refused(
        &[DB, ("freshet.dev/inject", "true"), native],
        "metadata.annotations[freshet.dev/inject]: cannot be combined with vault.hashicorp.com/agent-inject: keep one of the two, and write all secrets in its annotations",
    );
    let off = ours(&pod(&[DB, ("freshet.dev/inject", "false")]));
    assert_eq!(off["patched"], false);
}

#[test]
fn the_program_prints_the_facts_of_each_pod() {
    let manifest = serde_json::to_string(&json!({"kind": "List", "items": [
        pod(&[DB]),
        pod(&[DB, ("agent-inject-perms-db", "rw")]),
    ]}));
    let said = freshet(
        "inject -f - -o facts --vault-address http://vault.vault:8200",
        &[],
        &manifest.expect("JSON"),
    );
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
    let printed = serde_json::Deserializer::from_str(&said.stdout).into_iter();
    let printed: Vec<Value> = printed.collect::<Result<_, _>>().expect("JSON");
    let [sound, bad] = printed.as_slice() else {
        panic!("{}", said.stdout);
    };
    let mut sound = sound.clone();
    sound.as_object_mut().expect("an object").remove("pod");
    let containers = sound["facts"]["initContainers"].clone();
    assert_eq!(containers, json!(["vault-agent"]));
    assert_eq!(bad["allowed"], false);
}

#[test]
fn an_unquoted_boolean_is_told() {
    let manifest = "kind: Pod\nmetadata:\n  annotations:\n    vault.hashicorp.com/agent-inject: true\nspec:\n  containers: [{name: web}]\n";
    let said = freshet("lint -f - --vault-address http://vault:8200", &[], manifest);
    let want = "metadata.annotations[vault.hashicorp.com/agent-inject]: is the boolean true, not text: write \"true\"";
    assert!(said.stdout.contains(want), "{}", said.stdout);
}

/// The pod as the API server has it, which a second pass leaves as it is.
#[track_caller]
fn patched(pod: &Value) -> Value {
    let Decision::Inject(injection) = decision(pod, "shop", Operation::Create) else {
        panic!("not injected: {}", ours(pod));
    };
    let mut patched = pod.clone();
    json_patch::patch(&mut patched, &injection.patch).expect("the patch fits");
    match decision(&patched, "shop", Operation::Create) {
        Decision::Inject(again) => assert_eq!(again.patch.0, []),
        other => panic!("{other:?}"),
    }
    patched
}

#[test]
fn a_pod_that_shares_its_processes_goes_on_doing_so() {
    let mut pod = pod(&[DB, ("agent-share-process-namespace", "false")]);
    pod["spec"]["shareProcessNamespace"] = true.into();
    let patched = patched(&pod);
    assert_eq!(patched["spec"]["shareProcessNamespace"], true);
}

#[test]
fn a_directory_may_lie_inside_a_volume_of_the_authors() {
    let mut pod = pod(&[DB, ("secret-volume-path", "/app/conf/secrets")]);
    pod["spec"]["volumes"] = json!([{"name": "conf", "emptyDir": {}}]);
    let mount = |directory: &str| json!([{"name": "conf", "mountPath": directory}]);
    pod["spec"]["containers"][0]["volumeMounts"] = mount("/app/conf");
    patched(&pod);
    for directory in ["/app/conf/secrets", "/app/conf/secrets/more"] {
        pod["spec"]["containers"][0]["volumeMounts"] = mount(directory);
        let message = ours(&pod)["message"].to_string();
        let way_out = "move it, or set vault.hashicorp.com/secret-volume-path";
        assert!(message.contains(way_out), "{message}");
    }
}

#[test]
fn the_injectors_own_pods_are_left_alone_and_ours_are_planned_anew() {
    let mut theirs = pod(&[DB, ("agent-inject-status", "injected")]);
    assert_eq!(ours(&theirs)["patched"], false);
    theirs["metadata"]["annotations"]["vault.hashicorp.com/agent-inject-status"] = "update".into();
    let mut injected = patched(&theirs);
    let mount = "/spec/containers/0/volumeMounts/0/readOnly";
    *injected.pointer_mut(mount).expect("a mount") = false.into();
    let Decision::Inject(again) = decision(&injected, "shop", Operation::Create) else {
        panic!("left alone");
    };
    assert_eq!(again.patch.0.len(), 1);
}
