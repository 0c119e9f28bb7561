//! A stream of pods that the API server asks the webhook about and that no node takes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::kubectl::{Done, kubectl};
use super::measured::count;
use super::namespace::Namespace;
use super::pod;

/// Pods that are created one after the other by each of so many.
const CREATORS: usize = 4;

/// At least so many pods make a stream.
const LEAST: usize = 200;

/// What became of them.
pub(crate) struct Admissions {
    asked: usize,
    /// What the API server said of those that it refused.
    refused: Vec<String>,
}

impl Admissions {
    /// Not one was refused; how many there were.
    #[track_caller]
    pub(crate) fn check(self, when: &str) -> usize {
        let Self { asked, refused } = self;
        count(
            &format!("pods created {when}"),
            asked,
            &format!(">= {LEAST}"),
        );
        count(&format!("refused {when}"), refused.len(), "<= 0");
        assert_eq!(refused, Vec::<String>::new(), "of {asked} pods");
        asked
    }
}

/// Creates pods in `namespace` until `meanwhile` is done.
#[track_caller]
pub(crate) fn admissions(namespace: &Namespace, meanwhile: impl FnOnce()) -> Admissions {
    let asked = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    let create = || {
        let mut refused = Vec::new();
        while asked.load(Ordering::Relaxed) < LEAST || !done.load(Ordering::Relaxed) {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            let created = ask(&pending(namespace, &format!("stream-{number}")), &[]);
            if !created.ok {
                refused.push(created.stderr);
            }
        }
        refused
    };
    thread::scope(|scope| {
        let creators: Vec<_> = (0..CREATORS).map(|_| scope.spawn(create)).collect();
        // A panic must not leave the creators busy for ever.
        let end = Flag(&done);
        meanwhile();
        drop(end);
        let refused = creators
            .into_iter()
            .flat_map(|creator| creator.join().expect("a creator"));
        let refused = refused.collect();
        Admissions {
            asked: asked.load(Ordering::Relaxed),
            refused,
        }
    })
}

/// Asks the API server to create an object; `more` are further arguments of kubectl.
pub(crate) fn ask(object: &Value, more: &[&str]) -> Done {
    let create = ["create", "--filename=-"];
    kubectl(&[create.as_slice(), more].concat(), &object.to_string())
}

/// An annotated pod for which there is no node.
pub(crate) fn pending(namespace: &Namespace, name: &str) -> Value {
    let mut pod = plain(&namespace.name, name);
    pod["metadata"]["annotations"] = pod::annotations(namespace);
    pod
}

/// The same without annotations.
pub(crate) fn plain(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "nodeSelector": { "freshet.test/node": "none" },
            "containers": [{ "name": "app", "image": "app" }],
        },
    })
}

/// Set at the end of its life.
struct Flag<'a>(&'a AtomicBool);

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
