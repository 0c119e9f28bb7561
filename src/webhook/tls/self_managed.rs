//! The certificate that the replicas make and rotate themselves.

use std::io;
use std::sync::Arc;

use kube::Client;

use super::served::Served;
use crate::certificate::Lifetime;
use crate::controller::certificates::{News, Objects, Replica};
use crate::shutdown::Shutdown;
use crate::spec::ObjectName;
use crate::webhook::identity::{holder, own_namespace, seconds_since_1970};
use crate::webhook::metrics::Metrics;

/// The settings of a self-managed certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfManaged {
    /// The namespace; none means the pod's own.
    pub namespace: Option<ObjectName>,
    /// The Secret that holds it.
    pub secret: ObjectName,
    /// The Service that it is for.
    pub service: ObjectName,
    /// The MutatingWebhookConfiguration that trusts it.
    pub configuration: ObjectName,
    /// The Lease of the replica that rotates it.
    pub lease: ObjectName,
    /// How long it lives.
    pub lifetime: Lifetime,
}

impl SelfManaged {
    /// The objects by their names; the namespace is the pod's own where none was named.
    ///
    /// # Errors
    /// When there is no such file.
    pub(in crate::webhook) fn objects(&self) -> io::Result<Objects> {
        let namespace = match &self.namespace {
            Some(namespace) => namespace.clone(),
            None => own_namespace()?,
        };
        Ok(Objects {
            namespace,
            secret: self.secret.clone(),
            service: self.service.clone(),
            configuration: self.configuration.clone(),
            lease: self.lease.clone(),
        })
    }
}

/// Keeps the certificate, and hands it to `served`, until the shutdown.
pub(in crate::webhook) async fn keep(
    client: Client,
    objects: Objects,
    lifetime: Lifetime,
    served: &Arc<Served>,
    metrics: &Metrics,
    mut shutdown: Shutdown,
) {
    let replica = Replica {
        client,
        objects,
        lifetime,
        holder: holder(),
        clock: seconds_since_1970,
    };
    let on_news = |news: News<'_>| match news {
        News::Serve(identity) => match identity.pem().parse() {
            Ok(pair) => served.serve(pair),
            Err(problem) => served.refuse(&problem.to_string()),
        },
        News::Leading(leads) => metrics.certificate.leads(leads),
        News::Rotated => metrics.certificate.rotated(),
        News::Repaired => metrics.certificate.repaired(),
    };
    replica.run(&on_news, shutdown.requested()).await;
}
