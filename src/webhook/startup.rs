//! From settings to a running webhook: ports bound and certificate read first, so that what is wrong
//! is said before anything is served.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::limits::{Drain, Limits};
use super::metrics::Metrics;
use super::server::serve;
use super::tls::{Certificate, CertificateError, CertificateFiles};
use super::{App, Decide};
use crate::controller::{self, AccessError, ApiAccess, NamespaceFacts};
use crate::inject::{self, Defaults};
use crate::shutdown::Shutdown;

/// All that can be chosen about a webhook.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the API server sends reviews, over TLS.
    pub listen: SocketAddr,
    /// Where probes and metrics are answered, in plain HTTP.
    pub observe: SocketAddr,
    /// The certificate for `listen`.
    pub certificate: CertificateFiles,
    /// How often its files are looked at.
    pub certificate_interval: Duration,
    /// What a client may take.
    pub limits: Limits,
    /// How the server ends.
    pub drain: Drain,
    /// What a pod gets where its author says nothing.
    pub defaults: Defaults,
    /// Taken for the API server's version instead of asking it.
    pub kubernetes_version: Option<(u32, u32)>,
    /// How the Kubernetes API is reached.
    pub api: ApiAccess,
}

/// Why the webhook cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, or may not be used.
    #[error("{option} {address}: cannot listen: {reason}")]
    Listen {
        /// The option that names the address.
        option: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        reason: io::Error,
    },
    /// There is no certificate to serve.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The TLS library refuses the settings.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The kubeconfig that was named cannot be used.
    #[error("--kubeconfig {0}")]
    Kubeconfig(AccessError),
}

/// A webhook that holds its ports and its certificate.
pub struct Bound {
    settings: Settings,
    admission: TcpListener,
    observation: TcpListener,
    certificate: Certificate,
    metrics: Arc<Metrics>,
    client: Option<kube::Client>,
}

impl Settings {
    /// Binds the ports and reads the certificate.
    ///
    /// # Errors
    /// When a port cannot be had, or the certificate or the kubeconfig cannot be used.
    pub async fn bind(self) -> Result<Bound, StartError> {
        // kube's client asks rustls for the process's provider; whoever set one before is right too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let metrics = Arc::new(Metrics::default());
        let certificate = Certificate::load(self.certificate.clone(), metrics.clone())?;
        Ok(Bound {
            admission: listen("--listen-address", self.listen).await?,
            observation: listen("--metrics-address", self.observe).await?,
            client: client(&self.api).await?,
            settings: self,
            certificate,
            metrics,
        })
    }
}

impl Bound {
    /// Where reviews and where probes are answered; tells the port when 0 was asked for.
    ///
    /// # Errors
    /// When the operating system cannot say.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.admission.local_addr()?, self.observation.local_addr()?))
    }

    /// Serves until the shutdown, and drains.
    ///
    /// # Errors
    /// When the TLS library refuses the settings; never after serving has begun.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), StartError> {
        let Self {
            settings,
            admission,
            observation,
            certificate,
            metrics,
            client,
        } = self;
        let facts = Arc::new(NamespaceFacts::default());
        if let Some(version) = settings.kubernetes_version {
            facts.set_kubernetes_version(version);
        }
        let app = App::new(
            inject::decide as Decide,
            settings.defaults,
            facts.clone(),
            settings.limits,
            metrics.clone(),
        );
        let tls = certificate.server_config()?;
        let certificate = certificate.watch(settings.certificate_interval, shutdown.clone());
        let version_is_set = settings.kubernetes_version.is_some();
        let on_synced = |resource, known| metrics.watched(resource, known);
        let controller = async {
            if let Some(client) = client {
                controller::run(client, facts, version_is_set, &on_synced).await;
            }
        };
        let app = Arc::new(app);
        let serving = serve(admission, observation, tls, app, settings.drain, shutdown);
        let beside = async {
            tokio::join!(certificate, controller);
            std::future::pending::<()>().await
        };
        tokio::select! {
            () = serving => {}
            () = beside => {}
        }
        Ok(())
    }
}

/// Binds `address`; `[::]` means all addresses, also where the machine has IPv4 alone.
async fn listen(option: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let all_v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
    let bound = match TcpListener::bind(address).await {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && !is_taken(&error) => {
            TcpListener::bind(all_v4).await
        }
        bound => bound,
    };
    let refused = |reason| StartError::Listen {
        option,
        address,
        reason,
    };
    let listener = bound.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    tracing::info!(option, address = address.to_string(), "listening");
    Ok(listener)
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}

/// A client where there can be one. A kubeconfig that was named has to work; being outside of a
/// cluster is no reason not to serve.
async fn client(api: &ApiAccess) -> Result<Option<kube::Client>, StartError> {
    match (api.client().await, api) {
        (Ok(client), _) => Ok(client),
        (Err(error), ApiAccess::Kubeconfig(_)) => Err(StartError::Kubeconfig(error)),
        (Err(error), _) => {
            tracing::warn!(
                reason = error.to_string(),
                hint = "LimitRanges and ResourceQuotas are not known; --kubernetes-api=off silences this",
                "no Kubernetes API"
            );
            Ok(None)
        }
    }
}
