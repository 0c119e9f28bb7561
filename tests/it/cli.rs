//! `freshet inject` and what all commands have in common, through the program itself.

use std::io::Write as _;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};
use serde_json::Value;

/// What the program said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `freshet` in an empty folder with `files` in it, and `stdin`.
pub(crate) fn freshet(arguments: &str, files: &[(&str, &str)], stdin: &str) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_freshet"))
        .args(arguments.split_whitespace())
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("freshet starts");
    let mut pipe = child.stdin.take().expect("standard input");
    // A program that fails early does not read its input.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("freshet ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

const VAULT: &str = "--vault-address https://vault.vault:8200";

/// `freshet inject` of a manifest on standard input, which must succeed.
#[track_caller]
fn inject(options: &str, manifest: &str) -> String {
    let said = freshet(&format!("inject -f - {VAULT} {options}"), &[], manifest);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(0), ""),
        "{}",
        said.stdout
    );
    said.stdout
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

/// A pod that asks for injection, at the place of a template.
const POD: &str = "\
metadata:
  name: app
  annotations:
    freshet.dev/inject: \"true\"
    freshet.dev/secret-db: secret/db#password
spec:
  containers:
  - name: app
    image: app:1
";

/// The pod as an object of its own.
fn pod() -> String {
    format!("apiVersion: v1\nkind: Pod\n{POD}")
}

/// `text` with every line indented.
fn indented(text: &str, by: usize) -> String {
    let line = |line: &str| format!("{:by$}{line}\n", "");
    text.lines().map(line).collect()
}

