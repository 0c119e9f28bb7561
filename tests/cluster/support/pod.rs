//! A pod that Freshet serves one file, and what can be asked of it.

use serde_json::{Value, json};

use super::image;
use super::kubectl::Done;
use super::namespace::Namespace;
use super::node::Node;

/// The refresher's container.
pub(crate) const REFRESHER: &str = "freshet";

/// The application's.
pub(crate) const APP: &str = "app";

/// Seconds between two looks at Vault.
pub(crate) const INTERVAL: u64 = 5;

/// Serves until SIGTERM, which it takes for a crash.
const CRASHES_WHEN_TOLD: &str = "trap 'exit 3' TERM; while :; do sleep 1; done";

/// A pod by its name. Its file is `/secrets/password`, from `secret/NAMESPACE/db`.
pub(crate) struct Pod<'a> {
    namespace: &'a Namespace,
    name: &'a str,
}

impl<'a> Pod<'a> {
    /// Creates it; `vault` is the address of its Vault, and `more` are further annotations.
    #[track_caller]
    pub(crate) fn create(
        namespace: &'a Namespace,
        name: &'a str,
        vault: &str,
        more: &[(&str, &str)],
    ) -> Self {
        let mut annotations = annotations(namespace);
        annotations["freshet.dev/vault-address"] = json!(vault);
        for (key, value) in more {
            annotations[*key] = json!(value);
        }
        namespace.apply(&json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": name, "annotations": annotations },
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{
                    "name": APP,
                    "image": image::of_tests("busybox:1"),
                    // The file is there before it starts, or it would end.
                    "command": ["sh", "-c", format!("cat /secrets/password || exit; {CRASHES_WHEN_TOLD}")],
                    "readinessProbe": {
                        "exec": { "command": ["cat", "/secrets/password"] },
                        "periodSeconds": 1,
                    },
                }],
            },
        }));
        Self { namespace, name }
    }

    /// The same, once it serves.
    #[track_caller]
    pub(crate) fn start(namespace: &'a Namespace, name: &'a str, vault: &str) -> Self {
        let pod = Self::create(namespace, name, vault, &[]);
        pod.wait_until_ready();
        pod
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&self) {
        self.namespace
            .wait_for(&format!("pod {} to be ready", self.name), || {
                match self.ready() {
                    Some(condition) if condition["status"] == "True" => Ok(()),
                    condition => Err(format!("{condition:?}")),
                }
            });
    }

    /// The condition Ready, with the moment since when it is so.
    pub(crate) fn ready(&self) -> Option<Value> {
        let pod = self.object();
        let conditions = pod["status"]["conditions"].as_array()?;
        conditions
            .iter()
            .find(|condition| condition["type"] == "Ready")
            .cloned()
    }

    /// The status of a container; null before there is one.
    pub(crate) fn container(&self, name: &str) -> Value {
        let pod = self.object();
        let all = ["initContainerStatuses", "containerStatuses"];
        let all = all
            .iter()
            .filter_map(|field| pod["status"][field].as_array())
            .flatten();
        let mut named = all.filter(|status| status["name"] == name);
        named.next().cloned().unwrap_or_default()
    }

    /// Sends SIGKILL to all processes of a container.
    #[track_caller]
    pub(crate) fn kill(&self, name: &str) {
        self.node().kill(&self.container(name)["containerID"]);
    }

    /// A hand on its node.
    #[track_caller]
    pub(crate) fn node(&self) -> Node<'a> {
        Node::of(self.namespace, &self.object())
    }

    /// How often a container was started anew.
    pub(crate) fn restarts(&self, name: &str) -> u64 {
        self.container(name)["restartCount"].as_u64().unwrap_or(0)
    }

    /// Waits until a container runs that was started anew more than `before` times.
    #[track_caller]
    pub(crate) fn wait_for_restart(&self, name: &str, before: u64) {
        self.namespace
            .wait_for(&format!("{name} of pod {} to run again", self.name), || {
                let status = self.container(name);
                let again = status["restartCount"].as_u64() > Some(before);
                match again && status["state"]["running"].is_object() {
                    true => Ok(()),
                    false => Err(status.to_string()),
                }
            });
    }

    /// What must stay as it is.
    pub(crate) fn untouched(&self) -> Untouched {
        Untouched {
            container: self.container(APP),
            ready: self.ready(),
        }
    }

    /// A command in the application's container.
    pub(crate) fn exec(&self, command: &[&str]) -> Done {
        self.namespace.exec(self.name, APP, command)
    }

    /// What is in the file.
    #[track_caller]
    pub(crate) fn file(&self) -> String {
        let done = self.exec(&["cat", "/secrets/password"]);
        assert!(done.ok, "{}", done.stderr);
        done.stdout
    }

    /// Waits until the file holds `text`.
    #[track_caller]
    pub(crate) fn wait_for_file(&self, text: &str) {
        self.namespace
            .wait_for(&format!("the file to be {text:?}"), || {
                match self.exec(&["cat", "/secrets/password"]) {
                    done if done.ok && done.stdout == text => Ok(()),
                    done => Err(format!("{done:?}")),
                }
            });
    }

    /// What `freshet-refresher status` says.
    pub(crate) fn status(&self) -> Done {
        let command = ["/freshet-refresher", "status"];
        self.namespace.exec(self.name, REFRESHER, &command)
    }

    /// Waits until the status holds `text`.
    #[track_caller]
    pub(crate) fn wait_for_status(&self, text: &str) -> String {
        self.namespace
            .wait_for(&format!("a status with {text:?}"), || match self.status() {
                done if done.stdout.contains(text) => Ok(done.stdout),
                done => Err(format!("{done:?}")),
            })
    }

    /// The metrics of the refresher, as a neighbour scrapes them.
    #[track_caller]
    pub(crate) fn metrics(&self) -> String {
        let done = self.exec(&["wget", "-q", "-O", "-", "http://127.0.0.1:9102/metrics"]);
        assert!(done.ok, "{}", done.stderr);
        done.stdout
    }

    /// As the API server has it.
    #[track_caller]
    fn object(&self) -> Value {
        self.namespace.get(&["pod", self.name])
    }
}

/// What an outage and the end of a refresher must leave as it is: the application's container, and
/// since when the pod is ready.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Untouched {
    container: Value,
    ready: Option<Value>,
}

/// The annotations of a pod with that file; its role is called as its namespace.
pub(crate) fn annotations(namespace: &Namespace) -> Value {
    let role = &namespace.name;
    json!({
        "freshet.dev/inject": "true",
        "freshet.dev/role": role,
        "freshet.dev/refresh-interval": format!("{INTERVAL}s"),
        "freshet.dev/secret-password": format!("secret/{role}/db#password"),
    })
}
