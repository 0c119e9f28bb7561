//! The self-managed certificate: a CA and its certificate in one Secret, made, trusted and replaced
//! without anybody's help.
//!
//! What is decided, and why it is safe, is in [`rotation`](crate::certificate::rotation); here it is
//! carried out. A watch of the Secret, one of the webhook configuration and the Lease do no more than
//! ask for a pass, so a lost event is only a later look. Every replica makes passes: whoever finds no
//! Secret makes one, all serve what it holds, and the holder of the Lease rotates and repairs. Writes
//! are refused by the API server when what they replace has changed, so a second leader does no harm.

mod configuration;
mod keeper;
mod store;

use std::fmt::Debug;
use std::time::Duration;

use futures_util::StreamExt as _;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config, watcher};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::time::sleep;

use self::configuration::Configuration;
use self::keeper::Keeper;
use self::store::Store;
use super::call::Object;
use super::lease::{Election, LEASES, Leadership};
use super::outage::Outage;
use crate::certificate::Identity;
use crate::certificate::{Lifetime, Policy};
use crate::spec::ObjectName;

/// Which objects hold the certificate, and whom it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objects {
    /// Where Secret, Lease and Service are.
    pub namespace: ObjectName,
    /// The Secret with the certificates.
    pub secret: ObjectName,
    /// The Service that the API servers call.
    pub service: ObjectName,
    /// The MutatingWebhookConfiguration whose `caBundle` is kept right.
    pub configuration: ObjectName,
    /// The Lease of the leader.
    pub lease: ObjectName,
}

/// What happened to the certificate.
#[derive(Debug)]
pub enum News<'a> {
    /// It is to be served from now on.
    Serve(&'a Identity),
    /// This replica rotates and repairs from now on, or no longer.
    Leading(bool),
    /// This replica has put a certificate into service, for all.
    Rotated,
    /// This replica has put the CA of the served certificate back into a bundle.
    Repaired,
}

/// Told what happens to the certificate.
pub type OnNews<'a> = dyn Fn(News<'_>) + Send + Sync + 'a;

/// One replica's part in keeping the certificate.
pub struct Replica {
    /// The client of the API server.
    pub client: Client,
    /// The objects.
    pub objects: Objects,
    /// How long certificates live.
    pub lifetime: Lifetime,
    /// A name that no other replica has, not even the same one before it was started anew.
    pub holder: String,
    /// The time, in seconds since 1970.
    pub clock: fn() -> i64,
}

const HINT: &str = "only the holder of the lease rotates the certificate and repairs the caBundle";

/// Somebody who undoes our changes is not answered faster than that.
const PACE: Duration = Duration::from_millis(200);

impl Replica {
    /// Keeps the certificate until `end`, and gives the Lease up then.
    pub async fn run(self, on_news: &OnNews<'_>, end: impl Future<Output = ()>) {
        let Self {
            client,
            objects,
            lifetime,
            holder,
            clock,
        } = self;
        let lease = Object::namespaced(LEASES, &objects.namespace, &objects.lease);
        let policy = Policy {
            name: format!("{}.{}.svc", objects.service, objects.namespace),
            lifetime,
        };
        let store = Store::new(client.clone(), &objects);
        let configuration = Configuration::new(client.clone(), &objects);
        let changes = Notify::new();
        let watches = async {
            tokio::join!(
                watch(store.metadata(), &changes),
                watch(configuration.metadata(), &changes),
            )
        };
        let (election, leadership) = Election::new(client, lease, holder, HINT);
        let keeper = Keeper::new(policy, &store, &configuration, clock, on_news);
        tokio::select! {
            () = election.run(end) => {}
            () = keep(keeper, leadership, &changes, on_news) => {}
            _ = watches => {}
        }
        on_news(News::Leading(false));
    }
}

/// A pass now, and one whenever something has changed or the time has come.
async fn keep(
    mut keeper: Keeper<'_>,
    mut leadership: Leadership,
    changes: &Notify,
    on_news: &OnNews<'_>,
) {
    let mut outage = Outage::new("certificate", "nothing is rotated or repaired meanwhile");
    let mut delay = FIRST_DELAY;
    let mut led = false;
    loop {
        let leading = leadership.is_ours();
        if leading != led {
            let text = match leading {
                true => "this replica rotates the certificate from now on",
                false => "this replica does not rotate the certificate any more",
            };
            tracing::info!("{text}");
            on_news(News::Leading(leading));
        }
        led = leading;
        let rest = match keeper.pass(&leadership).await {
            Ok(rest) => {
                outage.over();
                delay = FIRST_DELAY;
                rest
            }
            Err(problem) => {
                outage.begin(&problem);
                delay = (delay * 2).min(LAST_DELAY);
                delay
            }
        };
        tokio::select! {
            () = sleep(rest) => {}
            () = leadership.is_no_longer(leading) => {}
            () = changes.notified() => sleep(PACE).await,
        }
    }
}

const FIRST_DELAY: Duration = Duration::from_millis(250);
const LAST_DELAY: Duration = Duration::from_secs(10);

/// Asks for a pass whenever an object changes. Never ends of itself.
async fn watch<K>((object, api): (&Object, Api<PartialObjectMeta<K>>), changes: &Notify)
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    // Permission to list and watch one object covers requests for this name alone.
    let only = Config::default().fields(&format!("metadata.name={}", object.name));
    let mut events = watcher(api, only).default_backoff().boxed();
    let mut outage = Outage::new(object.resource, "changes are noticed within a minute");
    while let Some(event) = events.next().await {
        match event {
            Ok(_) => {
                outage.over();
                changes.notify_one();
            }
            Err(error) => {
                outage.begin(&problem(object, &error));
            }
        }
    }
}

fn problem(object: &Object, error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) => {
            object.refusal("list", status)
        }
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            object.refusal("watch", status)
        }
        error => format!("{object}: {error}"),
    }
}
