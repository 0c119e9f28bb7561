//! From the command line to an exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::future::Future;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::runtime::{Builder, LocalOptions};

use super::arguments::{Command, Refresh};
use super::run::{Mode, RunError, Settings, run};
use super::state_directory::StateDirectory;
use super::way::Way;
use super::{exec, gate, status_text};
use crate::shutdown::{Ended, Shutdown, on_signals};
use crate::spec::{Auth, Identity, Profile};
use crate::telemetry;
use crate::vault::{Limits, VaultClient};

/// What was asked for is not so, or was not done.
const FAILED: u8 = 1;

/// The command line is wrong.
const USAGE: u8 = 2;

/// Runs the command that `args`, without the program's name, ask for.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = match Command::parse(args) {
        Ok(command) => command,
        Err(error) => {
            complain(&format!("{error}\ntry: freshet-refresher --help"));
            return ExitCode::from(USAGE);
        }
    };
    match command {
        Command::Run(refresh) => refresher(*refresh, Mode::Sidecar),
        Command::Once(refresh, longest) => {
            let state = refresh.state.clone();
            let longest = longest.unwrap_or_else(|| gate::usual_wait(&state));
            let code = refresher(*refresh, Mode::Once(longest));
            if code != ExitCode::SUCCESS {
                // Without the mark the next attempt is short again: no harm.
                let _ = state.remember_the_wait();
            }
            code
        }
        Command::Ready {
            state,
            wait,
            longest,
        } => ready(&state, wait, longest),
        Command::Exec(application) => exec::exec(&application),
        Command::Status { state, json } => status(&state, json),
        Command::Help(topic) => print(&topic.text()),
        Command::Version => print(concat!(
            "freshet-refresher ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        )),
    }
}

fn refresher(refresh: Refresh, mode: Mode) -> ExitCode {
    // A neighbour in a shared process namespace must not read our memory.
    let undumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = telemetry::init(refresh.log_format, refresh.log_level) {
        complain(&error.to_string());
        return ExitCode::from(FAILED);
    }
    if let Err(error) = undumpable {
        tracing::warn!("cannot forbid to trace this process: {error}");
    }
    let ways = match ways(&refresh.identity, &refresh.inputs.token) {
        Ok(ways) => ways,
        Err(error) => {
            tracing::error!("{error}");
            return ExitCode::from(FAILED);
        }
    };
    let settings = settings(refresh, &ways);
    finish(block_on(move |shutdown| {
        run(settings, mode, ways, shutdown)
    }))
}

type Ways = BTreeMap<Option<Profile>, Way<VaultClient>>;

/// The ways to Vault of all logins. One without a token file of its own has the pod's, and that is the
/// file `usual` unless it names another.
///
/// # Errors
/// When a login cannot be sent; the text names its profile.
fn ways(identity: &Identity, usual: &Path) -> Result<Ways, String> {
    let own = identity.login.token_file.as_deref();
    let usual = own.map_or(usual, Path::new);
    let mut ways = Ways::new();
    let mut clear = BTreeSet::new();
    for (profile, login) in identity.logins() {
        if !login.vault_address.is_secure() && clear.insert(login.vault_address.to_string()) {
            tracing::warn!(
                "{} is not encrypted: whoever can listen reads the secrets",
                login.vault_address
            );
        }
        let vault = VaultClient::new(login, Limits::default());
        let vault = vault.map_err(|error| match profile {
            Some(profile) => format!("profile {profile}: {error}"),
            None => error.to_string(),
        })?;
        let token = login.token_file.as_deref().map_or(usual, Path::new);
        let way = Way {
            vault,
            auth: login.auth.clone(),
            token: token.to_owned(),
        };
        ways.insert(profile.cloned(), way);
    }
    Ok(ways)
}

fn settings(refresh: Refresh, ways: &Ways) -> Settings {
    let private = private(&refresh, ways);
    let volumes = refresh.identity.mounts.into_iter();
    let mut inputs = refresh.inputs;
    inputs.private = private;
    // The kubelet replaces all of them in the same minute, so one tells of all.
    let sends = |way: &&Way<_>| way.auth.auth_type().sends_service_account_token();
    if let Some(way) = ways.values().find(sends) {
        inputs.token = way.token.clone();
    }
    Settings {
        volumes: volumes
            .map(|(volume, directory)| (volume, PathBuf::from(directory)))
            .collect(),
        inputs,
        state: refresh.state,
        program: refresh.program,
        on_change: refresh.on_change,
        listeners: refresh.listeners,
        termination_message: refresh.termination_message,
        metrics_address: refresh.metrics_address,
        quit_address: refresh.quit_address,
        revoke_on_shutdown: refresh.revoke_on_shutdown,
        grace: refresh.grace,
        leave_leases: refresh.leave_leases,
        seed: fastrand::u64(..),
    }
}

/// The directories with credentials of all logins, used or not.
fn private(refresh: &Refresh, ways: &Ways) -> Vec<PathBuf> {
    let state = refresh.state.path().to_owned();
    let tokens = ways.values().map(|way| way.token.as_path());
    let tokens = tokens.chain([refresh.inputs.token.as_path()]);
    let tokens = tokens.filter_map(Path::parent);
    let certificates = refresh.identity.logins().filter_map(|(_, login)| {
        let directory = login.client_certificate_dir.as_ref();
        directory.map(PathBuf::from)
    });
    let approles = ways.values().filter_map(|way| match &way.auth {
        Auth::AppRole(directory) => Some(PathBuf::from(directory)),
        _ => None,
    });
    let tokens = tokens.map(Path::to_owned);
    let private = tokens.chain(approles).chain(certificates).chain([state]);
    private.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Runs `work` on this thread, until it ends or the second signal comes.
fn block_on<Work>(
    work: impl FnOnce(Shutdown) -> Work + 'static,
) -> io::Result<Ended<Result<(), RunError>>>
where
    Work: Future<Output = Result<(), RunError>> + 'static,
{
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    // As a task: to wake one costs nothing, while to wake what is blocked on is a system call.
    let task = runtime.spawn_local(on_signals(work));
    let ended = match runtime.block_on(task) {
        Ok(ended) => ended,
        Err(fault) => Err(io::Error::other(fault)),
    };
    // A name that is being resolved must not hold up the end.
    runtime.shutdown_background();
    ended
}

fn finish(ended: io::Result<Ended<Result<(), RunError>>>) -> ExitCode {
    match ended {
        Ok(Ended::Done(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ended::Done(Err(error))) => {
            tracing::error!("{error}");
            ExitCode::from(FAILED)
        }
        Ok(Ended::Aborted(signal)) => ExitCode::from(signal.exit_code()),
        Err(error) => {
            tracing::error!("cannot start: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn ready(state: &StateDirectory, wait: bool, longest: Option<std::time::Duration>) -> ExitCode {
    let answer = match wait {
        true => gate::wait(state, longest),
        false => gate::ready(state),
    };
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            complain(&refusal.to_string());
            ExitCode::from(FAILED)
        }
    }
}

fn status(state: &StateDirectory, json: bool) -> ExitCode {
    let answer = gate::status(state).map_err(|refusal| refusal.to_string());
    let text = answer.and_then(|answer| match json {
        true => Ok(format!("{answer}\n")),
        false => status_text::text(&answer).map_err(|error| format!("not a status: {error}")),
    });
    match text {
        Ok(text) => print(&text),
        Err(message) => {
            complain(&message);
            ExitCode::from(FAILED)
        }
    }
}

/// A closed pipe is no failure of ours.
fn print(text: &str) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
