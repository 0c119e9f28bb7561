//! The Vault client: vaultrs' requests over a transport of our own.
//!
//! vaultrs knows Vault's paths and bodies; its default client, its settings and its environment
//! variables are not used, because that client follows redirects with the token, trusts more than
//! the given CA, and drops leases and response headers. This is the only file that names vaultrs or
//! rustify.

use bytes::Bytes;
use rustify::endpoint::Endpoint;
use vaultrs::api::kv2::requests::{ReadSecretMetadataRequest, ReadSecretRequest};
use vaultrs::api::token::requests::{RenewTokenSelfRequest, RevokeTokenSelfRequest};
use zeroize::Zeroizing;

use super::answer::{self, Asked};
use super::authority::{self, Authority};
use super::envelope::NotVault;
use super::logical::Logical;
use super::operation::{Operation, inside};
use super::request::Call;
use super::server::Server;
use super::transport::Answer;
use super::{
    Class, Engine, LeaseTerm, Limits, LoginCredentials, SecretsMount, Token, TokenLease, VaultApi,
    VaultError,
};
use crate::secret::{LeaseId, VaultSecret};
use crate::spec::{Auth, Login, MountPath, Parameters, VaultPath};

/// A Vault server, as one login sees it.
pub struct VaultClient {
    server: Server,
    auth: Auth,
    auth_path: MountPath,
}

impl VaultClient {
    /// A client for the server of `login`, as whom that says. Nothing is read or connected before the
    /// first request.
    ///
    /// # Errors
    /// When the address or the namespace cannot be sent.
    pub fn new(login: &Login, limits: Limits) -> Result<Self, VaultError> {
        Ok(Self {
            server: Server::new(login, limits)?,
            auth: login.auth.clone(),
            auth_path: login.auth_path.clone(),
        })
    }

    async fn exchange(
        &self,
        asked: &Asked<'_>,
        endpoint: &impl Endpoint,
        token: Option<&Token>,
    ) -> Result<Answer, VaultError> {
        let invalid = |_| asked.failed(Class::Invalid, "the request cannot be built");
        let body = endpoint.body().map_err(invalid)?.unwrap_or_default();
        let call = Call {
            method: endpoint.method().into(),
            path: endpoint.path(),
            query: endpoint.query().map_err(invalid)?,
            body: Bytes::from_owner(Zeroizing::new(body)),
            repeatable: asked.is_repeatable(),
        };
        self.server.exchange(asked, call, token).await
    }

    async fn send(
        &self,
        asked: &Asked<'_>,
        request: Logical,
        token: &Token,
    ) -> Result<Answer, VaultError> {
        let call = request.into_call(asked.is_repeatable());
        self.server.exchange(asked, call, Some(token)).await
    }

    async fn of_lease(
        &self,
        verb: &str,
        asked: &Asked<'_>,
        token: &Token,
        lease: &LeaseId,
    ) -> Result<Answer, VaultError> {
        let fields = [("lease_id", lease.expose())];
        let request = Logical::write(format!("sys/leases/{verb}"), &fields);
        self.send(asked, request, token).await
    }
}

impl VaultApi for VaultClient {
    async fn login(&self, credentials: &LoginCredentials) -> Result<Token, VaultError> {
        let operation = Operation::Login(&self.auth, &self.auth_path);
        let asked = Asked::with_credentials(operation, credentials);
        let body = credentials
            .body(&self.auth)
            .map_err(|problem| asked.failed(Class::Invalid, &problem))?;
        let request = Logical::post(format!("auth/{}/login", self.auth_path), body);
        let call = request.into_call(asked.is_repeatable());
        let answer = self.server.exchange(&asked, call, None).await?;
        let token = asked
            .success(&answer)?
            .into_token()
            .map_err(|NotVault| asked.not_vault(&answer))?;
        // A token that no header can hold is found out here, not at the first read.
        Server::token_header(&asked, &token)?;
        Ok(token)
    }

    async fn renew_token(&self, token: &Token) -> Result<TokenLease, VaultError> {
        let asked = Asked::with_token(Operation::RenewToken, token);
        let answer = self
            .exchange(&asked, &RenewTokenSelfRequest::default(), Some(token))
            .await?;
        asked
            .success(&answer)?
            .token_lease()
            .map_err(|NotVault| asked.not_vault(&answer))
    }

    async fn mount(&self, token: &Token, path: &VaultPath) -> Result<SecretsMount, VaultError> {
        let asked = Asked::with_token(Operation::FindMount(path), token);
        let request = Logical::read(format!("sys/internal/ui/mounts/{path}"));
        let answer = self.send(&asked, request, token).await?;
        match asked.success(&answer) {
            // A server from before Vault 0.10.2 has no look-up, and no KV version 2 either.
            Err(error) if error.class() == Class::NotFound => {
                Ok(answer::mount_of_old_server(path)?)
            }
            Err(error) => Err(error),
            Ok(envelope) => envelope
                .mount(path)
                .map_err(|NotVault| asked.not_vault(&answer)),
        }
    }

