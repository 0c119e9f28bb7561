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
use super::tls::{CertificateError, CertificateFiles, FileCertificate, SelfManaged, Served, keep};
use super::{App, Decide, Reconciliation};
use crate::certificate::Lifetime;
use crate::controller::certificates::Objects;
use crate::controller::external_secrets::ExternalSecretCache;
use crate::controller::{self, AccessError, ApiAccess, NamespaceFacts};
use crate::dialect::external_secret::Claim;
use crate::inject::{self, Defaults};
use crate::shutdown::Shutdown;
use crate::spec::ObjectName;

/// All that can be chosen about a webhook.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the API server sends reviews, over TLS.
    pub listen: SocketAddr,
    /// Where probes and metrics are answered, in plain HTTP.
    pub observe: SocketAddr,
    /// The certificate for `listen`.
    pub certificate: CertificateSource,
    /// What a client may take.
    pub limits: Limits,
    /// How the server ends.
    pub drain: Drain,
    /// What a pod gets where its author says nothing.
    pub defaults: Defaults,
    /// Taken for the API server's version instead of asking it.
    pub kubernetes_version: Option<(u32, u32)>,
    /// Which stores of External Secrets are served; none without it.
    pub external_secrets: Option<Claim>,
    /// What one replica does about ExternalSecrets and pods that exist; nothing with `None`.
    pub reconciliation: Option<Reconciliation>,
    /// How the Kubernetes API is reached.
    pub api: ApiAccess,
}

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// From files that somebody else replaces.
    Files {
        /// The files.
        files: CertificateFiles,
        /// How often they are looked at.
        interval: Duration,
    },
    /// From the replicas themselves.
    SelfManaged(SelfManaged),
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
    /// What an option asks for is in the cluster, which cannot be reached.
    #[error("{option}: needs the Kubernetes API: {reason}")]
    NoApi {
        /// The option.
        option: &'static str,
        /// Why it cannot be reached.
        reason: String,
    },
    /// The namespace was not named, and the program does not run in a pod.
    #[error("--namespace: must be given outside of a pod: {0}")]
    NoNamespace(io::Error),
}

/// A webhook that holds its ports and, where it comes from files, its certificate.
pub struct Bound {
    settings: Settings,
    admission: TcpListener,
    observation: TcpListener,
    served: Arc<Served>,
    certificate: Kept,
    metrics: Arc<Metrics>,
    client: Option<kube::Client>,
    /// The namespace of the Lease of whoever looks after objects; none where nobody does.
    leads_in: Option<ObjectName>,
}

/// What keeps the certificate current.
enum Kept {
    Files(FileCertificate, Duration),
    SelfManaged(kube::Client, Objects, Lifetime),
}

