//! The webhook's replicas come and go, one by one or all at once.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::admissions::{admissions, ask, pending, plain};
use crate::support::kubectl::{get, run, wait_for};
use crate::support::measured::{check_within, count};
use crate::support::namespace::{ENABLED, Namespace};
use crate::support::node::Node;
use crate::support::restore::restoring;
use crate::support::{app, freshet, pod, vault};

#[test]
fn no_pod_is_refused_while_one_replica_after_the_other_is_deleted_or_rolled() {
    freshet::install();
    let namespace = Namespace::alone("replicas", &[ENABLED]);
    let admissions = admissions(&namespace, || {
        for _ in 0..3 {
            let deleted = replica();
            let name = deleted["metadata"]["name"].as_str().expect("a name");
            run(&["delete", "pod", name, FRESHETS, "--wait=false"]);
            wait_until_complete(|replicas| {
                replicas
                    .iter()
                    .all(|replica| replica["metadata"]["name"] != name)
            });

            run(&["rollout", "restart", DEPLOYMENT, FRESHETS]);
            run(&["rollout", "status", DEPLOYMENT, FRESHETS, "--timeout=120s"]);
            // Those before them are gone, too.
            wait_until_complete(|_| true);
        }
    });
    let admitted = admissions.check("while replicas were deleted and rolled");
    let pods = namespace.get(&["pods"]);
    let pods = pods["items"].as_array().expect("a list");
    let served = pods
        .iter()
        .filter(|pod| pod["spec"]["initContainers"][0]["name"] == pod::REFRESHER);
    assert_eq!(served.count(), admitted, "each with its sidecar");
}

/// Whoever dies without a word keeps its place in the Service for a second, and the API server asks
/// once: such a pod is refused. Controllers try again by themselves.
#[test]
fn a_deployment_gets_all_its_pods_though_processes_of_the_webhook_are_killed() {
    freshet::install();
    let namespace = Namespace::alone("killing", &[ENABLED]);
    let mut deployment = deployment(&namespace);
    deployment["spec"]["replicas"] = json!(PODS);
    deployment["spec"]["template"]["spec"] = pending(&namespace, "")["spec"].clone();
    namespace.apply(&deployment);
    // Those that an earlier test replaced are gone.
    wait_until_complete(|_| true);
    // Each once: a container that dies again is started anew after a pause.
    for killed in replicas() {
        Node::of(&namespace, &killed).kill(container(&killed));
        wait_until_complete(|replicas| {
            let mut ids = replicas.iter().map(container);
            ids.all(|id| id != container(&killed))
        });
    }
    namespace.wait_for("all pods", || {
        let found = namespace.get(&["deployment", "app"]);
        match found["status"]["replicas"] == PODS {
            true => Ok(()),
            false => Err(found["status"].to_string()),
        }
    });
    let events = namespace.get(&["events", "--field-selector=reason=FailedCreate"]);
    let events = events["items"].as_array().expect("a list").iter();
    let refused: u64 = events.filter_map(|event| event["count"].as_u64()).sum();
    let name = format!("refused of {PODS}, then created, while the webhook was killed");
    count(&name, usize::try_from(refused).expect("a small number"), "");
}

const PODS: u32 = 200;

/// The id of a replica's container.
fn container(replica: &Value) -> &Value {
    &replica["status"]["containerStatuses"][0]["containerID"]
}

#[test]
fn without_any_replica_annotated_pods_alone_are_refused_and_all_proceeds_when_they_return() {
    freshet::install();
    let namespace = Namespace::alone("none", &[ENABLED]);
    vault::allow(&namespace.name, &namespace.name, "default");
    vault::put(
        &format!("secret/{}/db", namespace.name),
        &["password=marker"],
    );
    let as_before = || {
        run(&["scale", DEPLOYMENT, FRESHETS, "--replicas=2"]);
        wait_until_complete(|_| true);
    };
    restoring(as_before, || {
        run(&["scale", DEPLOYMENT, FRESHETS, "--replicas=0"]);
        run(&[
            "wait",
            "--for=delete",
            "pods",
            FRESHETS,
            WEBHOOKS,
            "--timeout=60s",
        ]);
        check_without_replicas(&namespace);
    });
    let back = Instant::now();
    namespace.wait_for_deployment("app");
    check_within(
        "webhook back: a Deployment that waited is ready after",
        back,
        90,
    );
    let file = namespace.exec("deployment/app", "app", &["cat", "/secrets/password"]);
    assert_eq!(file.stdout, "marker", "{}", file.stderr);
}

const DEPLOYMENT: &str = "deployment/freshet";
const FRESHETS: &str = "--namespace=freshet";
const WEBHOOKS: &str = "--selector=app.kubernetes.io/name=freshet";

/// Who is refused while nobody answers, and who starts as ever.
#[track_caller]
fn check_without_replicas(namespace: &Namespace) {
    let refused = ask(&pending(namespace, "refused"), &[]);
    assert!(!refused.ok, "{refused:?}");
    for part in ["pods.freshet.dev", "https://freshet.freshet.svc:443/mutate"] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    namespace.apply(&deployment(namespace));
    namespace.wait_for("the refusal as an event", || {
        let events = namespace.run(&["get", "events", "--field-selector=reason=FailedCreate"]);
        match events.contains("pods.freshet.dev") {
            true => Ok(()),
            false => Err(events),
        }
    });
    // Nobody asks us about these: a pod without annotations, and annotated ones where injection is
    // not enabled or never will be.
    let mut unannotated = plain(&namespace.name, "plain");
    unannotated["spec"] = deployment(namespace)["spec"]["template"]["spec"].clone();
    namespace.apply(&unannotated);
    namespace.run(&[
        "wait",
        "--for=condition=Ready",
        "pod/plain",
        "--timeout=60s",
    ]);
    for pod in [
        annotated("default"),
        annotated("kube-system"),
        annotated(freshet::NAMESPACE),
    ] {
        let admitted = ask(&pod, &["--dry-run=server"]);
        assert!(admitted.ok, "{}: {}", pod["metadata"], admitted.stderr);
    }
}

#[track_caller]
fn replicas() -> Vec<Value> {
    let pods = get(&["pods", FRESHETS, WEBHOOKS]);
    pods["items"].as_array().expect("a list").clone()
}

/// One of them.
#[track_caller]
fn replica() -> Value {
    replicas().into_iter().next().expect("a replica")
}

/// Waits until two replicas are ready and `as_wanted`.
#[track_caller]
fn wait_until_complete(as_wanted: impl Fn(&[Value]) -> bool) {
    wait_for(freshet::NAMESPACE, "two replicas", || {
        let replicas = replicas();
        let ready = |replica: &Value| replica["status"]["containerStatuses"][0]["ready"] == true;
        match replicas.len() == 2 && replicas.iter().all(ready) && as_wanted(&replicas) {
            true => Ok(()),
            false => Err(Value::from(replicas).to_string()),
        }
    });
}

fn annotated(namespace: &str) -> Value {
    let mut pod = plain(namespace, "annotated");
    pod["metadata"]["annotations"] = json!({ "freshet.dev/inject": "true" });
    pod
}

fn deployment(namespace: &Namespace) -> Value {
    app::deployment(&app::template(namespace, "exec sleep 3600"))
}
