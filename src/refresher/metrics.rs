//! The figures of `/metrics`, in OpenMetrics text. Secrets appear under the names of their
//! annotations, never by path.

use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::counters::{Counters, Labels, profile_label};
use crate::sync::{Status, Timestamp, TokenStatus};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MountLabels {
    volume: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SecretLabels {
    volume: String,
    name: String,
}

/// The content type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All figures as of `now`.
pub(crate) fn text(status: &Status, counters: &Counters, now: SystemTime) -> String {
    let mut registry = Registry::default();
    counters.register(&mut registry);
    refresher(status, &mut registry);
    tokens(status, &mut registry);
    mounts(status, now, &mut registry);
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = encode(&mut text, &registry);
    text
}

fn refresher(status: &Status, registry: &mut Registry) {
    let mut gauge = |name: &str, help: &str, value: i64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        registry.register(format!("freshet_refresher_{name}"), help, gauge);
    };
    gauge(
        "ready",
        "Whether every mount has a complete generation",
        i64::from(status.ready),
    );
    gauge(
        "spec_refused",
        "Whether the newest SyncSpec is refused and the one before it is followed",
        i64::from(status.spec_refused.is_some()),
    );
    if let Some(expires) = status.service_account_token.expires {
        gauge(
            "service_account_token_expiry_timestamp_seconds",
            "When the projected service-account token expires",
            seconds(expires),
        );
    }
}

/// The Vault tokens, of profiles with their names. One that nothing is read with is not told beside
/// others: its absence is no trouble.
fn tokens(status: &Status, registry: &mut Registry) {
    let present = Family::<Labels, Gauge>::default();
    let expiry = Family::<Labels, Gauge>::default();
    let told = |token: &TokenStatus, labels: &Labels| {
        let is_present = i64::from(token.present);
        present.get_or_create(labels).set(is_present);
        if let Some(expires) = token.expires {
            expiry.get_or_create(labels).set(seconds(expires));
        }
    };
    if status.token.used || status.token.present || status.profiles.is_empty() {
        told(&status.token, &Labels::new());
    }
    for (profile, token) in &status.profiles {
        told(token, &profile_label(Some(profile)).into_iter().collect());
    }
    registry.register(
        "freshet_refresher_vault_token",
        "Whether there is a Vault token",
        present,
    );
    registry.register(
        "freshet_refresher_vault_token_expiry_timestamp_seconds",
        "When the Vault token expires",
        expiry,
    );
}

fn seconds(at: Timestamp) -> i64 {
    i64::try_from(at.unix_seconds()).unwrap_or(i64::MAX)
}

fn mounts(status: &Status, now: SystemTime, registry: &mut Registry) {
    let stale = Family::<MountLabels, Gauge>::default();
    let secrets = Family::<SecretLabels, Gauge>::default();
    let versions = Family::<SecretLabels, Gauge>::default();
    let ends = Family::<SecretLabels, Gauge>::default();
    for mount in &status.mounts {
        let volume = mount.volume.clone();
        let labels = MountLabels { volume };
        stale
            .get_or_create(&labels)
            .set(age(mount.stale_since, now));
        for secret in &mount.secrets {
            for name in &secret.names {
                let (volume, name) = (mount.volume.clone(), name.clone());
                let labels = SecretLabels { volume, name };
                secrets
                    .get_or_create(&labels)
                    .set(age(secret.stale_since, now));
                if let Some(end) = secret.ends {
                    ends.get_or_create(&labels).set(seconds(end));
                }
                if let Some(version) = secret.version {
                    let version = i64::try_from(version).unwrap_or(i64::MAX);
                    versions.get_or_create(&labels).set(version);
                }
            }
        }
    }
    registry.register(
        "freshet_refresher_mount_stale_seconds",
        "For how long the files of a volume are not known to be current; 0 when they are",
        stale,
    );
    registry.register(
        "freshet_refresher_secret_stale_seconds",
        "For how long a secret is not known to be current; 0 when it is",
        secrets,
    );
    registry.register(
        "freshet_refresher_secret_expiry_timestamp_seconds",
        "When the credential or certificate ends that Vault made for this pod",
        ends,
    );
    registry.register(
        "freshet_refresher_secret_version",
        "The version of a KV v2 secret",
        versions,
    );
}

/// Whole seconds; at least one for what is stale, or nobody would see it in its first second.
fn age(since: Option<Timestamp>, now: SystemTime) -> i64 {
    let Some(since) = since else {
        return 0;
    };
    let age = now.duration_since(since.0).unwrap_or_default();
    i64::try_from(age.as_secs().max(1)).unwrap_or(i64::MAX)
}
