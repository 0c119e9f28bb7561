//! The command line. Nothing comes from the environment.

mod exec;
mod notification;
mod refresh;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser};

pub(crate) use self::refresh::Refresh;
use super::exec::Exec;
use super::help::Topic;
use super::state_directory::StateDirectory;
use crate::spec::IdentityBuilder;

/// What the program was called for.
#[derive(Debug)]
pub(crate) enum Command {
    /// The native sidecar.
    Run(Box<Refresh>),
    /// The init container: at most for the given time, or as long as usual.
    Once(Box<Refresh>, Option<Duration>),
    /// Whether the pod may start, perhaps after a wait.
    Ready {
        state: StateDirectory,
        wait: bool,
        longest: Option<Duration>,
    },
    /// The application with its variables, in this program's place.
    Exec(Box<Exec>),
    /// How things stand.
    Status { state: StateDirectory, json: bool },
    /// How it is used.
    Help(Topic),
    /// Which release it is.
    Version,
}

/// What is wrong with the command line: all of it, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct UsageError(pub(crate) Vec<String>);

/// Options with a value, beside those of the identity.
const VALUES: [&str; 13] = [
    "spec-file",
    "refresh-file",
    "templates-dir",
    "state-dir",
    "program-dir",
    "termination-message",
    "metrics-address",
    "quit-address",
    "log-format",
    "log-level",
    "timeout",
    "grace",
    "output",
];

/// Options that stand alone.
const SWITCHES: [&str; 3] = ["wait", "revoke-on-shutdown", "leave-leases"];

/// Options with a value that may be given again.
const LISTS: [&str; 3] = ["on-change", "supervise", "shares-processes"];

/// The options of one command line, before they are checked.
#[derive(Debug, Default)]
struct Given {
    command: Option<String>,
    values: BTreeMap<&'static str, String>,
    lists: BTreeMap<&'static str, Vec<String>>,
    switches: Vec<&'static str>,
    identity: IdentityBuilder,
    /// Options of the identity, until somebody has taken it.
    identity_options: Vec<String>,
    problems: Vec<String>,
}

impl Command {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut parser = Parser::from_args(args);
        let mut given = Given::default();
        loop {
            let asks = match parser.next() {
                Ok(Some(Arg::Short('h'))) => Some("help"),
                Ok(Some(Arg::Long("help"))) => Some("help"),
                Ok(Some(Arg::Short('V') | Arg::Long("version"))) => Some("version"),
                Ok(Some(Arg::Short('o'))) => {
                    given.value("output", parser.value());
                    None
                }
                Ok(Some(Arg::Short(letter))) => {
                    given.problems.push(format!("-{letter}: unknown option"));
                    None
                }
                Ok(Some(Arg::Long(name))) => {
                    let name = name.to_owned();
                    given.option(&name, &mut parser);
                    None
                }
                Ok(Some(Arg::Value(value))) if value == "exec" && given.command.is_none() => {
                    return exec::read(given, parser);
                }
                Ok(Some(Arg::Value(value))) => {
                    given.positional(&value.to_string_lossy());
                    None
                }
                Ok(None) => break,
                Err(error) => return Err(UsageError(vec![error.to_string()])),
            };
            match asks {
                Some("help") => return Ok(Self::Help(Topic::of(given.command.as_deref()))),
                Some(_) => return Ok(Self::Version),
                None => {}
            }
        }
        given.command()
    }
}

impl Given {
    fn positional(&mut self, value: &str) {
        if self.command.is_none() {
            self.command = Some(value.to_owned());
        } else {
            self.problems.push(format!("{value:?}: unexpected"));
        }
    }

    fn option(&mut self, name: &str, parser: &mut Parser) {
        if let Some(switch) = SWITCHES.into_iter().find(|known| *known == name) {
            match parser.optional_value() {
                Some(_) => self.problems.push(format!("--{name}: takes no value")),
                None => self.switches.push(switch),
            }
        } else if let Some(known) = VALUES.into_iter().chain(LISTS).find(|known| *known == name) {
            self.value(known, parser.value());
        } else if IdentityBuilder::default().set(name, "") {
            self.identity_options.push(name.to_owned());
            match parser
                .value()
                .map(|value| value.to_string_lossy().into_owned())
            {
                Ok(value) => {
                    self.identity.set(name, &value);
                }
                Err(_) => self.problems.push(format!("--{name}: needs a value")),
            }
        } else {
            let _ = parser.optional_value();
            self.problems.push(format!("--{name}: unknown option"));
        }
    }

    fn value(&mut self, name: &'static str, value: Result<OsString, lexopt::Error>) {
        match value.map(|value| value.to_string_lossy().into_owned()) {
            Ok(value) if LISTS.contains(&name) => self.lists.entry(name).or_default().push(value),
            Ok(value) if self.values.contains_key(name) => {
                self.problems
                    .push(format!("--{name}: {value:?}: given twice"));
            }
            Ok(value) => {
                self.values.insert(name, value);
            }
            Err(_) => self.problems.push(format!("--{name}: needs a value")),
        }
    }

    fn command(mut self) -> Result<Command, UsageError> {
        let command = match self.command.take().as_deref() {
            Some("run") => {
                let quit_address = self.quit_address();
                let refresh = self.refresh();
                refresh.map(|refresh| {
                    Command::Run(Box::new(Refresh {
                        quit_address,
                        ..refresh
                    }))
                })
            }
            Some("once") => {
                let longest = self.duration("timeout");
                let leave_leases = self.switch("leave-leases");
                let refresh = self.refresh();
                refresh.map(|refresh| {
                    let refresh = Refresh {
                        leave_leases,
                        ..refresh
                    };
                    Command::Once(Box::new(refresh), longest)
                })
            }
            Some("ready") => Some(Command::Ready {
                state: self.state(),
                wait: self.switch("wait"),
                longest: self.duration("timeout"),
            }),
            Some("status") => Some(Command::Status {
                state: self.state(),
                json: self.json(),
            }),
            Some("help") => Some(Command::Help(Topic::of(None))),
            Some(other) => {
                self.problems.push(format!(
                    "{other:?}: must be run, once, ready, exec or status"
                ));
                None
            }
            None => {
                self.problems
                    .push("a command is missing: run, once, ready, exec or status".to_owned());
                None
            }
        };
        if command.is_some() {
            let misplaced = self
                .values
                .keys()
                .chain(self.lists.keys())
                .chain(&self.switches)
                .copied();
            let misplaced = misplaced.chain(self.identity_options.iter().map(String::as_str));
            self.problems
                .extend(misplaced.map(|name| format!("--{name}: not an option of this command")));
        }
        match command {
            Some(command) if self.problems.is_empty() => Ok(command),
            _ => Err(UsageError(self.problems)),
        }
    }
}

#[cfg(test)]
mod tests;
