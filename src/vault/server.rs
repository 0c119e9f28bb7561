//! The server that requests go to: its URL, its namespace, and the HTTP client that trusts its
//! certificate, made anew when the certificate files change.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};
use tokio::sync::Semaphore;

use super::answer::Asked;
use super::tls::{TlsFiles, TlsMaterial};
use super::transport::{self, AT_A_TIME, Answer, Failure};
use super::{Class, Limits, Token, VaultError};
use crate::spec::{Identity, VaultAddress, VaultNamespace};

/// One Vault server.
pub(super) struct Server {
    address: VaultAddress,
    base: Url,
    namespace: Option<HeaderValue>,
    auth_namespace: Option<HeaderValue>,
    /// What is the same for all requests.
    headers: HeaderMap,
    tls_files: TlsFiles,
    limits: Limits,
    turns: Semaphore,
    connection: Mutex<Option<Connection>>,
}

/// The HTTP client, and the files' content that it was made with.
struct Connection {
    material: TlsMaterial,
    http: reqwest::Client,
}

/// A request below `/v1`, without what is the same for all of them.
pub(super) struct Call {
    pub(super) method: Method,
    /// Not encoded; empty parts are dropped.
    pub(super) path: String,
    /// Encoded.
    pub(super) query: Option<String>,
    /// JSON, or nothing.
    pub(super) body: Bytes,
}

impl Server {
    pub(super) fn new(identity: &Identity, limits: Limits) -> Result<Self, VaultError> {
        let address = identity.vault_address.clone();
        let unusable = |what| {
            let message = format!("the Vault {what} cannot be used in a request");
            VaultError::new(Class::Invalid, message)
        };
        let base = Url::parse(&address.origin()).map_err(|_| unusable("address"))?;
        let namespace = |namespace: &Option<VaultNamespace>| {
            let namespace = namespace.as_ref();
            let header = namespace.map(|namespace| HeaderValue::from_str(namespace.as_str()));
            header.transpose().map_err(|_| unusable("namespace"))
        };
        let vault_namespace = namespace(&identity.vault_namespace)?;
        let auth_namespace = namespace(&identity.auth_namespace)?;
        let mut headers = HeaderMap::new();
        // A Vault Agent or Proxy on the way may insist on it, against forged requests.
        headers.insert("x-vault-request", HeaderValue::from_static("true"));
        for header in &identity.headers {
            let name = HeaderName::from_bytes(header.name().as_bytes());
            let value = HeaderValue::from_str(header.value());
            match (name, value) {
                (Ok(name), Ok(value)) => headers.append(name, value),
                _ => return Err(unusable("header")),
            };
        }
        Ok(Self {
            address,
            base,
            auth_namespace: auth_namespace.or_else(|| vault_namespace.clone()),
            namespace: vault_namespace,
            headers,
            tls_files: TlsFiles {
                ca_file: identity.ca_file.as_ref().map(Into::into),
                ca_certificates: identity.ca_certificates.clone(),
                client_certificate_dir: identity.client_certificate_dir.as_ref().map(Into::into),
            },
            limits,
            turns: Semaphore::new(AT_A_TIME),
            connection: Mutex::new(None),
        })
    }

    /// Sends `call`, with `token` or, at a login, without.
    pub(super) async fn exchange(
        &self,
        asked: &Asked<'_>,
        call: Call,
        token: Option<&Token>,
    ) -> Result<Answer, VaultError> {
        let fail = |failure: Failure| asked.failed(failure.class, &failure.message);
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.ok();
        let http = self.http(token.is_none()).map_err(fail)?;
        let roots = self.tls_files.roots();
        let request = self.request(asked, &call, token)?;
        let outcome = match transport::send(&http, request, &self.limits, &roots).await {
            // The handshake failed, so Vault has seen nothing of the request.
            Err(failure) if failure.certificate => {
                let Some(http) = self.rebuilt().map_err(fail)? else {
                    return Err(fail(failure));
                };
                let again = self.request(asked, &call, token)?;
                transport::send(&http, again, &self.limits, &roots).await
            }
            outcome => outcome,
        };
        outcome.map_err(fail)
    }

    /// The client as it is, or with `refresh` made anew when the files have changed.
    fn http(&self, refresh: bool) -> Result<reqwest::Client, Failure> {
        let current = self
            .current()
            .as_ref()
            .map(|connection| connection.http.clone());
        match current {
            Some(http) if !refresh => Ok(http),
            Some(http) => match self.rebuilt() {
                Ok(rebuilt) => Ok(rebuilt.unwrap_or(http)),
                Err(failure) => {
                    tracing::warn!(
                        "still using the TLS files as they were: {}",
                        failure.message
                    );
                    Ok(http)
                }
            },
            None => self.rebuilt()?.ok_or_else(|| unbuilt("no client")),
        }
    }

    /// A client made with the files as they are now; `None` when they have not changed.
    fn rebuilt(&self) -> Result<Option<reqwest::Client>, Failure> {
        let material = self.tls_files.read().map_err(unbuilt)?;
        let mut current = self.current();
        if current
            .as_ref()
            .is_some_and(|connection| connection.material == material)
        {
            return Ok(None);
        }
        let tls = self.tls_files.client_config(&material).map_err(unbuilt)?;
        let secure = self.address.is_secure();
        let http = transport::client(tls, secure, &self.limits).map_err(unbuilt)?;
        *current = Some(Connection {
            material,
            http: http.clone(),
        });
        Ok(Some(http))
    }

    fn current(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn request(
        &self,
        asked: &Asked<'_>,
        call: &Call,
        token: Option<&Token>,
    ) -> Result<Request, VaultError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            // Each part is percent-encoded on its own.
            let prefix = self.address.prefix().split('/').chain(["v1"]);
            let parts = prefix.chain(call.path.split('/'));
            path.clear()
                .extend(parts.filter(|part| !part.trim().is_empty()));
        }
        url.set_query(call.query.as_deref().filter(|query| !query.is_empty()));
        let mut request = Request::new(call.method.clone(), url);
        *request.headers_mut() = self.headers(asked, token)?;
        if !call.body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(call.body.clone().into());
        }
        Ok(request)
    }

    /// The headers of a request.
    ///
    /// # Errors
    /// When `token` has a character that no header can hold.
    pub(super) fn headers(
        &self,
        asked: &Asked<'_>,
        token: Option<&Token>,
    ) -> Result<HeaderMap, VaultError> {
        let mut headers = self.headers.clone();
        let namespace = match token {
            Some(_) => &self.namespace,
            None => &self.auth_namespace,
        };
        if let Some(namespace) = namespace {
            headers.insert("x-vault-namespace", namespace.clone());
        }
        if let Some(token) = token {
            let unusable = "the Vault token has characters that no header can hold";
            let mut value = HeaderValue::from_bytes(token.secret.expose().trim_ascii())
                .ok()
                .filter(|value| !value.is_empty())
                .ok_or_else(|| asked.failed(Class::TokenInvalid, unusable))?;
            value.set_sensitive(true);
            headers.insert("x-vault-token", value);
        }
        Ok(headers)
    }
}

fn unbuilt(problem: impl ToString) -> Failure {
    Failure {
        class: Class::Unavailable,
        certificate: false,
        message: problem.to_string(),
    }
}
