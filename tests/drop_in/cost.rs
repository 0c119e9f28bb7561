//! What a pod costs that Freshet takes, beside the same pod of the injector's.

use std::time::Duration;

use serde_json::{Value, json};

use crate::incumbent::{Incumbent, Place};
use crate::secrets;
use crate::support::figures::{figure, median};
use crate::support::freshet;
use crate::support::image;
use crate::support::namespace::{ENABLED, Namespace};
use crate::support::node::Node;
use crate::support::vault::vault;

/// Starts of each kind.
const STARTS: usize = 7;

/// How long each runs on, to see what it asks of Vault and of the processor.
const LIFE: Duration = Duration::from_secs(60);

/// What one pod costs.
struct Cost {
    /// Reserved for the pod's life beside the application: millicores and MiB.
    reserved: (f64, f64),
    /// Resident memory of what runs beside the application, in MiB.
    resident: f64,
    /// Seconds of processor time in `LIFE`, the start among it.
    cpu: f64,
    /// Seconds from the pod's creation to the start of its application.
    start: f64,
    /// Requests that Vault answered in `LIFE`, the start among it.
    requests: f64,
}

#[test]
fn a_pod_costs_less_than_with_the_incumbent() {
    freshet::install();
    secrets::write();
    let _incumbent = Incumbent::register(Place::AfterFreshet);
    // Every answer stands in Vault's own log.
    secrets::enable(&["audit", "enable", "file", "file_path=stdout"]);
    let incumbents = Namespace::new("cost-incumbent", &[]);
    let freshets = Namespace::new("cost-freshet", &[ENABLED]);
    secrets::allow(&incumbents);
    secrets::allow(&freshets);
    let plain = Namespace::new("cost-plain", &[]);

    let mut starts = [const { Vec::new() }; 3];
    for round in 0..STARTS {
        let name = format!("start-{round}");
        for (namespace, starts) in [&plain, &incumbents, &freshets]
            .into_iter()
            .zip(&mut starts)
        {
            starts.push(start(namespace, &name, !std::ptr::eq(namespace, &plain)));
            namespace.run(&["delete", "pod", &name, "--grace-period=1"]);
        }
    }
    let [plain, incumbent_start, freshet_start] = starts.map(|starts| median(&starts));
    let incumbent = measured(&incumbents, incumbent_start - plain);
    let freshet = measured(&freshets, freshet_start - plain);
    vault(&["audit", "disable", "file"]);
    publish(&freshet, &incumbent);
    assert!(freshet.resident < incumbent.resident / 10.0, "memory");
    assert!(freshet.requests <= incumbent.requests, "requests");
    assert!(freshet.start < incumbent.start, "start");
}

/// Seconds until the application says that it has started.
#[track_caller]
fn start(namespace: &Namespace, name: &str, injected: bool) -> f64 {
    let mut pod = pod(namespace, name);
    if !injected {
        pod["metadata"]["annotations"] = Value::Null;
    }
    let before = uptime();
    namespace.apply(&pod);
    let said = namespace.wait_for(&format!("{name} to start"), || {
        let done = namespace.kubectl(&["logs", name, "--container=app"]);
        match done.stdout.trim().parse::<f64>() {
            Ok(seconds) => Ok(seconds),
            Err(_) => Err(done.stderr),
        }
    });
    said - before
}

