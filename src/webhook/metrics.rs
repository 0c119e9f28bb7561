//! What Prometheus is told, in the OpenMetrics text format.

mod certificate;
mod reconciler;

use std::fmt::Write as _;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use self::certificate::CertificateMetrics;
pub use self::reconciler::ReconcilerMetrics;

/// The media type of [`Metrics::encode`].
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How a review ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewResult {
    /// The pod gets a refresher.
    Injected,
    /// The pod stays as it is.
    Skipped,
    /// The pod is refused.
    Denied,
    /// The request was not a review that can be answered, or answering it failed.
    Failed,
}

impl EncodeLabelValue for ReviewResult {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        encoder.write_str(match self {
            Self::Injected => "injected",
            Self::Skipped => "skipped",
            Self::Denied => "denied",
            Self::Failed => "failed",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: ReviewResult,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabel {
    resource: &'static str,
}

/// The metrics of the webhook.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reviews: Family<ResultLabel, Counter>,
    duration: Histogram,
    /// What is told of the certificate.
    pub certificate: CertificateMetrics,
    /// What is told of ExternalSecrets and pods that exist.
    pub reconciler: ReconcilerMetrics,
    connections: Gauge,
    watched: Family<ResourceLabel, Gauge>,
}

/// Seconds, from 50 µs to 1 s: a review takes a fraction of a millisecond, and the API server waits
/// for 5 s at most.
const BUCKETS: [f64; 13] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
];

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("freshet"),
            reviews: Family::default(),
            duration: Histogram::new(BUCKETS),
            certificate: CertificateMetrics::default(),
            reconciler: ReconcilerMetrics::default(),
            connections: Gauge::default(),
            watched: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    /// A review was answered after `took`.
    pub fn reviewed(&self, result: ReviewResult, took: Duration) {
        self.reviews.get_or_create(&ResultLabel { result }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// A connection was opened; it counts until the answer is dropped.
    pub(super) fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// Whether the objects of a Kubernetes resource are known.
    pub fn watched(&self, resource: &'static str, known: bool) {
        self.watched
            .get_or_create(&ResourceLabel { resource })
            .set(known.into());
    }

    /// All metrics as text; see [`OPEN_METRICS`].
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn register(&mut self) {
        for result in [
            ReviewResult::Injected,
            ReviewResult::Skipped,
            ReviewResult::Denied,
            ReviewResult::Failed,
        ] {
            // A series that exists from the start has a rate from its first event on.
            let _ = self.reviews.get_or_create(&ResultLabel { result });
        }
        let Self {
            registry,
            reviews,
            duration,
            certificate,
            reconciler,
            connections,
            watched,
        } = self;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The version that runs", Info::new(version));
        registry.register(
            "admission_reviews",
            "AdmissionReviews answered, by result",
            reviews.clone(),
        );
        registry.register_with_unit(
            "admission_duration",
            "Time from a request's head to its answer",
            Unit::Seconds,
            duration.clone(),
        );
        certificate.register(registry);
        reconciler.register(registry);
        registry.register(
            "connections",
            "Open connections to the admission port",
            connections.clone(),
        );
        registry.register(
            "kubernetes_watch_synced",
            "Whether the objects of a Kubernetes resource are known (1) or not (0)",
            watched.clone(),
        );
    }
}

/// An open connection, as the metrics count it.
#[derive(Debug)]
pub(super) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::reconciler::News;

    #[test]
    fn results_are_there_before_they_happen() {
        let metrics = Metrics::default();
        metrics.reviewed(ReviewResult::Denied, Duration::from_micros(300));
        metrics.watched("limitranges", true);
        metrics.reconciler.take(News::NotInjected(3));
        metrics.reconciler.take(News::Failed("evict"));
        let text = metrics.encode();
        for line in [
            "freshet_admission_reviews_total{result=\"injected\"} 0",
            "freshet_admission_reviews_total{result=\"denied\"} 1",
            "freshet_admission_duration_seconds_bucket{le=\"0.0005\"} 1",
            "freshet_admission_duration_seconds_bucket{le=\"0.0002\"} 0",
            "freshet_kubernetes_watch_synced{resource=\"limitranges\"} 1",
            "freshet_reconciler_leader 0",
            "freshet_pods_not_injected 3",
            "freshet_pod_patches_total 0",
            "freshet_pod_evictions_total 0",
            "freshet_reconciler_failures_total{operation=\"evict\"} 1",
            "freshet_certificate_leader 0",
            "freshet_certificate_rotations_total 0",
            "freshet_certificate_bundle_repairs_total 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_connection_counts_while_it_is_open() {
        let metrics = Metrics::default();
        let open = metrics.connection();
        assert!(metrics.encode().contains("freshet_connections 1\n"));
        drop(open);
        assert!(metrics.encode().contains("freshet_connections 0\n"));
    }
}
