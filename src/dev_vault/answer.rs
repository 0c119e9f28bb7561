//! An answer, in Vault's envelope.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// What Vault answers.
#[derive(Clone)]
pub struct Answer {
    status: u16,
    retry_after: Option<u64>,
    errors: Vec<String>,
    body: Option<Box<RawValue>>,
}

/// The envelope, its fields in Vault's order.
#[derive(Serialize)]
struct Envelope<'a> {
    request_id: &'a str,
    lease_id: &'a str,
    renewable: bool,
    lease_duration: u64,
    data: Option<&'a RawValue>,
    wrap_info: Option<()>,
    warnings: Option<&'a [String]>,
    auth: Option<&'a RawValue>,
}

impl Default for Envelope<'_> {
    fn default() -> Self {
        Self {
            request_id: "00000000-0000-0000-0000-000000000000",
            lease_id: "",
            renewable: false,
            lease_duration: 0,
            data: None,
            wrap_info: None,
            warnings: None,
            auth: None,
        }
    }
}

#[derive(Serialize)]
struct Errors<'a> {
    errors: &'a [String],
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// `errors[]`.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// The body, JSON; empty when the status says all.
    pub fn body(&self) -> &str {
        self.body.as_deref().map_or("", RawValue::get)
    }

    pub(super) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    pub(super) fn empty() -> Self {
        Self::raw(204, None)
    }

    /// JSON as it is, without an envelope.
    pub(super) fn bare(status: u16, body: &impl Serialize) -> Self {
        Self::raw(status, to_raw_value(body).ok())
    }

    pub(super) fn data(data: &impl Serialize) -> Self {
        Self::enveloped(200, to_raw_value(data).ok().as_deref(), 0, None, &[])
    }

    /// As KV version 1 answers: with a duration, without a lease.
    pub(super) fn data_for(data: &RawValue, seconds: u64) -> Self {
        Self::enveloped(200, Some(data), seconds, None, &[])
    }

    /// With a lease.
    pub(super) fn leased(data: Option<&Value>, lease: &str, life: Duration) -> Self {
        let data = data.and_then(|data| to_raw_value(data).ok());
        let envelope = Envelope {
            lease_id: lease,
            renewable: true,
            lease_duration: life.as_secs(),
            data: data.as_deref(),
            ..Envelope::default()
        };
        Self::raw(200, to_raw_value(&envelope).ok())
    }

    /// Data with the status of an error, as for a deleted version.
    pub(super) fn missing_data(data: &impl Serialize) -> Self {
        Self::enveloped(404, to_raw_value(data).ok().as_deref(), 0, None, &[])
    }

    pub(super) fn auth(auth: &impl Serialize, warnings: &[String]) -> Self {
        Self::enveloped(200, None, 0, to_raw_value(auth).ok().as_deref(), warnings)
    }

    pub(super) fn missing_with_warning(warning: &str) -> Self {
        Self::enveloped(404, None, 0, None, &[warning.to_owned()])
    }

    pub(super) fn error(status: u16, errors: &[&str]) -> Self {
        let errors: Vec<_> = errors.iter().map(|&error| error.to_owned()).collect();
        let body = to_raw_value(&Errors { errors: &errors }).ok();
        Self {
            errors,
            ..Self::raw(status, body)
        }
    }

    pub(super) fn permission_denied() -> Self {
        Self::error(403, &["1 error occurred:\n\t* permission denied\n\n"])
    }

    pub(super) fn not_found() -> Self {
        Self::error(404, &[])
    }

    pub(super) fn after(self, seconds: Option<u64>) -> Self {
        Self {
            retry_after: seconds,
            ..self
        }
    }

    fn enveloped(
        status: u16,
        data: Option<&RawValue>,
        lease_duration: u64,
        auth: Option<&RawValue>,
        warnings: &[String],
    ) -> Self {
        let envelope = Envelope {
            lease_duration,
            data,
            warnings: (!warnings.is_empty()).then_some(warnings),
            auth,
            ..Envelope::default()
        };
        Self::raw(status, to_raw_value(&envelope).ok())
    }

    fn raw(status: u16, body: Option<Box<RawValue>>) -> Self {
        Self {
            status,
            retry_after: None,
            errors: Vec::new(),
            body,
        }
    }
}

impl fmt::Debug for Answer {
    /// Without the body, which may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, errors) = (&self.status, &self.errors);
        f.debug_struct("Answer")
            .field("status", status)
            .field("errors", errors)
            .finish_non_exhaustive()
    }
}
