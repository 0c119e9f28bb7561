//! The programs that the demo builds and starts.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::narrator::Narrator;

/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// Where the programs lie.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    directory: PathBuf,
}

/// Why a program is not there or did not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgramError {
    /// A program is missing.
    #[error("{path} is missing: build it with `cargo build --release --workspace`, or name its directory with --bin-dir", path = .0.display())]
    Missing(PathBuf),
    /// The sources are not where this program was built.
    #[error("there are no sources in {path} to build the refresher and the application from: name a directory that holds both programs with --bin-dir", path = .0.display())]
    NoSources(PathBuf),
    /// cargo failed; it has said why.
    #[error("cargo build failed ({0}); its own messages stand above")]
    Build(ExitStatus),
    /// The program cannot be started.
    #[error("cannot start {name}: {reason}")]
    Start {
        /// The program.
        name: String,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The program ended although nobody asked it to.
    #[error("{name} has ended ({status}); its last lines stand above")]
    Ended {
        /// The program.
        name: String,
        /// How it ended.
        status: ExitStatus,
    },
}

impl Programs {
    /// The programs of `directory`, which are there already.
    pub(super) fn in_directory(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Builds what is missing beside this program, with the same profile, so that nothing that it was
    /// built from is built again. cargo shows its own progress.
    pub(super) async fn build(narrator: &Narrator) -> Result<Self, ProgramError> {
        let failed = |reason| ProgramError::Start {
            name: "cargo".to_owned(),
            reason,
        };
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        if !sources.join("Cargo.toml").is_file() {
            return Err(ProgramError::NoSources(sources.to_owned()));
        }
        let this = std::env::current_exe().map_err(failed)?;
        let directory = this.parent().unwrap_or(sources).to_owned();
        // `cargo run` names the cargo that it is.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--package=freshet", "--package=credentials-page"]);
        command.args(["--bin=freshet-refresher", "--bin=credentials-page"]);
        command.args(profile(&directory)).current_dir(sources);
        if let Some(target) = directory.parent() {
            command.arg("--target-dir").arg(target);
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_cargo_run(name)) {
            command.env_remove(name);
        }
        narrator.command(command.as_std());
        let status = command.kill_on_drop(true).status().await.map_err(failed)?;
        if status.success() {
            Ok(Self { directory })
        } else {
            Err(ProgramError::Build(status))
        }
    }

    /// The path of a program.
    pub(super) fn path(&self, name: &str) -> Result<PathBuf, ProgramError> {
        let path = self.directory.join(name);
        if path.is_file() {
            Ok(path)
        } else {
            Err(ProgramError::Missing(path))
        }
    }
}

/// Whether `cargo run` has set the variable for the program that it runs. Build scripts look at some
/// of them, and would take them for a change that makes everything new.
fn is_of_cargo_run(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_PKG_", "CARGO_MANIFEST_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// cargo puts programs into a directory that is named after the profile, all but `dev`'s.
fn profile(directory: &Path) -> [String; 1] {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    [match &*name {
        "debug" => "--profile=dev".to_owned(),
        other => format!("--profile={other}"),
    }]
}

/// A program that runs until it is told to end; dropping it kills it.
#[derive(Debug)]
pub(super) struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts the program; each line that it prints is told under its name.
    pub(super) fn start(
        name: &str,
        mut command: Command,
        narrator: &Narrator,
    ) -> Result<Self, ProgramError> {
        // A process group of its own: Ctrl-C reaches the demo alone, which then ends the programs
        // in order.
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|reason| ProgramError::Start {
                name: name.to_owned(),
                reason,
            })?;
        let outputs: [Option<Box<dyn AsyncRead + Send + Unpin>>; 2] = [
            child.stdout.take().map(|output| Box::new(output) as _),
            child.stderr.take().map(|output| Box::new(output) as _),
        ];
        for output in outputs.into_iter().flatten() {
            let (name, narrator) = (name.to_owned(), narrator.clone());
            tokio::spawn(async move {
                let mut lines = BufReader::new(output).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    narrator.line_of(&name, &line);
                }
            });
        }
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// Waits for the end that should not come.
    pub(super) async fn ended(&mut self) -> ProgramError {
        match self.child.wait().await {
            Ok(status) => ProgramError::Ended {
                name: self.name.clone(),
                status,
            },
            Err(reason) => ProgramError::Start {
                name: self.name.clone(),
                reason,
            },
        }
    }

    /// Ends the program: SIGTERM, and SIGKILL when it does not listen.
    pub(super) async fn stop(mut self) {
        let pid = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(pid) = pid
            && kill_process(pid, Signal::TERM).is_ok()
            && tokio::time::timeout(GRACE, self.child.wait()).await.is_ok()
        {
            return;
        }
        let _ = self.child.kill().await;
    }
}
