//! What Prometheus is told of the webhook's certificate.

use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The metrics of the certificate.
#[derive(Debug, Default)]
pub struct CertificateMetrics {
    expiry: Gauge<i64, AtomicI64>,
    refusals: Counter,
    leader: Gauge,
    rotations: Counter,
    bundle_repairs: Counter,
}

impl CertificateMetrics {
    /// A certificate is now served; its life ends `not_after` seconds after 1970 began.
    pub fn served(&self, not_after: i64) {
        self.expiry.set(not_after);
    }

    /// A certificate was offered that cannot be served.
    pub fn refused(&self) {
        self.refusals.inc();
    }

    /// Whether this replica rotates the self-managed certificate.
    pub fn leads(&self, leads: bool) {
        self.leader.set(leads.into());
    }

    /// This replica has put a new certificate into service, for all replicas.
    pub fn rotated(&self) {
        self.rotations.inc();
    }

    /// This replica has put the CA of the served certificate back into a `caBundle`.
    pub fn repaired(&self) {
        self.bundle_repairs.inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let Self {
            expiry,
            refusals,
            leader,
            rotations,
            bundle_repairs,
        } = self;
        registry.register_with_unit(
            "certificate_expiry_timestamp",
            "When the life of the served certificate ends, since 1970",
            Unit::Seconds,
            expiry.clone(),
        );
        registry.register(
            "certificate_refusals",
            "Changes of the certificate that could not be served",
            refusals.clone(),
        );
        registry.register(
            "certificate_leader",
            "Whether this replica rotates the self-managed certificate (1) or not (0)",
            leader.clone(),
        );
        registry.register(
            "certificate_rotations",
            "Self-managed certificates that this replica has put into service",
            rotations.clone(),
        );
        registry.register(
            "certificate_bundle_repairs",
            "Times that this replica put the CA of the served certificate back into the caBundle",
            bundle_repairs.clone(),
        );
    }
}
