//! What Prometheus is told of the objects that the leader looks after.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::controller::reconciler::News;
use crate::reconcile::Reason;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

/// The metrics of conditions, patches and evictions; those of a replica that does not lead are 0.
#[derive(Debug, Default)]
pub struct ReconcilerMetrics {
    leader: Gauge,
    conditions: Family<ReasonLabel, Gauge>,
    not_injected: Gauge,
    patches: Counter,
    evictions: Counter,
    failures: Family<OperationLabel, Counter>,
}

impl ReconcilerMetrics {
    /// Something happened.
    pub fn take(&self, news: News) {
        let gauge = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        match news {
            News::Leading(leads) => {
                self.leader.set(leads.into());
                // What is counted is the leader's to count.
                self.not_injected.set(0);
                for reason in Reason::ALL {
                    self.condition(reason).set(0);
                }
            }
            News::Conditions(reason, number) => {
                self.condition(reason).set(gauge(number));
            }
            News::NotInjected(number) => {
                self.not_injected.set(gauge(number));
            }
            News::Patched => {
                self.patches.inc();
            }
            News::Evicted => {
                self.evictions.inc();
            }
            News::Failed(operation) => {
                let label = OperationLabel { operation };
                self.failures.get_or_create(&label).inc();
            }
        }
    }

    fn condition(&self, reason: Reason) -> Gauge {
        let reason = reason.as_str();
        self.conditions
            .get_or_create(&ReasonLabel { reason })
            .clone()
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let Self {
            leader,
            conditions,
            not_injected,
            patches,
            evictions,
            failures,
        } = self;
        registry.register(
            "reconciler_leader",
            "Whether this replica looks after ExternalSecrets and pods (1) or not (0)",
            leader.clone(),
        );
        registry.register(
            "conditions",
            "ExternalSecrets and stores that are Freshet's, by the reason of their condition",
            conditions.clone(),
        );
        registry.register(
            "pods_not_injected",
            "Pods of labelled namespaces that ask for secrets and were not injected",
            not_injected.clone(),
        );
        registry.register(
            "pod_patches",
            "Running pods whose sync-spec was written anew",
            patches.clone(),
        );
        registry.register(
            "pod_evictions",
            "Pods that were evicted because they were made before their ExternalSecret",
            evictions.clone(),
        );
        registry.register(
            "reconciler_failures",
            "Requests about conditions, pods and Events that have failed, by operation",
            failures.clone(),
        );
    }
}
