//! The AdmissionReview, `admission.k8s.io/v1`, as it comes and as it is answered.
//!
//! Types of our own: only what is needed is read, the pod stays plain JSON, and the patch leaves in
//! base64 as the API server expects it. Whatever else a newer API server sends is skipped.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use json_patch::Patch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// A review as the API server sends it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<AdmissionRequest<'a>>,
}

/// What the API server asks.
///
/// Field names and meaning are those of the Kubernetes API reference, `AdmissionRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest<'a> {
    /// Identifies this call; the answer repeats it.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    /// What the user's request is about: for us, `pods`.
    #[serde(borrow)]
    pub resource: Resource<'a>,
    /// Empty, or a part of the resource, such as `status`.
    #[serde(borrow, default)]
    pub sub_resource: Cow<'a, str>,
    /// The namespace of the object; the object itself may not name it.
    #[serde(borrow, default)]
    pub namespace: Cow<'a, str>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    #[serde(borrow, default)]
    pub operation: Cow<'a, str>,
    /// The object as it will be stored unless it is patched, but for its managed fields; `null`
    /// where there is none.
    #[serde(default, deserialize_with = "super::object::deserialize")]
    pub object: Value,
    /// Whether nothing will be stored.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// Group, version and plural name of a Kubernetes resource.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Resource<'a> {
    /// Empty for the core group.
    #[serde(borrow, default)]
    pub group: Cow<'a, str>,
    /// For example `v1`.
    #[serde(borrow, default)]
    pub version: Cow<'a, str>,
    /// For example `pods`.
    #[serde(borrow, default)]
    pub resource: Cow<'a, str>,
}

impl fmt::Display for AdmissionRequest<'_> {
    /// What the request is about: `apps/v1 deployments`, `v1 pods/ephemeralcontainers`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resource {
            group,
            version,
            resource,
        } = &self.resource;
        let after = |text: &str| if text.is_empty() { "" } else { "/" };
        let (slash, subslash) = (after(group), after(&self.sub_resource));
        write!(
            f,
            "{group}{slash}{version} {resource}{subslash}{}",
            self.sub_resource
        )
    }
}

/// Why a body is not a review that can be answered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableReview {
    /// Not JSON, or not of the form of a review. The text names the place and never the content.
    #[error("the body is not an AdmissionReview: {problem} at line {line} column {column}")]
    Malformed {
        /// What was found wrong.
        problem: &'static str,
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// Another kind, or another version of it.
    #[error(
        "apiVersion {api_version:?}, kind {kind:?}: must be {API_VERSION}, {KIND}: set admissionReviewVersions: [\"v1\"] in the webhook configuration"
    )]
    Version {
        /// The `apiVersion` that was sent.
        api_version: String,
        /// The `kind` that was sent.
        kind: String,
    },
    /// A review without a question.
    #[error("request: missing")]
    NoRequest,
}

/// Reads the body of a request.
///
/// # Errors
/// When it is not JSON, not a review, or of a version other than `v1`.
pub fn parse(body: &[u8]) -> Result<AdmissionRequest<'_>, UnreadableReview> {
    match serde_json::from_slice::<Incoming<'_>>(body) {
        Ok(review) => {
            check_version(&review.api_version, &review.kind)?;
            review.request.ok_or(UnreadableReview::NoRequest)
        }
        Err(error) => {
            // Another version may look different: say that rather than where it differs.
            if let Ok(header) = serde_json::from_slice::<Header<'_>>(body) {
                check_version(&header.api_version, &header.kind)?;
            }
            Err(malformed(&error))
        }
    }
}

/// The part of a review that says how to read the rest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
}

fn check_version(api_version: &str, kind: &str) -> Result<(), UnreadableReview> {
    if (api_version, kind) == (API_VERSION, KIND) {
        return Ok(());
    }
    Err(UnreadableReview::Version {
        api_version: excerpt(api_version),
        kind: excerpt(kind),
    })
}

fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}

/// serde_json's own text may quote a value of the pod.
fn malformed(error: &serde_json::Error) -> UnreadableReview {
    use serde_json::error::Category;
    let problem = match error.classify() {
        Category::Data => "a field is missing or has another type",
        Category::Eof => "it ends too early",
        Category::Syntax | Category::Io => "it is not JSON",
    };
    UnreadableReview::Malformed {
        problem,
        line: error.line(),
        column: error.column(),
    }
}

/// What the API server is told.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// The object may be stored, changed by the patch.
    Allow {
        /// Empty leaves the object as it is.
        patch: Patch,
        /// Shown to the user.
        warnings: Vec<String>,
    },
    /// The object may not be stored.
    Deny {
        /// Shown to the user, one line for each problem.
        message: String,
        /// Shown to the user.
        warnings: Vec<String>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: AdmissionResponse<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdmissionResponse<'a> {
    uid: &'a str,
    allowed: bool,
    /// The API server refuses a patch without its type, and a type without a patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'static str,
    message: &'a str,
    reason: &'static str,
    code: u16,
}

impl Verdict {
    /// The AdmissionReview that answers the request `uid`.
    ///
    /// # Errors
    /// Never: a patch is made of JSON already.
    pub fn to_json(&self, uid: &str) -> serde_json::Result<Vec<u8>> {
        let (allowed, patch, status, warnings) = match self {
            Self::Allow { patch, warnings } => {
                let patch = (!patch.0.is_empty()).then(|| serde_json::to_vec(patch));
                (true, patch.transpose()?, None, warnings)
            }
            Self::Deny { message, warnings } => (false, None, Some(refusal(message)), warnings),
        };
        let response = AdmissionResponse {
            uid,
            allowed,
            patch_type: patch.as_ref().map(|_| "JSONPatch"),
            patch: patch.map(|patch| BASE64_STANDARD.encode(patch)),
            status,
            warnings: presentable(warnings),
        };
        serde_json::to_vec(&Outgoing {
            api_version: API_VERSION,
            kind: KIND,
            response,
        })
    }
}

/// `kubectl` prints: `Error from server (Forbidden): error when creating "pod.yaml": admission
/// webhook "pods.freshet.dev" denied the request: ` and the message.
fn refusal(message: &str) -> Status<'_> {
    Status {
        status: "Failure",
        message,
        reason: "Forbidden",
        code: 403,
    }
}

/// The API server passes on 4,096 characters of warnings for each of its answers, ours and those of
/// all other webhooks; beyond that it cuts each to 256 and then drops the rest without a word.
const WARNING_CHARACTERS: usize = 4096;
const WARNING_CUT: usize = 256;

/// The warnings as the API server will pass them on: it drops a text with control characters, for
/// it travels in a header.
fn presentable(warnings: &[String]) -> Vec<String> {
    let clean = |text: &String| text.replace(|c: char| c.is_control(), " ");
    let warnings: Vec<_> = warnings.iter().map(clean).collect();
    let length = |text: &String| text.chars().count();
    if warnings.iter().map(length).sum::<usize>() <= WARNING_CHARACTERS {
        return warnings;
    }
    let total = warnings.len();
    let mut left = WARNING_CHARACTERS - WARNING_CUT;
    let mut kept: Vec<String> = warnings
        .into_iter()
        .map(|text| text.chars().take(WARNING_CUT).collect())
        .take_while(|text| {
            let fits = left.checked_sub(length(text));
            left = fits.unwrap_or(0);
            fits.is_some()
        })
        .collect();
    if let dropped @ 1.. = total - kept.len() {
        kept.push(format!(
            "{dropped} more warnings are left out; freshet lint prints them all"
        ));
    }
    kept
}

#[cfg(test)]
mod tests;
