//! Talking to Vault: the small trait that the refresher needs, in our words, and its errors by
//! class.
//!
//! The sync engine's decisions depend on a [`Class`] alone, never on a message.

mod answer;
mod authority;
mod client;
mod connection;
mod connector;
mod credentials;
mod envelope;
mod failure;
mod jwt;
mod logical;
mod operation;
mod origin;
mod place;
mod pool;
mod refusal;
mod request;
mod server;
mod tls;
mod transport;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::secret::{LeaseId, SecretBytes, VaultSecret};
use crate::spec::{MountPath, Parameters, VaultPath};

pub use self::authority::Authority;
pub use self::client::VaultClient;
pub use self::credentials::LoginCredentials;
pub use self::jwt::service_account_token_expiry;

/// A Vault or OpenBao server, as far as the refresher uses it. Address, namespace, TLS and
/// time-outs belong to the implementation.
pub trait VaultApi {
    /// Logs in (`POST auth/<mount>/login`). The credentials must be those of the auth method.
    fn login(
        &self,
        credentials: &LoginCredentials,
    ) -> impl Future<Output = Result<Token, VaultError>>;

    /// Extends the token (`POST auth/token/renew-self`); Vault may give less than it gave at login.
    fn renew_token(&self, token: &Token) -> impl Future<Output = Result<TokenLease, VaultError>>;

    /// Which secrets engine a path belongs to (`GET sys/internal/ui/mounts/<path>`), as the Vault
    /// CLI asks.
    fn mount(
        &self,
        token: &Token,
        path: &VaultPath,
    ) -> impl Future<Output = Result<SecretsMount, VaultError>>;

    /// The newest version of a KV v2 secret (`GET <mount>/metadata/<path>`), without its data.
    fn kv_version(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> impl Future<Output = Result<u64, VaultError>>;

    /// Reads a secret; with KV v2 the data is flattened and `version` selects one.
    fn read(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
        version: Option<u64>,
    ) -> impl Future<Output = Result<VaultSecret, VaultError>>;

    /// Reads with `query` behind the path (`GET <path>?ttl=1h`), as some engines that make
    /// credentials take it.
    fn query(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
        query: &Parameters,
    ) -> impl Future<Output = Result<VaultSecret, VaultError>>;

    /// Has the engine make a secret (`POST <path>`): each call makes another one.
    fn write(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
        parameters: &Parameters,
    ) -> impl Future<Output = Result<VaultSecret, VaultError>>;

    /// The CA that certificates of `path` are issued by now (`GET <mount>/cert/ca_chain`, and where
    /// the path names an issuer `GET <mount>/issuer/<ref>/json`). No policy is needed for it.
    fn authority(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> impl Future<Output = Result<Authority, VaultError>>;

    /// Reads the metadata of a KV v2 secret (`GET <mount>/metadata/<path>`) as a flat map of texts:
    /// `created_time`, `current_version`, `delete_version_after`, and over them what people wrote
    /// (`custom_metadata`).
    fn metadata(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> impl Future<Output = Result<VaultSecret, VaultError>>;

    /// Lists a folder of a KV engine (`LIST <mount>/metadata/<path>`, with version 1 `LIST <path>`):
    /// the answer's data, whose `keys` are names, those of folders with a slash at their end. The
    /// path may be the mount itself.
    fn list(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> impl Future<Output = Result<VaultSecret, VaultError>>;

    /// Extends a lease (`POST sys/leases/renew`); Vault may give less than it gave at first. A lease
    /// that has ended, or that cannot be extended, is [`Class::NotFound`]. `path` is for messages.
    fn renew_lease(
        &self,
        token: &Token,
        path: &VaultPath,
        lease: &LeaseId,
    ) -> impl Future<Output = Result<LeaseTerm, VaultError>>;

    /// Whether a lease still lives, and for how long (`POST sys/leases/lookup`). `path` is for
    /// messages.
    fn check_lease(
        &self,
        token: &Token,
        path: &VaultPath,
        lease: &LeaseId,
    ) -> impl Future<Output = Result<LeaseTerm, VaultError>>;

    /// Ends a lease (`POST sys/leases/revoke`). `path` is for messages.
    fn revoke_lease(
        &self,
        token: &Token,
        path: &VaultPath,
        lease: &LeaseId,
    ) -> impl Future<Output = Result<(), VaultError>>;

    /// Revokes the token and all that hangs on it (`POST auth/token/revoke-self`).
    fn revoke_token(&self, token: &Token) -> impl Future<Output = Result<(), VaultError>>;
}

/// A Vault token, from a login.
#[derive(Debug)]
pub struct Token {
    /// What is sent as `X-Vault-Token`.
    pub secret: SecretBytes,
    /// How long it lives.
    pub lease: TokenLease,
}

/// How long a token lives, as of the reply that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLease {
    /// From the time of the reply; zero means that it never expires.
    pub duration: Duration,
    /// Whether it can be extended.
    pub renewable: bool,
}

/// How long a lease lives, as of the reply that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTerm {
    /// From the time of the reply.
    pub duration: Duration,
    /// Whether it can be extended.
    pub renewable: bool,
}

/// The secrets engine that serves a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretsMount {
    /// Where it is mounted.
    pub path: MountPath,
    /// How its paths are read.
    pub engine: Engine,
}

impl SecretsMount {
    /// The part of `path` inside the mount; `None` when `path` lies elsewhere or is the mount.
    pub fn relative_path<'p>(&self, path: &'p VaultPath) -> Option<&'p str> {
        let rest = path.as_str().strip_prefix(self.path.as_str())?;
        rest.strip_prefix('/')
    }
}

/// How the paths of a secrets engine are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// An engine other than those below, or one of which nobody knows which it is: a read may make
    /// a credential, so it is never sent twice.
    Plain,
    /// It issues certificates, and shows the CA that it does so by.
    Pki,
    /// KV version 1: what is read is what was written.
    KvV1,
    /// KV version 2: `data/` and `metadata/` below the mount, and an envelope around the data.
    KvV2,
}

/// How long and how large an exchange with Vault may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For name resolution, TCP and TLS together.
    pub connect: Duration,
    /// For a whole request, from the first byte out to the last byte in.
    pub request: Duration,
    /// The largest body of an answer, in bytes.
    pub answer: usize,
}

impl Default for Limits {
    /// 5 s, 30 s and 4 MiB: Vault stores no larger entry than 1 MiB unless it is told to
    /// (`max_entry_size`), and an answer has to fit into the refresher's memory several times.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(30),
            answer: 4 << 20,
        }
    }
}

/// What the refresher does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 400 and 403 at login, 403 elsewhere: the policy or the role says no. Older servers say the
    /// same of a token that they no longer know.
    Denied,
    /// 403 that names the token: expired, revoked, or forgotten by a server that was restored.
    /// Logging in again helps, asking again does not.
    TokenInvalid,
    /// 404: no such secret, version or mount.
    NotFound,
    /// 429, or 503 with a hint: try again, not before the given time where there is one.
    RateLimited(Option<Duration>),
    /// Unreachable, time-out, TLS failure, sealed, 5xx, a redirect.
    Unavailable,
    /// An answer that is not Vault's, or a request that can never succeed.
    Invalid,
}

/// Why a request failed: its class, and a text that names the operation and the path and ends with
/// Vault's own `errors[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultError {
    class: Class,
    message: String,
}

impl VaultError {
    /// An error of `class`; `message` never holds a token, a JWT or a secret value.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }

    /// What to do about it.
    pub fn class(&self) -> Class {
        self.class
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for VaultError {}
