//! Which requests came, for tests: never what they carried.

use std::collections::VecDeque;
use std::time::SystemTime;

const KEPT: usize = 100_000;

/// A request that came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// When it came.
    pub at: SystemTime,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, decoded, without `/v1/` and query.
    pub path: String,
    /// `X-Vault-Namespace`.
    pub namespace: Option<String>,
    /// The status of the answer; `None` when the connection was cut.
    pub status: Option<u16>,
}

#[derive(Default)]
pub(super) struct RequestLog(VecDeque<LoggedRequest>);

impl RequestLog {
    pub(super) fn add(&mut self, request: LoggedRequest) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    pub(super) fn entries(&self) -> Vec<LoggedRequest> {
        self.0.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