/// One pod that runs on.
#[track_caller]
fn measured(namespace: &Namespace, start: f64) -> Cost {
    let before = requests(namespace);
    namespace.apply(&pod(namespace, "app"));
    namespace.wait_for_pod("app");
    std::thread::sleep(LIFE);
    let requests = requests(namespace) - before;
    let pod = namespace.get(&["pod", "app"]);
    let node = Node::of(namespace, &pod);
    let containers = beside(&pod);
    let (mut resident, mut cpu) = (0.0, 0.0);
    for (_, id) in containers.iter().filter(|(_, id)| !id.is_empty()) {
        resident += node.resident(id);
        cpu += node.cpu(id);
    }
    let sum = |resource: &str, scale: fn(&str) -> f64| -> f64 {
        let lists = ["initContainers", "containers"];
        let all = lists
            .iter()
            .filter_map(|list| pod["spec"][list].as_array())
            .flatten();
        // An ordinary init container is over when the application runs.
        let lasting = all.filter(|container| {
            let is_init = container["name"] == "vault-agent-init";
            container["name"] != "app" && !is_init
        });
        lasting
            .filter_map(|container| container["resources"]["requests"][resource].as_str())
            .map(scale)
            .sum()
    };
    Cost {
        reserved: (sum("cpu", millicores), sum("memory", mebibytes)),
        resident,
        cpu,
        start,
        requests,
    }
}

/// The containers beside the application, with the ids under which they run.
fn beside(pod: &Value) -> Vec<(String, String)> {
    let lists = ["initContainerStatuses", "containerStatuses"];
    let all = lists
        .iter()
        .filter_map(|list| pod["status"][list].as_array())
        .flatten();
    let others = all.filter(|status| status["name"] != "app");
    let running = others.filter(|status| status["state"]["running"].is_object());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    running
        .map(|status| (text(&status["name"]), text(&status["containerID"])))
        .collect()
}

/// The answers that Vault has given to the accounts of a namespace.
#[track_caller]
fn requests(namespace: &Namespace) -> f64 {
    let log = crate::support::kubectl::run(&[
        "logs",
        "deployment/vault",
        "--namespace=vault",
        "--tail=-1",
    ]);
    let account = format!("kubernetes-{}-default", namespace.name);
    let answers = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|entry| entry["type"] == "response" && entry["auth"]["display_name"] == *account);
    f64::from(u32::try_from(answers.count()).expect("a small number"))
}

fn pod(namespace: &Namespace, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "annotations": {
                "vault.hashicorp.com/agent-inject": "true",
                "vault.hashicorp.com/role": namespace.name,
                "vault.hashicorp.com/agent-inject-secret-db": "secret/data/docs/db",
            },
        },
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "app",
                "image": image::of_tests("busybox:1"),
                "command": ["sh", "-c", "cut -d ' ' -f 1 /proc/uptime; exec sleep 3600"],
            }],
        },
    })
}

fn publish(freshet: &Cost, incumbent: &Cost) {
    eprintln!(
        "\n{:38}{:>10}{:>14}",
        "of one pod", "Freshet", "vault agent"
    );
    for (name, unit, of) in ROWS {
        let (freshet, incumbent) = (of(freshet), of(incumbent));
        eprintln!("{name:34}{unit:>4}{freshet:10.2}{incumbent:14.2}");
        figure(&format!("of a taken pod, {name}"), freshet, unit, "");
        figure(
            &format!("of the injector's pod, {name}"),
            incumbent,
            unit,
            "",
        );
    }
}

type Row = (&'static str, &'static str, fn(&Cost) -> f64);

const ROWS: [Row; 6] = [
    ("reserved processor", "m", |cost| cost.reserved.0),
    ("reserved memory", "MiB", |cost| cost.reserved.1),
    ("resident memory", "MiB", |cost| cost.resident),
    ("processor time in a minute", "s", |cost| cost.cpu),
    ("added to the start", "s", |cost| cost.start),
    ("requests to Vault in a minute", "", |cost| cost.requests),
];

fn millicores(quantity: &str) -> f64 {
    match quantity.strip_suffix('m') {
        Some(number) => number.parse().expect("millicores"),
        None => 1000.0 * quantity.parse::<f64>().expect("cores"),
    }
}

fn mebibytes(quantity: &str) -> f64 {
    let number = quantity.strip_suffix("Mi").expect("MiB");
    number.parse().expect("a number")
}

/// This machine's seconds since boot.
#[track_caller]
fn uptime() -> f64 {
    let text = std::fs::read_to_string("/proc/uptime").expect("/proc/uptime");
    let first = text.split(' ').next().and_then(|first| first.parse().ok());
    first.expect("seconds")
}
