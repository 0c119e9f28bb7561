//! The loop around the engine: time, files and answers go in, actions come out and are carried out.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::clock::Clock;
use super::driver::{self, Done, Driver};
use super::inputs::{InputPaths, Inputs};
use super::memory_file::MemoryFile;
use super::notifier::{Listeners, Notifier};
use super::quit::Quit;
use super::shared::Shared;
use super::state_directory::StateDirectory;
use super::termination::TerminationMessage;
use super::way::Way;
use super::{control, ports, randomness};
use crate::files::{WriteError, install_program};
use crate::secret::SecretBytes;
use crate::shutdown::Shutdown;
use crate::spec::layout::PROGRAM_FILE;
use crate::spec::{OnChange, Profile, VolumeName};
use crate::sync::{Action, Engine, Event, Options, TokenId};
use crate::vault::VaultApi;

/// What a refresher needs to know beside its Vault.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The volumes to write, and where they are mounted.
    pub volumes: BTreeMap<VolumeName, PathBuf>,
    /// The files that the kubelet keeps current.
    pub inputs: InputPaths,
    /// Where `ready` and `status` find this refresher; none with [`Mode::Once`].
    pub state: StateDirectory,
    /// Where containers find this program, to start the application through it.
    pub program: Option<PathBuf>,
    /// How the application is told that its files have switched.
    pub on_change: Vec<OnChange>,
    /// The containers whose application takes signals.
    pub listeners: Listeners,
    /// Where Kubernetes reads the container's last words.
    pub termination_message: PathBuf,
    /// Where metrics and health are served.
    pub metrics_address: Option<SocketAddr>,
    /// Where a script of the pod may say that its work is done: a loopback address.
    pub quit_address: Option<SocketAddr>,
    /// Whether the Vault token is revoked at the end.
    pub revoke_on_shutdown: bool,
    /// How long an old credential lives beside its successor; `None` is as long as usual.
    pub grace: Option<Duration>,
    /// Whether, with [`Mode::Once`], leases that nobody will renew are left to live.
    pub leave_leases: bool,
    /// What the jitter of all times follows from; another one in each pod.
    pub seed: u64,
}

/// When a refresher ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// When it is asked to.
    Sidecar,
    /// When all files are there, or this much time has passed.
    Once(Duration),
}

/// Why a refresher did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A volume cannot be opened.
    #[error(transparent)]
    Volume(#[from] WriteError),
    /// Nobody could ask this refresher whether the pod may start.
    #[error("cannot listen on {0}: {1}")]
    Socket(PathBuf, io::Error),
    /// This program cannot be read.
    #[error("cannot read this program from {0}: {1}")]
    Program(PathBuf, io::Error),
    /// Not all files are there in time.
    #[error("not all files are there: {0}")]
    Incomplete(String),
}

/// What ended the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It was done, or the process was asked to end.
    ByItself,
    /// Somebody in the pod asked the refresher to quit.
    ByRequest,
}

/// How often the files of the kubelet are looked at; it replaces them every minute or so.
const POLL: Duration = Duration::from_secs(1);

/// A look that is due so soon is taken along with whatever woke us: to be woken costs more than to
/// look.
const SLACK: Duration = Duration::from_millis(300);

/// How long a token's revocation may hold up the end.
const LONGEST_END: Duration = Duration::from_secs(2);

/// Runs a refresher, which comes to Vault by `ways` (the pod's own has no name), until it is done or
/// `shutdown` fires. It spawns tasks of its own, so it has to
/// be a task of a [`LocalRuntime`](tokio::runtime::LocalRuntime).
///
/// # Errors
/// When it cannot start, or with [`Mode::Once`] when not all files are there in time. The reason is
/// the container's termination message too.
pub async fn run<V: VaultApi + 'static>(
    settings: Settings,
    mode: Mode,
    ways: BTreeMap<Option<Profile>, Way<V>>,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let mut last_words = TerminationMessage::new(settings.termination_message.clone());
    let result = work(settings, mode, ways, shutdown, &mut last_words).await;
    if let Err(error) = &result {
        say(&mut last_words, &error.to_string());
    }
    result
}

