//! The program `freshet`: its subcommands and what they have in common.
//!
//! A command is a function from arguments and input to an [`Outcome`]; printing and exiting happen
//! here.

mod changed;
pub mod defaults;
#[cfg(feature = "demo")]
mod demo;
pub mod facts;
mod inject;
mod lint;
mod manifest;
mod migrate;
mod ordered;
mod review;
mod template;
pub mod vault_k8s;
#[cfg(feature = "webhook")]
mod webhook;
mod workload;
mod yaml;

use std::fmt::Display;
#[cfg(feature = "webhook")]
use std::future::Future;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(feature = "webhook")]
use crate::shutdown::{Ended, Shutdown, on_signals};

/// Live Vault secrets in Kubernetes pods: a mutating admission webhook and a tiny native sidecar
#[derive(Debug, Parser)]
#[command(name = "freshet", version)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "webhook")]
    Webhook(Box<webhook::Arguments>),
    Inject(Box<inject::InjectArgs>),
    Lint(Box<lint::LintArgs>),
    Migrate(Box<migrate::MigrateArgs>),
    Template(Box<template::TemplateArgs>),
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
}

/// What a command says, and the exit code: 0 well, 1 the answer is no, 2 it could not be asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// For standard output, as it is.
    pub(crate) stdout: Vec<u8>,
    /// For standard error.
    pub(crate) stderr: String,
    /// The exit code.
    pub(crate) code: u8,
}

/// Runs the program with the arguments and streams of the process.
///
/// Wrong usage is told on standard error and ends in exit code 2.
pub fn main() -> ExitCode {
    let outcome = match Program::parse().command {
        #[cfg(feature = "webhook")]
        Command::Webhook(arguments) => webhook::run(*arguments),
        Command::Inject(arguments) => inject::run(*arguments),
        Command::Lint(arguments) => lint::run(*arguments),
        Command::Migrate(arguments) => migrate::run(*arguments),
        Command::Template(arguments) => template::run(*arguments),
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => demo::run(arguments),
    };
    print(&outcome)
}

/// Writes the outcome. A reader that has seen enough (`freshet inject … | head`) is no failure.
fn print(outcome: &Outcome) -> ExitCode {
    // Nothing can be told when standard error is closed.
    let _ = io::stderr().write_all(outcome.stderr.as_bytes());
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(&outcome.stdout)
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "error: standard output: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(outcome.code),
    }
}

impl Outcome {
    /// The outcome of a command that could not do its work: one line, exit code 2.
    pub(crate) fn unusable(message: impl Display) -> Self {
        Self {
            stderr: format!("error: {message}\n"),
            code: 2,
            ..Self::default()
        }
    }
}

/// Runs the work of a command that lasts, on this thread, until it ends or a second signal drops it.
#[cfg(feature = "webhook")]
fn run_until_signalled<Work, Error>(work: impl FnOnce(Shutdown) -> Work) -> Outcome
where
    Work: Future<Output = Result<(), Error>>,
    Error: Display,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(on_signals(work))) {
        Ok(Ended::Done(Ok(()))) => Outcome::default(),
        Ok(Ended::Done(Err(error))) => Outcome::unusable(error),
        Ok(Ended::Aborted(signal)) => Outcome {
            code: signal.exit_code(),
            ..Outcome::default()
        },
        Err(error) => Outcome::unusable(error),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_of_the_commands_do_not_collide() {
        Program::command().debug_assert();
    }

    /// The manifest that installs the webhook, and the program that it starts.
    #[cfg(feature = "webhook")]
    #[test]
    fn the_deployment_of_the_webhook_uses_options_that_exist() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/webhook-config/deployment.yaml"
        );
        let text = std::fs::read_to_string(path).expect("the deployment");
        let manifest = manifest::Manifest::parse("deployment.yaml", &text).expect("a manifest");
        let mut values = manifest
            .documents
            .into_iter()
            .map(|document| document.value);
        let deployment = values.find(|value| value["kind"] == "Deployment");
        let spec = &deployment.expect("a Deployment")["spec"]["template"]["spec"];
        let args = spec["containers"][0]["args"].clone();
        let args: Vec<String> = serde_json::from_value(args).expect("arguments");
        let program = ["freshet".to_owned()].into_iter().chain(args);
        assert!(matches!(
            Program::try_parse_from(program).map(|program| program.command),
            Ok(Command::Webhook(_))
        ));
    }

    #[test]
    fn every_command_shows_examples() {
        for command in Program::command().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.starts_with("Examples:"), "{}", command.get_name());
        }
    }
}
