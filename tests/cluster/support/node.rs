//! A hand on the node: what Kubernetes itself never does, such as SIGKILL out of the blue.

use serde_json::{Value, json};

use super::image;
use super::kubectl::Done;
use super::namespace::{Namespace, found};

/// A pod that sees the node's processes and may end them.
pub(crate) struct Node<'a> {
    namespace: &'a Namespace,
}

const NAME: &str = "node";

impl<'a> Node<'a> {
    /// Starts it beside the pod that it is for; a cluster may have several nodes.
    #[track_caller]
    pub(crate) fn of(namespace: &'a Namespace, pod: &Value) -> Self {
        let node = pod["spec"]["nodeName"].as_str().expect("a node");
        namespace.apply(&json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": NAME },
            "spec": {
                "nodeName": node,
                "hostPID": true,
                "terminationGracePeriodSeconds": 0,
                "containers": [{
                    "name": NAME,
                    "image": image::of_tests("busybox:1"),
                    "command": ["sleep", "3600"],
                    "securityContext": { "privileged": true },
                }],
            },
        }));
        let node = Self { namespace };
        namespace.wait_for("a hand on the node", || found(node.sh("true")));
        node
    }

    /// Sends SIGKILL to all processes of a container, by the id that its status shows.
    #[track_caller]
    pub(crate) fn kill(&self, container: &Value) {
        let processes = processes(container.as_str().expect("an id"));
        let done = self.sh(&format!(
            "for pid in $({processes}); do kill -9 $pid && echo $pid; done"
        ));
        assert!(
            !done.stdout.is_empty(),
            "no process of {container} was killed: {done:?}"
        );
    }

    /// The resident memory of a container's processes in MiB (`VmRSS` of proc_pid_status(5)).
    #[track_caller]
    pub(crate) fn resident(&self, container: &str) -> f64 {
        let script = format!(
            "for pid in $({}); do grep VmRSS /proc/$pid/status; done",
            processes(container)
        );
        self.sum(&script, 1) / 1024.0
    }

    /// The processor time of a container's processes in seconds (fields 14 and 15 of
    /// proc_pid_stat(5), in hundredths on Linux).
    #[track_caller]
    pub(crate) fn cpu(&self, container: &str) -> f64 {
        let script = format!(
            "for pid in $({}); do sed 's/.*) //' /proc/$pid/stat | awk '{{ print $12 + $13 }}'; done",
            processes(container)
        );
        self.sum(&script, 0) / 100.0
    }

    /// The sum of the words at a place of each line that a script prints.
    #[track_caller]
    fn sum(&self, script: &str, place: usize) -> f64 {
        let done = self.sh(script);
        let words = done.stdout.lines().map(|line| {
            let word = line.split_whitespace().nth(place);
            word.and_then(|word| word.parse::<f64>().ok())
        });
        let words: Option<Vec<_>> = words.collect();
        let words = words.filter(|words| !words.is_empty());
        let words = words.unwrap_or_else(|| panic!("{script}: {done:?}"));
        words.iter().sum()
    }

    /// The process id of the node's containerd.
    pub(crate) fn containerd(&self) -> Result<String, String> {
        found(self.sh("pidof containerd"))
    }

    /// Sends it SIGKILL. Whatever the answer: it travels through containerd.
    pub(crate) fn kill_containerd(&self) {
        let _ = self.sh("kill -9 $(pidof containerd)");
    }

    fn sh(&self, script: &str) -> Done {
        self.namespace.exec(NAME, NAME, &["sh", "-c", script])
    }
}

/// A command that prints the processes of a container, by the id that its status shows.
#[track_caller]
fn processes(container: &str) -> String {
    let (_, id) = container.split_once("://").expect("RUNTIME://ID");
    format!("grep -ls {id} /proc/[0-9]*/cgroup | cut -d / -f 3")
}
