//! The objects of External Secrets, as far as pods are served from them: ExternalSecrets,
//! SecretStores, ClusterSecretStores, and the namespaces that have asked for it.
//!
//! Three watches of the objects, in whatever version the cluster serves, one of the labelled
//! namespaces, and one of the ConfigMaps that the objects name write into the [`ExternalSecretCache`]; it tells the admissions of a namespace what
//! concerns them, and whoever reports what has changed. That the objects' kinds do not exist is
//! knowledge, too: no pod is concerned then.

mod cache;
mod config_maps;
mod kind;
mod known;
mod namespaces;
mod object;
mod objects;

use kube::Client;

use super::OnSynced;

pub use self::cache::{Changes, ExternalSecretCache};
pub use self::kind::Kind;
pub use self::object::{ObjectKey, WatchedObject};

/// Keeps `cache` current, for as long as it is polled.
pub(super) async fn follow(client: &Client, cache: &ExternalSecretCache, on_synced: &OnSynced<'_>) {
    tokio::join!(
        namespaces::follow(client, cache, on_synced),
        objects::follow(client, Kind::ExternalSecret, cache, on_synced),
        objects::follow(client, Kind::SecretStore, cache, on_synced),
        objects::follow(client, Kind::ClusterSecretStore, cache, on_synced),
        config_maps::follow(client, cache, on_synced),
    );
}

#[cfg(test)]
mod tests;
