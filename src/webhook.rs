//! The admission server: TLS, `AdmissionReview`, health, metrics.
//!
//! A thin shell: what to do with a pod is decided by [`inject::decide`], which is given the flags and
//! what the [`controller`](crate::controller) has seen of the cluster. The webhook never opens a
//! connection to Vault.

#[cfg(feature = "cli")]
pub mod args;
mod connection;
mod failure;
mod handler;
pub mod health;
mod identity;
pub mod limits;
pub mod metrics;
mod object;
mod reconciliation;
pub mod review;
pub mod router;
mod server;
mod startup;
pub mod tls;

use std::sync::Arc;

use self::handler::BodyBudget;
use self::health::Readiness;
use self::limits::Limits;
use self::metrics::Metrics;
use self::tls::Served;
use crate::controller::NamespaceFacts;
use crate::controller::external_secrets::ExternalSecretCache;
use crate::inject::{self, ClusterFacts, Decision, Defaults};

pub use self::reconciliation::Reconciliation;
pub use self::server::serve;
pub use self::startup::{Bound, CertificateSource, Settings, StartError};

/// Decides what to do with a pod; outside of tests this is [`inject::decide`].
pub type Decide = fn(&inject::Request<'_>, &Defaults, &ClusterFacts) -> Decision;

/// What every request is answered with.
pub struct App {
    decide: Decide,
    defaults: Defaults,
    facts: Arc<NamespaceFacts>,
    limits: Limits,
    body_budget: BodyBudget,
    metrics: Arc<Metrics>,
    readiness: Readiness,
    certificate: Option<Arc<Served>>,
    external_secrets: Option<Arc<ExternalSecretCache>>,
    client: Option<kube::Client>,
}

impl App {
    /// The webhook with its flags and what is known of the cluster.
    pub fn new(
        decide: Decide,
        defaults: Defaults,
        facts: Arc<NamespaceFacts>,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            decide,
            defaults,
            facts,
            body_budget: BodyBudget::new(&limits),
            limits,
            metrics,
            readiness: Readiness::default(),
            certificate: None,
            external_secrets: None,
            client: None,
        }
    }

    /// Not ready before there is a certificate to show.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Arc<Served>) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Not ready before the objects of External Secrets are known, where pods are served from them.
    #[must_use]
    pub fn with_external_secrets(mut self, cache: Option<Arc<ExternalSecretCache>>) -> Self {
        self.external_secrets = cache;
        self
    }

    /// Reads the ConfigMaps that pods name from this API server.
    #[must_use]
    pub fn with_api(mut self, client: Option<kube::Client>) -> Self {
        self.client = client;
        self
    }
}
