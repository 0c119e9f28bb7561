//! What is read from the Kubernetes API, and what is written to it: the server's version, what limits
//! a namespace's pods, the objects of External Secrets, and the webhook's own certificate.
//!
//! Version and limits are optional knowledge. Without permission or without an API server the webhook decides with less:
//! the API server itself then refuses what a LimitRange or a quota forbids. Nothing here ends the
//! program, and what was known stays known while the connection is lost; only the first self-managed
//! certificate is waited for.

pub mod agent_config_maps;
mod call;
pub mod certificates;
pub mod external_secrets;
mod facts;
mod lease;
mod limits;
mod outage;
pub mod reconciler;
mod version;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::inject::{LimitRange, ResourceQuota};

use self::external_secrets::ExternalSecretCache;
pub use self::facts::NamespaceFacts;

/// How the API server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiAccess {
    /// Not at all.
    Off,
    /// As a pod of the cluster, with its service account.
    InCluster,
    /// By the current context of a kubeconfig file.
    Kubeconfig(PathBuf),
}

/// Why there is no client for the API server.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Not in a cluster, or without a service account token.
    #[error("not in a cluster: {0}")]
    InCluster(#[from] kube::config::InClusterError),
    /// The kubeconfig cannot be used.
    #[error("{path}: {problem}", path = path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: kube::config::KubeconfigError,
    },
    /// The client cannot be built from its settings.
    #[error(transparent)]
    Client(#[from] kube::Error),
}

impl ApiAccess {
    /// A client; none when access is off.
    ///
    /// # Errors
    /// When the settings are not there or cannot be used.
    pub async fn client(&self) -> Result<Option<Client>, AccessError> {
        let mut config = match self {
            Self::Off => return Ok(None),
            Self::InCluster => Config::incluster()?,
            Self::Kubeconfig(path) => from_file(path).await.map_err(|problem| {
                let path = path.clone();
                AccessError::Kubeconfig { path, problem }
            })?,
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        Ok(Some(Client::try_from(config)?))
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

async fn from_file(path: &PathBuf) -> Result<Config, kube::config::KubeconfigError> {
    let kubeconfig = Kubeconfig::read_from(path)?;
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await
}

/// Told whether the objects of a resource are known: the resource's plural name, and yes or no.
pub type OnSynced<'a> = dyn Fn(&'static str, bool) + Send + Sync + 'a;

/// Keeps `facts` current, for as long as it is polled, and with it what is known of External
/// Secrets' objects, where there is a cache for it. A version that was set by hand is left alone.
pub async fn run(
    client: Client,
    facts: Arc<NamespaceFacts>,
    version_is_set: bool,
    external_secrets: Option<Arc<ExternalSecretCache>>,
    on_synced: &OnSynced<'_>,
) {
    let version = async {
        if !version_is_set {
            version::follow(&client, &facts).await;
        }
    };
    let external_secrets = async {
        if let Some(cache) = &external_secrets {
            external_secrets::follow(&client, cache, on_synced).await;
        }
    };
    tokio::join!(
        version,
        external_secrets,
        limits::follow::<LimitRange>(&client, &facts, on_synced),
        limits::follow::<ResourceQuota>(&client, &facts, on_synced),
    );
}

#[cfg(test)]
mod tests;
