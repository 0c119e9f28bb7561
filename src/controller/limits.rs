//! LimitRanges and ResourceQuotas of all namespaces, followed by list and watch.
//!
//! Only the few fields that a decision looks at are kept; an object is dropped as soon as they are
//! taken from it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use futures_util::StreamExt as _;
use kube::Client;
use kube::api::{Api, ApiResource, GroupVersionKind};
use kube::core::{NotUsed, Object};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{Config, Event, watcher};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::OnSynced;
use super::facts::{Limit, NamespaceFacts};
use super::outage::Outage;
use crate::inject::{LimitRange, LimitRangeItem, ResourceQuota};

/// A kind of object to follow.
pub(super) trait Followed: Limit {
    const KIND: &str;
    const PLURAL: &'static str;
    type Spec: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static;

    fn new(name: String, spec: Self::Spec) -> Self;
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LimitRangeSpec {
    limits: Vec<LimitRangeItem>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResourceQuotaSpec {
    hard: BTreeMap<String, String>,
}

impl Followed for LimitRange {
    const KIND: &str = "LimitRange";
    const PLURAL: &'static str = "limitranges";
    type Spec = LimitRangeSpec;

    fn new(name: String, spec: LimitRangeSpec) -> Self {
        let limits = spec.limits;
        Self { name, limits }
    }
}

impl Followed for ResourceQuota {
    const KIND: &str = "ResourceQuota";
    const PLURAL: &'static str = "resourcequotas";
    type Spec = ResourceQuotaSpec;

    fn new(name: String, spec: ResourceQuotaSpec) -> Self {
        let hard = spec.hard;
        Self { name, hard }
    }
}

const HINT: &str = "pods that it forbids are refused by the API server alone; \
                    the ClusterRole freshet grants list and watch";

/// Keeps what `facts` know of one kind of limit current. Never ends of itself.
pub(super) async fn follow<L: Followed>(
    client: &Client,
    facts: &NamespaceFacts,
    on_synced: &OnSynced<'_>,
) {
    let resource =
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("", "v1", L::KIND), L::PLURAL);
    let api = Api::<Object<Option<L::Spec>, NotUsed>>::all_with(client.clone(), &resource);
    let mut events = watcher(api, Config::default()).default_backoff().boxed();
    let mut outage = Outage::new(L::PLURAL, HINT);
    let mut store = Store::<L>::new(facts);
    on_synced(L::PLURAL, false);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let complete = matches!(event, Event::InitDone);
                store.take(event);
                if complete && outage.over() {
                    on_synced(L::PLURAL, true);
                }
            }
            Err(error) => {
                if outage.begin(&error) {
                    on_synced(L::PLURAL, false);
                }
            }
        }
    }
}

/// What is known, by namespace and name, and during a new list what will replace it.
struct Store<'f, L> {
    facts: &'f NamespaceFacts,
    listed: BTreeMap<String, Vec<L>>,
}

impl<'f, L: Followed> Store<'f, L> {
    fn new(facts: &'f NamespaceFacts) -> Self {
        Self {
            facts,
            listed: BTreeMap::new(),
        }
    }

    fn take(&mut self, event: Event<Object<Option<L::Spec>, NotUsed>>) {
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(object) => {
                let (namespace, limit) = essence::<L>(object);
                self.listed.entry(namespace).or_default().push(limit);
            }
            Event::InitDone => self.facts.replace_all(std::mem::take(&mut self.listed)),
            Event::Apply(object) => {
                let (namespace, limit) = essence::<L>(object);
                self.facts.put(&namespace, limit);
            }
            Event::Delete(object) => {
                let (namespace, limit) = essence::<L>(object);
                self.facts.remove::<L>(&namespace, limit.name());
            }
        }
    }
}

fn essence<L: Followed>(object: Object<Option<L::Spec>, NotUsed>) -> (String, L) {
    let metadata = object.metadata;
    let limit = L::new(
        metadata.name.unwrap_or_default(),
        object.spec.unwrap_or_default(),
    );
    (metadata.namespace.unwrap_or_default(), limit)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn quota(namespace: &str, name: &str, cpu: &str) -> Object<Option<ResourceQuotaSpec>, NotUsed> {
        object(json!({
            "metadata": { "namespace": namespace, "name": name, "managedFields": [{ "manager": "kubectl" }] },
            "spec": { "hard": { "limits.cpu": cpu }, "scopes": ["NotTerminating"] },
            "status": { "used": {} },
        }))
    }

    fn object<P: Clone + DeserializeOwned>(json: Value) -> Object<P, NotUsed> {
        from_value(json).expect("an object")
    }

    #[track_caller]
    fn check(facts: &NamespaceFacts, namespace: &str, want: &[(&str, &str)]) {
        let facts = facts.of(namespace);
        let have: Vec<_> = facts
            .resource_quotas
            .iter()
            .map(|quota| (quota.name.as_str(), quota.hard["limits.cpu"].as_str()))
            .collect();
        assert_eq!(have, want);
    }

    #[test]
    fn a_list_replaces_and_a_watch_amends() {
        let facts = NamespaceFacts::default();
        let mut store = Store::<ResourceQuota>::new(&facts);
        store.take(Event::Init);
        store.take(Event::InitApply(quota("shop", "b", "2")));
        store.take(Event::InitApply(quota("shop", "a", "1")));
        store.take(Event::InitApply(quota("bank", "c", "3")));
        check(&facts, "shop", &[]);
        store.take(Event::InitDone);
        check(&facts, "shop", &[("a", "1"), ("b", "2")]);

        store.take(Event::Apply(quota("shop", "a", "9")));
        store.take(Event::Apply(quota("new", "d", "4")));
        store.take(Event::Delete(quota("shop", "b", "2")));
        check(&facts, "shop", &[("a", "9")]);
        check(&facts, "new", &[("d", "4")]);

        store.take(Event::Init);
        store.take(Event::InitApply(quota("bank", "c", "5")));
        check(&facts, "shop", &[("a", "9")]);
        store.take(Event::InitDone);
        check(&facts, "shop", &[]);
        check(&facts, "bank", &[("c", "5")]);
    }

    #[test]
    fn a_limit_range_is_read_by_kubernetes_field_names() {
        let facts = NamespaceFacts::default();
        let mut store = Store::<LimitRange>::new(&facts);
        store.take(Event::Apply(object(json!({
            "metadata": { "namespace": "shop", "name": "limits" },
            "spec": { "limits": [{ "type": "Container", "defaultRequest": { "cpu": "10m" } }] },
        }))));
        let item = &facts.of("shop").limit_ranges[0].limits[0];
        assert_eq!(item.default_request["cpu"], "10m");
    }
}
