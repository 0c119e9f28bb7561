//! The ConfigMaps that the objects name: with templates, or with the CA of a store of the cluster.
//!
//! A cluster may have thousands of large ones. So their metadata alone is watched, from the moment on
//! that one is named, and of those that are named the keys that are named are read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config, Event, watcher};
use tokio::time::sleep;

use super::cache::{CONFIG_MAPS, ExternalSecretCache};
use crate::controller::OnSynced;
use crate::controller::call::{CallError, Object};
use crate::controller::outage::Outage;
use crate::dialect::external_secret::{ConfigMapKeys, Texts};

const HINT: &str = "templates and CAs in ConfigMaps are as they were; \
                    the ClusterRole freshet grants get, list and watch";

const CALL: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(5);
const PAGE: u32 = 100;

type Metadata = PartialObjectMeta<ConfigMap>;

/// Follows the ConfigMaps that are named. Never ends of itself.
pub(super) async fn follow(client: &Client, cache: &ExternalSecretCache, on_synced: &OnSynced<'_>) {
    let mut follower = Follower {
        client,
        cache,
        on_synced,
        outage: Outage::new(CONFIG_MAPS, HINT),
        watching: false,
        read: BTreeMap::new(),
    };
    on_synced(CONFIG_MAPS, false);
    loop {
        follower.read_all(&ConfigMapKeys::new()).await;
        while cache.config_map_keys().is_empty() {
            // There is nothing to miss.
            follower.watching = true;
            follower.all_read();
            cache.named().await;
        }
        follower.follow().await;
    }
}

struct Follower<'a> {
    client: &'a Client,
    cache: &'a ExternalSecretCache,
    on_synced: &'a OnSynced<'a>,
    outage: Outage,
    /// Whether changes are noticed.
    watching: bool,
    /// What was read, by namespace and name.
    read: BTreeMap<(String, String), Reading>,
}

/// How a ConfigMap was read.
struct Reading {
    keys: BTreeSet<String>,
    /// None where there was no such ConfigMap.
    version: Option<String>,
}

impl Follower<'_> {
    /// Until none is named any more.
    async fn follow(&mut self) {
        self.watching = false;
        let api = Api::<Metadata>::all(self.client.clone());
        let config = Config::default().page_size(PAGE);
        let mut events = watcher(api, config).default_backoff().boxed();
        let mut listed = BTreeSet::new();
        loop {
            let keys = self.cache.config_map_keys();
            if keys.is_empty() {
                return;
            }
            let complete = self.read_all(&keys).await;
            tokio::select! {
                event = events.next() => match event {
                    Some(event) => self.note(&mut listed, event),
                    None => return,
                },
                () = self.cache.named() => {}
                () = sleep(RETRY), if !complete => {}
            }
        }
    }

    /// What an event says of the ConfigMaps that were read.
    fn note(
        &mut self,
        listed: &mut BTreeSet<(String, String)>,
        event: watcher::Result<Event<Metadata>>,
    ) {
        self.watching = event.is_ok();
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(object)) => {
                let place = place(&object);
                if self.read.contains_key(&place) {
                    listed.insert(place);
                }
                self.changed(&object);
            }
            Ok(Event::InitDone) => {
                // Read again: one that was made since would not be listed either.
                self.read
                    .retain(|place, reading| reading.version.is_none() || listed.contains(place));
                listed.clear();
            }
            Ok(Event::Apply(object)) => self.changed(&object),
            Ok(Event::Delete(object)) => {
                self.read.remove(&place(&object));
            }
            Err(error) => self.lost(&error),
        }
    }

    fn changed(&mut self, object: &Metadata) {
        let place = place(object);
        let reading = self.read.get(&place);
        if reading.is_some_and(|reading| reading.version != object.metadata.resource_version) {
            self.read.remove(&place);
        }
    }

    /// Reads what is named and was not read as it is named, and forgets what is not named; answers
    /// whether all could be read.
    async fn read_all(&mut self, keys: &ConfigMapKeys) -> bool {
        let read = self.read.keys();
        let forgotten: Vec<_> = read
            .filter(|place| !keys.contains_key(*place))
            .cloned()
            .collect();
        for place in forgotten {
            self.read.remove(&place);
            self.cache.set_config_map(&place, None);
        }
        let mut problem = None;
        for (place, keys) in keys {
            if self
                .read
                .get(place)
                .is_some_and(|reading| reading.keys == *keys)
            {
                continue;
            }
            match self.get(place).await {
                Ok(found) => self.found(place, keys, found),
                Err(CallError::Failed(text)) => problem = Some(text),
                Err(CallError::Conflict) => {}
            }
        }
        match &problem {
            Some(problem) => self.lost(problem),
            None => self.all_read(),
        }
        problem.is_none()
    }

    async fn get(
        &self,
        (namespace, name): &(String, String),
    ) -> Result<Option<ConfigMap>, CallError> {
        let object = Object::any(CONFIG_MAPS, namespace, name);
        let api = Api::<ConfigMap>::namespaced(self.client.clone(), namespace);
        object.call("get", CALL, api.get_opt(name)).await
    }

    fn found(
        &mut self,
        place: &(String, String),
        keys: &BTreeSet<String>,
        found: Option<ConfigMap>,
    ) {
        let version = found
            .as_ref()
            .map(|it| it.metadata.resource_version.clone());
        let texts = found.map(|config_map| -> Texts {
            let data = config_map.data.unwrap_or_default().into_iter();
            data.filter(|(key, _)| keys.contains(key)).collect()
        });
        self.cache.set_config_map(place, texts);
        let reading = Reading {
            keys: keys.clone(),
            version: version.flatten(),
        };
        self.read.insert(place.clone(), reading);
    }

    fn all_read(&mut self) {
        if self.cache.config_maps_read() && self.watching && self.outage.over() {
            (self.on_synced)(CONFIG_MAPS, true);
        }
    }

    fn lost(&mut self, problem: &dyn std::fmt::Display) {
        if self.outage.begin(problem) {
            (self.on_synced)(CONFIG_MAPS, false);
        }
    }
}

fn place(object: &Metadata) -> (String, String) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (
        text(&object.metadata.namespace),
        text(&object.metadata.name),
    )
}
