//! A program that a test starts: its log, its folder, and its certain end.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{LazyLock, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// A running program; ended when dropped, and when the test process ends in whatever way.
pub(crate) struct Process {
    child: Mutex<Child>,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; what it prints goes to the file `NAME.log` of this run.
    ///
    /// The kernel ends a child with the thread that started it, so a thread of its own starts all
    /// of them and never ends: a server that several tests share outlives the first one.
    #[track_caller]
    pub(crate) fn start(name: &str, command: &Command) -> Self {
        let log = run_dir().join(format!("{name}.log"));
        let out = File::create(&log).expect("a log file");
        let folder = command.get_current_dir().unwrap_or_else(|| run_dir());
        let mut guarded = Command::new("setpriv");
        guarded.args(["--pdeathsig", "KILL", "--"]);
        guarded.arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => guarded.env(key, value),
                None => guarded.env_remove(key),
            };
        }
        guarded
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle of the log"))
            .stderr(out);
        let (answer, answered) = mpsc::channel();
        let sent = starter().send((guarded, answer));
        sent.expect("the thread that starts programs never ends");
        let child = answered.recv().expect("an answer for each program");
        let program = command.get_program().display();
        Self {
            child: Mutex::new(child.unwrap_or_else(|error| panic!("{program}: {error}"))),
            log,
        }
    }

    /// What it has printed so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.lock().id()
    }

    /// Whether it has not ended yet.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.lock().try_wait(), Ok(None))
    }

    /// Asks it to end with `signal` (`TERM`), and answers its exit code.
    #[track_caller]
    pub(crate) fn end(&self, signal: &str) -> Option<i32> {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {id}");
        self.wait_for_end()
    }

    /// Waits until it ends by itself, and answers its exit code.
    #[track_caller]
    pub(crate) fn wait_for_end(&self) -> Option<i32> {
        let status = poll(|| self.lock().try_wait().ok().flatten());
        status
            .unwrap_or_else(|| panic!("{} still runs", self.log.display()))
            .code()
    }

    /// Polls until `ready` answers; fails with the log when the program ends or a minute passes.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
        let found = poll(|| match ready() {
            Some(found) => Some(Ok(found)),
            None if !self.runs() => Some(Err("it ended")),
            None => None,
        });
        match found {
            Some(Ok(found)) => found,
            failed => {
                let why = if failed.is_some() {
                    "it ended"
                } else {
                    "a minute passed"
                };
                let log = self.log();
                let last = log.lines().rev().take(30).collect::<Vec<_>>();
                let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
                panic!("waiting for {what}: {why}; {}:\n{last}", self.log.display());
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.lock();
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Polls until `ready` answers; fails when a minute passes.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, ready: impl FnMut() -> Option<T>) -> T {
    poll(ready).unwrap_or_else(|| panic!("waited a minute for {what}"))
}

fn poll<T>(mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = ready() {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

type Start = (Command, Sender<io::Result<Child>>);

fn starter() -> &'static Sender<Start> {
    static STARTER: LazyLock<Sender<Start>> = LazyLock::new(|| {
        let (start, starts) = mpsc::channel::<Start>();
        thread::spawn(move || {
            for (mut command, answer) in starts {
                // The test that asked may have failed meanwhile.
                let _ = answer.send(command.spawn());
            }
        });
        start
    });
    &STARTER
}

/// One of the programs that `tests/run servers` builds.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = target().join("servers").join(name);
    assert!(
        path.exists(),
        "there is no {}: run tests/run servers",
        path.display()
    );
    path
}

/// The folder of this run, empty at its start; what is in it stays until the next run.
pub(crate) fn run_dir() -> &'static Path {
    static RUN: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (path, _lock) = RUN.get_or_init(|| {
        let servers = target().join("servers");
        fs::create_dir_all(&servers).expect("target/servers");
        let lock = File::create(servers.join("run.lock")).expect("a lock file");
        if lock.try_lock().is_err() {
            eprintln!("waiting for the other run of these tests");
            lock.lock().expect("the lock of target/servers/run");
        }
        let path = servers.join("run");
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("target/servers/run");
        (path, lock)
    });
    path
}

/// A new folder of this run.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = run_dir().join(name);
    fs::create_dir_all(&path).expect("a folder");
    path
}

/// Where the runner links the servers, wherever Cargo builds.
fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target")
}

/// A loopback port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
