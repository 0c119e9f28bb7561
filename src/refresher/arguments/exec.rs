//! The command line of `exec`, which ends in somebody else's.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser};

use super::{Command, Given, UsageError};
use crate::refresher::exec::{Exec, Supervision};
use crate::refresher::help::Topic;
use crate::spec::GoDuration;

/// What Kubernetes gives a pod that names no other (`terminationGracePeriodSeconds`).
const USUAL_GRACE: Duration = Duration::from_secs(30);

/// Reads what follows `exec`: options up to the application's command, of which every byte is its own.
pub(super) fn read(mut given: Given, mut parser: Parser) -> Result<Command, UsageError> {
    let (mut variables, mut supervised, mut grace) = (None, None, None);
    let mut optional = false;
    let mut command = Vec::new();
    loop {
        match parser.next() {
            Ok(Some(Arg::Short('h') | Arg::Long("help"))) => {
                return Ok(Command::Help(Topic::Exec));
            }
            Ok(Some(Arg::Long(name @ ("env-dir" | "supervise-dir" | "grace")))) => {
                let name = name.to_owned();
                let Ok(value) = parser.value() else {
                    given.problems.push(format!("--{name}: needs a value"));
                    continue;
                };
                match name.as_str() {
                    "env-dir" => variables = Some(PathBuf::from(value)),
                    "supervise-dir" => supervised = Some(PathBuf::from(value)),
                    _ => grace = given.grace(&value.to_string_lossy()),
                }
            }
            Ok(Some(Arg::Long("env-optional"))) => optional = true,
            Ok(Some(Arg::Long(name))) => {
                let problem = format!("--{name}: not an option of this command");
                given.problems.push(problem);
                let _ = parser.optional_value();
            }
            Ok(Some(Arg::Short(letter))) => {
                given.problems.push(format!("-{letter}: unknown option"));
            }
            Ok(Some(Arg::Value(program))) => {
                command.push(program);
                // The values that are left are taken as they are, options among them.
                command.extend(parser.raw_args().into_iter().flatten());
                break;
            }
            Ok(None) => break,
            Err(error) => return Err(UsageError(vec![error.to_string()])),
        }
    }
    let misplaced = given.values.keys().chain(&given.switches).copied();
    let misplaced = misplaced.chain(given.identity_options.iter().map(String::as_str));
    let misplaced = misplaced.map(|name| format!("--{name}: not an option of this command"));
    given.problems.extend(misplaced);
    if command.is_empty() {
        let problem = "a command is missing: exec -- COMMAND [ARGUMENT...]";
        given.problems.push(problem.to_owned());
    }
    match given.problems.is_empty() {
        true => Ok(Command::Exec(Box::new(Exec {
            variables,
            optional,
            supervision: supervised.map(|directory| Supervision {
                directory,
                grace: grace.unwrap_or(USUAL_GRACE),
            }),
            command,
        }))),
        false => Err(UsageError(given.problems)),
    }
}

impl Given {
    fn grace(&mut self, text: &str) -> Option<Duration> {
        match text.parse::<GoDuration>() {
            Ok(grace) => Some(grace.get()),
            Err(invalid) => {
                self.problems.push(format!("--grace: {text:?}: {invalid}"));
                None
            }
        }
    }
}
