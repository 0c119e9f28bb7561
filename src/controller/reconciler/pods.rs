//! The pods of each labelled namespace: a watch of its own for each, so that the rest of the cluster
//! is never sent.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{Config, Event, watcher};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// What a watch says.
#[derive(Debug)]
pub(super) enum Seen {
    /// A list begins.
    Begin,
    /// A pod as it is; it is dropped once its essence is taken.
    Pod(Value),
    /// The pod of this name is gone.
    Gone(String),
    /// The list is complete: pods that were not in it are gone.
    End,
    /// Nothing is heard at the moment.
    Lost(String),
}

/// The watches. All end when it is dropped.
pub(super) struct Pods {
    client: Client,
    watches: BTreeMap<String, AbortHandle>,
    tasks: JoinSet<()>,
    sender: mpsc::Sender<(String, Seen)>,
}

/// Pods in memory as a whole, between a watch and whoever takes their essence.
const WAITING: usize = 8;
/// Pods of one answer to a list.
const PAGE: u32 = 25;

impl Pods {
    /// No watch yet, and where their words arrive.
    pub(super) fn new(client: Client) -> (Self, mpsc::Receiver<(String, Seen)>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let pods = Self {
            client,
            watches: BTreeMap::new(),
            tasks: JoinSet::new(),
            sender,
        };
        (pods, receiver)
    }

    /// Watches a namespace, if it is not watched yet.
    pub(super) fn watch(&mut self, namespace: &str) {
        if self.watches.contains_key(namespace) {
            return;
        }
        let watch = follow(
            self.client.clone(),
            namespace.to_owned(),
            self.sender.clone(),
        );
        let handle = self.tasks.spawn(watch);
        self.watches.insert(namespace.to_owned(), handle);
    }

    /// Watches a namespace no longer.
    pub(super) fn leave(&mut self, namespace: &str) {
        if let Some(watch) = self.watches.remove(namespace) {
            watch.abort();
        }
        while self.tasks.try_join_next().is_some() {}
    }

    /// The namespaces that are watched.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &String> {
        self.watches.keys()
    }
}

async fn follow(client: Client, namespace: String, sender: mpsc::Sender<(String, Seen)>) {
    let resource = ApiResource::erase::<Pod>(&());
    let api = Api::<DynamicObject>::namespaced_with(client, &namespace, &resource);
    let mut events = watcher(api, Config::default().page_size(PAGE))
        .default_backoff()
        .boxed();
    while let Some(event) = events.next().await {
        let seen = match event {
            Ok(Event::Init) => Seen::Begin,
            Ok(Event::InitApply(found) | Event::Apply(found)) => Seen::Pod(whole(found)),
            Ok(Event::InitDone) => Seen::End,
            Ok(Event::Delete(found)) => Seen::Gone(found.metadata.name.unwrap_or_default()),
            Err(error) => Seen::Lost(error.to_string()),
        };
        if sender.send((namespace.clone(), seen)).await.is_err() {
            return;
        }
    }
}

/// A pod as JSON, without its managed fields.
pub(super) fn whole(found: DynamicObject) -> Value {
    let DynamicObject {
        mut metadata,
        data: mut pod,
        types: _,
    } = found;
    metadata.managed_fields = None;
    if let Some(pod) = pod.as_object_mut() {
        pod.insert("metadata".to_owned(), json!(metadata));
    }
    pod
}
