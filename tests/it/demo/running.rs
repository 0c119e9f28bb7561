//! A demo that runs, and what it leaves behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Nothing here takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Demo {
    child: Child,
    said: Arc<Mutex<String>>,
    address: String,
    workspace: PathBuf,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

pub(super) struct Credentials(Value);

impl Credentials {
    #[track_caller]
    pub(super) fn text(&self, field: &str) -> &str {
        self.0[field].as_str().expect("a text")
    }
}

/// Waits for a condition.
#[track_caller]
pub(super) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Demo {
    /// Starts a demo and waits for its page.
    pub(super) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_freshet"))
            .arg("demo")
            .args(arguments)
            .arg("--bin-dir")
            .arg(programs())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (out, opened) = listen_to(child.stdout.take().expect("piped"), &said);
        let (errors, _) = listen_to(child.stderr.take().expect("piped"), &said);
        drop((out, errors));
        let Ok(address) = opened.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            panic!("no page: {}", said.lock().expect("not poisoned"));
        };
        let workspace = {
            let said = said.lock().expect("not poisoned");
            let (_, rest) = said.split_once("$(cat ").expect("the token's file");
            let (file, _) = rest.split_once(')').expect("the token's file");
            Path::new(file).parent().expect("a directory").to_owned()
        };
        Self {
            child,
            said,
            address,
            workspace,
        }
    }

    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// What stood in the terminal so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().expect("not poisoned").clone()
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "")
    }

    pub(super) fn post(&self, path: &str, headers: &str) -> Answer {
        self.request("POST", path, headers)
    }

    pub(super) fn credentials(&self) -> Credentials {
        let json = self.get("/api/credentials").body;
        Credentials(serde_json::from_str(&json).expect("JSON"))
    }

    pub(super) fn short_lived(&self) -> Value {
        serde_json::from_str(&self.get("/api/short-lived").body).expect("JSON")
    }

    pub(super) fn state(&self) -> Value {
        serde_json::from_str(&self.get("/demo/state").body).expect("JSON")
    }

    fn request(&self, method: &str, path: &str, headers: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("connects");
        let address = &self.address;
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\n{headers}Content-Length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("writes");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).expect("a status");
        Answer {
            status: status.parse().expect("a number"),
            body: body.to_owned(),
        }
    }

    /// Kills one of the demo's programs.
    pub(super) fn kill(&self, program: &str) {
        let found = processes_of(&self.workspace);
        let mut found = found.into_iter();
        let (pid, _) = found
            .find(|(_, command)| command.contains(program))
            .expect("runs");
        kill_process(pid, Signal::KILL).expect("is killed");
    }

    /// Sends the signal, and checks that the demo leaves nothing behind; answers all that it said.
    #[track_caller]
    pub(super) fn end(self, signal: Signal, code: i32) -> String {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("is sent");
        self.end_by_itself(code)
    }

    #[track_caller]
    pub(super) fn end_by_itself(mut self, code: i32) -> String {
        let mut status = None;
        eventually("the demo ends", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        assert_eq!(
            status.and_then(|status| status.code()),
            Some(code),
            "{}",
            self.said()
        );
        assert!(
            !self.workspace.exists(),
            "{} is left",
            self.workspace.display()
        );
        let left = processes_of(&self.workspace);
        assert!(left.is_empty(), "{left:?}");
        // The threads that listen end with the streams; what they heard last is there then.
        eventually("all was heard", || Arc::strong_count(&self.said) == 1);
        self.said()
    }
}

impl Drop for Demo {
    /// After a failed assertion: the demo ends as it would with Ctrl-C.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

/// Collects what is said, and tells the address of the page.
fn listen_to(
    stream: impl Read + Send + 'static,
    said: &Arc<Mutex<String>>,
) -> (thread::JoinHandle<()>, Receiver<String>) {
    let (sender, opened) = channel();
    let said = Arc::clone(said);
    let listening = thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = said.lock().expect("not poisoned");
            said.push_str(&line);
            said.push('\n');
            if let Some((_, address)) = line.split_once("Open http://") {
                let _ = sender.send(address.to_owned());
            }
        }
    });
    (listening, opened)
}

/// The processes whose command line names `workspace`.
fn processes_of(workspace: &Path) -> Vec<(Pid, String)> {
    let workspace = workspace.display().to_string();
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    processes
        .filter_map(|process| {
            let pid = process.file_name().to_str()?.parse().ok()?;
            let command = fs::read(process.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            command
                .contains(&workspace)
                .then_some((Pid::from_raw(pid)?, command))
        })
        .collect()
}

/// The directory of the programs. The application is a package of its own, so it is built here.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directory = Path::new(env!("CARGO_BIN_EXE_freshet-refresher"));
        let directory = directory.parent().expect("a directory");
        let profile = match directory.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(profile) => profile,
        };
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "build",
                "--quiet",
                "--package=credentials-page",
                "--profile",
                profile,
            ])
            .arg("--target-dir")
            .arg(directory.parent().expect("a target directory"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo");
        assert!(status.success(), "cargo build: {status}");
        directory.to_owned()
    })
}
