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
        kubectl::kubectl(&self.with(args), "")
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
        let target = format!("deployment/{name}");
        self.wait_for(&target, || {
            found(self.kubectl(&["rollout", "status", &target, "--timeout=1s"]))
        });
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