#[test]
fn the_pods_of_every_kind_of_owner_are_injected() {
    let template = |at: &str, by| format!("{at}\n{}", indented(POD, by));
    for (kind, spec, pointer) in [
        ("PodTemplate", template("template:", 2), "/template"),
        (
            "Deployment",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "StatefulSet",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "DaemonSet",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "ReplicaSet",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        (
            "ReplicationController",
            template("spec:\n  template:", 4),
            "/spec/template",
        ),
        ("Job", template("spec:\n  template:", 4), "/spec/template"),
        (
            "CronJob",
            template("spec:\n  jobTemplate:\n    spec:\n      template:", 8),
            "/spec/jobTemplate/spec/template",
        ),
        ("Pod", POD.to_owned(), ""),
    ] {
        let injected = yaml(&inject("", &format!("kind: {kind}\n{spec}")));
        let template = injected.pointer(pointer).expect(kind);
        assert_eq!(
            template["spec"]["initContainers"][0]["name"], "freshet",
            "{kind}"
        );
        assert_eq!(
            template["spec"]["containers"][0]["volumeMounts"][0]["mountPath"],
            "/secrets"
        );
        assert_eq!(
            template["metadata"]["annotations"]["freshet.dev/status"],
            "injected"
        );
    }
}

#[test]
fn a_list_is_injected_item_by_item() {
    let list = format!(
        "kind: List\nitems:\n- kind: Service\n- kind: Pod\n{}",
        indented(POD, 2)
    );
    let injected = yaml(&inject("", &list));
    assert_eq!(injected["items"][0], serde_json::json!({"kind": "Service"}));
    assert_eq!(
        injected["items"][1]["spec"]["initContainers"][0]["name"],
        "freshet"
    );
}

#[test]
fn other_documents_stay_byte_for_byte() {
    let service = "# licence\n---\nkind:   Service # odd\r\nports: [ 0x50,\n  yes ]\n\n# end\n";
    let config = "--- # the last\nkind: ConfigMap\ndata: {a: |-\n  x}\n";
    let config = config.replace("{a: |-\n  x}", "\n  a: |\n    ---\n    x  ");
    let manifest = format!("{service}---\n# the app\n{}{config}", pod());
    let injected = inject("", &manifest);
    assert!(
        injected.starts_with(&format!("{service}---\n# the app\napiVersion: v1\n")),
        "{injected}"
    );
    assert!(injected.ends_with(&config), "{injected}");
    let untouched = pod().replace("\"true\"", "\"false\"");
    for text in [
        service,
        config.as_str(),
        untouched.as_str(),
        "",
        "kind: Service",
    ] {
        assert_eq!(inject("", text), text);
    }
}

#[test]
fn keys_keep_their_order_and_what_is_new_stands_behind() {
    let manifest = "kind: Pod\nzebra: 1\n".to_owned() + POD + "apple: 2\n";
    let injected = inject("", &manifest);
    let keys: Vec<&str> = injected
        .lines()
        .filter(|line| !line.starts_with([' ', '-']))
        .map(|line| line.split(':').next().unwrap_or_default())
        .collect();
    assert_eq!(keys, ["kind", "zebra", "metadata", "spec", "apple"]);
    let annotations: Vec<&str> = injected
        .lines()
        .filter_map(|line| {
            line.trim()
                .split(": ")
                .next()
                .filter(|key| key.starts_with("freshet.dev/"))
        })
        .collect();
    let keys = ["inject", "secret-db", "status", "sync-spec"];
    assert_eq!(annotations, keys.map(|key| format!("freshet.dev/{key}")));
}

#[test]
fn what_a_reader_of_yaml_1_1_could_mistake_keeps_its_meaning() {
    let manifest = pod()
        + "    args: ['yes', \"0x1F\", '1e3', '012', '~', \"2026-01-31\", '1_000', '1:30', 'off', 'null', '']
    livenessProbe: {periodSeconds: 1e1}
  volumes:
  - name: conf
    configMap: {name: conf, defaultMode: 0440}
";
    let injected = inject("", &manifest);
    for text in [
        "yes",
        "0x1F",
        "1e3",
        "012",
        "~",
        "2026-01-31",
        "1_000",
        "1:30",
        "off",
        "null",
        "",
    ] {
        assert!(
            injected.contains(&format!("    - \"{text}\"\n")),
            "{text:?} in {injected}"
        );
    }
    assert!(
        injected.contains("      defaultMode: 288\n"),
        "0440 is octal: {injected}"
    );
    assert!(injected.contains("      periodSeconds: 10\n"), "{injected}");
}

#[test]
fn keys_keep_their_order_in_json_too() {
    let manifest = r#"{"kind":"Pod","spec":{"containers":[{"name":"app","image":"app:1"}]},
        "metadata":{"name":"app","annotations":{"freshet.dev/inject":"true","freshet.dev/secret-db":"secret/db#password"}},
        "apiVersion":"v1"}"#;
    for format in ["-o json", ""] {
        let injected = inject(format, manifest);
        let keys = [
            "kind",
            "spec",
            "containers",
            "image",
            "volumes",
            "metadata",
            "apiVersion",
        ];
        let places = keys.map(|key| injected.find(key).expect("a key"));
        assert!(places.is_sorted(), "{places:?}: {injected}");
    }
}

#[test]
fn a_second_pass_changes_nothing() {
    let once = inject("", &format!("kind: Service\n---\n{}", pod()));
    assert_eq!(inject("", &once), once);
    assert_eq!(inject("--diff", &once), "");
}

#[test]
fn the_diff_shows_the_change_alone() {
    let manifest = format!("kind: Service\n---\n{}", pod());
    let diff = inject("--diff", &manifest);
    assert!(
        diff.starts_with("--- stdin document 2\n+++ stdin document 2, injected\n@@ "),
        "{diff}"
    );
    assert!(
        diff.contains("\n+    freshet.dev/status: injected\n"),
        "{diff}"
    );
    let removed = diff.lines().filter(|line| line.starts_with('-')).count();
    assert_eq!(removed, 1, "nothing but the header: {diff}");
    assert!(!diff.contains("Service"), "{diff}");
    assert!(
        inject("--diff -o json", &manifest)
            .contains("\n+      \"freshet.dev/status\": \"injected\"")
    );
}

