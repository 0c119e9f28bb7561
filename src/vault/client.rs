//! The Vault client: vaultrs' requests over a transport of our own.
//!
//! vaultrs knows Vault's paths and bodies; its default client, its settings and its environment
//! variables are not used, because that client follows redirects with the token, trusts more than
//! the given CA, and drops leases and response headers. This is the only file that names vaultrs or
//! rustify.

use bytes::Bytes;
use rustify::endpoint::Endpoint;
use rustify::enums::{RequestMethod, RequestType, ResponseType};
use rustify::errors::ClientError;
use vaultrs::api::kv2::requests::{ReadSecretMetadataRequest, ReadSecretRequest};
use vaultrs::api::token::requests::{RenewTokenSelfRequest, RevokeTokenSelfRequest};
use zeroize::Zeroizing;

use super::answer::{self, Asked};
use super::envelope::NotVault;
use super::operation::{Operation, inside};
use super::request::Call;
use super::server::Server;
use super::transport::Answer;
use super::{
    Class, Engine, LeaseTerm, Limits, LoginCredentials, SecretsMount, Token, TokenLease, VaultApi,
    VaultError,
};
use crate::secret::{LeaseId, VaultSecret, write_json_string};
use crate::spec::{Auth, Identity, MountPath, VaultPath};

/// A Vault server, as one pod's identity sees it.
pub struct VaultClient {
    server: Server,
    auth: Auth,
    auth_path: MountPath,
}

impl VaultClient {
    /// A client for the server and with the login of `identity`. Nothing is read or connected
    /// before the first request.
    ///
    /// # Errors
    /// When the address or the namespace cannot be sent.
    pub fn new(identity: &Identity, limits: Limits) -> Result<Self, VaultError> {
        Ok(Self {
            server: Server::new(identity, limits)?,
            auth: identity.auth.clone(),
            auth_path: identity.auth_path.clone(),
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

    async fn of_lease(
        &self,
        verb: &str,
        asked: &Asked<'_>,
        token: &Token,
        lease: &LeaseId,
    ) -> Result<Answer, VaultError> {
        let mut body = br#"{"lease_id":"#.to_vec();
        write_json_string(lease.expose(), &mut body);
        body.push(b'}');
        let endpoint = Logical::post(format!("sys/leases/{verb}"), body);
        self.exchange(asked, &endpoint, Some(token)).await
    }
}

impl VaultApi for VaultClient {
    async fn login(&self, credentials: &LoginCredentials) -> Result<Token, VaultError> {
        let operation = Operation::Login(&self.auth, &self.auth_path);
        let asked = Asked::with_credentials(operation, credentials);
        let body = credentials
            .body(&self.auth)
            .map_err(|problem| asked.failed(Class::Invalid, &problem))?;
        let endpoint = Logical::post(format!("auth/{}/login", self.auth_path), body);
        let answer = self.exchange(&asked, &endpoint, None).await?;
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
        let endpoint = Logical::get(format!("sys/internal/ui/mounts/{path}"));
        let answer = self.exchange(&asked, &endpoint, Some(token)).await?;
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
            Engine::KvV1 | Engine::Plain if version.is_some() => Err(asked.failed(
                Class::Invalid,
                "only secrets of a KV version 2 engine have versions",
            )),
            Engine::KvV1 | Engine::Plain => {
                let endpoint = Logical::get(path.to_string());
                let answer = self.exchange(&asked, &endpoint, Some(token)).await?;
                asked.plain(&answer)
            }
        }
    }

    async fn metadata(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> Result<VaultSecret, VaultError> {
        let asked = Asked::with_token(Operation::ReadMetadata(mount, path), token);
        let endpoint = Logical::get(inside(mount, "metadata", path));
        let answer = self.exchange(&asked, &endpoint, Some(token)).await?;
        asked.metadata(&answer)
    }

    async fn list(
        &self,
        token: &Token,
        mount: &SecretsMount,
        path: &VaultPath,
    ) -> Result<VaultSecret, VaultError> {
        let asked = Asked::with_token(Operation::List(mount, path), token);
        let endpoint = Logical {
            path: match mount.engine {
                Engine::KvV2 => inside(mount, "metadata", path),
                Engine::KvV1 | Engine::Plain => path.to_string(),
            },
            method: RequestMethod::LIST,
            body: None,
        };
        asked.plain(&self.exchange(&asked, &endpoint, Some(token)).await?)
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

/// A request that vaultrs has not, or not for every method: a login, a read or a list of any path,
/// and what concerns a lease.
struct Logical {
    path: String,
    method: RequestMethod,
    body: Option<Zeroizing<Vec<u8>>>,
}

impl Logical {
    fn get(path: String) -> Self {
        Self {
            path,
            method: RequestMethod::GET,
            body: None,
        }
    }

    fn post(path: String, body: Vec<u8>) -> Self {
        Self {
            path,
            method: RequestMethod::POST,
            body: Some(Zeroizing::new(body)),
        }
    }
}

impl Endpoint for Logical {
    type Response = ();
    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;
    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        self.path.clone()
    }

    fn method(&self) -> RequestMethod {
        self.method.clone()
    }

    fn body(&self) -> Result<Option<Vec<u8>>, ClientError> {
        Ok(self.body.as_ref().map(|body| body.to_vec()))
    }
}
