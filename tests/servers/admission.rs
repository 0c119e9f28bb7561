//! Pods on their way through the API server: who is asked, what is added, what is said.

use serde_json::{Value, json};

use crate::support::api_server::{ApiServer, Kubectl};
use crate::support::webhook::{ENABLED, Webhook};

#[test]
fn an_annotated_pod_gets_the_refresher_and_its_mounts() {
    let (api, namespace) = enabled("injection");
    let pod = api.create(&pod(&namespace, "app", &SECRET));
    let refresher = &pod["spec"]["initContainers"][0];
    assert_eq!(refresher["name"], "freshet");
    assert_eq!(refresher["restartPolicy"], "Always");
    assert!(
        mounts(&pod["spec"]["containers"][0]).contains(&"/secrets"),
        "{pod}"
    );
    assert!(pod["metadata"]["annotations"]["freshet.dev/sync-spec"].is_string());
    assert_eq!(
        pod["metadata"]["annotations"]["freshet.dev/status"],
        "injected"
    );
}

#[test]
fn all_problems_are_told_at_once_as_kubectl_prints_them() {
    let (api, namespace) = enabled("denial");
    let wrong = [
        ("freshet.dev/inject", "true"),
        ("freshet.dev/secret-db", "secret/db#password"),
        ("freshet.dev/mode-db", "99"),
        ("freshet.dev/refresh-intervall", "1m"),
    ];
    let refused = create(api, &pod(&namespace, "app", &wrong), &[]);
    assert!(!refused.ok);
    let start = "Error from server (Forbidden): error when creating \"STDIN\": admission webhook \
                 \"pods.freshet.dev\" denied the request: ";
    assert!(refused.stderr.starts_with(start), "{}", refused.stderr);
    for part in [
        r#"metadata.annotations[freshet.dev/mode-db]: "99": "#,
        "metadata.annotations[freshet.dev/refresh-intervall]: ",
        "freshet.dev/refresh-interval",
    ] {
        assert!(
            refused.stderr.contains(part),
            "{part} in {}",
            refused.stderr
        );
    }
}

#[test]
fn a_doubt_is_a_warning_that_kubectl_prints() {
    let (api, namespace) = enabled("warning");
    let secret_alone = [("freshet.dev/secret-db", "secret/db#password")];
    let created = create(api, &pod(&namespace, "app", &secret_alone), &[]);
    assert!(created.ok, "{}", created.stderr);
    assert!(
        created.stderr.starts_with("Warning: "),
        "{}",
        created.stderr
    );
    assert!(
        created.stderr.contains("freshet.dev/inject"),
        "{}",
        created.stderr
    );
}

#[test]
fn a_namespace_without_the_label_is_left_alone() {
    let api = ApiServer::shared();
    Webhook::shared();
    let namespace = api.namespace("not-opted-in", &[]);
    let pod = api.create(&pod(&namespace, "app", &SECRET));
    assert!(pod["spec"]["initContainers"].is_null(), "{pod}");
}

#[test]
fn kube_system_cannot_opt_in() {
    let api = ApiServer::shared();
    Webhook::shared();
    api.run(
        &[
            "label",
            "namespace",
            "kube-system",
            "freshet.dev/injection=enabled",
        ],
        "",
    );
    api.service_account("kube-system", "default");
    let created = create(
        api,
        &pod("kube-system", "app", &SECRET),
        &["--dry-run=server"],
    );
    assert!(
        created.ok && !created.stdout.contains("freshet-secrets"),
        "{created:?}"
    );
}

#[test]
fn a_dry_run_shows_what_would_be_injected_and_keeps_nothing() {
    let (api, namespace) = enabled("dry-run");
    let shown = create(api, &pod(&namespace, "app", &SECRET), &["--dry-run=server"]);
    assert!(
        shown.ok && shown.stdout.contains("freshet-secrets"),
        "{shown:?}"
    );
    assert!(!api.kubectl(&["get", "pod", "-n", &namespace, "app"], "").ok);
}

#[test]
fn a_running_pod_is_left_alone() {
    let (api, namespace) = enabled("update");
    let before = api.create(&pod(&namespace, "app", &SECRET));
    let annotation = "freshet.dev/secret-other=secret/other";
    api.run(
        &["annotate", "-n", &namespace, "pod", "app", annotation],
        "",
    );
    let after = api.get(&namespace, "pod", "app");
    assert_eq!(after["spec"], before["spec"]);
    let spec = |pod: &Value| pod["metadata"]["annotations"]["freshet.dev/sync-spec"].clone();
    assert_eq!(spec(&after), spec(&before));
}

#[test]
fn a_template_is_left_alone_and_its_pods_are_not() {
    let (api, namespace) = enabled("deployment");
    let template = pod(&namespace, "app", &SECRET);
    let deployment = api.create(&json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "app", "namespace": namespace },
        "spec": {
            "selector": { "matchLabels": { "app": "app" } },
            "template": {
                "metadata": {
                    "labels": { "app": "app" },
                    "annotations": template["metadata"]["annotations"],
                },
                "spec": template["spec"],
            },
        },
    }));
    let template = &deployment["spec"]["template"];
    assert!(template["spec"]["initContainers"].is_null(), "{template}");

    // What the controller makes of the template, with the defaults that the API server filled in.
    let pod = api.create(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "app-",
            "namespace": namespace,
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
        },
        "spec": template["spec"],
    }));
    assert_eq!(pod["spec"]["initContainers"][0]["name"], "freshet", "{pod}");
}

