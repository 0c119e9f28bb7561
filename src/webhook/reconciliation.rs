//! The part of the webhook that looks after objects that exist, with its settings.

use std::sync::Arc;

use kube::Client;

use super::identity::{holder, seconds_since_1970};
use super::metrics::Metrics;
use crate::controller::NamespaceFacts;
use crate::controller::external_secrets::ExternalSecretCache;
use crate::controller::reconciler::{Duties, Reconciler};
use crate::inject::Defaults;
use crate::shutdown::Shutdown;
use crate::spec::ObjectName;

/// What the leader does, and how it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// What it does.
    pub duties: Duties,
    /// The namespace of the Lease; none means the pod's own, or that of the kubeconfig.
    pub namespace: Option<ObjectName>,
    /// The Lease.
    pub lease: ObjectName,
}

impl Reconciliation {
    /// The namespace of the Lease.
    ///
    /// # Errors
    /// When the client's has no name that Kubernetes would take.
    pub(super) fn place(&self, client: &Client) -> std::io::Result<ObjectName> {
        match &self.namespace {
            Some(namespace) => Ok(namespace.clone()),
            None => {
                let own = client.default_namespace().parse();
                own.map_err(std::io::Error::other)
            }
        }
    }

    /// Takes part until the shutdown.
    pub(super) async fn run(
        self,
        (client, namespace): (Client, ObjectName),
        (cache, facts): (Arc<ExternalSecretCache>, Arc<NamespaceFacts>),
        defaults: Defaults,
        metrics: &Metrics,
        mut shutdown: Shutdown,
    ) {
        let replica = Reconciler {
            client,
            cache,
            facts,
            defaults,
            duties: self.duties,
            namespace,
            lease: self.lease,
            holder: holder(),
            clock: seconds_since_1970,
        };
        let on_news = |news| metrics.reconciler.take(news);
        replica.run(&on_news, shutdown.requested()).await;
    }
}