#[test]
fn json_is_printed_for_those_who_want_it() {
    let one: Value = serde_json::from_str(&inject("-o json", &pod())).expect("one object");
    assert_eq!(one, yaml(&inject("", &pod())));
    let two = inject(
        "-o json",
        &format!("# nothing\n---\nkind: Service\n---\n{}", pod()),
    );
    let objects = |text: &str| -> Vec<Value> {
        let objects = serde_json::Deserializer::from_str(text).into_iter();
        objects.collect::<Result<_, _>>().expect("objects")
    };
    assert_eq!(
        objects(&two),
        [serde_json::json!({"kind": "Service"}), one.clone()]
    );
    let from_json = inject(
        "-o json",
        &format!("{{\"kind\": \"Service\"}}\n{}", yaml(&pod())),
    );
    assert_eq!(objects(&from_json), objects(&two));
    let as_yaml = inject("", &format!("{{\"kind\": \"Service\"}}\n{}", yaml(&pod())));
    let (service, rest) = as_yaml.split_once("---\n").expect("two documents");
    assert_eq!(
        (yaml(service), yaml(rest)),
        (serde_json::json!({"kind": "Service"}), one)
    );
}

#[test]
fn documents_that_follow_one_another_stay_apart() {
    let parts = |text: &str| text.matches("\n---\n").count();
    // An end marker instead of a separator goes with the document that it ended.
    assert_eq!(
        parts(&inject("", &format!("{}...\nkind: Service\n", pod()))),
        1
    );
    let files = [
        ("a.yaml", "kind: Service"),
        ("b.yaml", &pod()),
        ("c.yaml", "---\nkind: Service\n"),
    ];
    let said = freshet(
        &format!("inject -f a.yaml -f b.yaml -f c.yaml {VAULT}"),
        &files,
        "",
    );
    assert!(
        said.stdout.starts_with("kind: Service\n---\napiVersion"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.ends_with("\n---\nkind: Service\n"),
        "{}",
        said.stdout
    );
    assert_eq!(parts(&said.stdout), 2);
}

#[test]
fn a_denied_manifest_prints_nothing_but_the_problems() {
    let bad = pod().replace("secret-db:", "mode-tls: \"99\"\n    freshet.dev/secret-db:");
    let template = indented(&bad.replace("apiVersion: v1\nkind: Pod\n", ""), 4);
    let manifest = format!(
        "{}---\nkind: Deployment\nmetadata: {{name: shop}}\nspec:\n  template:\n{template}",
        pod()
    );
    let said = freshet(
        &format!("inject -f app.yaml --namespace team {VAULT}"),
        &[("app.yaml", &manifest)],
        "",
    );
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    expect![[r#"
        app.yaml: document 2 (Deployment team/shop): error: spec.template.metadata.annotations[freshet.dev/mode-tls]: there is neither freshet.dev/secret-tls nor freshet.dev/template-tls; the names are "db"
    "#]].assert_eq(&said.stderr);
}

#[test]
fn warnings_are_told_beside_the_manifest() {
    let manifest = pod().replace("secret/db#", "secret/data/db#");
    let said = freshet(&format!("inject -f - {VAULT}"), &[], &manifest);
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.contains("freshet.dev/status: injected"));
    expect![[r#"
        stdin: document 1 (Pod default/app): warning: metadata.annotations[freshet.dev/secret-db]: "secret/data/db#password": looks like a path of KV v2's API: write secret/db, as vault kv get takes it
    "#]].assert_eq(&said.stderr);
}

#[test]
fn the_options_are_the_webhooks() {
    let options = "--vault-namespace team --auth-type jwt --auth-path jwt-prod --auth-audience other \
        --ca-config-map platform-ca --refresher-image registry.example/refresher:2 --refresher-image-pull-policy Always \
        --refresher-requests-cpu 7m --refresher-limits-memory 48Mi --refresher-metrics-port 9999 \
        --refresher-log-format json --refresher-log-level debug";
    let injected = yaml(&inject(options, &pod()));
    let refresher = &injected["spec"]["initContainers"][0];
    assert_eq!(refresher["image"], "registry.example/refresher:2");
    assert_eq!(refresher["imagePullPolicy"], "Always");
    assert_eq!(refresher["resources"]["requests"]["cpu"], "7m");
    assert_eq!(refresher["resources"]["limits"]["memory"], "48Mi");
    assert_eq!(refresher["ports"][0]["containerPort"], 9999);
    let args = refresher["args"].to_string();
    for option in [
        "--vault-namespace=team",
        "--auth-type=jwt",
        "--auth-path=jwt-prod",
        "--audience=other",
        "--ca-file=/run/freshet/ca/ca.crt",
        "--log-format=json",
        "--log-level=debug",
    ] {
        assert!(args.contains(option), "{option} in {args}");
    }
}

#[test]
fn a_pod_that_exists_is_left_alone() {
    assert_eq!(inject("--operation update", &pod()), pod());
    assert_ne!(inject("--operation create", &pod()), pod());
}

#[track_caller]
fn unusable(arguments: &str, files: &[(&str, &str)], expected: Expect) {
    let said = freshet(arguments, files, "");
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(2), ""),
        "{}",
        said.stderr
    );
    expected.assert_eq(said.stderr.split("\n\nUsage").next().unwrap_or_default());
}

#[test]
fn wrong_usage_ends_in_2() {
    unusable(
        "",
        &[],
        expect![
            "Live Vault secrets in Kubernetes pods: a mutating admission webhook and a tiny native sidecar"
        ],
    );
    unusable(
        "inject",
        &[],
        expect![[r#"
        error: the following required arguments were not provided:
          --filename <FILE>"#]],
    );
    unusable(
        "inject -f app.yaml",
        &[],
        expect![[r#"
        error: app.yaml: No such file or directory (os error 2)
    "#]],
    );
    unusable(
        "inject -f - -f -",
        &[],
        expect![[r#"
        error: --filename -: standard input can be read once
    "#]],
    );
    unusable(
        "inject -f - -o xml",
        &[],
        expect![[r#"
            error: invalid value 'xml' for '--output <FORMAT>'
              [possible values: yaml, json, facts]

              tip: a similar value exists: 'yaml'

            For more information, try '--help'.
        "#]],
    );
    unusable(
        "inject -f - --vault-address vault",
        &[],
        expect![[r#"
        error: invalid value 'vault' for '--vault-address <URL>': must be a URL, e.g. https://vault.vault:8200

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn input_that_cannot_be_read_ends_in_2_with_its_line() {
    unusable(
        "inject -f app.yaml",
        &[("app.yaml", "a: 1\n---\nb: [\n")],
        expect![[r#"
            error: app.yaml:3: unclosed bracket '['
        "#]],
    );
    unusable(
        "inject -f app.yaml",
        &[("app.yaml", "a: {{ .Values.a }}\n")],
        expect![[r#"
            error: app.yaml:1: expected string scalar: render the chart first, e.g. with helm template
        "#]],
    );
    unusable(
        "inject -f - --refresher-requests-cpu 2 --refresher-limits-cpu 1",
        &[],
        expect![[r#"
            error: --refresher-requests-cpu 2 is over --refresher-limits-cpu 1
        "#]],
    );
}

#[test]
fn help_names_the_commands_and_shows_examples() {
    let help = freshet("--help", &[], "");
    assert_eq!(help.code, Some(0));
    for command in ["webhook", "inject", "lint"] {
        assert!(
            help.stdout.contains(&format!("\n  {command} ")),
            "{}",
            help.stdout
        );
        let help = freshet(&format!("{command} --help"), &[], "");
        assert!(help.stdout.contains("Examples:\n"), "{command}");
        assert!(
            help.stdout.contains(&format!("\n    freshet {command} "))
                || help.stdout.contains(&format!("| freshet {command} "))
        );
        assert!(help.stdout.contains("--vault-address"), "{command}");
    }
}
