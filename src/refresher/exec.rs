//! Starts the application with the variables that the refresher has written for its container.
//!
//! The webhook puts `exec … --` before a container's command. This program then reads the variables,
//! expands the references to them, and replaces itself: the application keeps the process id, gets
//! every signal and ends with its own exit code, and nothing of this program stays. An application
//! that is told of changes by signals or restarts has it as its parent instead ([`supervisor`]).

mod orders;
mod signals;
mod supervisor;
mod variables;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use self::variables::Variables;

/// What is started, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exec {
    /// The directory with the file of the variables; none are added without it.
    pub(crate) variables: Option<PathBuf>,
    /// Whether the file of the variables may be missing.
    pub(crate) optional: bool,
    /// With it this program stays as the application's parent.
    pub(crate) supervision: Option<Supervision>,
    /// The program and its arguments, any bytes.
    pub(crate) command: Vec<OsString>,
}

/// What a parent of the application needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Supervision {
    /// The directory with the refresher's socket.
    pub(crate) directory: PathBuf,
    /// How long the application may take to end before it is started anew.
    pub(crate) grace: Duration,
}

/// Longer than any container lives.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The variables cannot be had: the code of `env`, `timeout` and the like when they fail themselves.
const OWN_FAILURE: u8 = 125;
/// There is such a program, and it cannot be started.
const CANNOT_START: u8 = 126;
/// There is no such program.
const NOT_FOUND: u8 = 127;

/// Becomes the application, and answers an exit code when that fails; or runs it as its child, and
/// answers its exit code.
pub(crate) fn exec(exec: &Exec) -> ExitCode {
    if let Some(supervision) = &exec.supervision {
        return supervisor::supervise(exec, supervision);
    }
    match exec.application() {
        Ok(mut application) => exec.not_started(&application.exec()),
        Err(message) => refuse(&message, OWN_FAILURE),
    }
}

impl Exec {
    /// The application as it is to be started now.
    fn application(&self) -> Result<Command, String> {
        let variables = match &self.variables {
            Some(directory) => Variables::read(directory, self.optional)?,
            None => Variables::default(),
        };
        let expand = |text: &OsStr| variables.expand(text, &|name| std::env::var_os(name));
        let expanded = |text: &OsString| expand(text).unwrap_or_else(|| text.clone());
        let mut words = self.command.iter().map(expanded);
        let program = words.next().unwrap_or_default();
        let mut application = Command::new(program);
        application.args(words);
        // What kubelet could not expand: it does not know these variables.
        for (name, value) in std::env::vars_os() {
            if let Some(value) = expand(&value) {
                application.env(name, value);
            }
        }
        application.envs(variables.iter());
        Ok(application)
    }

    /// The application's name as it was given, for what it was expanded to may be secret.
    fn shown(&self) -> String {
        let program = self.command.first().map(OsString::as_os_str);
        format!("{:?}", program.unwrap_or_default())
    }

    /// Says why the application does not run.
    fn not_started(&self, error: &io::Error) -> ExitCode {
        let code = match error.kind() {
            io::ErrorKind::NotFound => NOT_FOUND,
            _ => CANNOT_START,
        };
        let hint = match error.kind() {
            io::ErrorKind::ArgumentListTooLong => {
                ": its arguments and its environment are too long together"
            }
            _ => "",
        };
        let program = self.shown();
        refuse(&format!("cannot start {program}: {error}{hint}"), code)
    }
}

fn refuse(message: &str, code: u8) -> ExitCode {
    say(message);
    ExitCode::from(code)
}

fn say(message: &str) {
    let _ = writeln!(io::stderr(), "freshet-refresher exec: {message}");
}
