//! What Freshet costs a pod: the time until its application starts, and memory.

use std::fs;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, LogParams, PostParams};
use kube::runtime::wait::await_condition;
use serde_json::{Value, json};

use crate::support::app::{self, PASSWORD, SERVE};
use crate::support::figures::{figure, median};
use crate::support::freshet;
use crate::support::kubectl::run;
use crate::support::namespace::{ENABLED, Namespace};

/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many pods of each kind.
const PODS: usize = 20;
/// Seconds that may be added to a pod's start, at the median.
const BUDGET: f64 = 0.35;
/// What the sidecar requests, in MiB.
const REQUEST: f64 = 8.0;

/// Says when it started, in seconds of the node's clock since boot: status fields have whole seconds.
const SAY_WHEN: &str = "cut -d ' ' -f 1 /proc/uptime";

#[test]
fn the_live_sidecar_adds_little_to_the_start_of_a_pod() {
    freshet::install();
    // Other pods that start would be measured, too.
    let namespace = Namespace::alone("start", &[ENABLED]);
    app::allow(&namespace);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let kinds = [Kind::Plain, Kind::Live, Kind::Once];
    let mut seconds = [const { Vec::new() }; 3];
    runtime.block_on(async {
        let client = kube::Client::try_default().await;
        let client = client.expect("the cluster of KUBECONFIG");
        let pods = Api::namespaced(client, &namespace.name);
        // One after the other in turn: what slows the machine down slows down all kinds.
        for round in 0..PODS {
            for (kind, seconds) in kinds.iter().zip(&mut seconds) {
                let name = format!("{}-{round}", kind.name());
                seconds.push(start(&pods, &name, kind.pod(&namespace, &name)).await);
            }
        }
    });
    let [plain, live, once] = seconds.map(|seconds| median(&seconds));
    for (what, value, budget) in [
        ("pod start without Freshet", plain, String::new()),
        ("pod start with a live sidecar", live, String::new()),
        ("pod start with an init container", once, String::new()),
        (
            "added to a pod's start by an init container",
            once - plain,
            String::new(),
        ),
        (
            "added to a pod's start",
            live - plain,
            format!("<= {BUDGET}"),
        ),
    ] {
        figure(&format!("{what}, median of {PODS}"), value, "s", &budget);
    }
    assert!(
        live < once,
        "a live sidecar holds a pod up for {live:.2} s, an init container for {once:.2} s"
    );
}

/// Seconds from a pod's creation until its application says that it runs. Nothing polls meanwhile.
async fn start(pods: &Api<Pod>, name: &str, pod: Value) -> f64 {
    let pod = serde_json::from_value(pod).expect("a pod");
    let before = uptime();
    let created = pods.create(&PostParams::default(), &pod).await;
    created.expect("a pod that is admitted");
    let ended = |pod: Option<&Pod>| {
        let status = pod.and_then(|pod| pod.status.as_ref());
        status.is_some_and(|status| status.phase.as_deref() == Some("Succeeded"))
    };
    let wait = tokio::time::timeout(PATIENCE, await_condition(pods.clone(), name, ended));
    let waited = wait
        .await
        .unwrap_or_else(|_| panic!("pod {name} did not end within {PATIENCE:?}"));
    waited.expect("a watch");
    let params = LogParams {
        container: Some("app".to_owned()),
        ..LogParams::default()
    };
    let said = pods.logs(name, &params).await.expect("its log");
    let deleted = pods.delete(name, &DeleteParams::default()).await;
    deleted.expect("its deletion");
    said.trim().parse::<f64>().expect("seconds") - before
}

#[test]
fn the_sidecar_stays_within_the_memory_that_it_requests() {
    let namespace = app::namespace("memory");
    namespace.apply(&app::pod(&namespace, "app", SERVE));
    namespace.wait_for_pod("app");
    assert_eq!(
        namespace.look("pod/app", "app", &["cat", "/secrets/password"]),
        PASSWORD
    );
    let pod = namespace.get(&["pod", "app"]);
    let node = pod["spec"]["nodeName"].as_str().expect("a node");
    let request = &pod["spec"]["initContainers"][0]["resources"]["requests"]["memory"];
    assert_eq!(request, &format!("{REQUEST}Mi"));
    // The kubelet looks at the cgroups every ten seconds.
    let bytes = namespace.wait_for("the kubelet to measure the sidecar", || {
        let summary = run(&[
            "get",
            "--raw",
            &format!("/api/v1/nodes/{node}/proxy/stats/summary"),
        ]);
        let summary: Value = serde_json::from_str(&summary).expect("JSON");
        working_set(&summary, &namespace.name).ok_or_else(|| summary["pods"].to_string())
    });
    let mib = bytes / f64::from(1 << 20);
    figure(
        "the sidecar's working set, as its cgroup counts it",
        mib,
        "MiB",
        &format!("<= {REQUEST}"),
    );
    assert!(mib <= REQUEST, "{mib:.2} MiB");
}

/// A pod's way to its first file.
#[derive(Clone, Copy)]
enum Kind {
    /// Without Freshet.
    Plain,
    /// A native sidecar.
    Live,
    /// An ordinary init container that does the same once.
    Once,
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Live => "live",
            Self::Once => "once",
        }
    }

    fn pod(&self, namespace: &Namespace, name: &str) -> Value {
        let mut pod = app::pod(namespace, name, SAY_WHEN);
        pod["spec"]["restartPolicy"] = json!("Never");
        match self {
            Self::Plain => pod["metadata"]["annotations"] = Value::Null,
            Self::Live => {}
            Self::Once => pod["metadata"]["annotations"]["freshet.dev/once"] = json!("true"),
        }
        pod
    }
}

/// This machine's seconds since boot. The node of a borrowed cluster may be another machine: then
/// the differences alone mean something.
#[track_caller]
fn uptime() -> f64 {
    let text = fs::read_to_string("/proc/uptime").expect("/proc/uptime");
    let seconds = text
        .split(' ')
        .next()
        .and_then(|seconds| seconds.parse().ok());
    seconds.expect("seconds")
}

/// Bytes of the container `freshet` of the namespace's one pod.
fn working_set(summary: &Value, namespace: &str) -> Option<f64> {
    let mut pods = summary["pods"].as_array()?.iter();
    let pod = pods.find(|pod| pod["podRef"]["namespace"] == namespace)?;
    let mut containers = pod["containers"].as_array()?.iter();
    let sidecar = containers.find(|container| container["name"] == "freshet")?;
    sidecar["memory"]["workingSetBytes"].as_f64()
}
