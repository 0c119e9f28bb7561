//! The body of a request, within limits: its own size, its time, and the memory of all bodies
//! together.

use std::fmt;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::Semaphore;

use crate::webhook::failure::Failure;
use crate::webhook::limits::Limits;

/// How much memory the bodies that are being read may take together: whoever reaches the port could
/// exhaust the container's memory otherwise.
#[derive(Debug)]
pub(in crate::webhook) struct BodyBudget {
    kibibytes: Semaphore,
    total: u32,
}

impl BodyBudget {
    /// Room for eight of the largest bodies.
    pub(in crate::webhook) fn new(limits: &Limits) -> Self {
        let total = kibibytes(limits.body).saturating_mul(8);
        Self {
            kibibytes: Semaphore::new(total as usize),
            total,
        }
    }
}

fn kibibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX / 16)
}

/// Reads the whole body.
pub(super) async fn read(
    request: Request,
    limits: &Limits,
    budget: &BodyBudget,
) -> Result<Bytes, Failure> {
    let reading = read_within(request.into_body(), limits.body, budget);
    match tokio::time::timeout(limits.request, reading).await {
        Ok(body) => body,
        Err(_) => Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not arrive within {:?}", limits.request),
        )),
    }
}

async fn read_within(body: Body, limit: u64, budget: &BodyBudget) -> Result<Bytes, Failure> {
    let size = body.size_hint();
    if size.lower() > limit {
        return Err(too_large(size.lower(), limit));
    }
    let room = kibibytes(size.upper().unwrap_or(limit)).min(budget.total);
    let _room = budget
        .kibibytes
        .acquire_many(room)
        .await
        .map_err(|_| Failure::new(StatusCode::SERVICE_UNAVAILABLE, "shutting down"))?;
    let limit_as_usize = usize::try_from(limit).unwrap_or(usize::MAX);
    match Limited::new(body, limit_as_usize).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(too_large(format_args!("more than {limit}"), limit))
        }
        Err(_) => Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "the body ended before its time",
        )),
    }
}

fn too_large(size: impl fmt::Display, limit: u64) -> Failure {
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body has {size} bytes: must be at most {limit} (--body-limit)"),
    )
}
