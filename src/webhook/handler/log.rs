//! One log line for each admission: who, what, how long. Never the body.

use std::time::Duration;

use serde_json::Value;

use crate::webhook::metrics::ReviewResult;
use crate::webhook::review::{AdmissionRequest, Verdict};

/// How a review was answered.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) result: ReviewResult,
    /// The number of files, or directories of files, that the pod is served.
    pub(super) files: usize,
}

/// Who a pod is, for people.
struct Subject<'a> {
    namespace: &'a str,
    /// The name, or the prefix that the API server will make one of.
    name: &'a str,
    /// What controls it, where something does.
    owner_kind: Option<&'a str>,
    owner_name: Option<&'a str>,
}

/// Logs an answered review.
pub(super) fn admission(request: &AdmissionRequest<'_>, outcome: &Outcome, took: Duration) {
    let Subject {
        namespace,
        name,
        owner_kind,
        owner_name,
    } = subject(request);
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let dry_run = request.dry_run.unwrap_or(false);
    macro_rules! line {
        ($level:ident, $message:literal $(, $field:ident = $value:expr)*) => {
            tracing::$level!(
                pod.namespace = namespace,
                pod.name = name,
                owner.kind = owner_kind,
                owner.name = owner_name,
                dry_run,
                duration_us,
                $($field = $value,)*
                $message
            )
        };
    }
    match &outcome.verdict {
        Verdict::Deny { message, .. } => line!(info, "denied", problems = excerpt(message)),
        Verdict::Allow { .. } if outcome.result == ReviewResult::Injected => {
            line!(info, "injected", files = outcome.files);
        }
        Verdict::Allow { .. } => line!(debug, "skipped"),
    }
}

/// Logs which pod a fault was met with.
pub(super) fn fault(request: &AdmissionRequest<'_>) {
    let subject = subject(request);
    tracing::error!(
        pod.namespace = subject.namespace,
        pod.name = subject.name,
        "the decision about this pod failed"
    );
}

fn subject<'a>(request: &'a AdmissionRequest<'_>) -> Subject<'a> {
    let metadata = &request.object["metadata"];
    let owners = metadata["ownerReferences"].as_array();
    let owner = owners
        .into_iter()
        .flatten()
        .find(|owner| owner["controller"] == Value::Bool(true));
    let of_owner = |field: &str| owner.map(|owner| text(&owner[field]));
    Subject {
        namespace: &request.namespace,
        name: match text(&metadata["name"]) {
            "" => text(&metadata["generateName"]),
            name => name,
        },
        owner_kind: of_owner("kind"),
        owner_name: of_owner("name"),
    }
}

/// Long enough for a dozen problems; a pod can have thousands.
fn excerpt(message: &str) -> &str {
    &message[..message.floor_char_boundary(2048)]
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