#[test]
fn the_api_token_is_not_added_to_the_refresher() {
    let (api, namespace) = enabled("api-token");
    let pod = api.create(&pod(&namespace, "app", &SECRET));
    let at_standard_place = |container: &Value| {
        let mounts = container["volumeMounts"].as_array().into_iter().flatten();
        let place = "/var/run/secrets/kubernetes.io/serviceaccount";
        let mut names = mounts.filter(|mount| mount["mountPath"] == place);
        let name = names
            .next()
            .map(|mount| mount["name"].as_str().unwrap_or_default().to_owned());
        assert!(names.next().is_none(), "mounted twice: {container}");
        name.unwrap_or_default()
    };
    let refresher = at_standard_place(&pod["spec"]["initContainers"][0]);
    let application = at_standard_place(&pod["spec"]["containers"][0]);
    assert_eq!(refresher, "freshet-token");
    assert!(application.starts_with("kube-api-access-"), "{application}");
}

#[test]
fn a_pod_without_the_api_token_still_gets_its_own_for_vault() {
    let (api, namespace) = enabled("no-api-token");
    let mut pod = pod(&namespace, "app", &SECRET);
    pod["spec"]["automountServiceAccountToken"] = json!(false);
    let pod = api.create(&pod);
    assert!(
        mounts(&pod["spec"]["initContainers"][0])
            .contains(&"/var/run/secrets/kubernetes.io/serviceaccount")
    );
    assert_eq!(mounts(&pod["spec"]["containers"][0]), ["/secrets"]);
}

#[test]
fn pod_security_restricted_admits_the_refresher() {
    let (api, namespace) = enabled("restricted");
    let label = "pod-security.kubernetes.io/enforce=restricted";
    api.run(&["label", "namespace", &namespace, label], "");
    let mut pod = pod(&namespace, "app", &SECRET);
    pod["spec"]["containers"][0]["securityContext"] = json!({
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "runAsNonRoot": true,
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    let created = create(api, &pod, &[]);
    assert!(created.ok, "{}", created.stderr);
}

#[test]
fn a_limit_range_in_the_way_is_named() {
    let (api, namespace) = enabled("limit-range");
    api.apply(&json!({
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": { "name": "small", "namespace": namespace },
        "spec": { "limits": [{ "type": "Container", "max": { "memory": "16Mi" } }] },
    }));
    let refused = Webhook::shared()
        .process
        .wait_for("the webhook to know of it", || {
            let refused = create(api, &pod(&namespace, "app", &SECRET), &["--dry-run=server"]);
            refused
                .stderr
                .contains("pods.freshet.dev")
                .then_some(refused)
        });
    assert!(!refused.ok);
    for part in ["LimitRange", "small", "16Mi", "freshet.dev/limits-memory"] {
        assert!(
            refused.stderr.contains(part),
            "{part} in {}",
            refused.stderr
        );
    }
}

#[test]
fn a_second_pass_over_what_the_api_server_made_of_a_pod_changes_nothing() {
    let (api, namespace) = enabled("second-pass");
    let shapes = [
        json!({ "containers": [{ "name": "app", "image": "app" }] }),
        json!({
            "automountServiceAccountToken": false,
            "containers": [
                { "name": "app", "image": "app", "resources": {
                    "requests": { "cpu": "100m", "memory": "64Mi" },
                    "limits": { "cpu": "100m", "memory": "64Mi" },
                } },
                { "name": "worker", "image": "worker", "volumeMounts": [
                    { "name": "scratch", "mountPath": "/scratch" },
                ] },
            ],
            "volumes": [{ "name": "scratch", "emptyDir": {} }],
        }),
        json!({
            "initContainers": [
                { "name": "proxy", "image": "proxy", "restartPolicy": "Always" },
                { "name": "migrate", "image": "migrate" },
            ],
            "containers": [{ "name": "app", "image": "app", "ports": [{ "containerPort": 80 }] }],
            "securityContext": { "runAsUser": 1000, "fsGroup": 2000 },
            "terminationGracePeriodSeconds": 5,
        }),
    ];
    for (index, spec) in shapes.into_iter().enumerate() {
        let mut first = pod(&namespace, &format!("first-{index}"), &SECRET);
        first["spec"] = spec;
        let first = api.create(&first);
        // The same pod again, as a backup restores it: injected, with every default filled in.
        let mut again = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": format!("again-{index}"),
                "namespace": namespace,
                "annotations": first["metadata"]["annotations"],
            },
            "spec": first["spec"],
        });
        let text = again.to_string();
        assert!(text.contains("freshet-secrets"), "{text}");
        again = api.create(&again);
        assert_eq!(again["spec"], first["spec"]);
        assert_eq!(
            again["metadata"]["annotations"],
            first["metadata"]["annotations"]
        );
    }
}

const SECRET: [(&str, &str); 2] = [
    ("freshet.dev/inject", "true"),
    ("freshet.dev/secret-db", "secret/db#password"),
];

/// The API server with the registered webhook, and a new namespace that has opted in.
#[track_caller]
fn enabled(name: &str) -> (&'static ApiServer, String) {
    let api = ApiServer::shared();
    Webhook::shared();
    (api, api.namespace(name, &[ENABLED]))
}

fn pod(namespace: &str, name: &str, annotations: &[(&str, &str)]) -> Value {
    let annotations: Value = annotations.iter().copied().collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace, "annotations": annotations },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    })
}

fn create(api: &ApiServer, object: &Value, options: &[&str]) -> Kubectl {
    let args = [&["create", "-o", "json", "-f", "-"], options].concat();
    api.kubectl(&args, &object.to_string())
}

fn mounts(container: &Value) -> Vec<&str> {
    let mounts = container["volumeMounts"].as_array().into_iter().flatten();
    mounts
        .filter_map(|mount| mount["mountPath"].as_str())
        .collect()
}