    async fn kv_version(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> Result<u64, VaultError> {
        let asked = Asked::with_token(Operation::CheckVersion(mount, path), token);
        let endpoint = ReadSecretMetadataRequest {
            mount: mount.path.to_string(),
            path: asked.relative_path(mount, path)?.to_owned(),
        };
        let answer = self.exchange(&asked, &endpoint, Some(token)).await?;
        match asked.success(&answer)?.current_version() {
            Ok(Some(version)) => Ok(version),
            // The read that follows says which it is.
            Ok(None) => Err(asked.failed(
                Class::NotFound,
                "the newest version is deleted or will be, or there is none",
            )),
            Err(NotVault) => Err(asked.not_vault(&answer)),
        }
    }

    async fn read(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
        version: Option<u64>,
    ) -> Result<VaultSecret, VaultError> {
        let asked = Asked::with_token(Operation::Read(mount, path, version), token);
        match mount.engine {
            Engine::KvV2 => {
                let endpoint = ReadSecretRequest {
                    mount: mount.path.to_string(),
                    path: asked.relative_path(mount, path)?.to_owned(),
                    version,
                };
                let answer = self.exchange(&asked, &endpoint, Some(token)).await?;
                asked.kv_v2(&answer)
            }
            Engine::KvV1 | Engine::Plain | Engine::Pki if version.is_some() => Err(asked.failed(
                Class::Invalid,
                "only secrets of a KV version 2 engine have versions",
            )),
            Engine::KvV1 | Engine::Plain | Engine::Pki => {
                let request = Logical::read(path.to_string());
                asked.plain(&self.send(&asked, request, token).await?)
            }
        }
    }

    async fn query(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
        query: &Parameters,
    ) -> Result<VaultSecret, VaultError> {
        let asked = Asked::with_token(Operation::Read(mount, path, None), token);
        if mount.engine == Engine::KvV2 {
            return Err(asked.failed(
                Class::Invalid,
                "it is a path of a KV engine, of which only ?version=N can be asked",
            ));
        }
        let request = Logical::query(path.to_string(), query);
        asked.plain(&self.send(&asked, request, token).await?)
    }

    async fn write(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
        parameters: &Parameters,
    ) -> Result<VaultSecret, VaultError> {
        let asked = Asked::with_token(Operation::Write(path), token);
        // What is written to KV replaces what is there.
        if matches!(mount.engine, Engine::KvV1 | Engine::KvV2) {
            return Err(asked.failed(
                Class::Invalid,
                "it is a path of a KV engine, which makes nothing of parameters: only \
                 ?version=N may stand behind it",
            ));
        }
        let fields = parameters.iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| (name, value.as_bytes()))
            .collect();
        let request = Logical::write(path.to_string(), &fields);
        asked.plain(&self.send(&asked, request, token).await?)
    }

    async fn authority(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> Result<Authority, VaultError> {
        let asked = Asked::with_token(Operation::SeeAuthority(path), token);
        let request = Logical::read(authority::path(mount, path));
        let answer = self.send(&asked, request, token).await?;
        let authority = asked.success(&answer)?.authority();
        authority.map_err(|NotVault| asked.not_vault(&answer))
    }

    async fn metadata(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> Result<VaultSecret, VaultError> {
        let asked = Asked::with_token(Operation::ReadMetadata(mount, path), token);
        let request = Logical::read(inside(mount, "metadata", path));
        let answer = self.send(&asked, request, token).await?;
        asked.metadata(&answer)
    }

    async fn list(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> Result<VaultSecret, VaultError> {
        let asked = Asked::with_token(Operation::List(mount, path), token);
        let request = Logical::list(match mount.engine {
            Engine::KvV2 => inside(mount, "metadata", path),
            Engine::KvV1 | Engine::Plain | Engine::Pki => path.to_string(),
        });
        asked.plain(&self.send(&asked, request, token).await?)
    }

    async fn renew_lease(
        &self,
        token: &Token,
        path: &VaultPath,
        lease: &LeaseId,
    ) -> Result<LeaseTerm, VaultError> {
        let asked = Asked::with_token(Operation::RenewLease(path), token);
        let answer = self.of_lease("renew", &asked, token, lease).await?;
        let term = asked.success(&answer)?.renewed_lease();
        term.map_err(|NotVault| asked.not_vault(&answer))
    }

    async fn check_lease(
        &self,
        token: &Token,
        path: &VaultPath,
        lease: &LeaseId,
    ) -> Result<LeaseTerm, VaultError> {
        let asked = Asked::with_token(Operation::CheckLease(path), token);
        let answer = self.of_lease("lookup", &asked, token, lease).await?;
        let term = asked.success(&answer)?.found_lease();
        term.map_err(|NotVault| asked.not_vault(&answer))
    }

    async fn revoke_lease(
        &self,
        token: &Token,
        path: &VaultPath,
        lease: &LeaseId,
    ) -> Result<(), VaultError> {
        let asked = Asked::with_token(Operation::RevokeLease(path), token);
        asked.done(&self.of_lease("revoke", &asked, token, lease).await?)
    }

    async fn revoke_token(&self, token: &Token) -> Result<(), VaultError> {
        let asked = Asked::with_token(Operation::RevokeToken, token);
        let answer = self
            .exchange(&asked, &RevokeTokenSelfRequest::default(), Some(token))
            .await?;
        asked.done(&answer)
    }
}
