//! The leader's loop: what is seen is taken in at once, and puts items into a queue; what is due is
//! done one after the other, at a limited rate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::api::{Cluster, Ingress};
use super::inventory::{Inventory, Tracked};
use super::namespaces::{self, Labelled};
use super::pods::{Pods, Seen};
use super::queue::{Item, Queue};
use super::{News, OnNews, Reconciler};
use crate::controller::external_secrets::{Changes, Kind, ObjectKey};
use crate::controller::outage::Outage;
use crate::reconcile::{Announcements, Evictions, Pod, Reason, Standing};

/// What the leader knows.
pub(super) struct Leader<'a> {
    pub(super) replica: &'a Reconciler,
    pub(super) cluster: Cluster,
    on_news: &'a OnNews<'a>,
    began: Instant,
    pub(super) queue: Queue,
    pub(super) inventory: Inventory,
    pub(super) evictions: Evictions,
    pub(super) announcements: Announcements,
    /// By namespace.
    pub(super) ingresses: BTreeMap<String, Vec<Ingress>>,
    pub(super) conditions: BTreeMap<ObjectKey, Reason>,
    /// Whether all labelled namespaces are known.
    namespaces_known: bool,
    /// During a list of them, those that were in it.
    labelled: BTreeSet<String>,
    /// Of which namespaces all pods are known, and during a new list which were in it.
    listed: BTreeMap<String, BTreeSet<String>>,
    complete: BTreeSet<String>,
    outages: BTreeMap<&'static str, Outage>,
}

/// A change is seldom alone: its fellows are waited for.
pub(super) const SETTLING: Duration = Duration::from_millis(300);
/// Between two items.
const PACE: Duration = Duration::from_millis(20);

const PODS: &str = "pods";
const NAMESPACES: &str = "labelled namespaces";

impl<'a> Leader<'a> {
    pub(super) fn new(replica: &'a Reconciler, cluster: Cluster, on_news: &'a OnNews<'a>) -> Self {
        Self {
            replica,
            cluster,
            on_news,
            began: Instant::now(),
            queue: Queue::default(),
            inventory: Inventory::default(),
            evictions: Evictions::default(),
            announcements: Announcements::default(),
            ingresses: BTreeMap::new(),
            conditions: BTreeMap::new(),
            namespaces_known: false,
            labelled: BTreeSet::new(),
            listed: BTreeMap::new(),
            complete: BTreeSet::new(),
            outages: BTreeMap::new(),
        }
    }

