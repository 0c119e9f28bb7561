//! Where a value is found: in etcd, in Kubernetes' objects, in logs, on the node's disk.

use std::collections::BTreeSet;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::http;
use crate::support::kubectl::{get, kubectl, output, run};

/// The node's etcd.
const ETCD: &str = "127.0.0.1:2379";

/// What the run keeps on disk: the state of the node with etcd's files, images, volumes and logs, and
/// what the tests leave.
const ON_DISK: [&str; 4] = [
    "/run/cluster",
    "/var/log",
    "target/cluster",
    "target/gitops",
];

/// A value, in every form that a store may have it in.
pub(crate) struct Sought {
    forms: Vec<String>,
}

impl Sought {
    /// As it is, and as base64 at each of its three places in a longer text.
    pub(crate) fn new(value: &str) -> Self {
        let mut forms = vec![value.to_owned()];
        forms.extend((0..3).map(|shift| {
            let text = STANDARD.encode([&b"xxx"[..shift], value.as_bytes()].concat());
            // The characters that hold a bit of a neighbour differ from text to text.
            let (first, last) = ((shift * 8).div_ceil(6), (shift + value.len()) * 8 / 6);
            text[first..last].to_owned()
        }));
        Self { forms }
    }

    /// Whether a text has it.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text);
        self.forms.iter().any(|form| text.contains(form))
    }

    /// The keys of etcd that have it, in the key or in the value.
    #[track_caller]
    pub(crate) fn in_etcd(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut from = vec![0];
        loop {
            // From a key to the end of all.
            let asked =
                json!({ "key": STANDARD.encode(&from), "range_end": "AA==", "limit": "200" });
            let reply = http::request(ETCD, "POST", "/v3/kv/range", &[], &asked.to_string())
                .expect("etcd answers");
            assert_eq!(reply.status, 200, "{}", reply.body);
            let page = reply.json();
            for pair in page["kvs"].as_array().expect("keys") {
                let bytes = |field: &str| {
                    STANDARD
                        .decode(pair[field].as_str().unwrap_or_default())
                        .expect("base64")
                };
                let (key, value) = (bytes("key"), bytes("value"));
                if self.is_in(&key) || self.is_in(&value) {
                    found.push(String::from_utf8_lossy(&key).into_owned());
                }
                from = [key, vec![0]].concat();
            }
            if page["more"] != true {
                return found;
            }
        }
    }

    /// The objects that have it, of every resource that can be listed.
    #[track_caller]
    pub(crate) fn in_objects(&self) -> Vec<String> {
        let resources = run(&["api-resources", "--verbs=list", "--output=name"]);
        let resources: BTreeSet<_> = resources.lines().collect();
        assert!(
            resources.contains("secrets") && resources.contains("pods"),
            "{resources:?}"
        );
        let mut found = Vec::new();
        for resource in resources {
            let list = get(&[resource, "--all-namespaces"]);
            for object in list["items"].as_array().expect("items") {
                if self.is_in(object.to_string().as_bytes()) {
                    let metadata = &object["metadata"];
                    found.push(format!(
                        "{resource} {} {}",
                        metadata["namespace"], metadata["name"]
                    ));
                }
            }
        }
        found
    }

    /// The containers whose log has it, as `kubectl logs` tells it.
    #[track_caller]
    pub(crate) fn in_logs(&self) -> Vec<String> {
        let pods = get(&["pods", "--all-namespaces"]);
        let mut found = Vec::new();
        for pod in pods["items"].as_array().expect("pods") {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (namespace, name) = (
                text(&pod["metadata"]["namespace"]),
                text(&pod["metadata"]["name"]),
            );
            let args = [
                "logs",
                "--namespace",
                &namespace,
                &name,
                "--all-containers",
                "--prefix",
            ];
            if self.is_in(kubectl(&args, "").stdout.as_bytes()) {
                found.push(format!("{namespace}/{name}"));
            }
        }
        found
    }

    /// The files on disk that have it; what is mounted in memory is another file system.
    #[track_caller]
    pub(crate) fn on_disk(&self) -> Vec<String> {
        let mut grep = Command::new("sh");
        // 123: some call of grep found nothing.
        let search = "find $FOLDERS -xdev -type f -print0 | xargs -0 grep -l -a -F -s \"$@\" || [ $? -eq 123 ]";
        grep.args(["-c", search, "sh"])
            .args(self.forms.iter().map(|form| format!("--regexp={form}")))
            .env("FOLDERS", ON_DISK.join(" "))
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let done = output(&mut grep, "");
        assert!(done.ok, "{}", done.stderr);
        done.stdout.lines().map(str::to_owned).collect()
    }
}
