//! How much and for how long: what keeps a slow or hostile client from taking the webhook away from
//! the API server.

use std::time::Duration;

/// Sizes, times and counts that bound what a client may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body in bytes. The API server takes objects of up to 3 MiB
    /// (`MaxRequestBodyBytes`); a review adds its envelope and what defaulting has filled in.
    pub body: u64,
    /// From a request's head to the end of its body.
    pub request: Duration,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From there to the first request.
    pub head: Duration,
    /// Without any request; then the connection is closed in order. Above the 90 s after which an
    /// API server closes one itself.
    pub idle: Duration,
    /// Open connections; more wait in the listen queue.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 20,
            request: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            connections: 512,
        }
    }
}

/// How the server ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drain {
    /// How long it goes on accepting after it has said that it is not ready: endpoints are removed
    /// with a delay, and until then the API server still connects.
    pub delay: Duration,
    /// How long after that open requests may take to end.
    pub grace: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(5),
            grace: Duration::from_secs(20),
        }
    }
}
