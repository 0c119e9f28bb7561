//! What `exec` adds to the start of an application.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Where the supervisor's socket lies, and the variables beside it.
const DIRECTORY: &str = "/run/freshet-exec";

/// How many starts of each kind the median is taken of.
const STARTS: usize = 101;

/// The median of a start through `exec` with twenty variables, less that of one without; `exec`
/// replaces itself by the application or, when it `supervises`, stays as its parent.
pub(crate) fn added(program: &Path, supervises: bool) -> Duration {
    let directory = Path::new(DIRECTORY).join("environment");
    fs::create_dir_all(&directory).expect("a directory");
    let variables: String = (0..20)
        .map(|number| format!("VARIABLE_{number}=a value of some length\0"))
        .collect();
    fs::write(directory.join("variables"), variables).expect("variables");
    let mut through = Command::new(program);
    through
        .arg("exec")
        .arg(format!("--env-dir={}", directory.display()))
        .args(supervises.then(|| format!("--supervise-dir={DIRECTORY}")))
        .args(["--", "/bin/true"]);
    let mut direct = Command::new("/bin/true");
    let (mut with, mut without) = (Vec::new(), Vec::new());
    // In turns, so that the machine's moods meet both.
    for _ in 0..STARTS {
        with.push(start(&mut through));
        without.push(start(&mut direct));
    }
    median(with).saturating_sub(median(without))
}

fn start(command: &mut Command) -> Duration {
    let before = Instant::now();
    let status = command.stdin(Stdio::null()).status().expect("started");
    assert!(status.success(), "{status}");
    before.elapsed()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}
