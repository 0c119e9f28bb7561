//! `exec` that stays as the parent: what it forwards, reaps, ends with, and starts anew.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix_libc_wrappers::process::SignalExt as _;
use tempfile::TempDir;

use super::{code, env_dir, exec, variables, words};

/// A container whose refresher is this test.
struct Container {
    volume: TempDir,
    listener: UnixListener,
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Container {
    /// Runs a script, which has to print a line first.
    fn start(script: &str, options: &[OsString]) -> Self {
        let volume = tempfile::tempdir().expect("a volume");
        let listener = UnixListener::bind(volume.path().join("socket")).expect("a socket");
        let mut all = vec![supervise_dir(&volume)];
        all.extend_from_slice(options);
        let mut child = exec(&all, &words(&["/bin/sh", "-c", script]))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let stdout = child.stdout.take().expect("a pipe");
        Self {
            volume,
            listener,
            child,
            lines: BufReader::new(stdout),
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("sent");
    }

    fn connection(&self) -> UnixStream {
        self.listener.accept().expect("a supervisor").0
    }

    fn end(mut self) -> i32 {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return code(status);
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                panic!("it does not end");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Container {
    /// Only a test that failed leaves one; killed, it could not end the application.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.send(Signal::TERM);
        }
    }
}

fn supervise_dir(volume: &TempDir) -> OsString {
    let mut option = OsString::from("--supervise-dir=");
    option.push(volume.path());
    option
}

/// An order, and the answer to it.
fn order(connection: &mut UnixStream, order: &str) -> String {
    writeln!(connection, "{order}").expect("sent");
    let mut answer = String::new();
    let mut reader = BufReader::new(&*connection);
    reader.read_line(&mut answer).expect("an answer");
    answer.trim_end().to_owned()
}

#[test]
fn it_ends_as_the_application_would_without_it() {
    let nobody = tempfile::tempdir().expect("a volume");
    for script in [
        "exit 0",
        "exit 42",
        "exit 255",
        "kill -TERM $$",
        "kill -KILL $$",
        "kill -SEGV $$",
        "kill -USR1 $$",
        "trap '' TERM; kill -TERM $$; exit 3",
        "echo out; echo err >&2; cat; exit 5",
        "(sleep 0.1; exit 9) & exit 0",
    ] {
        let command = words(&["/bin/sh", "-c", script]);
        let mut direct = Command::new(&command[0]);
        direct.args(&command[1..]);
        let through = exec(&[supervise_dir(&nobody)], &command);
        let [direct, through] = [direct, through].map(|mut command| {
            let output = command.stdin(Stdio::null()).output().expect("ended");
            (code(output.status), output.stdout, output.stderr)
        });
        assert_eq!(through, direct, "{script}");
    }
    let cannot = |command: &str| {
        let mut exec = exec(&[supervise_dir(&nobody)], &words(&[command]));
        code(exec.output().expect("ended").status)
    };
    assert_eq!(cannot("/nowhere"), 127);
    assert_eq!(cannot("/"), 126);
}

#[test]
fn the_application_finds_what_it_would_find_without_it() {
    let nobody = tempfile::tempdir().expect("a volume");
    let values = variables(b"A=1\0");
    let options = [supervise_dir(&nobody), env_dir(&values)];
    let all: Vec<u8> = (1..=255).collect();
    let mut odd = words(&["/bin/sh", "-c", r#"printf '%s|' "$#" "$@""#, "name", ""]);
    odd.push(OsString::from_vec(all));
    odd.extend((1..=255).map(|byte| OsString::from_vec(vec![byte])));
    odd.extend(words(&[
        "--",
        "-",
        "--help",
        "--grace=1s",
        "$(A)",
        "$(",
        "é",
    ]));
    let scripts = [
        "cat",
        "pwd",
        "exec grep -E '^Sig(Blk|Ign|Cgt)|^NoNewPrivs|^Groups' /proc/self/status",
        "exec ls /proc/self/fd",
        "ulimit -a; umask; echo $GIVEN",
        "exec cat /proc/self/cmdline",
    ];
    let scripts = scripts.map(|script| words(&["/bin/sh", "-c", script]));
    for command in scripts.into_iter().chain([odd]) {
        let mut direct = Command::new(&command[0]);
        direct.args(&command[1..]);
        let through = exec(&options, &command);
        let [direct, through] = [direct, through].map(|mut command| {
            let command = command.env("GIVEN", "x").env_remove("A");
            command.stdin(Stdio::null()).output().expect("ended")
        });
        assert_eq!(through, direct, "{command:?}");
    }
}

#[test]
fn every_signal_that_can_be_forwarded_is() {
    // All but KILL and STOP, those of a fault of the parent itself (ILL, BUS, FPE, SEGV, PIPE), CHLD,
    // and those that the C library keeps for itself (32, 33, and perhaps 34).
    let numbers = (1..=31).filter(|number| ![4, 7, 8, 9, 11, 13, 17, 19].contains(number));
    let numbers: Vec<i32> = numbers.chain(35..=64).collect();
    let traps: String = numbers
        .iter()
        .map(|number| format!("trap 'echo got {number}' {number}\n"))
        .collect();
    // A shell runs its traps when its child has ended.
    let script = format!("{traps} echo ready; while :; do sleep 0.01; done");
    let mut container = Container::start(&script, &[]);
    assert_eq!(container.line(), "ready");
    for number in numbers {
        container.send(Signal::from_raw(number).expect("a signal"));
        assert_eq!(container.line(), format!("got {number}"));
    }
    let mut connection = container.connection();
    assert_eq!(order(&mut connection, "signal 37"), "ok");
    assert_eq!(container.line(), "got 37");
    // It may ignore SIGTERM, but not the end.
    assert_eq!(order(&mut connection, "signal 9"), "ok");
    assert_eq!(container.end(), 137);
}

#[test]
fn what_the_application_leaves_is_reaped() {
    // Each inner shell ends at once and leaves a child without a parent.
    let script = "for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; echo ready; sleep 0.5; echo later; exec sleep 60";
    let mut container = Container::start(script, &[]);
    assert_eq!(container.line(), "ready");
    assert_eq!(container.line(), "later");
    let id = container.child.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    let children = children.expect("children").split_whitespace().count();
    assert_eq!(children, 1, "zombies stay");
    container.send(Signal::TERM);
    assert_eq!(container.end(), 143);
}

#[test]
fn orders_are_obeyed_and_answered() {
    let script = "trap 'echo hup' HUP; echo ready; while :; do sleep 0.01; done";
    let mut container = Container::start(script, &[]);
    let mut connection = container.connection();
    assert_eq!(container.line(), "ready");
    assert_eq!(order(&mut connection, "signal 1"), "ok");
    assert_eq!(container.line(), "hup");
    for unknown in ["signal 99", "dance"] {
        let answer = order(&mut connection, unknown);
        assert!(answer.contains("another release"), "{answer}");
    }
    // A refresher that starts again is found again.
    drop(connection);
    let mut connection = container.connection();
    assert_eq!(order(&mut connection, "signal 1"), "ok");
    assert_eq!(container.line(), "hup");
    container.send(Signal::TERM);
    assert_eq!(container.end(), 143);
}

#[test]
fn a_restart_ends_the_application_and_starts_it_with_the_values_of_the_day() {
    let values = variables(b"VALUE=one\0");
    let script = "trap 'echo ends; exit 0' TERM; echo $$ $VALUE; while :; do sleep 0.01; done";
    let mut container = Container::start(script, &[env_dir(&values)]);
    let mut connection = container.connection();
    let first = container.line();
    let (first, value) = first.split_once(' ').expect("two words");
    assert_eq!(value, "one");
    fs::write(values.path().join("variables"), b"VALUE=two\0").expect("variables");
    assert_eq!(order(&mut connection, "restart"), "ok");
    assert_eq!(container.line(), "ends");
    let second = container.line();
    let (second, value) = second.split_once(' ').expect("two words");
    assert_eq!(value, "two");
    assert_ne!(first, second);
    container.send(Signal::TERM);
    assert_eq!(container.line(), "ends");
    assert_eq!(container.end(), 0);
}

#[test]
fn an_application_that_ignores_sigterm_is_killed_after_its_grace_period() {
    let script = "trap '' TERM; echo ready; while :; do sleep 0.01; done";
    let mut container = Container::start(script, &words(&["--grace=300ms"]));
    let mut connection = container.connection();
    assert_eq!(container.line(), "ready");
    let start = Instant::now();
    assert_eq!(order(&mut connection, "restart"), "ok");
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(container.line(), "ready");
    assert_eq!(order(&mut connection, "signal 9"), "ok");
    assert_eq!(container.end(), 137);
}

#[test]
fn a_refresher_that_comes_in_the_middle_of_a_restart_waits_for_that_one() {
    let script = "trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done";
    let mut container = Container::start(script, &words(&["--grace=2s"]));
    let mut connection = container.connection();
    assert_eq!(container.line(), "ready");
    writeln!(connection, "restart").expect("sent");
    assert_eq!(container.line(), "asked");
    drop(connection);
    let start = Instant::now();
    let mut connection = container.connection();
    assert_eq!(order(&mut connection, "restart"), "ok");
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "asked once, killed in time"
    );
    assert_eq!(container.line(), "ready");

    writeln!(connection, "restart").expect("sent");
    assert_eq!(container.line(), "asked");
    drop(connection);
    let mut connection = container.connection();
    assert_eq!(order(&mut connection, "signal 18"), "ok");
    assert_eq!(container.line(), "ready");
    let answer = order(&mut connection, "dance");
    assert!(
        answer.contains("another release"),
        "not the answer to the restart: {answer}"
    );
    assert_eq!(order(&mut connection, "signal 9"), "ok");
    assert_eq!(container.end(), 137);
}

#[test]
fn a_container_that_is_ending_starts_nothing_anew() {
    let script = "trap 'echo told' TERM; echo ready; n=0; while [ $n -lt 100 ]; do n=$((n+1)); sleep 0.01; done; exit 4";
    let mut container = Container::start(script, &[]);
    let mut connection = container.connection();
    assert_eq!(container.line(), "ready");
    container.send(Signal::TERM);
    assert_eq!(container.line(), "told");
    assert_eq!(order(&mut connection, "restart"), "it is ending");
    assert_eq!(container.end(), 4);
}

#[test]
fn an_application_that_cannot_be_started_again_ends_the_container() {
    let values = variables(b"VALUE=one\0");
    let script = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    let mut container = Container::start(script, &[env_dir(&values)]);
    let mut connection = container.connection();
    assert_eq!(container.line(), "ready");
    fs::remove_file(values.path().join("variables")).expect("removed");
    assert_eq!(
        order(&mut connection, "restart"),
        "it could not be started again"
    );
    assert_eq!(container.end(), 125);
}

#[test]
fn without_a_refresher_the_application_runs_all_the_same() {
    let mut container = Container::start("echo ready; exit 6", &[]);
    fs::remove_file(container.volume.path().join("socket")).expect("removed");
    assert_eq!(container.line(), "ready");
    assert_eq!(container.end(), 6);
}
