//! The application is told of a switch: the real refresher, the real supervisor, a real server.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::pod::{File, Pod, get};

const FILES: [File<'_>; 1] = [("a", "password", "secret/db#password")];

/// An application under supervision, in the pod's container `app`.
struct Application {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Application {
    fn start(pod: &Pod, script: &str) -> Self {
        Self::start_in(pod, "supervision", script)
    }

    fn start_in(pod: &Pod, volume: &str, script: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_freshet-refresher"))
            .arg("exec")
            .arg(format!("--supervise-dir={}", pod.path(volume).display()))
            .args(["--", "/bin/sh", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    fn line(&self) -> String {
        let line = self.lines.recv_timeout(Duration::from_secs(30));
        line.expect("a line")
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // Killed, it could not end the application.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

fn pod(options: &[&str]) -> Pod {
    let mut pod = Pod::new(&FILES);
    fs::create_dir(pod.path("supervision")).expect("a volume");
    let supervise = format!("--supervise=app={}", pod.path("supervision").display());
    let mut all = vec![supervise.as_str(), "--metrics-address=127.0.0.1:0"];
    all.extend_from_slice(options);
    pod.start(&all);
    pod.wait_until("ready", || pod.is_ready());
    pod
}

fn rotate(pod: &Pod, password: &str) {
    pod.put("secret/data/db", json!({"password": password}));
}

fn last(pod: &Pod) -> Value {
    pod.status()["notifications"][0].clone()
}

fn metrics(pod: &Pod) -> String {
    let log = pod.text("log");
    let (_, rest) = log
        .split_once("serving metrics and health on ")
        .expect("the address");
    get(rest.lines().next().expect("a line"), "/metrics")
}

#[test]
fn a_signal_reaches_the_application_once_a_switch() {
    let pod = pod(&["--on-change=signal:HUP"]);
    let file = pod.path("mounts/a/password");
    let script = format!(
        "trap 'echo hup $(cat {0})' HUP; echo ready; while :; do sleep 0.01; done",
        file.display()
    );
    let application = Application::start(&pod, &script);
    assert_eq!(application.line(), "ready");
    for password in ["two", "three"] {
        rotate(&pod, password);
        assert_eq!(application.line(), format!("hup {password}"));
    }
    pod.wait_until("told", || {
        last(&pod)["last"].is_string() && last(&pod)["next"].is_null()
    });
    assert_eq!(last(&pod)["message"], Value::Null);
    let counted = "freshet_refresher_notifications_total{action=\"signal\",result=\"done\"} 2";
    assert!(metrics(&pod).contains(counted), "{}", metrics(&pod));
    let status = String::from_utf8(pod.ask(&["status"]).stdout).expect("text");
    assert!(status.contains("on change, signal:HUP: done 2"), "{status}");
    assert!(application.lines.try_recv().is_err(), "told once too often");
}

#[test]
fn an_application_is_started_anew() {
    let pod = pod(&["--on-change=password=restart:0s"]);
    let script = format!(
        "trap 'exit 0' TERM; echo started with $(cat {}); while :; do sleep 0.01; done",
        pod.path("mounts/a/password").display()
    );
    let application = Application::start(&pod, &script);
    assert_eq!(application.line(), "started with one");
    rotate(&pod, "two");
    assert_eq!(application.line(), "started with two");
}

#[test]
fn an_application_that_comes_later_is_told_then() {
    let pod = pod(&["--on-change=signal:USR1"]);
    rotate(&pod, "two");
    pod.wait_until("failed", || {
        let message = last(&pod)["message"].to_string();
        message.contains("container app: its application is not running")
    });
    let application = Application::start(
        &pod,
        "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.01; done",
    );
    assert_eq!(application.line(), "ready");
    assert_eq!(application.line(), "usr1");
    pod.wait_until("told", || last(&pod)["message"].is_null());
}

#[test]
fn an_order_is_repeated_only_where_it_was_not_followed() {
    let mut pod = Pod::new(&FILES);
    let supervise = |container: &str| {
        let directory = pod.path(container);
        fs::create_dir(&directory).expect("a volume");
        format!("--supervise={container}={}", directory.display())
    };
    let (app, other) = (supervise("app"), supervise("other"));
    pod.start(&[&app, &other, "--on-change=restart:0s"]);
    pod.wait_until("ready", || pod.is_ready());
    let script = "trap 'exit 0' TERM; echo started; while :; do sleep 0.01; done";
    let first = Application::start_in(&pod, "app", script);
    assert_eq!(first.line(), "started");
    rotate(&pod, "two");
    assert_eq!(first.line(), "started");
    pod.wait_until("failed", || {
        let message = last(&pod)["message"].to_string();
        message.contains("container other:") && !message.contains("container app:")
    });
    let second = Application::start_in(&pod, "other", script);
    assert_eq!(second.line(), "started");
    assert_eq!(second.line(), "started");
    pod.wait_until("told", || last(&pod)["message"].is_null());
    assert!(first.lines.try_recv().is_err(), "restarted once too often");
}

#[test]
fn a_refresher_that_is_killed_before_it_told_tells_when_it_is_back() {
    let mut pod = pod(&["--on-change=signal:HUP"]);
    let application = Application::start(
        &pod,
        "trap 'echo hup' HUP; echo ready; while :; do sleep 0.01; done",
    );
    assert_eq!(application.line(), "ready");
    rotate(&pod, "two");
    pod.wait_for_file("a/password", "two");
    pod.kill();
    assert!(application.lines.try_recv().is_err(), "killed too late");
    let supervise = format!("--supervise=app={}", pod.path("supervision").display());
    pod.start(&[&supervise, "--on-change=signal:HUP"]);
    assert_eq!(application.line(), "hup");
    pod.wait_until("told", || last(&pod)["last"].is_string());
    pod.kill();
    pod.start(&[&supervise, "--on-change=signal:HUP"]);
    pod.wait_until("ready", || pod.is_ready());
    thread::sleep(Duration::from_secs(3));
    assert!(application.lines.try_recv().is_err(), "told once too often");
}

/// Answers one request after the other; what was asked comes out of the channel.
fn server(answers: &'static [&'static str]) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, asked) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).expect("a request");
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let _ = sender.send(head.lines().next().unwrap_or_default().to_owned());
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, asked)
}

#[test]
fn a_request_is_repeated_until_it_succeeds_and_follows_nothing() {
    let (port, asked) = server(&[
        "500 Internal Server Error",
        "302 Found\r\nLocation: http://127.0.0.1:1/",
        "204 No Content",
    ]);
    let pod = pod(&[&format!(
        "--on-change=http:POST http://localhost:{port}/-/reload?x=1"
    )]);
    rotate(&pod, "two");
    let next = || asked.recv_timeout(Duration::from_secs(30)).expect("asked");
    assert_eq!(next(), "POST /-/reload?x=1 HTTP/1.1");
    pod.wait_until("refused", || {
        last(&pod)["message"].to_string().contains("answered 500")
    });
    assert_eq!(next(), "POST /-/reload?x=1 HTTP/1.1");
    pod.wait_until("refused", || {
        last(&pod)["message"].to_string().contains("answered 302")
    });
    assert_eq!(next(), "POST /-/reload?x=1 HTTP/1.1");
    pod.wait_until("told", || last(&pod)["message"].is_null());
    assert!(metrics(&pod).contains("{action=\"http\",result=\"failed\"} 2"));
}
