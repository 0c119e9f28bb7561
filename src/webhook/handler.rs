//! `POST /mutate`: a review comes in, [`inject::decide`] decides, a review goes out.
//!
//! What the pod's author can mend is a denial with the reason; what is wrong with the request itself
//! is an HTTP error, upon which the API server follows its `failurePolicy`.

mod body;
mod log;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use json_patch::Patch;
use tokio::time::Instant;

pub(super) use self::body::BodyBudget;
use self::log::Outcome;
use super::App;
use super::failure::Failure;
use super::metrics::ReviewResult;
use super::review::{self, AdmissionRequest, Verdict};
use crate::controller::agent_config_maps;
use crate::dialect::vault_k8s::agent_config;
use crate::inject::{self, ClusterFacts, Decision, Operation};

/// Answers a review.
pub(super) async fn mutate(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let version = request.version();
    let (response, result) = match answer(&app, request, started).await {
        Ok((body, result)) => {
            let json = HeaderValue::from_static("application/json");
            (([(CONTENT_TYPE, json)], body).into_response(), result)
        }
        Err(failure) => {
            tracing::warn!(reason = failure.message(), "request refused");
            (failure.into_response_for(version), ReviewResult::Failed)
        }
    };
    app.metrics.reviewed(result, started.elapsed());
    response
}

async fn answer(
    app: &App,
    request: Request,
    started: Instant,
) -> Result<(Vec<u8>, ReviewResult), Failure> {
    check_content_type(request.headers())?;
    let body = body::read(request, &app.limits, &app.body_budget).await?;
    let request = review::parse(&body)
        .map_err(|problem| Failure::new(StatusCode::BAD_REQUEST, problem.to_string()))?;
    let facts = facts(app, &request).await;
    let outcome = decide(app, &request, &facts)?;
    let json = outcome
        .verdict
        .to_json(&request.uid)
        .map_err(|_| bug("the answer cannot be written"))?;
    log::admission(&request, &outcome, started.elapsed());
    Ok((json, outcome.result))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Failure> {
    let sent = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let essence = sent
        .and_then(|sent| sent.split(|byte| *byte == b';').next())
        .unwrap_or_default();
    if essence
        .trim_ascii()
        .eq_ignore_ascii_case(b"application/json")
    {
        return Ok(());
    }
    let sent = String::from_utf8_lossy(sent.unwrap_or_default());
    Err(Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("Content-Type {sent:?}: must be application/json"),
    ))
}

fn bug(what: &str) -> Failure {
    Failure::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("{what}: this is a fault of Freshet; its log says where"),
    )
}

/// What is known of the pod's namespace, and the ConfigMap that the pod names, which is read now.
async fn facts(app: &App, request: &AdmissionRequest<'_>) -> Arc<ClusterFacts> {
    let mut facts = app.facts.of(&request.namespace);
    if operation(request) != Operation::Create {
        return facts;
    }
    if let Some(name) = agent_config::named_by(&request.object) {
        let client = app.client.as_ref();
        let read = agent_config_maps::read(client, &request.namespace, name).await;
        let known = &mut Arc::make_mut(&mut facts).agent_config_maps;
        known.insert(name.to_owned(), read);
    }
    facts
}

fn operation(request: &AdmissionRequest<'_>) -> Operation {
    match &*request.operation {
        "CREATE" => Operation::Create,
        "UPDATE" => Operation::Update,
        _ => Operation::Other,
    }
}

fn decide(
    app: &App,
    request: &AdmissionRequest<'_>,
    facts: &ClusterFacts,
) -> Result<Outcome, Failure> {
    let operation = operation(request);
    if let Some(denial) = misregistered(request, operation) {
        return Ok(denial);
    }
    let question = inject::Request {
        namespace: &request.namespace,
        operation,
        pod: &request.object,
    };
    // Nothing is shared with the decision but what it may read, so nothing is left half done.
    let decided = catch_unwind(AssertUnwindSafe(|| {
        (app.decide)(&question, &app.defaults, facts)
    }));
    let decision = decided.map_err(|_| {
        log::fault(request);
        bug("the decision about this pod failed")
    })?;
    Ok(outcome(decision))
}

/// A review that should never have been sent here. Denied rather than admitted: whoever registered
/// it expects something of it.
fn misregistered(request: &AdmissionRequest<'_>, operation: Operation) -> Option<Outcome> {
    let resource = &request.resource;
    let pods = ("", "v1", "pods");
    let is_pod = (&*resource.group, &*resource.version, &*resource.resource) == pods
        && request.sub_resource.is_empty();
    let message = if !is_pod {
        format!(
            "{request}: Freshet reviews pods alone: the rules of the webhook configuration must name apiGroups [\"\"], apiVersions [\"v1\"], resources [\"pods\"]"
        )
    } else if operation == Operation::Create && !request.object.is_object() {
        "request.object: must be a pod; the API server sent none".to_owned()
    } else {
        return None;
    };
    Some(Outcome {
        verdict: Verdict::Deny {
            message,
            warnings: Vec::new(),
        },
        result: ReviewResult::Denied,
        files: 0,
    })
}

fn outcome(decision: Decision) -> Outcome {
    match decision {
        Decision::Skip { warnings, .. } => Outcome {
            verdict: Verdict::Allow {
                patch: Patch::default(),
                warnings: lines(&warnings),
            },
            result: ReviewResult::Skipped,
            files: 0,
        },
        Decision::Inject(injection) => Outcome {
            verdict: Verdict::Allow {
                patch: injection.patch,
                warnings: lines(&injection.warnings),
            },
            result: ReviewResult::Injected,
            files: injection.summary.files,
        },
        Decision::Deny { problems, warnings } => Outcome {
            verdict: Verdict::Deny {
                message: lines(&problems).join("\n"),
                warnings: lines(&warnings),
            },
            result: ReviewResult::Denied,
            files: 0,
        },
    }
}

fn lines<Problem: ToString>(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(Problem::to_string).collect()
}
