//! The command line of `exec`, which ends in somebody else's.

use std::path::PathBuf;

use lexopt::{Arg, Parser};

use super::{Command, Given, UsageError};
use crate::refresher::exec::Exec;
use crate::refresher::help::Topic;

/// Reads what follows `exec`: options up to the application's command, of which every byte is its own.
pub(super) fn read(mut given: Given, mut parser: Parser) -> Result<Command, UsageError> {
    let mut variables = None;
    let mut command = Vec::new();
    loop {
        match parser.next() {
            Ok(Some(Arg::Short('h') | Arg::Long("help"))) => {
                return Ok(Command::Help(Topic::Exec));
            }
            Ok(Some(Arg::Long("env-dir"))) => match parser.value() {
                Ok(directory) => variables = Some(PathBuf::from(directory)),
                Err(_) => given.problems.push("--env-dir: needs a value".to_owned()),
            },
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
        true => Ok(Command::Exec(Box::new(Exec { variables, command }))),
        false => Err(UsageError(given.problems)),
    }
}