async fn work<V: VaultApi + 'static>(
    settings: Settings,
    mode: Mode,
    ways: BTreeMap<Option<Profile>, Way<V>>,
    shutdown: Shutdown,
    last_words: &mut TerminationMessage,
) -> Result<(), RunError> {
    // First of all: it has to begin with the runtime's.
    let clock = Clock::start();
    let writers = driver::open(&settings.volumes)?;
    if let Some(directory) = &settings.program {
        install(directory)?;
    }
    // An init container has to sync once in its life; a sidecar may stand on what it left behind.
    let volumes = writers.iter().map(|(volume, writer)| {
        let complete = mode == Mode::Sidecar && writer.has_complete_generation();
        (volume.clone(), complete)
    });
    let mut options = Options::new(volumes.collect(), randomness::fill);
    options.profiles = ways.keys().flatten().cloned().collect();
    options.revoke_on_shutdown = settings.revoke_on_shutdown;
    options.on_change = settings.on_change;
    options.grace = settings.grace.unwrap_or(options.grace);
    options.keeps_leases = mode == Mode::Sidecar;
    options.leaves_leases = settings.leave_leases;
    let mut engine = Engine::new(options, settings.seed, clock.now());
    let memory = match mode {
        Mode::Sidecar => memory(&settings.state),
        Mode::Once(_) => None,
    };
    let tokens = memory
        .as_ref()
        .map(|memory| recall(memory, &mut engine, clock))
        .unwrap_or_default();
    let shared = Rc::new(Shared::new(engine, clock));
    if mode == Mode::Sidecar {
        control::listen(&settings.state, &shared)
            .map_err(|error| RunError::Socket(settings.state.socket(), error))?;
    }
    let quit = ports::open(settings.metrics_address, settings.quit_address, &shared).await;
    let notifier = Notifier::listen(settings.listeners, settings.volumes.values())
        .map_err(|(socket, error)| RunError::Socket(socket, error))?;
    let (sender, answers) = mpsc::unbounded_channel();
    let counters = shared.counters.clone();
    let driver = Driver::new(ways, (writers, notifier), sender, counters, memory);
    let recalled = driver.recall(tokens);
    let mut refresher = Refresher {
        driver,
        inputs: Inputs::new(settings.inputs),
        shared,
        answers,
        quit,
        last_words,
    };
    refresher.supply(recalled);
    refresher.until(mode, shutdown).await
}

/// Puts this program where the containers look for it, before any of them starts.
fn install(directory: &Path) -> Result<(), RunError> {
    let own = Path::new("/proc/self/exe");
    let program = File::open(own).map_err(|error| RunError::Program(own.to_owned(), error))?;
    Ok(install_program(program, directory, PROGRAM_FILE)?)
}

/// Where credentials outlive this process.
fn memory(state: &StateDirectory) -> Option<MemoryFile> {
    let opened = MemoryFile::open(state);
    opened
        .inspect_err(|error| {
            tracing::warn!("credentials will not be kept for the next start: {error}");
        })
        .ok()
}

/// Gives the engine what an earlier process left, and answers that one's tokens.
fn recall(
    memory: &MemoryFile,
    engine: &mut Engine,
    clock: Clock,
) -> Vec<(TokenId, Option<Profile>, SecretBytes)> {
    let mut left = match memory.read() {
        Ok(Some(left)) => left,
        Ok(None) => return Vec::new(),
        Err(error) => {
            tracing::warn!("{error}: dynamic secrets are made anew");
            return Vec::new();
        }
    };
    if let Err(error) = engine.recall(left.json.expose(), clock.now()) {
        tracing::warn!("{error}: dynamic secrets are made anew");
        return Vec::new();
    }
    let known = engine.tokens().into_iter();
    let kept =
        known.filter_map(|(id, profile)| Some((id, profile, left.tokens.remove(&id.number())?)));
    kept.collect()
}

