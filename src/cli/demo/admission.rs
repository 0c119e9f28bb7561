//! What an API server does at the creation of a pod: it sends an AdmissionReview over HTTPS, checks
//! the webhook's certificate, and applies the patch.

use std::error::Error;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use json_patch::{Patch, PatchOperation};
use serde_json::{Value, json};

/// The name that the API server knows the webhook's Service by, and that its certificate is for.
pub(super) const SERVICE: &str = "freshet-webhook.freshet.svc";

/// A pod as it would be stored.
pub(super) struct Admitted {
    pub(super) pod: Value,
    /// What the patch adds, one line for each operation.
    pub(super) added: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Why a pod would not be stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdmissionError {
    /// The webhook cannot be reached, or its certificate is not trusted.
    #[error("the webhook does not answer: {}", chain(.0))]
    Http(#[from] reqwest::Error),
    /// The answer is not a review.
    #[error("the webhook's answer: {0}")]
    Answer(&'static str),
    /// The webhook says no.
    #[error("the webhook refuses the pod: {0}")]
    Denied(String),
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// Asks the webhook at `address`, whose certificate `ca` (PEM) has signed, about the creation of
/// `pod`.
pub(super) async fn create(
    address: SocketAddr,
    ca: &str,
    pod: &Value,
) -> Result<Admitted, AdmissionError> {
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(ca.as_bytes())?])
        .https_only(true)
        .no_proxy()
        .resolve(SERVICE, address)
        .build()?;
    let url = format!("https://{SERVICE}:{}/mutate?timeout=5s", address.port());
    let review = review(pod);
    let response = client
        .post(url)
        .header("content-type", "application/json")
        .body(review.to_string())
        .send()
        .await?
        .error_for_status()?;
    let answer = response.bytes().await?;
    let answer: Value =
        serde_json::from_slice(&answer).map_err(|_| AdmissionError::Answer("is not JSON"))?;
    admitted(pod, &review, &answer)
}

/// The review as an API server of version 1.36 fills it in.
fn review(pod: &Value) -> Value {
    let metadata = |field: &str| &pod["metadata"][field];
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "7d2f1c5e-0000-4000-8000-64656d6f0001",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "requestResource": {"group": "", "version": "v1", "resource": "pods"},
            "name": metadata("name"),
            "namespace": metadata("namespace"),
            "operation": "CREATE",
            "userInfo": {"username": "demo", "groups": ["system:authenticated"]},
            "object": pod,
            "oldObject": null,
            "dryRun": false,
            "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
        },
    })
}

fn admitted(pod: &Value, review: &Value, answer: &Value) -> Result<Admitted, AdmissionError> {
    let response = &answer["response"];
    if response["uid"] != review["request"]["uid"] {
        return Err(AdmissionError::Answer("has another uid"));
    }
    if response["allowed"] != true {
        let message = response["status"]["message"].as_str().unwrap_or_default();
        return Err(AdmissionError::Denied(message.to_owned()));
    }
    let patch: Patch = response["patch"]
        .as_str()
        .and_then(|text| BASE64_STANDARD.decode(text).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or(AdmissionError::Answer("has no patch"))?;
    let mut patched = pod.clone();
    json_patch::patch(&mut patched, &patch)
        .map_err(|_| AdmissionError::Answer("has a patch that does not fit the pod"))?;
    let warnings = response["warnings"].as_array().into_iter().flatten();
    Ok(Admitted {
        pod: patched,
        added: patch.0.iter().map(described).collect(),
        warnings: warnings
            .filter_map(|warning| warning.as_str().map(str::to_owned))
            .collect(),
    })
}

/// One operation: where, and what is put there; the items of a list one a line.
fn described(operation: &PatchOperation) -> String {
    let place = operation.path().to_string().replace("~1", "/");
    let value = match operation {
        PatchOperation::Add(add) => &add.value,
        PatchOperation::Replace(replace) => &replace.value,
        _ => return place,
    };
    match value {
        Value::String(text) => format!("{place}: {}", shortened(text)),
        Value::Array(items) => items
            .iter()
            .map(|item| format!("\n    {}", shortened(&item.to_string())))
            .fold(place, |text, line| text + &line),
        other => format!("{place}: {}", shortened(&other.to_string())),
    }
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 110;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
