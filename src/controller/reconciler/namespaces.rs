//! The namespaces with the label, whatever its value.

use futures_util::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{Config, Event, watcher};

/// The label with which a namespace asks for anything of Freshet.
const LABEL: &str = "freshet.dev/injection";

const PAGE: u32 = 100;

/// What is known of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Labelled {
    /// A list begins: whoever is not in it has no label.
    Begin,
    /// It has the label with this value.
    Yes(String, String),
    /// It has no label any more, or is gone.
    No(String),
    /// The list is complete.
    End,
}

/// The namespaces as they are, and every change.
pub(super) fn follow(client: &Client) -> impl Stream<Item = Result<Labelled, String>> + use<> {
    let api = Api::<PartialObjectMeta<Namespace>>::all(client.clone());
    let only = Config::default().labels(LABEL).page_size(PAGE);
    let events = watcher(api, only).default_backoff();
    events.map(|event| match event {
        Ok(Event::Init) => Ok(Labelled::Begin),
        Ok(Event::InitDone) => Ok(Labelled::End),
        Ok(Event::InitApply(found) | Event::Apply(found)) => {
            let labels = found.metadata.labels.unwrap_or_default();
            let value = labels.get(LABEL).cloned().unwrap_or_default();
            Ok(Labelled::Yes(
                found.metadata.name.unwrap_or_default(),
                value,
            ))
        }
        Ok(Event::Delete(found)) => Ok(Labelled::No(found.metadata.name.unwrap_or_default())),
        Err(error) => Err(error.to_string()),
    })
}
