//! The parts of the demo, set up one after the other, and the time while they run.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

use super::admission::{self, Admitted};
use super::front;
use super::narrator::Narrator;
use super::node::{Container, Node};
use super::program::{Programs, Running};
use super::rotation::Rotation;
use super::vault::DemoVault;
use super::webhook::Webhook;
use super::workspace::{Workspace, replace};
use crate::shutdown::Shutdown;
use crate::spec::layout;

/// The pod that is created.
const POD: &str = include_str!("pod.yaml");

/// The name of its container.
const APPLICATION: &str = "credentials-page";

/// How long the application may take to listen.
const START: Duration = Duration::from_secs(10);

/// Why a part is not there, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum StageError {
    /// The embedded Vault.
    #[error("Vault: {0}")]
    Vault(#[from] super::vault::VaultError),
    /// A rotation.
    #[error("Vault: {0}")]
    Rotation(#[from] crate::dev_vault::Refused),
    /// The webhook.
    #[error("webhook: {0}")]
    Webhook(#[from] super::webhook::WebhookError),
    /// The demo's own pod.
    #[error("the demo's pod manifest: {0}")]
    Manifest(String),
    /// The AdmissionReview.
    #[error(transparent)]
    Admission(#[from] admission::AdmissionError),
    /// The volumes.
    #[error(transparent)]
    Node(#[from] super::node::NodeError),
    /// The token's file, or another file of the demo.
    #[error("cannot write the pod's token: {0}")]
    Files(#[from] io::Error),
    /// A program.
    #[error(transparent)]
    Program(#[from] super::program::ProgramError),
    /// The gate said no; the refresher's log says why.
    #[error("the files are not there: `freshet-refresher ready --wait` ended with {0}")]
    NotReady(ExitStatus),
    /// The application is not there.
    #[error("the application does not listen on {0}")]
    NoApplication(SocketAddr),
    /// An HTTP client.
    #[error("cannot make an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Everything that runs; dropping it ends it.
pub(super) struct Stage {
    narrator: Narrator,
    rotation: Arc<Rotation>,
    client: reqwest::Client,
    application_address: SocketAddr,
    refresher: Running,
    application: Running,
    /// Vault, the keeper of the token: tasks that end with this.
    tasks: JoinSet<()>,
    _webhook: Webhook,
}

impl Stage {
    /// Sets up all parts, in the order in which a cluster would.
    pub(super) async fn set(
        programs: &Programs,
        workspace: &Workspace,
        narrator: &Narrator,
    ) -> Result<Self, StageError> {
        let mut tasks = JoinSet::new();
        let vault = start_vault(workspace, narrator, &mut tasks).await?;
        let rotation = Arc::new(Rotation::new(vault.clone(), narrator.clone()));
        rotation.rotate()?;
        let webhook = start_webhook(&vault, workspace, narrator).await?;
        let pod = create_pod(&webhook, narrator).await?;
        let node = Node::prepare(&pod, workspace)?;
        let sidecar = node.container(layout::CONTAINER)?;
        keep_token(&vault, &sidecar, &mut tasks).await?;
        let refresher = start_refresher(programs, &sidecar, narrator).await?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let container = node.container(APPLICATION)?;
        let (application, application_address) =
            start_application(programs, &container, narrator).await?;
        Ok(Self {
            narrator: narrator.clone(),
            rotation,
            client,
            application_address,
            refresher,
            application,
            tasks,
            _webhook: webhook,
        })
    }

    /// Serves the page until the end is asked for or a program ends, then ends the programs.
    pub(super) async fn play(
        mut self,
        listener: TcpListener,
        rotate_every: Option<Duration>,
        mut ending: Shutdown,
    ) -> Result<(), StageError> {
        let address = listener.local_addr()?;
        let narrator = &self.narrator;
        narrator.step(&format!("Open http://{address}"));
        narrator.detail("Press the button below the page; Ctrl-C ends everything.");
        let router = front::router(
            self.application_address,
            self.client.clone(),
            self.rotation.clone(),
        );
        let serving = axum::serve(listener, router);
        let following = self.rotation.follow(self.application_address, &self.client);
        let outcome = tokio::select! {
            () = ending.requested() => Ok(()),
            served = serving => served.map_err(StageError::from),
            () = following => Ok(()),
            failed = rotate_again(&self.rotation, rotate_every) => Err(failed.into()),
            ended = self.refresher.ended() => Err(ended.into()),
            ended = self.application.ended() => Err(ended.into()),
        };
        self.application.stop().await;
        self.refresher.stop().await;
        self.tasks.shutdown().await;
        outcome
    }
}

/// Rotates at each interval, for ever; answers why it cannot.
async fn rotate_again(
    rotation: &Rotation,
    interval: Option<Duration>,
) -> crate::dev_vault::Refused {
    let Some(interval) = interval else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep(interval).await;
        if rotation.is_sealed() {
            continue;
        }
        if let Err(refused) = rotation.rotate() {
            return refused;
        }
    }
}

async fn start_vault(
    workspace: &Workspace,
    narrator: &Narrator,
    tasks: &mut JoinSet<()>,
) -> Result<DemoVault, StageError> {
    narrator.step("Start a Vault in memory");
    let vault = DemoVault::start(narrator, tasks).await?;
    let token_file = workspace.path().join("root-token");
    replace(&token_file, vault.root_token.as_bytes())?;
    narrator.detail("To change something yourself:");
    narrator.detail(&format!("  export VAULT_ADDR=http://{}", vault.address));
    narrator.detail(&format!(
        "  export VAULT_TOKEN=$(cat {})",
        token_file.display()
    ));
    Ok(vault)
}

async fn start_webhook(
    vault: &DemoVault,
    workspace: &Workspace,
    narrator: &Narrator,
) -> Result<Webhook, StageError> {
    narrator.step("Start the webhook");
    let webhook = Webhook::start(vault.address, workspace, narrator).await?;
    let port = webhook.address.port();
    narrator.detail(&format!(
        "https://{}:{port}, with a certificate of its own CA",
        admission::SERVICE
    ));
    Ok(webhook)
}

/// The API server's part.
async fn create_pod(webhook: &Webhook, narrator: &Narrator) -> Result<Value, StageError> {
    let pod: Value =
        serde_saphyr::from_str(POD).map_err(|error| StageError::Manifest(error.to_string()))?;
    narrator.step("Create a pod: send its AdmissionReview to the webhook");
    for (key, value) in pod["metadata"]["annotations"]
        .as_object()
        .into_iter()
        .flatten()
    {
        narrator.detail(&format!(
            "{key}: {}",
            value.as_str().unwrap_or_default().trim_end()
        ));
    }
    let begin = Instant::now();
    let Admitted {
        pod,
        added,
        warnings,
    } = admission::create(webhook.address, &webhook.ca, &pod).await?;
    let milliseconds = begin.elapsed().as_secs_f64() * 1000.0;
    narrator.detail(&format!(
        "Allowed after {milliseconds:.1} ms, connection and TLS among them. The patch adds:"
    ));
    for line in added {
        narrator.detail(&format!("+ {line}"));
    }
    for warning in warnings {
        narrator.detail(&format!("warning: {warning}"));
    }
    Ok(pod)
}

/// kubelet's part: the projected token is there before the container starts, and stays fresh.
async fn keep_token(
    vault: &DemoVault,
    sidecar: &Container<'_>,
    tasks: &mut JoinSet<()>,
) -> Result<(), StageError> {
    let path = format!("{}/{}", layout::TOKEN_DIR, layout::TOKEN_FILE);
    let path = sidecar
        .resolve(&path)
        .ok_or_else(|| StageError::Files(io::Error::other("the refresher has no volume for it")))?;
    let (keeper, file) = (vault.clone(), path.clone());
    let mut failed = Box::pin(async move { keeper.keep_token(&file).await });
    // The first poll writes the first token.
    tokio::select! {
        biased;
        error = &mut failed => return Err(error.into()),
        () = std::future::ready(()) => {}
    }
    tasks.spawn(async move {
        // When the file cannot be written any more, the refresher says so at its next login.
        failed.await;
    });
    Ok(())
}

async fn start_refresher(
    programs: &Programs,
    sidecar: &Container<'_>,
    narrator: &Narrator,
) -> Result<Running, StageError> {
    narrator.step("Start the refresher with the arguments that the patch gives it");
    let path = programs.path("freshet-refresher")?;
    let begin = Instant::now();
    let mut command = Command::new(&path);
    command.args(sidecar.args()).args(places(sidecar));
    narrator.command(command.as_std());
    let mut refresher = Running::start("refresher", command, narrator)?;

    let mut gate = Command::new(&path);
    gate.args(["ready", "--wait"]).args(state(sidecar));
    gate.kill_on_drop(true);
    narrator.command(gate.as_std());
    let status = tokio::select! {
        status = gate.status() => status?,
        ended = refresher.ended() => return Err(ended.into()),
    };
    if !status.success() {
        return Err(StageError::NotReady(status));
    }
    let milliseconds = begin.elapsed().as_secs_f64() * 1000.0;
    narrator.detail(&format!("All files are there, after {milliseconds:.0} ms"));
    Ok(refresher)
}

/// Where the refresher finds what it expects at a fixed place in a container.
fn places(sidecar: &Container<'_>) -> Vec<String> {
    let pod = layout::POD_DIR;
    let token = format!("{}/{}", layout::TOKEN_DIR, layout::TOKEN_FILE);
    let last_words = format!("{}/termination-log", layout::STATE_DIR);
    let files = [
        ("spec-file", format!("{pod}/{}", layout::SPEC_FILE)),
        ("refresh-file", format!("{pod}/{}", layout::REFRESH_FILE)),
        ("token-file", token),
        ("termination-message", last_words),
    ];
    let options = files.into_iter().filter_map(|(option, path)| {
        Some(format!("--{option}={}", sidecar.resolve(&path)?.display()))
    });
    options.chain(state(sidecar)).collect()
}

fn state(sidecar: &Container<'_>) -> Option<String> {
    let directory = sidecar.resolve(layout::STATE_DIR)?;
    Some(format!("--state-dir={}", directory.display()))
}

async fn start_application(
    programs: &Programs,
    container: &Container<'_>,
    narrator: &Narrator,
) -> Result<(Running, SocketAddr), StageError> {
    narrator.step("Start the application, which knows nothing of all this");
    let address = free_port().await?;
    let mut command = Command::new(programs.path(APPLICATION)?);
    command
        .arg(format!("--listen={address}"))
        .args(container.args());
    narrator.command(command.as_std());
    let mut application = Running::start("application", command, narrator)?;
    let listening = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        answered = tokio::time::timeout(START, listening) => match answered {
            Ok(()) => Ok((application, address)),
            Err(_) => Err(StageError::NoApplication(address)),
        },
        ended = application.ended() => Err(ended.into()),
    }
}

/// A port that was free a moment ago.
async fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await?
        .local_addr()
}
