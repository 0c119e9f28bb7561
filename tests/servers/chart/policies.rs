//! What the API server says by itself: the ValidatingAdmissionPolicies of the chart.

use serde_json::{Value, json};

use crate::support::api_server::{ApiServer, Kubectl};
use crate::support::process::wait_for;
use crate::support::release::Release;

const ENABLED: (&str, &str) = ("freshet.dev/injection", "enabled");
const ACCOUNT: &str = "--as=system:serviceaccount:freshet:freshet";

#[test]
fn whoever_makes_annotated_pods_without_the_label_is_warned() {
    let release = installed(&[]);
    let namespace = release.api.namespace("unlabelled", &[]);
    let warning = format!(
        "Warning: Validation failed for ValidatingAdmissionPolicy 'freshet-unlabelled-namespace' with \
         binding 'freshet-unlabelled-namespace': namespace {namespace} has no label freshet.dev/injection, \
         so the annotations freshet.dev/... have no effect and pods start without their secrets: kubectl \
         label namespace {namespace} freshet.dev/injection=enabled\n"
    );
    for kind in KINDS {
        let created = create(release.api, &object(kind, &namespace, &asked()));
        assert!(created.ok, "{kind}: {}", created.stderr);
        assert_eq!(created.stderr, warning, "{kind}");
    }
}

#[test]
fn a_label_that_means_nothing_is_named() {
    let release = installed(&[]);
    let namespace = release
        .api
        .namespace("mislabelled", &[("freshet.dev/injection", "true")]);
    let created = create(release.api, &object("Pod", &namespace, &asked()));
    assert!(created.ok);
    let advice = format!(
        "namespace {namespace} has the label freshet.dev/injection=true, which means nothing, so the \
         annotations freshet.dev/... have no effect and pods start without their secrets: kubectl label \
         namespace {namespace} freshet.dev/injection=enabled --overwrite\n"
    );
    assert!(created.stderr.ends_with(&advice), "{}", created.stderr);
}

#[test]
fn nobody_else_is_warned() {
    let release = installed(&[]);
    let unlabelled = release.api.namespace("quiet", &[]);
    let status = json!({ "freshet.dev/status": "injected", "freshet.dev/sync-spec": "{}", "freshet.dev/refresh": "1" });
    let off = json!({ "freshet.dev/inject": "false", "freshet.dev/secret-db": "secret/db" });
    let similar =
        json!({ "example.org/freshet.dev": "true", "freshet.development/inject": "true" });
    for kind in KINDS {
        for annotations in [&Value::Null, &json!({}), &status, &off, &similar] {
            let created = create(release.api, &object(kind, &unlabelled, annotations));
            assert_eq!(
                (created.ok, created.stderr.as_str()),
                (true, ""),
                "{kind} {annotations}"
            );
        }
    }
    release.api.service_account("kube-system", "default");
    let created = create(release.api, &object("Pod", "kube-system", &asked()));
    assert_eq!((created.ok, created.stderr.as_str()), (true, ""));
    for label in ["enabled", "external-secrets"] {
        let namespace = release.api.namespace("labelled", &[(ENABLED.0, label)]);
        let created = create(release.api, &object("Deployment", &namespace, &asked()));
        assert_eq!((created.ok, created.stderr.as_str()), (true, ""), "{label}");
    }
}

