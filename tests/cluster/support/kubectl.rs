//! The real `kubectl`, as a person uses it, and waiting with an answer to "why not?".

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a pod may take to do what a test waits for: two busy cores are slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    /// Whether it succeeded.
    pub(crate) ok: bool,
    /// What it printed.
    pub(crate) stdout: String,
    /// Warnings and errors.
    pub(crate) stderr: String,
}

/// `kubectl ARGS` on the cluster of `KUBECONFIG`, with `input` as its standard input.
pub(crate) fn kubectl(args: &[&str], input: &str) -> Done {
    output(Command::new("kubectl").args(args), input)
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn output(command: &mut Command, input: &str) -> Done {
    let program = command.get_program().to_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut stdin = child.stdin.take().expect("its standard input");
    // A command that reads nothing may have closed it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("its output");
    Done {
        ok: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A command that has to succeed; what it printed.
#[track_caller]
pub(crate) fn run(args: &[&str]) -> String {
    run_with(args, "")
}

/// The same, with a standard input.
#[track_caller]
pub(crate) fn run_with(args: &[&str], input: &str) -> String {
    let done = kubectl(args, input);
    assert!(done.ok, "kubectl {args:?}: {}", done.stderr);
    done.stdout
}

/// Creates an object and answers it as the API server keeps it.
#[track_caller]
pub(crate) fn create(object: &Value) -> Value {
    json(&run_with(
        &["create", "--output=json", "--filename=-"],
        &object.to_string(),
    ))
}

/// An object or a list, as the API server keeps it: `get(&["pods", "--namespace=x"])`.
#[track_caller]
pub(crate) fn get(args: &[&str]) -> Value {
    json(&run(&[&["get", "--output=json"], args].concat()))
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("kubectl prints JSON: {error}: {text}"))
}

/// Polls until `look` finds something. What it says instead is the reason when time is over, and the
/// namespace tells the rest: its pods, their logs, its events.
#[track_caller]
pub(crate) fn wait_for<T>(
    namespace: &str,
    what: &str,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(found) => return found,
            Err(reason) if Instant::now() > deadline => {
                let seconds = PATIENCE.as_secs();
                panic!(
                    "waited {seconds} s for {what}: {reason}\n{}",
                    story(namespace)
                );
            }
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// All that `kubectl` tells about the pods of a namespace.
fn story(namespace: &str) -> String {
    let namespace = format!("--namespace={namespace}");
    let mut story = String::new();
    let mut tell = |args: &[&str]| {
        let done = kubectl(&[args, &[&namespace]].concat(), "");
        story.push_str(&format!(
            "--- kubectl {} {namespace}\n{}{}\n",
            args.join(" "),
            done.stdout,
            done.stderr
        ));
    };
    tell(&["get", "all"]);
    tell(&["describe", "pods"]);
    tell(&["get", "events", "--sort-by=.metadata.creationTimestamp"]);
    let pods = kubectl(&["get", "pods", "--output=name", &namespace], "").stdout;
    for pod in pods.lines() {
        tell(&["logs", pod, "--all-containers", "--prefix", "--tail=30"]);
    }
    story
}
