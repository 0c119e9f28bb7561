//! What is counted while the refresher runs, for `/metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::files::{Changed, WriteError};
use crate::spec::{Profile, VolumeName};
use crate::sync::{Notice, class_name};
use crate::vault::Class;

/// Counters; a clone counts into the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    requests: Family<Labels, Counter>,
    writes: Family<WriteLabels, Counter>,
    orphans: Counter,
    notifications: Family<NotificationLabels, Counter>,
}

/// Labels of which one may be absent.
pub(super) type Labels = Vec<(&'static str, String)>;

/// The label of a login; none of the pod's own.
pub(super) fn profile_label(profile: Option<impl ToString>) -> Option<(&'static str, String)> {
    Some(("profile", profile?.to_string()))
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    volume: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NotificationLabels {
    action: &'static str,
    result: &'static str,
}

impl Counters {
    /// Vault has answered the operation, or nobody has.
    pub(crate) fn asked(
        &self,
        (operation, profile): (&'static str, Option<&Profile>),
        error: Option<Class>,
    ) {
        let result = error.map_or("ok", class_name);
        let mut labels = vec![
            ("operation", operation.to_owned()),
            ("result", result.to_owned()),
        ];
        labels.extend(profile_label(profile));
        self.requests.get_or_create(&labels).inc();
    }

    /// A volume was written, or found to be current.
    pub(crate) fn wrote(&self, volume: &VolumeName, result: &Result<Changed, WriteError>) {
        let result = match result {
            Ok(Changed::Yes) => "written",
            Ok(Changed::No) => "unchanged",
            Err(_) => "failed",
        };
        let volume = volume.to_string();
        let labels = WriteLabels { volume, result };
        self.writes.get_or_create(&labels).inc();
    }

    /// A credential may have been left behind.
    pub(crate) fn told(&self, notice: &Notice) {
        if let Notice::CredentialOrphaned { .. } = notice {
            self.orphans.inc();
        }
    }

    /// The application was told of a switch, or was not.
    pub(crate) fn notified(&self, action: &'static str, done: bool) {
        let result = if done { "done" } else { "failed" };
        let labels = NotificationLabels { action, result };
        self.notifications.get_or_create(&labels).inc();
    }

    /// Makes the counters part of `registry`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "freshet_refresher_vault_requests",
            "Requests to Vault by operation, result and profile",
            self.requests.clone(),
        );
        registry.register(
            "freshet_refresher_writes",
            "Syncs of a volume by result",
            self.writes.clone(),
        );
        registry.register(
            "freshet_refresher_orphaned_credentials",
            "Credentials that Vault may have made for an earlier process that was killed meanwhile",
            self.orphans.clone(),
        );
        registry.register(
            "freshet_refresher_notifications",
            "Attempts to tell the application of a switch by action and result",
            self.notifications.clone(),
        );
    }
}
