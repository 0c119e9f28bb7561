//! The server that requests go to: what is the same for all of them, and the transport that trusts
//! its certificate, made anew when the certificate files change.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use tokio::sync::Semaphore;

use super::answer::Asked;
use super::failure::{Destination, Failure};
use super::origin::Origin;
use super::pool::AT_A_TIME;
use super::request::{Call, Common, Unusable};
use super::tls::{TlsFiles, TlsMaterial};
use super::transport::{Answer, Transport};
use super::{Class, Limits, Token, VaultError};
use crate::spec::Login;

/// One Vault server.
pub(super) struct Server {
    origin: Origin,
    common: Common,
    tls_files: TlsFiles,
    roots: String,
    limits: Limits,
    turns: Semaphore,
    current: Mutex<Option<Current>>,
}

/// The transport, and the files' content that it was made with.
struct Current {
    material: TlsMaterial,
    transport: Arc<Transport>,
}

impl Server {
    pub(super) fn new(login: &Login, limits: Limits) -> Result<Self, VaultError> {
        let unusable = |what| {
            let message = format!("the Vault {what} cannot be used in a request");
            VaultError::new(Class::Invalid, message)
        };
        let origin = Origin::new(&login.vault_address, login.tls_server_name.as_ref())
            .ok_or_else(|| unusable("address"))?;
        let common = Common::new(login, &origin).map_err(|Unusable(what)| unusable(what))?;
        let tls_files = TlsFiles {
            ca_file: login.ca_file.as_ref().map(Into::into),
            ca_certificates: login.ca_certificates.clone(),
            client_certificate_dir: login.client_certificate_dir.as_ref().map(Into::into),
        };
        Ok(Self {
            origin,
            common,
            roots: tls_files.roots(),
            tls_files,
            limits,
            turns: Semaphore::new(AT_A_TIME),
            current: Mutex::new(None),
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
        let transport = self.transport(token.is_none()).map_err(fail)?;
        let token = token
            .map(|token| Self::token_header(asked, token))
            .transpose()?;
        let to = Destination {
            origin: &self.origin,
            roots: &self.roots,
            limits: &self.limits,
            repeatable: call.repeatable,
        };
        let request = || {
            let request = self.common.request(&call, token.as_ref());
            request.map_err(|_| Failure {
                class: Class::Invalid,
                certificate: false,
                message: "the request cannot be built".to_owned(),
            })
        };
        let outcome = match transport.send(&to, request).await {
            // The handshake failed, so Vault has seen nothing of the request.
            Err(failure) if failure.certificate => {
                let Some(transport) = self.rebuilt().map_err(fail)? else {
                    return Err(fail(failure));
                };
                transport.send(&to, request).await
            }
            outcome => outcome,
        };
        outcome.map_err(fail)
    }

    /// The header that says who asks.
    ///
    /// # Errors
    /// When `token` has a character that no header can hold.
    pub(super) fn token_header(
        asked: &Asked<'_>,
        token: &Token,
    ) -> Result<HeaderValue, VaultError> {
        let unusable = "the Vault token has characters that no header can hold";
        let mut value = HeaderValue::from_bytes(token.secret.expose().trim_ascii())
            .ok()
            .filter(|value| !value.is_empty())
            .ok_or_else(|| asked.failed(Class::TokenInvalid, unusable))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The transport as it is, or with `refresh` made anew when the files have changed.
    fn transport(&self, refresh: bool) -> Result<Arc<Transport>, Failure> {
        let current = self.current().as_ref().map(Current::transport);
        match current {
            Some(transport) if !refresh => Ok(transport),
            Some(transport) => match self.rebuilt() {
                Ok(rebuilt) => Ok(rebuilt.unwrap_or(transport)),
                Err(failure) => {
                    tracing::warn!(
                        "still using the TLS files as they were: {}",
                        failure.message
                    );
                    Ok(transport)
                }
            },
            None => self.rebuilt()?.ok_or_else(|| unbuilt("no client")),
        }
    }

    /// A transport made with the files as they are now; `None` when they have not changed.
    fn rebuilt(&self) -> Result<Option<Arc<Transport>>, Failure> {
        let material = self.tls_files.read().map_err(unbuilt)?;
        let mut current = self.current();
        if current
            .as_ref()
            .is_some_and(|current| current.material == material)
        {
            return Ok(None);
        }
        let tls = self.tls_files.client_config(&material).map_err(unbuilt)?;
        let transport = Arc::new(Transport::new(tls, &self.limits));
        *current = Some(Current {
            material,
            transport: Arc::clone(&transport),
        });
        Ok(Some(transport))
    }

    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn transport(&self) -> Arc<Transport> {
        Arc::clone(&self.transport)
    }
}

fn unbuilt(problem: impl ToString) -> Failure {
    Failure {
        class: Class::Unavailable,
        certificate: false,
        message: problem.to_string(),
    }
}
