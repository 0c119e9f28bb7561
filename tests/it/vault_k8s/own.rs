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

fn ours(pod: &Value) -> Value {
    facts(pod, &decision(pod, "shop", Operation::Create)).expect("facts")
}

#[track_caller]
fn config(annotations: &[(&str, &str)]) -> Value {
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
fn refused(annotations: &[(&str, &str)], want: &str) {
    let ours = ours(&pod(annotations));
    assert_eq!(ours["message"], want, "{annotations:?}");
}

#[track_caller]
fn warned(annotations: &[(&str, &str)], want: &[&str]) {
    let ours = ours(&pod(annotations));
    assert_eq!(ours["warnings"], json!(want), "{}", ours["message"]);
}

const DB: (&str, &str) = ("agent-inject-secret-db", "secret/data/db");

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
fn secrets_of_the_namespace_reach_the_sidecar_alone() {
    let pod = pod(&[
        DB,
        ("service", "https://vault.vault:8200"),
        ("auth-type", "approle"),
        ("auth-path", "auth/approle"),
        ("agent-extra-secret", "ids"),
        ("auth-config-role-id-file-path", "/vault/custom/role"),
        ("auth-config-secret_id_file_path", "/vault/custom/id"),
        ("tls-secret", "tls"),
        ("ca-cert", "/vault/tls/ca.crt"),
        ("client-cert", "/vault/tls/client.crt"),
        ("client-key", "/vault/tls/client.key"),
        ("tls-server-name", "vault.example"),
        ("agent-inject-template-app", ""),
        ("agent-inject-template-file-app", "/vault/custom/app.tpl"),
    ]);
    let ours = ours(&pod);
    assert_eq!(ours["message"], "");
    let volumes = ours["facts"]["volumes"].as_array().expect("volumes");
    let of = |name: &str| volumes.iter().find(|volume| volume["name"] == name);
    let approle = json!({"name": "freshet-approle", "secret": {"secretName": "ids", "items": [
        {"key": "role", "path": "role-id"}, {"key": "id", "path": "secret-id"},
    ]}});
    let tls = json!({"name": "freshet-tls", "secret": {"secretName": "tls", "items": [
        {"key": "client.crt", "path": "tls.crt"}, {"key": "client.key", "path": "tls.key"},
    ]}});
    assert_eq!(of("freshet-approle"), Some(&approle));
    assert_eq!(of("freshet-tls"), Some(&tls));
    let vault = &ours["facts"]["injected"]["initContainers/vault-agent"]["config"]["vault"];
    let want = json!({
        "address": "https://vault.vault:8200",
        "ca_cert": "/vault/tls/ca.crt",
        "client_cert": "/run/freshet/tls/tls.crt",
        "client_key": "/run/freshet/tls/tls.key",
        "tls_server_name": "vault.example",
    });
    assert_eq!(vault, &want);
    let mounts = ours["facts"]["mounts"]["web"].as_array().expect("mounts");
    assert_eq!(mounts.len(), 1);
}

#[test]
fn the_clusters_own_ca_is_known() {
    let pod = pod(&[
        DB,
        (
            "ca-cert",
            "/run/secrets/kubernetes.io/serviceaccount/ca.crt",
        ),
    ]);
    let volumes = ours(&pod)["facts"]["volumes"].to_string();
    assert!(
        volumes.contains(r#""name":"kube-root-ca.crt""#),
        "{volumes}"
    );
}

#[test]
fn verification_is_never_skipped() {
    let skip = ("tls-skip-verify", "true");
    let https = ("service", "https://vault.vault:8200");
    let why = "metadata.annotations[vault.hashicorp.com/tls-skip-verify]: \"true\": Vault's certificate is always checked, or its tokens would go to whoever answers: name its CA with ca-cert, or start the webhook with --ca-config-map";
    refused(&[DB, https, skip], why);
    warned(
        &[
            DB,
            https,
            skip,
            ("tls-secret", "tls"),
            ("ca-cert", "/vault/tls/ca.crt"),
        ],
        &[
            "metadata.annotations[vault.hashicorp.com/tls-skip-verify]: \"true\": has no effect: Vault's certificate is always checked",
        ],
    );
}

#[test]
fn the_namespace_is_that_of_login_and_secrets() {
    let pod = pod(&[DB, ("namespace", "team/eu")]);
    let Decision::Inject(injection) = decision(&pod, "shop", Operation::Create) else {
        panic!("not injected");
    };
    let patch = serde_json::to_string(&injection.patch).expect("JSON");
    assert!(patch.contains("--vault-namespace=team/eu"), "{patch}");
    assert!(!patch.contains("--auth-namespace"), "{patch}");
}

#[test]
fn a_job_fetches_once_and_leaves_its_leases() {
    let pod = pod(&[DB, ("agent-pre-populate-only", "true")]);
    let Decision::Inject(injection) = decision(&pod, "shop", Operation::Create) else {
        panic!("not injected");
    };
    let patch = serde_json::to_string(&injection.patch).expect("JSON");
    assert!(patch.contains(r#""args":["once""#), "{patch}");
    assert!(patch.contains("--leave-leases"), "{patch}");
    assert!(patch.contains(r#""name":"vault-agent-init""#), "{patch}");
}

#[test]
fn a_patch_changes_the_container_but_not_what_it_runs() {
    let env = r#"[{"op": "add", "path": "/env", "value": [{"name": "A", "value": "b"}]}]"#;
    let patched = ours(&pod(&[DB, ("agent-json-patch", env)]));
    let sidecar = &patched["facts"]["injected"]["initContainers/vault-agent"];
    assert_eq!(sidecar["env"], json!([{"name": "A", "value": "b"}]));
    let args = r#"[{"op": "replace", "path": "/args", "value": []}]"#;
    refused(
        &[DB, ("agent-json-patch", args)],
        "metadata.annotations[vault.hashicorp.com/agent-json-patch]: must not change /args: the sidecar runs Freshet's own program, and no Vault Agent",
    );
}

#[test]
fn an_init_container_of_a_mesh_comes_after_the_sidecar() {
    let mut pod = pod(&[DB]);
    pod["spec"]["initContainers"] = json!([
        {"name": "setup", "image": "a"},
        {"name": "istio-init", "image": "istio/proxyv2:1"},
    ]);
    pod["spec"]["containers"] = json!([
        {"name": "web", "image": "a"},
        {"name": "istio-proxy", "image": "istio/proxyv2:1"},
    ]);
    let facts = ours(&pod);
    let inits = &facts["facts"]["initContainers"];
    assert_eq!(
        inits,
        &json!(["setup", "vault-agent", "istio-init"]),
        "{facts}"
    );
}

/// A template with a command.
fn with_command(command: &str) -> [(&str, &str); 2] {
    [DB, ("agent-inject-command-db", command)]
}

#[test]
fn commands_are_done_without_a_shell() {
    let shared = ("agent-share-process-namespace", "true");
    for (command, done) in [
        ("kill -HUP $(pidof nginx)", "processes:HUP pidof nginx"),
        (
            "curl -X POST http://127.0.0.1:8080/-/reload",
            "http:POST http://127.0.0.1:8080/-/reload",
        ),
    ] {
        let [db, command] = with_command(command);
        let config = config(&[db, command, shared]);
        assert_eq!(config["template"][0]["command"], done);
        warned(&[db, command, shared], &[]);
    }
    warned(
        &with_command("pkill -HUP nginx"),
        &[
            "metadata.annotations[vault.hashicorp.com/agent-inject-command-db]: finds no process but the sidecar's own: the pod does not share its process namespace; set agent-share-process-namespace to \"true\", and agent-run-as-same-user, as nobody else may signal the application",
        ],
    );
    let config = config(&with_command("true"));
    assert_eq!(config["template"][0].get("command"), None);
    let mut ours = ours(&pod(&[
        DB,
        ("agent-inject-command-db", "/vault/custom/reload --now"),
        ("agent-extra-secret", "programs"),
    ]));
    assert_eq!(ours["allowed"], true, "{}", ours["message"]);
    let sidecar = ours["facts"]["injected"]["initContainers/vault-agent"].take();
    assert_eq!(
        sidecar["config"]["template"][0]["command"],
        "run:[\"/vault/custom/reload\",\"--now\"]"
    );
    refused(
        &with_command("/opt/reload"),
        "metadata.annotations[vault.hashicorp.com/agent-inject-command-db]: \"/opt/reload\": lies in no volume that the sidecar has: name a Secret with agent-extra-secret (/vault/custom) or tls-secret (/vault/tls), or a container that mounts it with agent-copy-volume-mounts",
    );
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