#[test]
fn who_updates_a_workload_is_warned_when_its_pods_change() {
    let release = installed(&[]);
    let namespace = release.api.namespace("update", &[]);
    for kind in ["Deployment", "CronJob"] {
        let workload = named("app", object(kind, &namespace, &asked()));
        create(release.api, &workload);
        for command in ["label", "annotate"] {
            let args = [command, "-n", &namespace, kind, "app", "a=b"];
            assert_eq!(said(release.api.kubectl(&args, "")), "", "{kind} {command}");
        }
        let changed = workload
            .to_string()
            .replace(r#""image":"app""#, r#""image":"app:2""#);
        let warning = said(release.api.kubectl(&["replace", "-f", "-"], &changed));
        assert!(
            warning.contains("freshet-unlabelled-namespace"),
            "{kind}: {warning}"
        );
    }
    let scaled = [
        "scale",
        "-n",
        &namespace,
        "deployment",
        "app",
        "--replicas=3",
    ];
    assert_eq!(said(release.api.kubectl(&scaled, "")), "");
}

#[test]
fn annotated_pods_without_the_label_can_be_denied() {
    let release = installed(&[]);
    let namespace = release.api.namespace("denied", &[]);
    // Made before the policy denies; its finalizer and its scale must not be held up.
    let mut before = named("before", object("Deployment", &namespace, &asked()));
    before["metadata"]["finalizers"] = json!(["example.org/wait"]);
    assert!(create(release.api, &before).ok);
    release.upgrade(&["--set=policies.unlabelledNamespace=deny"]);
    let denied = wait_for("the policy to deny", || {
        let created = create(release.api, &object("Pod", &namespace, &asked()));
        (!created.ok).then_some(created)
    });
    let start = "Error from server (Forbidden): error when creating \"STDIN\": pods \"app-";
    let end = format!(
        "ValidatingAdmissionPolicy 'freshet-unlabelled-namespace' with binding 'freshet-unlabelled-namespace' \
         denied request: namespace {namespace} has no label freshet.dev/injection, so the annotations \
         freshet.dev/... have no effect and pods start without their secrets: kubectl label namespace \
         {namespace} freshet.dev/injection=enabled\n"
    );
    let told = &denied.stderr;
    assert!(told.starts_with(start) && told.ends_with(&end), "{told}");
    for kind in KINDS {
        assert!(
            !create(release.api, &object(kind, &namespace, &asked())).ok,
            "{kind}"
        );
        let created = create(release.api, &object(kind, &namespace, &Value::Null));
        assert_eq!((created.ok, created.stderr.as_str()), (true, ""), "{kind}");
    }
    for args in [
        &["scale", "deployment", "before", "--replicas=3"][..],
        &[
            "patch",
            "deployment",
            "before",
            "-p",
            r#"{"metadata": {"finalizers": null}}"#,
        ],
        &["delete", "deployment", "before", "--wait=false"],
    ] {
        release.api.run(&[args, &["-n", &namespace]].concat(), "");
    }
    let labelled = release.api.namespace("not-denied", &[ENABLED]);
    assert!(create(release.api, &object("Deployment", &labelled, &asked())).ok);
}

#[test]
fn a_namespace_is_told_what_its_label_does() {
    let release = installed(&[]);
    let namespace = release.api.namespace("labels", &[]);
    let label = |namespace: &str, label: &str| {
        let args = ["label", "namespace", namespace, "--overwrite", label];
        said(release.api.kubectl(&args, "")).replace("Warning: Validation failed for ValidatingAdmissionPolicy 'freshet-namespace-label' with binding 'freshet-namespace-label': ", "warned: ")
    };
    let nothing = "warned: metadata.labels[freshet.dev/injection]: \"true\": means nothing, so pods start \
                   without their secrets: must be enabled or external-secrets\n";
    assert_eq!(label(&namespace, "freshet.dev/injection=true"), nothing);
    assert_eq!(
        label(&namespace, "other=true"),
        "",
        "the label was there before"
    );
    for quiet in ["freshet.dev/injection=enabled", "freshet.dev/injection-"] {
        assert_eq!(label(&namespace, quiet), "", "{quiet}");
    }
    let external_secrets = "freshet.dev/injection=external-secrets";
    assert_eq!(
        label(&namespace, external_secrets),
        "warned: metadata.labels[freshet.dev/injection]: \"external-secrets\": means no more than enabled here: \
         Freshet was installed without externalSecrets.enabled\n"
    );
    label(&namespace, "freshet.dev/injection-");
    release.upgrade(&["--set=externalSecrets.enabled=true"]);
    wait_for("the label to mean something", || {
        let quiet = label(&namespace, external_secrets).is_empty();
        label(&namespace, "freshet.dev/injection-");
        quiet.then_some(())
    });
    for alone in ["kube-system", "freshet"] {
        assert_eq!(
            label(alone, "freshet.dev/injection=enabled"),
            format!(
                "warned: metadata.labels[freshet.dev/injection]: has no effect: namespace {alone} cannot \
                 opt in, so that neither the control plane nor Freshet waits for Freshet\n"
            )
        );
        label(alone, "freshet.dev/injection-");
    }
}

#[test]
fn our_own_account_changes_nothing_of_a_pod_but_our_annotations() {
    let release = installed(&[]);
    let namespace = release.api.namespace("own-account", &[]);
    may_update_pods(release.api, &namespace);
    let annotations = json!({ "theirs": "1", "freshet.dev/status": "injected" });
    let pod = named("app", object("Pod", &namespace, &annotations));
    assert!(create(release.api, &pod).ok);
    let change = |args: &str, account: &[&str]| {
        let args: Vec<_> = args.split(' ').collect();
        let pod = ["-n", &namespace, "pod", "app"];
        let args = [&args[..1], &pod, &args[1..], account].concat();
        release.api.kubectl(&args, "")
    };
    for (args, why) in FORBIDDEN {
        let denied = change(args, &[ACCOUNT]);
        assert!(!denied.ok, "{args:?}");
        let why = format!("denied request: Freshet may not {why}\n");
        assert!(denied.stderr.ends_with(&why), "{args}: {}", denied.stderr);
    }
    for args in [
        "annotate freshet.dev/sync-spec={}",
        "annotate freshet.dev/sync-spec={\"version\":1} --overwrite",
        "annotate freshet.dev/status-",
    ] {
        said(change(args, &[ACCOUNT]));
    }
    // Everybody else is left alone.
    for (args, _) in FORBIDDEN {
        said(change(args, &[]));
    }
}

/// What the account may not do to the pod `app`, and what it is told.
const FORBIDDEN: [(&str, &str); 8] = [
    (
        "annotate other=1",
        "change annotations of a pod but freshet.dev/...",
    ),
    (
        "annotate theirs=2 --overwrite",
        "change annotations of a pod but freshet.dev/...",
    ),
    (
        "annotate theirs-",
        "change annotations of a pod but freshet.dev/...",
    ),
    ("label a=b", "change labels, finalizers or owners of a pod"),
    (
        r#"patch -p {"metadata":{"finalizers":["a.b/c"]}}"#,
        "change labels, finalizers or owners of a pod",
    ),
    (
        r#"patch -p {"spec":{"containers":[{"name":"app","image":"other"}]}}"#,
        "change the spec of a pod",
    ),
    (
        r#"patch -p {"spec":{"activeDeadlineSeconds":5}}"#,
        "change the spec of a pod",
    ),
    (
        r#"patch --subresource=status -p {"status":{"message":"a"}}"#,
        "update pods/status",
    ),
];

/// What a later version of Freshet, or a careless administrator, would let the account do.
fn may_update_pods(api: &ApiServer, namespace: &str) {
    let role = [
        "create",
        "role",
        "pods",
        "--verb=get,patch,update",
        "--resource=pods,pods/status",
    ];
    api.run(&[&role[..], &["-n", namespace]].concat(), "");
    let binding = [
        "create",
        "rolebinding",
        "pods",
        "--role=pods",
        "--serviceaccount=freshet:freshet",
    ];
    api.run(&[&binding[..], &["-n", namespace]].concat(), "");
    let may = [
        "auth",
        "can-i",
        "patch",
        "pods/status",
        "-n",
        namespace,
        ACCOUNT,
    ];
    wait_for("the role", || api.kubectl(&may, "").ok.then_some(()));
}

/// A release whose policies the API server has taken up: it reads them a moment after they are there.
fn installed(options: &[&str]) -> Release {
    let release = Release::install(options);
    let namespace = release.api.namespace("probe", &[]);
    wait_for("the policies", || {
        let mislabelled = [
            "label",
            "namespace",
            &namespace,
            "freshet.dev/injection=no",
            "--dry-run=server",
        ];
        let labels = release.api.kubectl(&mislabelled, "").stderr;
        let probe = object("Pod", &namespace, &asked()).to_string();
        let pods = release
            .api
            .kubectl(&["create", "--dry-run=server", "-f", "-"], &probe)
            .stderr;
        (!labels.is_empty() && !pods.is_empty()).then_some(())
    });
    release
}

const KINDS: [&str; 7] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
];

