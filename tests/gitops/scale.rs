//! 500 ExternalSecrets and 500 pods that mount their targets: what an admission takes, and what the
//! webhook's memory is.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::support::figures::figure;
use crate::support::freshet;
use crate::support::kubectl::{self, get, run, run_with};
use crate::support::namespace::Namespace;
use crate::{example, freshet_here, http};

const NAMESPACES: usize = 10;
/// ExternalSecrets, and pods, of each.
const EACH: usize = 50;

/// Where a replica tells its metrics.
const METRICS_PORT: u16 = 8081;

/// What is counted for `le="0.025"` has taken at most that many seconds.
const BUCKET: &str = "freshet_admission_duration_seconds_bucket{le=\"";

#[test]
fn five_hundred_external_secrets_and_pods_cost_little() {
    freshet_here::install();
    // Nobody else's admissions are counted.
    let _alone = Namespace::alone("scale", &[]);
    let names: Vec<_> = (0..NAMESPACES)
        .map(|number| format!("scale-{number}"))
        .collect();
    let store = example::file("clustersecretstore.yaml").replace("vault-backend", "scale");
    run_with(&["apply", "--filename=-"], &store);
    for name in &names {
        make(name, &list((0..EACH).map(external_secret)));
    }
    wait_until_known(&names);

    let before = Durations::read();
    thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| {
                run_with(
                    &["create", "--namespace", name, "--filename=-"],
                    &list((0..EACH).map(pod)),
                )
            });
        }
    });
    let took = Durations::read().since(&before);
    for name in &names {
        check_injected(name);
    }
    let all = u32::try_from(NAMESPACES * EACH).expect("a small number");
    figure(
        "GitOps: 500 ExternalSecrets: pods admitted",
        took.count(),
        "",
        &format!(">= {all}"),
    );
    figure(
        "GitOps: 500 ExternalSecrets: half of the reviews within",
        took.within(0.5) * 1e3,
        "ms",
        "",
    );
    figure(
        "GitOps: 500 ExternalSecrets: 99 % of the reviews within",
        took.within(0.99) * 1e3,
        "ms",
        "",
    );
    figure(
        "GitOps: 500 ExternalSecrets and pods: webhook RSS",
        resident_megabytes(),
        "MB",
        "<= 20",
    );

    run(&["delete", "clustersecretstore", "scale"]);
    for name in &names {
        run(&["delete", "namespace", name, "--wait=false"]);
    }
}

#[track_caller]
fn make(name: &str, objects: &str) {
    let labels = json!({ "freshet.dev/injection": "external-secrets" });
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": { "name": name, "labels": labels },
    });
    run_with(&["create", "--filename=-"], &namespace.to_string());
    run_with(&["create", "--namespace", name, "--filename=-"], objects);
}

fn list(objects: impl Iterator<Item = Value>) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "items": objects.collect::<Vec<_>>() }).to_string()
}

/// One like the example's.
fn external_secret(number: usize) -> Value {
    let entry = |key: &str, property: &str| json!({ "secretKey": key, "remoteRef": { "key": format!("app-{number}"), "property": property } });
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": format!("credentials-{number}") },
        "spec": {
            "refreshInterval": "15s",
            "secretStoreRef": { "name": "scale", "kind": "ClusterSecretStore" },
            "target": {
                "name": format!("credentials-{number}"),
                "template": { "engineVersion": "v2", "data": {
                    "credentials": "db_con=\"{{ .url }}\"\ndb_user=\"{{ .username }}\"\ndb_password=\"{{ .password }}\"\n",
                } },
            },
            "data": [entry("url", "url"), entry("username", "username"), entry("password", "password")],
        },
    })
}

/// One that no node takes.
fn pod(number: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": format!("app-{number}") },
        "spec": {
            "nodeSelector": { "freshet.test/node": "none" },
            "containers": [{
                "name": "app",
                "image": "app",
                "volumeMounts": [{ "name": "secrets", "mountPath": "/secrets" }],
            }],
            "volumes": [{ "name": "secrets", "secret": { "secretName": format!("credentials-{number}") } }],
        },
    })
}

/// The status of each says that it was seen.
#[track_caller]
fn wait_until_known(names: &[String]) {
    for name in names {
        kubectl::wait_for(name, "all ExternalSecrets to be accepted", || {
            let list = get(&["externalsecrets", "--namespace", name]);
            let items = list["items"].as_array().expect("items");
            let ready = items
                .iter()
                .filter(|one| one["status"]["conditions"][0]["status"] == "True")
                .count();
            if ready == EACH {
                Ok(())
            } else {
                Err(format!("{ready} of {EACH}"))
            }
        });
    }
}

#[track_caller]
fn check_injected(name: &str) {
    let list = get(&["pods", "--namespace", name]);
    let pods = list["items"].as_array().expect("pods");
    let injected = pods
        .iter()
        .filter(|pod| pod["spec"]["volumes"][0]["emptyDir"]["medium"] == "Memory")
        .count();
    assert_eq!(injected, EACH, "{name}");
}

/// The histogram of the reviews of all replicas: how many took at most so many seconds.
struct Durations(Vec<(f64, f64)>);

impl Durations {
    #[track_caller]
    fn read() -> Self {
        let mut all: Vec<(f64, f64)> = Vec::new();
        for address in replicas() {
            let reply = http::request(
                &format!("{address}:{METRICS_PORT}"),
                "GET",
                "/metrics",
                &[],
                "",
            );
            let text = reply.expect("metrics").body;
            let lines = text
                .lines()
                .filter_map(|line| line.strip_prefix(BUCKET)?.split_once("\"} "));
            for (index, (most, count)) in lines.enumerate() {
                let most = most.parse().unwrap_or(f64::INFINITY);
                let count: f64 = count.parse().expect("a number");
                match all.get_mut(index) {
                    Some(bucket) => bucket.1 += count,
                    None => all.push((most, count)),
                }
            }
        }
        assert!(!all.is_empty(), "no metric begins with {BUCKET}");
        Self(all)
    }

    fn since(&self, earlier: &Self) -> Self {
        let both = self.0.iter().zip(&earlier.0);
        Self(
            both.map(|((most, count), (_, before))| (*most, count - before))
                .collect(),
        )
    }

    fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The seconds within which that part of all was answered, rounded up to the next bucket.
    fn within(&self, part: f64) -> f64 {
        let wanted = self.count() * part;
        let bucket = self.0.iter().find(|(_, count)| *count >= wanted);
        bucket.map_or(f64::INFINITY, |(most, _)| *most)
    }
}

/// The addresses of the webhook's pods.
#[track_caller]
fn replicas() -> Vec<String> {
    let pods = get(&[
        "pods",
        "--namespace",
        freshet::NAMESPACE,
        "--selector=app.kubernetes.io/name=freshet",
    ]);
    let pods = pods["items"].as_array().expect("pods");
    let addresses = pods
        .iter()
        .filter_map(|pod| pod["status"]["podIP"].as_str());
    addresses.map(str::to_owned).collect()
}

/// Of the largest of the webhook's processes.
#[track_caller]
fn resident_megabytes() -> f64 {
    let processes = fs::read_dir("/proc")
        .expect("processes")
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let command = fs::read_to_string(folder.join("cmdline")).ok()?;
            let status = command
                .starts_with("/freshet\0webhook")
                .then(|| fs::read_to_string(folder.join("status")));
            let status = status?.ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().trim_end_matches(" kB").parse::<f64>().ok()
        });
    let largest = processes.fold(0.0, f64::max);
    assert!(largest > 0.0, "no webhook runs on this node");
    largest * 1024.0 / 1e6
}
