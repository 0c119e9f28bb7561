//! All objects of one kind, followed by list and watch in whatever version the cluster serves.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use kube::Client;
use kube::api::Api;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config, Event, watcher};
use tokio::time::{sleep, timeout};

use super::cache::ExternalSecretCache;
use super::kind::Kind;
use super::object::{Listed, ObjectKey, key};
use crate::controller::OnSynced;
use crate::controller::outage::Outage;

const HINT: &str = "pods are served from what was known; \
                    the ClusterRole freshet grants list and watch";

/// How many objects are in memory as they come, before all but their essence is dropped.
const PAGE: u32 = 50;

const TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// Somebody installs the kinds, and expects them to be known soon.
const LAST_DELAY: Duration = Duration::from_secs(15);

/// Follows the objects of a kind. Never ends of itself.
pub(super) async fn follow(
    client: &Client,
    kind: Kind,
    cache: &ExternalSecretCache,
    on_synced: &OnSynced<'_>,
) {
    let mut outage = Outage::new(kind.plural(), HINT);
    let mut delay = FIRST_DELAY;
    let mut told = false;
    on_synced(kind.plural(), false);
    loop {
        match served(client, kind).await {
            Ok(Some(version)) => {
                cache.set_version(kind, version);
                (delay, told) = (FIRST_DELAY, false);
                watch(client, (kind, version), cache, &mut outage, on_synced).await;
            }
            Ok(None) => {
                cache.absent(kind);
                if !told {
                    tracing::info!(
                        resource = kind.plural(),
                        "not installed in this cluster, looking again now and then"
                    );
                }
                told = true;
                if outage.over() {
                    on_synced(kind.plural(), true);
                }
            }
            Err(problem) => {
                if outage.begin(&problem) {
                    on_synced(kind.plural(), false);
                }
            }
        }
        sleep(delay).await;
        delay = (delay * 2).min(LAST_DELAY);
    }
}

async fn served(client: &Client, kind: Kind) -> Result<Option<&'static str>, String> {
    match timeout(TIMEOUT, kind.served(client)).await {
        Ok(Ok(version)) => Ok(version),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {TIMEOUT:?}")),
    }
}

/// Until the kind is not served any more in this version.
async fn watch(
    client: &Client,
    (kind, version): (Kind, &'static str),
    cache: &ExternalSecretCache,
    outage: &mut Outage,
    on_synced: &OnSynced<'_>,
) {
    let api = Api::<Listed>::all_with(client.clone(), &kind.resource(version));
    let config = Config::default().page_size(PAGE);
    let mut events = watcher(api, config).default_backoff().boxed();
    let mut listed = BTreeSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let complete = matches!(event, Event::InitDone);
                take(cache, kind, &mut listed, event);
                if complete && outage.over() {
                    on_synced(kind.plural(), true);
                }
            }
            Err(error) if is_unknown(&error) => return,
            Err(error) => {
                if outage.begin(&error) {
                    on_synced(kind.plural(), false);
                }
            }
        }
    }
}

fn take(
    cache: &ExternalSecretCache,
    kind: Kind,
    listed: &mut BTreeSet<ObjectKey>,
    event: Event<Listed>,
) {
    match event {
        Event::Init => listed.clear(),
        Event::InitApply(object) => {
            listed.insert(key(kind, &object));
            cache.put(kind, object);
        }
        Event::InitDone => cache.sweep(kind, &std::mem::take(listed)),
        Event::Apply(object) => {
            cache.put(kind, object);
            cache.publish();
        }
        Event::Delete(object) => {
            cache.remove(kind, &object);
            cache.publish();
        }
    }
}

/// Whether the API server does not know the resource.
fn is_unknown(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status.code == 404,
        _ => false,
    }
}
