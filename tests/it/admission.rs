//! The webhook as the API server meets it: the real router, and the real TLS server on loopback.

mod answers;
mod client;
mod config_maps;
mod decisions;
mod hostile;
mod logs;
mod refusals;
mod serving;
mod startup;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use freshet::controller::NamespaceFacts;
use freshet::inject::{self, Decision, Defaults, SkipReason};
use freshet::shutdown::{self, Trigger};
use freshet::webhook::limits::{Drain, Limits};
use freshet::webhook::metrics::Metrics;
use freshet::webhook::tls::{CertificateFiles, FileCertificate, Served};
use freshet::webhook::{App, Decide, serve};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::client::Identity;

/// A review from `tests/data/admission`.
fn review(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/admission")
        .join(format!("{name}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

/// For tests that are not about the decision.
const SKIP: Decide = |_, _, _| Decision::Skip {
    reason: SkipReason::NotAsked,
    warnings: Vec::new(),
};

fn defaults() -> Defaults {
    Defaults::usual("registry.example/freshet-refresher:test")
}

fn app(decide: Decide, limits: Limits) -> Arc<App> {
    let facts = Arc::new(NamespaceFacts::default());
    facts.set_kubernetes_version((1, 36));
    Arc::new(App::new(decide, defaults(), facts, limits, Arc::default()))
}

/// The real decision under the usual limits.
fn usual_app() -> Arc<App> {
    app(inject::decide, Limits::default())
}

/// A webhook on loopback.
struct Server {
    admission: SocketAddr,
    observation: SocketAddr,
    identity: Identity,
    trigger: Trigger,
    task: JoinHandle<()>,
}

/// No test waits longer for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

impl Server {
    async fn start(limits: Limits) -> Self {
        Self::start_with(
            SKIP,
            limits,
            Drain {
                delay: Duration::ZERO,
                grace: PATIENCE,
            },
        )
        .await
    }

    async fn start_with(decide: Decide, limits: Limits, drain: Drain) -> Self {
        let identity = Identity::new();
        let files = CertificateFiles::Directory(identity.directory().to_owned());
        let metrics = Arc::<Metrics>::default();
        let served = Arc::new(Served::new(metrics.clone()));
        let certificate = FileCertificate::load(files, served.clone()).expect("a certificate");
        let facts = Arc::new(NamespaceFacts::default());
        let app = App::new(decide, defaults(), facts, limits, metrics);
        let (admission, observation) = (loopback().await, loopback().await);
        let (trigger, shutdown) = shutdown::channel();
        let addresses = [&admission, &observation].map(|port| port.local_addr().expect("bound"));
        let tls = served.server_config().expect("TLS settings");
        let often = Duration::from_millis(5);
        tokio::spawn(certificate.watch(often, shutdown.clone()));
        let serving = serve(admission, observation, tls, Arc::new(app), drain, shutdown);
        Self {
            admission: addresses[0],
            observation: addresses[1],
            identity,
            trigger,
            task: tokio::spawn(serving),
        }
    }

    /// Asks for the end and waits for it.
    async fn stop(self) {
        self.trigger.fire();
        within("the end of the server", self.task)
            .await
            .expect("no panic");
    }
}

async fn loopback() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

/// What `future` gives, or a failed test when it takes too long.
#[track_caller]
fn within<F: Future>(what: &'static str, future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("{place}: {what} took too long"),
        }
    }
}
