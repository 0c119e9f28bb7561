//! Stays as the parent of an application that takes signals and restarts.
//!
//! It is what the application would be without it: it forwards every signal, reaps whatever the
//! application leaves, and ends with the application's own code. On the refresher's order it sends a
//! signal, or ends the application within its grace period and starts it anew, with the values of
//! the day.

use std::io;
use std::process::ExitCode;

use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process,
    set_child_subreaper, set_dumpable_behavior, wait,
};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::orders::{Order, Orders};
use super::signals::Signals;
use super::{Exec, OWN_FAILURE, Supervision, refuse};

/// Runs the application until it ends, and answers its exit code.
pub(super) fn supervise(exec: &Exec, supervision: &Supervision) -> ExitCode {
    let runtime = Builder::new_current_thread().enable_all().build();
    let supervised = runtime.and_then(|runtime| runtime.block_on(run(exec, supervision)));
    supervised.unwrap_or_else(|error| refuse(&format!("cannot supervise: {error}"), OWN_FAILURE))
}

async fn run(exec: &Exec, supervision: &Supervision) -> io::Result<ExitCode> {
    // The values pass through this process; its neighbours must not read them.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // Where the container shares its processes with others, this is not process 1.
    set_child_subreaper(Some(getpid()))?;
    let mut signals = Signals::listen()?;
    let mut deaths = signal(SignalKind::child())?;
    // Before the application starts, so that it hears of each switch after its start.
    let mut orders = Orders::connect(&supervision.directory).await;
    let mut supervisor = Supervisor {
        exec,
        application: match start(exec) {
            Ok(application) => application,
            Err(code) => return Ok(code),
        },
        restart: None,
        ending: false,
    };
    loop {
        let kill = supervisor.restart.unwrap_or_else(Instant::now);
        tokio::select! {
            biased;
            signal = signals.next() => supervisor.forward(signal),
            _ = deaths.recv() => {
                let Some(status) = supervisor.reap()? else {
                    continue;
                };
                if supervisor.restart.take().is_none() || supervisor.ending {
                    return Ok(ExitCode::from(code(status)));
                }
                match start(exec) {
                    Ok(application) => supervisor.application = application,
                    Err(code) => {
                        orders.answer("it could not be started again").await;
                        return Ok(code);
                    }
                }
                orders.answer("ok").await;
            }
            order = orders.next() => {
                if let Some(answer) = supervisor.obey(order, Instant::now() + supervision.grace) {
                    orders.answer(&answer).await;
                }
            }
            () = sleep_until(kill), if supervisor.restart.is_some() => supervisor.kill(),
        }
    }
}

struct Supervisor<'a> {
    exec: &'a Exec,
    application: Pid,
    /// The application was asked to end, to be started anew; at this time it is killed.
    restart: Option<Instant>,
    /// The container was asked to end.
    ending: bool,
}

impl Supervisor<'_> {
    /// Reaps all that has ended; answers how the application did, if it was among it.
    fn reap(&self) -> io::Result<Option<WaitStatus>> {
        let mut ended = None;
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((process, status))) if process == self.application => ended = Some(status),
                Ok(Some(_)) => {}
                Ok(None) | Err(Errno::CHILD) => return Ok(ended),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn forward(&mut self, signal: Signal) {
        let ends = [Signal::INT, Signal::QUIT].contains(&signal) && self.restart.is_some();
        self.ending |= signal == Signal::TERM || ends;
        self.send(signal);
    }

    /// The application may have ended already.
    fn send(&self, signal: Signal) {
        let _ = kill_process(self.application, signal);
    }

    fn kill(&mut self) {
        self.send(Signal::KILL);
        // Once is enough: what cannot be killed now is not killed by asking again soon.
        self.restart = Some(Instant::now() + super::FOREVER);
    }

    /// Begins what is ordered; the answer to a restart comes when it is done.
    fn obey(&mut self, order: Order, kill: Instant) -> Option<String> {
        match order {
            Order::Signal(signal) => {
                let sent = kill_process(self.application, signal);
                Some(sent.map_or_else(|error| error.to_string(), |()| "ok".to_owned()))
            }
            Order::Restart if self.ending => Some("it is ending".to_owned()),
            // A refresher that was started anew meanwhile asks for the same: one restart is both.
            Order::Restart if self.restart.is_some() => None,
            Order::Restart => {
                let program = self.exec.shown();
                super::say(&format!(
                    "starting {program} anew: what it was given has changed"
                ));
                self.restart = Some(kill);
                self.send(Signal::TERM);
                // Stopped, it could not end.
                self.send(Signal::CONT);
                None
            }
            Order::Unknown => {
                Some("the program in this container is of another release".to_owned())
            }
        }
    }
}

/// Starts the application.
///
/// # Errors
/// The code to end with, once the reason is told.
fn start(exec: &Exec) -> Result<Pid, ExitCode> {
    let mut application = exec
        .application()
        .map_err(|message| refuse(&message, OWN_FAILURE))?;
    let child = application
        .spawn()
        .map_err(|error| exec.not_started(&error))?;
    Ok(Pid::from_child(&child))
}

/// As a shell and a container's status have it.
fn code(status: WaitStatus) -> u8 {
    let signal = status.terminating_signal().map(|signal| 128 + signal);
    let code = status.exit_status().or(signal);
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(OWN_FAILURE)
}
