//! `freshet demo`: the whole of Freshet on one machine, with nothing but Rust installed.
//!
//! Vault is the embedded one, and this program does what an API server and a kubelet would do for
//! one pod. The webhook, the refresher and the patch between them are the real ones, and the
//! application knows nothing of any of it.

mod admission;
mod front;
mod narrator;
mod node;
mod program;
mod rotation;
mod stage;
mod vault;
mod webhook;
mod workspace;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use self::narrator::Narrator;
use self::program::Programs;
use self::stage::Stage;
use self::workspace::Workspace;
use super::{Outcome, run_until_signalled};
use crate::shutdown::{self, Shutdown};
use crate::spec::GoDuration;

const EXAMPLES: &str = "\
Examples:
  Watch a password change on a page, at the press of a button:
    cargo run --release -- demo

  On another port, with a new password every ten seconds:
    cargo run --release -- demo --port 8081 --rotate-every 10s";

/// Show it all on this machine: a Vault, the webhook, the refresher and an application
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Where the page is served on 127.0.0.1; 0 takes a free port
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,

    /// Write a new password to Vault this often, besides the button
    #[arg(long, value_name = "DURATION")]
    rotate_every: Option<GoDuration>,

    /// Take the refresher and the application from here instead of building them
    #[arg(long, value_name = "DIRECTORY")]
    bin_dir: Option<PathBuf>,
}

/// Why the demo cannot go on.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(
        "port {0} of 127.0.0.1 is taken: stop the program that listens there, or choose another port with --port {next}",
        next = .0.checked_add(1).unwrap_or(8080)
    )]
    PortTaken(u16),
    #[error("cannot listen on 127.0.0.1:{0}: {1}")]
    Listen(u16, io::Error),
    #[error("the temporary directory: {0}")]
    Workspace(io::Error),
    #[error(transparent)]
    Stage(#[from] stage::StageError),
    #[error(transparent)]
    Program(#[from] program::ProgramError),
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    run_until_signalled(|shutdown| show(arguments, shutdown))
}

/// Runs until the end is asked for, and leaves nothing behind: what is dropped on the way out is
/// killed or removed.
async fn show(arguments: Arguments, shutdown: Shutdown) -> Result<(), DemoError> {
    let narrator = Narrator::new(io::stdout());
    // First of all, before anything is built: that the page can be served.
    let listener = listen(arguments.port).await?;
    let workspace = Workspace::create().map_err(DemoError::Workspace)?;
    let mut ending = or_hangup(shutdown);
    let prepared = tokio::select! {
        stage = prepare(&arguments, &workspace, &narrator) => Some(stage),
        () = ending.requested() => None,
    };
    let outcome = match prepared {
        Some(Ok(stage)) => {
            let interval = arguments.rotate_every.map(GoDuration::get);
            stage
                .play(listener, interval, ending)
                .await
                .map_err(DemoError::from)
        }
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    workspace.remove().map_err(DemoError::Workspace)?;
    if outcome.is_ok() {
        narrator.step("Everything is gone: processes, files, the Vault");
    }
    outcome
}

async fn prepare(
    arguments: &Arguments,
    workspace: &Workspace,
    narrator: &Narrator,
) -> Result<Stage, DemoError> {
    let programs = match &arguments.bin_dir {
        Some(directory) => Programs::in_directory(directory.clone()),
        None => {
            narrator.step("Build the refresher and the application");
            Programs::build(narrator).await?
        }
    };
    Ok(Stage::set(&programs, workspace, narrator).await?)
}

async fn listen(port: u16) -> Result<TcpListener, DemoError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => DemoError::PortTaken(port),
            _ => DemoError::Listen(port, error),
        })
}

/// Ends with the terminal as well: SIGHUP.
fn or_hangup(mut shutdown: Shutdown) -> Shutdown {
    let (trigger, ending) = shutdown::channel();
    tokio::spawn(async move {
        match signal(SignalKind::hangup()) {
            Ok(mut hangup) => tokio::select! {
                _ = hangup.recv() => {}
                () = shutdown.requested() => {}
            },
            Err(_) => shutdown.requested().await,
        }
        trigger.fire();
    });
    ending
}
