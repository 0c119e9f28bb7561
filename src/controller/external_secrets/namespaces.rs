//! The namespaces that have asked for it by their label. No other is read.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{Config, Event, watcher};

use super::cache::{ExternalSecretCache, NAMESPACES};
use crate::controller::OnSynced;
use crate::controller::outage::Outage;

/// The label and its value; one that loses it is gone from the watch.
const LABEL: &str = "freshet.dev/injection=external-secrets";

const HINT: &str = "namespaces that are labelled meanwhile are not served from ExternalSecrets; \
                    the ClusterRole freshet grants list and watch";

/// Follows the namespaces. Never ends of itself.
pub(super) async fn follow(client: &Client, cache: &ExternalSecretCache, on_synced: &OnSynced<'_>) {
    let api = Api::<PartialObjectMeta<Namespace>>::all(client.clone());
    let only = Config::default().labels(LABEL).page_size(PAGE);
    let mut events = watcher(api, only).default_backoff().boxed();
    let mut outage = Outage::new(NAMESPACES, HINT);
    let mut listed = BTreeSet::new();
    on_synced(NAMESPACES, false);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let complete = matches!(event, Event::InitDone);
                take(cache, &mut listed, event);
                if complete && outage.over() {
                    on_synced(NAMESPACES, true);
                }
            }
            Err(error) => {
                if outage.begin(&error) {
                    on_synced(NAMESPACES, false);
                }
            }
        }
    }
}

const PAGE: u32 = 100;

fn take(
    cache: &ExternalSecretCache,
    listed: &mut BTreeSet<String>,
    event: Event<PartialObjectMeta<Namespace>>,
) {
    let name =
        |object: &PartialObjectMeta<Namespace>| object.metadata.name.clone().unwrap_or_default();
    match event {
        Event::Init => listed.clear(),
        Event::InitApply(object) => {
            let name = name(&object);
            cache.set_namespace(&name, Some(object.metadata.labels.unwrap_or_default()));
            listed.insert(name);
        }
        Event::InitDone => cache.sweep_namespaces(&std::mem::take(listed)),
        Event::Apply(object) => {
            let name = name(&object);
            cache.set_namespace(&name, Some(object.metadata.labels.unwrap_or_default()));
        }
        Event::Delete(object) => cache.set_namespace(&name(&object), None),
    }
}
