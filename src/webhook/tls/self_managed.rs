//! The certificate that the replicas make and rotate themselves.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use kube::Client;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::served::Served;
use crate::certificate::Lifetime;
use crate::controller::certificates::{News, Objects, Replica};
use crate::shutdown::Shutdown;
use crate::spec::ObjectName;
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

/// Where a pod finds the name of its namespace.
const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

impl SelfManaged {
    /// The objects by their names; the namespace is the pod's own where none was named.
    ///
    /// # Errors
    /// When there is no such file.
    pub(in crate::webhook) fn objects(&self) -> io::Result<Objects> {
        let namespace = match &self.namespace {
            Some(namespace) => namespace.clone(),
            None => own_namespace().map_err(|reason| {
                io::Error::new(reason.kind(), format!("{NAMESPACE}: {reason}"))
            })?,
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

fn own_namespace() -> io::Result<ObjectName> {
    let text = std::fs::read_to_string(NAMESPACE)?;
    text.trim().parse().map_err(io::Error::other)
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

/// The pod's name, and something that a second process of that name does not have.
fn holder() -> String {
    let mut random = [0; 8];
    // Without it a replica started anew is taken for the one before, which is gone.
    let _ = SystemRandom::new().fill(&mut random);
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    format!("{host}_{:016x}", u64::from_be_bytes(random))
}

fn seconds_since_1970() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
