//! An in-memory Vault for the demo and for fault tests; never in a release image.
//!
//! It answers the part of Vault's HTTP API that the refresher and a person with `curl` or the
//! `vault` command need: KV versions 1 and 2, a database engine that makes up its users and their
//! leases, a PKI engine, logins of the `kubernetes`, `jwt`, `approle` and `cert` methods, tokens,
//! policies (in their JSON form), mounts. What it answers was compared with a real Vault, and
//! `tests/servers` runs the same cases against both. Beyond that it takes orders to fail: see
//! [`Fault`].
//!
//! It checks the signatures of service-account tokens itself, with the keys in `pem_keys` of
//! `auth/kubernetes/config`, where a real Vault asks the API server.

mod answer;
mod auth;
mod database;
mod engine;
mod fault;
mod issuer;
mod jwt;
mod kv;
mod lease;
mod listener;
mod parameters;
mod pki;
mod policy;
mod request;
mod request_log;
mod routes;
mod state;
mod sys;
mod timestamp;
mod token;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::net::TcpListener;

pub use self::answer::Answer;
pub use self::fault::Fault;
pub use self::issuer::{IssuerError, ServiceAccount, ServiceAccountIssuer};
pub use self::request_log::LoggedRequest;

use self::fault::Order;
use self::request::{Method, Request};
use self::state::{Reaction, State};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with random bytes.
pub type Randomness = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The server. Clones are the same server.
#[derive(Clone)]
pub struct DevVault {
    state: Arc<Mutex<State>>,
    clock: Clock,
    root_token: Arc<str>,
}

/// A request as the root token that was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path}: HTTP {status}: {errors}")]
pub struct Refused {
    method: &'static str,
    path: String,
    status: u16,
    errors: String,
}

impl DevVault {
    /// An unsealed server with a KV version 2 engine at `secret/`, as `vault server -dev` has, and
    /// a token that may do everything.
    pub fn new(root_token: &str, clock: Clock, randomness: Randomness) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new(root_token, randomness))),
            clock,
            root_token: root_token.into(),
        }
    }

    fn react(&self, request: &Request<'_>) -> Reaction {
        let now = (self.clock)();
        self.locked().react(request, now)
    }

    /// Writes as the root token: `write("secret/data/db", &json!({"data": {…}}))`.
    ///
    /// # Errors
    /// When Vault would refuse it.
    pub fn write(&self, path: &str, body: &impl Serialize) -> Result<Answer, Refused> {
        // Parameters are plain maps and structs, which always are JSON.
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.as_root(Method::Write, path, &body)
    }

    /// Reads as the root token.
    ///
    /// # Errors
    /// When Vault would refuse it.
    pub fn read(&self, path: &str) -> Result<Answer, Refused> {
        self.as_root(Method::Read, path, b"")
    }

    /// Deletes as the root token.
    ///
    /// # Errors
    /// When Vault would refuse it.
    pub fn delete(&self, path: &str) -> Result<Answer, Refused> {
        self.as_root(Method::Delete, path, b"")
    }

    fn as_root(&self, method: Method, path: &str, body: &[u8]) -> Result<Answer, Refused> {
        let request = Request {
            method,
            path,
            query: "",
            token: Some(&self.root_token),
            namespace: None,
            body,
            client: None,
        };
        // Faults and the log are for what comes over the wire.
        let answer = self.locked().respond(&request, (self.clock)());
        if answer.status() < 300 {
            return Ok(answer);
        }
        Err(Refused {
            method: method.as_str(),
            path: path.to_owned(),
            status: answer.status(),
            errors: answer.errors().join("; "),
        })
    }

    /// Orders `fault` for every request over the wire, until [`heal`](Self::heal).
    pub fn order(&self, fault: Fault) {
        self.locked().orders.push(Order::always(fault));
    }

    /// Orders `fault` for the next `times` requests whose path (without `/v1/`) begins with `path`.
    pub fn order_for(&self, path: &str, times: usize, fault: Fault) {
        self.locked()
            .orders
            .push(Order::limited(path, times, fault));
    }

    /// Takes back every order.
    pub fn heal(&self) {
        self.locked().orders.clear();
    }

    /// Revokes every token but the root token, as an operator may; to a client it looks as if they
    /// had expired.
    pub fn revoke_tokens(&self) {
        self.locked().tokens.revoke_all();
    }

    /// The users of all database engines that a database would let in.
    pub fn database_users(&self) -> BTreeSet<String> {
        let mut state = self.locked();
        let State { leases, tokens, .. } = &mut *state;
        leases.users(tokens, (self.clock)())
    }

    /// Revokes every lease, as an operator may.
    pub fn revoke_leases(&self) {
        self.locked().leases.revoke_all();
    }

    /// The requests that came over the wire so far, without values. Only the last 100,000 are kept.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.locked().log.entries()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.locked().log.clear();
    }

    /// Serves HTTP on `listener`, or HTTPS with `tls`, until `shutdown` is ready; open connections
    /// end with it.
    pub async fn serve(
        self,
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        shutdown: impl Future<Output = ()>,
    ) {
        listener::serve(self, listener, tls, shutdown).await;
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a token lives when its role does not say: Vault's default, 32 days.
const DEFAULT_TTL: Duration = Duration::from_secs(768 * 3600);
