//! A namespace of a test's own, gone when the test ends.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;

use serde_json::{Value, json};

use super::kubectl::{self, Done};

/// The label of a namespace whose pods are injected.
pub(crate) const ENABLED: (&str, &str) = ("freshet.dev/injection", "enabled");

/// Tests read it to run side by side; one that disturbs Vault or Freshet has it alone.
static PEACE: RwLock<()> = RwLock::new(());

/// A namespace, with what its pods need, and nobody who disturbs them.
pub(crate) struct Namespace {
    /// Its name, made unique by the API server.
    pub(crate) name: String,
    _peace: Peace,
}

/// Held for its life alone.
#[allow(dead_code, reason = "a guard is held, not read")]
enum Peace {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Namespace {
    /// For a test that leaves Vault and Freshet in peace.
    #[track_caller]
    pub(crate) fn new(name: &str, labels: &[(&str, &str)]) -> Self {
        let guard = PEACE.read().unwrap_or_else(PoisonError::into_inner);
        Self::create(name, labels, Peace::Shared(guard))
    }

    /// For a test that stops Vault or Freshet: no other runs meanwhile. It has to put things right
    /// before it ends.
    #[track_caller]
    pub(crate) fn alone(name: &str, labels: &[(&str, &str)]) -> Self {
        let guard = PEACE.write().unwrap_or_else(PoisonError::into_inner);
        Self::create(name, labels, Peace::Alone(guard))
    }

    #[track_caller]
    fn create(name: &str, labels: &[(&str, &str)], peace: Peace) -> Self {
        let labels: Value = labels.iter().map(|(key, value)| (*key, *value)).collect();
        let created = kubectl::create(&json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "generateName": format!("{name}-"), "labels": labels },
        }));
        let name = created["metadata"]["name"].as_str().expect("a name");
        let namespace = Self {
            name: name.to_owned(),
            _peace: peace,
        };
        // Pods are refused until a controller has made it.
        namespace.wait_for("the service account default", || {
            found(namespace.kubectl(&["get", "serviceaccount", "default"]))
        });
        namespace
    }

    /// `kubectl ARGS` in it.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Done {
        self.kubectl_with(args, "")
    }

    /// The same, with a standard input.
    pub(crate) fn kubectl_with(&self, args: &[&str], input: &str) -> Done {
        kubectl::kubectl(&self.with(args), input)
    }

    /// A command that has to succeed; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> String {
        kubectl::run(&self.with(args))
    }

    /// An object or a list: `get(&["pods", "--selector=app=web"])`.
    #[track_caller]
    pub(crate) fn get(&self, args: &[&str]) -> Value {
        kubectl::get(&self.with(args))
    }

    /// Creates or changes an object.
    #[track_caller]
    pub(crate) fn apply(&self, object: &Value) {
        let args = self.with(&["apply", "--filename=-"]);
        kubectl::run_with(&args, &object.to_string());
    }

    /// Runs a command in a container: `exec("deployment/web", "app", &["cat", "/file"])`.
    pub(crate) fn exec(&self, target: &str, container: &str, command: &[&str]) -> Done {
        let container = format!("--container={container}");
        let args = [&["exec", target, &container, "--"], command].concat();
        let namespace = format!("--namespace={}", self.name);
        kubectl::kubectl(&[&[namespace.as_str()], args.as_slice()].concat(), "")
    }

    /// Waits until a Deployment has all its replicas.
    #[track_caller]
    pub(crate) fn wait_for_deployment(&self, name: &str) {
        self.wait_for_rollout(&format!("deployment/{name}"));
    }

    /// The same of any workload that rolls: `wait_for_rollout("statefulset/app")`.
    #[track_caller]
    pub(crate) fn wait_for_rollout(&self, workload: &str) {
        self.wait_for(&format!("{workload} to roll out"), || {
            found(self.kubectl(&["rollout", "status", workload, "--timeout=1s"]))
        });
    }

    /// Waits until a pod is ready.
    #[track_caller]
    pub(crate) fn wait_for_pod(&self, name: &str) {
        let pod = format!("pod/{name}");
        let wait = ["wait", "--for=condition=Ready", "--timeout=1s", &pod];
        self.wait_for(&format!("{pod} to be ready"), || found(self.kubectl(&wait)));
    }

    /// Waits until the status of an object is as wanted: `wait_for_status("job/read", "succeeded", 1)`.
    #[track_caller]
    pub(crate) fn wait_for_status(&self, object: &str, field: &str, wanted: impl Into<Value>) {
        let wanted = wanted.into();
        self.wait_for(&format!("{object} to have {field} {wanted}"), || {
            let status = &self.get(&[object])["status"];
            if status[field] == wanted {
                Ok(())
            } else {
                Err(status.to_string())
            }
        });
    }

    /// What a container has printed: `log("job/read", "app")`.
    #[track_caller]
    pub(crate) fn log(&self, target: &str, container: &str) -> String {
        self.run(&["logs", target, &format!("--container={container}")])
    }

    /// What a command in a container prints; it has to succeed.
    #[track_caller]
    pub(crate) fn look(&self, target: &str, container: &str, command: &[&str]) -> String {
        let done = self.exec(target, container, command);
        assert!(done.ok, "{command:?} in {target}: {}", done.stderr);
        done.stdout.trim_end_matches('\n').to_owned()
    }

    /// Waits until `look` finds something; see [`kubectl::wait_for`].
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, what: &str, look: impl FnMut() -> Result<T, String>) -> T {
        kubectl::wait_for(&self.name, what, look)
    }

    fn with<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [&["--namespace", &self.name], args].concat()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("namespace {} stays, to be looked at", self.name);
            return;
        }
        let args = ["delete", "namespace", &self.name, "--wait=false"];
        let done = kubectl::kubectl(&args, "");
        assert!(done.ok, "deleting namespace {}: {}", self.name, done.stderr);
    }
}

/// What a successful command printed, or why it failed.
pub(crate) fn found(done: Done) -> Result<String, String> {
    if done.ok {
        Ok(done.stdout)
    } else {
        Err(done.stderr.trim().to_owned())
    }
}
