//! One leader among the replicas looks after objects that exist: it says in their status whether
//! ExternalSecrets and stores are served, writes what running pods are served anew, and evicts pods
//! that were made before their ExternalSecret.
//!
//! What is to be done is decided in [`reconcile`](crate::reconcile); here it is carried out, one
//! request after the other. A watch of the labelled namespaces and one of the pods of each are kept
//! while this replica leads, and no longer. What was missed while nobody led is seen at the start.

mod api;
mod conditions;
mod events;
mod inventory;
mod leader;
mod namespaces;
mod pods;
mod queue;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use self::api::Cluster;
use self::leader::Leader;
use super::NamespaceFacts;
use super::call::Object;
use super::external_secrets::ExternalSecretCache;
use super::lease::{Election, LEASES};
use crate::inject::Defaults;
use crate::reconcile::Reason;
use crate::spec::ObjectName;

/// What the leader does, each of which can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duties {
    /// Writes the condition of ExternalSecrets and stores, and Events about them.
    pub status: bool,
    /// Writes the annotation of running pods anew.
    pub patch: bool,
    /// Evicts pods that were made before their ExternalSecret.
    pub evict: bool,
    /// Those of Jobs, too.
    pub evict_jobs: bool,
}

impl Default for Duties {
    fn default() -> Self {
        Self {
            status: true,
            patch: true,
            evict: true,
            evict_jobs: false,
        }
    }
}

impl Duties {
    /// Whether there is nothing to do, so that nobody has to lead.
    pub fn is_idle(self) -> bool {
        let Self {
            status,
            patch,
            evict,
            evict_jobs: _,
        } = self;
        !(status || patch || evict)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// This replica leads from now on, or no longer.
    Leading(bool),
    /// So many objects have a condition with this reason.
    Conditions(Reason, usize),
    /// So many pods ask for secrets and were not injected.
    NotInjected(usize),
    /// A pod's annotation was written.
    Patched,
    /// A pod was evicted.
    Evicted,
    /// A request has failed: what it was to do, in one word.
    Failed(&'static str),
}

/// Told what happens.
pub type OnNews<'a> = dyn Fn(News) + Send + Sync + 'a;

/// One replica's part in it.
pub struct Reconciler {
    /// The client of the API server.
    pub client: Client,
    /// The objects of External Secrets.
    pub cache: Arc<ExternalSecretCache>,
    /// What admissions decide by, so that a fresh plan is the one that an admission would make.
    pub facts: Arc<NamespaceFacts>,
    /// What pods get where nobody says anything.
    pub defaults: Defaults,
    /// What is done.
    pub duties: Duties,
    /// The namespace of the Lease.
    pub namespace: ObjectName,
    /// The Lease of the leader.
    pub lease: ObjectName,
    /// A name that no other replica has, not even the same one before it was started anew.
    pub holder: String,
    /// The time, in seconds since 1970.
    pub clock: fn() -> i64,
}

const HINT: &str = "only the holder of the lease writes conditions, and patches and evicts pods";

/// How often it is looked whether all is known.
const LOOK: Duration = Duration::from_millis(200);

impl Reconciler {
    /// Takes part until `end`, and gives the Lease up then.
    pub async fn run(self, on_news: &OnNews<'_>, end: impl Future<Output = ()>) {
        let lease = Object::namespaced(LEASES, &self.namespace, &self.lease);
        let holder = self.holder.clone();
        let (election, mut leadership) = Election::new(self.client.clone(), lease, holder, HINT);
        let work = async {
            // Who knows half of the objects would say of the others that they do not exist.
            while !self.cache.awaited().is_empty() {
                tokio::time::sleep(LOOK).await;
            }
            loop {
                leadership.is_no_longer(false).await;
                tracing::info!("this replica looks after ExternalSecrets and pods from now on");
                on_news(News::Leading(true));
                tokio::select! {
                    () = self.lead(on_news) => {}
                    () = leadership.is_no_longer(true) => {}
                }
                tracing::info!("this replica does not look after ExternalSecrets any more");
                on_news(News::Leading(false));
            }
        };
        tokio::select! {
            () = election.run(end) => {}
            () = work => {}
        }
        on_news(News::Leading(false));
    }

    async fn lead(&self, on_news: &OnNews<'_>) {
        let cluster = Cluster::new(self.client.clone(), self.holder.clone());
        Leader::new(self, cluster, on_news).run().await;
    }
}