impl Settings {
    /// Binds the ports and reads the certificate, if it comes from files.
    ///
    /// # Errors
    /// When a port cannot be had, or the certificate or the kubeconfig cannot be used.
    pub async fn bind(self) -> Result<Bound, StartError> {
        // kube's client asks rustls for the process's provider; whoever set one before is right too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let metrics = Arc::new(Metrics::default());
        let served = Arc::new(Served::new(metrics.clone()));
        let admission = listen("--listen-address", self.listen).await?;
        let observation = listen("--metrics-address", self.observe).await?;
        let client = client(&self).await?;
        let certificate = match (&self.certificate, &client) {
            (CertificateSource::Files { files, interval }, _) => Kept::Files(
                FileCertificate::load(files.clone(), served.clone())?,
                *interval,
            ),
            (CertificateSource::SelfManaged(it), Some(client)) => {
                let objects = it.objects().map_err(StartError::NoNamespace)?;
                Kept::SelfManaged(client.clone(), objects, it.lifetime)
            }
            (CertificateSource::SelfManaged(_), None) => {
                return Err(no_api("--certificate-secret", "it is off"));
            }
        };
        let reconciliation = self.reconciliation.as_ref().zip(client.as_ref());
        let leads_in = reconciliation.map(|(it, client)| it.place(client));
        let leads_in = leads_in.transpose();
        let leads_in = leads_in.map_err(StartError::NoNamespace)?;
        Ok(Bound {
            settings: self,
            admission,
            observation,
            served,
            certificate,
            metrics,
            client,
            leads_in,
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
            served,
            certificate,
            metrics,
            client,
            leads_in,
        } = self;
        let facts = known(settings.kubernetes_version);
        let cache = settings
            .external_secrets
            .map(|claim| Arc::new(ExternalSecretCache::new(claim, facts.clone())));
        let defaults = settings.defaults.clone();
        let app = App::new(
            inject::decide as Decide,
            settings.defaults,
            facts.clone(),
            settings.limits,
            metrics.clone(),
        )
        .with_certificate(served.clone())
        .with_external_secrets(cache.clone())
        .with_api(client.clone());
        let tls = served.server_config()?;
        let end = shutdown.clone();
        let certificate = async {
            match certificate {
                Kept::Files(certificate, interval) => certificate.watch(interval, end).await,
                Kept::SelfManaged(client, objects, lifetime) => {
                    keep(client, objects, lifetime, &served, &metrics, end).await;
                }
            }
        };
        let reconciliation = reconcile(
            (settings.reconciliation.zip(leads_in), client.clone()),
            (cache.clone(), facts.clone()),
            (defaults, metrics.clone()),
            shutdown.clone(),
        );
        let version_is_set = settings.kubernetes_version.is_some();
        let on_synced = |resource, known| metrics.watched(resource, known);
        let controller = async {
            if let Some(client) = client {
                controller::run(client, facts, version_is_set, cache, &on_synced).await;
            }
            std::future::pending::<()>().await;
        };
        let app = Arc::new(app);
        let serving = serve(admission, observation, tls, app, settings.drain, shutdown);
        tokio::select! {
            // The leases are given up before the end.
            _ = async { tokio::join!(serving, certificate, reconciliation) } => {}
            () = controller => {}
        }
        Ok(())
    }
}

/// Looks after objects that exist until the shutdown, where that is wanted and there is an API server.
async fn reconcile(
    (wanted, client): (Option<(Reconciliation, ObjectName)>, Option<kube::Client>),
    (cache, facts): (Option<Arc<ExternalSecretCache>>, Arc<NamespaceFacts>),
    (defaults, metrics): (Defaults, Arc<Metrics>),
    shutdown: Shutdown,
) {
    if let (Some((wanted, namespace)), Some(client), Some(cache)) = (wanted, client, cache) {
        let place = (client, namespace);
        let known = (cache, facts);
        wanted.run(place, known, defaults, &metrics, shutdown).await;
    }
}

/// What is known of the cluster before it is asked.
fn known(version: Option<(u32, u32)>) -> Arc<NamespaceFacts> {
    let facts = NamespaceFacts::default();
    if let Some(version) = version {
        facts.set_kubernetes_version(version);
    }
    Arc::new(facts)
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

fn no_api(option: &'static str, reason: impl ToString) -> StartError {
    let reason = reason.to_string();
    StartError::NoApi { option, reason }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}

/// A client where there can be one. One that was asked for has to work; else, being outside of a
/// cluster is no reason not to serve.
async fn client(settings: &Settings) -> Result<Option<kube::Client>, StartError> {
    match (
        settings.api.client().await,
        &settings.api,
        &settings.certificate,
    ) {
        (Ok(client), _, _) => Ok(client),
        (Err(error), ApiAccess::Kubeconfig(_), _) => Err(StartError::Kubeconfig(error)),
        (Err(error), _, CertificateSource::SelfManaged(_)) => {
            Err(no_api("--certificate-secret", error))
        }
        (Err(error), _, _) if settings.external_secrets.is_some() => {
            Err(no_api("--external-secrets-claim", error))
        }
        (Err(error), _, _) => {
            tracing::warn!(
                reason = error.to_string(),
                hint = "LimitRanges and ResourceQuotas are not known; --kubernetes-api=off silences this",
                "no Kubernetes API"
            );
            Ok(None)
        }
    }
}
