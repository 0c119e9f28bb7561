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
        let id = container.as_str().and_then(|id| id.split_once("://"));
        let (_, id) = id.expect("RUNTIME://ID");
        let done = self.sh(&format!(
            "for pid in $(grep -ls {id} /proc/[0-9]*/cgroup | cut -d / -f 3); do kill -9 $pid && echo $pid; done"
        ));
        assert!(
            !done.stdout.is_empty(),
            "no process of {container} was killed: {done:?}"
        );
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