fn asked() -> Value {
    json!({ "freshet.dev/inject": "true", "freshet.dev/secret-db": "secret/db#password" })
}

/// An object of this kind whose pods are annotated.
fn object(kind: &str, namespace: &str, annotations: &Value) -> Value {
    let labels = json!({ "app": "app" });
    let restart = if kind.ends_with("Job") {
        "Never"
    } else {
        "Always"
    };
    let spec =
        json!({ "containers": [{ "name": "app", "image": "app" }], "restartPolicy": restart });
    let template =
        json!({ "metadata": { "labels": labels, "annotations": annotations }, "spec": spec });
    let selector = json!({ "matchLabels": labels });
    let (version, spec) = match kind {
        "Pod" => ("v1", spec),
        "Job" => ("batch/v1", json!({ "template": template })),
        "CronJob" => {
            let job = json!({ "spec": { "template": template } });
            (
                "batch/v1",
                json!({ "schedule": "@daily", "jobTemplate": job }),
            )
        }
        _ => (
            "apps/v1",
            json!({ "selector": selector, "template": template }),
        ),
    };
    let mut metadata = json!({ "namespace": namespace, "generateName": "app-" });
    if kind == "Pod" {
        metadata["annotations"] = annotations.clone();
    }
    json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec })
}

/// The same with a name of its own.
fn named(name: &str, mut object: Value) -> Value {
    object["metadata"]["name"] = json!(name);
    object
}

/// What a command that has to succeed said beside its result.
#[track_caller]
fn said(done: Kubectl) -> String {
    assert!(done.ok, "{}", done.stderr);
    done.stderr
}

fn create(api: &ApiServer, object: &Value) -> Kubectl {
    api.kubectl(&["create", "-f", "-"], &object.to_string())
}