    /// Leads until it is dropped.
    pub(super) async fn run(mut self) {
        let client = self.cluster.client().clone();
        let (mut pods, mut seen) = Pods::new(client.clone());
        let mut labelled = namespaces::follow(&client).boxed();
        let cache = self.replica.cache.clone();
        for object in cache.objects() {
            self.look_at(&object.key);
        }
        let mut free = self.began;
        loop {
            let due = self.queue.next().map(|due| free.max(self.began + due));
            let wake = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(event) = labelled.next() => self.label(event, &mut pods),
                Some((namespace, event)) = seen.recv() => self.see(&namespace, event),
                changes = cache.changes() => self.change(changes),
                () = wake => {
                    self.step().await;
                    free = Instant::now() + PACE;
                }
            }
        }
    }

    /// Since this replica leads.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn tell(&self, news: News) {
        (self.on_news)(news);
    }

    /// Whether all is known that the condition of an ExternalSecret of the namespace depends on.
    pub(super) fn knows(&self, namespace: &str) -> bool {
        let is_labelled = self.inventory.label(namespace).is_some();
        self.namespaces_known && (!is_labelled || self.complete.contains(namespace))
    }

    /// A request was answered.
    pub(super) fn succeeded(&mut self, operation: &'static str) {
        if let Some(outage) = self.outages.get_mut(operation) {
            outage.over();
        }
    }

    /// A request has failed, or a watch.
    pub(super) fn failed(&mut self, operation: &'static str, problem: &str) {
        let outage = self.outages.entry(operation).or_insert_with(|| {
            Outage::new(
                operation,
                "what exists stays as it is; the ClusterRole freshet grants it",
            )
        });
        outage.begin(&problem);
        self.tell(News::Failed(operation));
    }

    fn label(&mut self, event: Result<Labelled, String>, pods: &mut Pods) {
        match event {
            Ok(Labelled::Begin) => self.labelled.clear(),
            Ok(Labelled::Yes(namespace, value)) => {
                self.labelled.insert(namespace.clone());
                self.inventory.set_label(&namespace, value);
                pods.watch(&namespace);
                self.look_at_all_of(&namespace);
            }
            Ok(Labelled::No(namespace)) => self.unlabel(&namespace, pods),
            Ok(Labelled::End) => {
                self.succeeded(NAMESPACES);
                if !std::mem::replace(&mut self.namespaces_known, true) {
                    for object in self.replica.cache.objects() {
                        self.look_at(&object.key);
                    }
                }
                let listed = std::mem::take(&mut self.labelled);
                let gone = pods.namespaces().filter(|it| !listed.contains(*it));
                for namespace in gone.cloned().collect::<Vec<_>>() {
                    self.unlabel(&namespace, pods);
                }
            }
            Err(problem) => self.failed(NAMESPACES, &problem),
        }
    }

    fn unlabel(&mut self, namespace: &str, pods: &mut Pods) {
        pods.leave(namespace);
        self.inventory.forget_namespace(namespace);
        self.listed.remove(namespace);
        self.complete.remove(namespace);
        self.look_at_all_of(namespace);
        self.count();
    }

    fn see(&mut self, namespace: &str, event: Seen) {
        match event {
            Seen::Begin => {
                self.listed.insert(namespace.to_owned(), BTreeSet::new());
            }
            Seen::Pod(pod) => {
                if let Some(listed) = self.listed.get_mut(namespace) {
                    let name = pod.pointer("/metadata/name").and_then(Value::as_str);
                    listed.insert(name.unwrap_or_default().to_owned());
                }
                self.take(namespace, &pod);
            }
            Seen::Gone(name) => self.forget(namespace, &name),
            Seen::End => {
                let listed = self.listed.remove(namespace).unwrap_or_default();
                let known = self.inventory.pods(namespace);
                let names = known.map(|tracked| tracked.pod.name.clone());
                let gone: Vec<_> = names.filter(|name| !listed.contains(name)).collect();
                for name in gone {
                    self.forget(namespace, &name);
                }
                if self.inventory.label(namespace).is_some() {
                    self.complete.insert(namespace.to_owned());
                }
                self.look_at_all_of(namespace);
                self.succeeded(PODS);
            }
            Seen::Lost(problem) => self.failed(PODS, &problem),
        }
    }

    /// Takes in a pod: what it says, and what a fresh plan says of it.
    pub(super) fn take(&mut self, namespace: &str, found: &Value) {
        let (now, pod) = (self.now(), Pod::of(found));
        let facts = self.replica.facts.of(namespace);
        let standing = Standing::of(namespace, found, &self.replica.defaults, &facts);
        let (name, uid, is_there) = (pod.name.clone(), pod.uid.clone(), pod.is_there());
        let is_fine = standing == Standing::Fine;
        let before = self.inventory.put(namespace, pod, standing, now);
        let Some(after) = self.inventory.pod(namespace, &name).cloned() else {
            return;
        };
        if before.as_ref().is_some_and(|it| it.says_the_same(&after)) {
            return;
        }
        self.look_at_users_of(namespace, &after);
        match is_there && !is_fine {
            true => {
                let item = Item::Pod(namespace.to_owned(), name);
                self.queue.add(item, now + SETTLING);
            }
            false => self.announcements.forget(&uid),
        }
        self.count();
    }

    fn forget(&mut self, namespace: &str, name: &str) {
        let Some(gone) = self.inventory.remove(namespace, name) else {
            return;
        };
        self.announcements.forget(&gone.pod.uid);
        self.look_at_users_of(namespace, &gone);
        self.count();
    }

    fn change(&mut self, changes: Changes) {
        for key in &changes.objects {
            self.look_at(key);
        }
        for namespace in &changes.namespaces {
            self.look_at_all_of(namespace);
            let facts = self.replica.cache.of(namespace);
            let is_concerned = |tracked: &&Tracked| {
                let manifests = facts.iter().flat_map(|facts| facts.external_secrets());
                let mut targets = manifests.map(|manifest| manifest.target());
                tracked.standing != Standing::Fine || targets.any(|it| tracked.pod.mounts(it))
            };
            let due = self.now() + SETTLING;
            for tracked in self.inventory.pods(namespace).filter(is_concerned) {
                let item = Item::Pod(namespace.clone(), tracked.pod.name.clone());
                self.queue.add(item, due);
            }
        }
    }

    /// The condition of this object may have to become another one.
    pub(super) fn look_at(&mut self, key: &ObjectKey) {
        let due = self.now() + SETTLING;
        if key.kind == Kind::ExternalSecret && !self.ingresses.contains_key(&key.namespace) {
            self.queue.add(Item::Ingresses(key.namespace.clone()), due);
        }
        self.queue.add(Item::Condition(key.clone()), due);
    }

    pub(super) fn look_at_all_of(&mut self, namespace: &str) {
        let Some(facts) = self.replica.cache.of(namespace) else {
            return;
        };
        for manifest in facts.external_secrets() {
            self.look_at(&external_secret(namespace, manifest.name()));
        }
    }

    fn look_at_users_of(&mut self, namespace: &str, tracked: &Tracked) {
        let Some(facts) = self.replica.cache.of(namespace) else {
            return;
        };
        for manifest in facts.external_secrets() {
            if tracked.uses(manifest.target()) {
                self.look_at(&external_secret(namespace, manifest.name()));
            }
        }
    }

    fn count(&self) {
        self.tell(News::NotInjected(self.inventory.not_injected()));
    }
}

fn external_secret(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey {
        kind: Kind::ExternalSecret,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}