/// The parts of a running refresher.
struct Refresher<'a, V> {
    shared: Rc<Shared>,
    driver: Driver<V>,
    inputs: Inputs,
    answers: mpsc::UnboundedReceiver<Event>,
    quit: Quit,
    last_words: &'a mut TerminationMessage,
}

impl<V: VaultApi + 'static> Refresher<'_, V> {
    /// Tells the engine the tokens of an earlier process.
    fn supply(&mut self, tokens: Vec<TokenId>) {
        for id in tokens {
            if let Some(event) = self.driver.token(id) {
                self.take(event);
            }
        }
    }

    /// A sidecar that was asked to quit stays until SIGTERM: the kubelet would start it anew.
    async fn until(mut self, mode: Mode, mut shutdown: Shutdown) -> Result<(), RunError> {
        if self.work(mode, &mut shutdown).await == Ended::ByRequest {
            tracing::info!(
                "asked to quit: the files stay as they are, and nothing is read any more"
            );
            shutdown.requested().await;
        }
        self.result(mode)
    }

    /// Works until it is done, or asked to end.
    async fn work(&mut self, mode: Mode, shutdown: &mut Shutdown) -> Ended {
        let mut poll = self.shared.clock.at(Duration::ZERO);
        let mut end = match mode {
            Mode::Sidecar => None,
            Mode::Once(longest) => Some(poll + longest),
        };
        let mut ending = false;
        let mut ended = Ended::ByItself;
        loop {
            if poll <= Instant::now() + SLACK {
                poll = Instant::now() + POLL;
                for event in self.inputs.changes() {
                    self.take(event);
                }
            }
            let settled = self.shared.is_ready() || self.shared.is_hopeless();
            let done = matches!(mode, Mode::Once(_)) && settled;
            let is_asked = ended == Ended::ByRequest || shutdown.is_requested();
            if !ending && (done || is_asked) {
                ending = true;
                end = Some(Instant::now() + LONGEST_END);
                if self.take(Event::Shutdown) {
                    return ended;
                }
            }
            let deadline = self.shared.deadline().into_iter().chain(end);
            let wake = deadline.fold(poll, Instant::min);
            let event = tokio::select! {
                Some(event) = self.answers.recv() => event,
                () = tokio::time::sleep_until(self.shared.clock.turn(wake)) => Event::Tick,
                () = shutdown.requested(), if !ending => continue,
                () = self.quit.requested(), if !ending => {
                    ended = Ended::ByRequest;
                    continue;
                }
            };
            if self.take(event) || end.is_some_and(|end| end <= Instant::now()) {
                return ended;
            }
        }
    }

    /// A sidecar that was asked to end has done its work; an init container only with all files.
    fn result(&self, mode: Mode) -> Result<(), RunError> {
        match (mode, self.reason()) {
            (Mode::Once(_), Some(reason)) => Err(RunError::Incomplete(reason)),
            _ => Ok(()),
        }
    }

    /// Tells the engine and carries out what it answers; answers whether that was the last thing.
    fn take(&mut self, event: Event) -> bool {
        let mut events = VecDeque::from([event]);
        let mut speaks = false;
        let mut exit = false;
        while let Some(event) = events.pop_front() {
            if let Event::LoggedIn(id, Ok(_)) = event {
                events.extend(self.driver.token(id));
            }
            for action in self.shared.feed(event) {
                speaks |= matches!(&action, Action::Tell(_));
                match self.driver.carry_out(action) {
                    Done::Begun => {}
                    Done::Answered(event) => events.push_back(*event),
                    Done::Exit => exit = true,
                }
            }
        }
        if speaks {
            let reason = self.reason().unwrap_or_default();
            say(self.last_words, &reason);
        }
        exit
    }

    /// Why the pod cannot start, when it cannot.
    fn reason(&self) -> Option<String> {
        self.shared.status().reason
    }
}

fn say(last_words: &mut TerminationMessage, message: &str) {
    if let Err(error) = last_words.set(message) {
        tracing::debug!("cannot write the termination message: {error}");
    }
}
