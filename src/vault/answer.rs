//! An answer becomes what was asked for, or an error that says what was asked, what came, and what
//! to do.

use super::envelope::{Envelope, KvReply, NotVault};
use super::jwt::Claims;
use super::operation::Operation;
use super::refusal::{Refusal, one_line_each};
use super::transport::Answer;
use super::{Class, Engine, LoginCredentials, SecretsMount, Token, VaultError};
use crate::secret::{SecretMap, SecretValue, VaultSecret};
use crate::spec::VaultPath;

/// A request that is under way: what it asks, and what it sent that no message may hold.
pub(super) struct Asked<'a> {
    operation: Operation<'a>,
    sent: &'a [u8],
    /// The service-account token of a login that sends one.
    jwt: Option<&'a [u8]>,
}

impl<'a> Asked<'a> {
    pub(super) fn with_token(operation: Operation<'a>, token: &'a Token) -> Self {
        Self {
            operation,
            sent: token.secret.expose(),
            jwt: None,
        }
    }

    pub(super) fn with_credentials(
        operation: Operation<'a>,
        credentials: &'a LoginCredentials,
    ) -> Self {
        Self {
            operation,
            sent: credentials.secret(),
            jwt: credentials.service_account_token(),
        }
    }

    /// Whether Vault may be asked the same twice. A plain read may make a credential, and one whose
    /// answer is lost stays behind; renewals, look-ups and revocations of leases are the same the
    /// second time.
    pub(super) fn is_repeatable(&self) -> bool {
        match self.operation {
            Operation::Login(..)
            | Operation::RenewToken
            | Operation::RevokeToken
            | Operation::Write(_) => false,
            Operation::Read(mount, ..) => !matches!(mount.engine, Engine::Plain | Engine::Pki),
            _ => true,
        }
    }

    /// An error before, or without, an answer.
    pub(super) fn failed(&self, class: Class, reason: &str) -> VaultError {
        VaultError::new(class, format!("cannot {}: {reason}", self.operation))
    }

    /// The envelope of an answer that is a success; Vault's warnings go to the log.
    pub(super) fn success<'b>(&self, answer: &'b Answer) -> Result<Envelope<'b>, VaultError> {
        match answer.status {
            200..=299 => {
                let envelope =
                    Envelope::parse(&answer.body).map_err(|NotVault| self.not_vault(answer))?;
                self.log_warnings(&envelope);
                Ok(envelope)
            }
            300..=399 => Err(self.redirected(answer)),
            _ => Err(self.refused(answer)),
        }
    }

    /// Vault's remarks on a request that went well: at a login for whoever set up the role, at the
    /// many requests after it for whoever looks closely.
    fn log_warnings(&self, envelope: &Envelope<'_>) {
        for warning in one_line_each(envelope.warnings(), &[self.sent]) {
            match self.operation {
                Operation::Login(..) => {
                    tracing::warn!("Vault warns, asked to {}: {warning}", self.operation);
                }
                _ => tracing::debug!("Vault warns, asked to {}: {warning}", self.operation),
            }
        }
    }

    /// The secret of an answer of a KV v2 engine.
    pub(super) fn kv_v2(&self, answer: &Answer) -> Result<VaultSecret, VaultError> {
        // The 404 of a deleted version carries its metadata instead of errors.
        let reply = match answer.status {
            404 => Envelope::parse(&answer.body)
                .and_then(Envelope::into_kv_v2)
                .unwrap_or(KvReply::Nothing),
            _ => self
                .success(answer)?
                .into_kv_v2()
                .map_err(|NotVault| self.not_vault(answer))?,
        };
        match reply {
            KvReply::Secret(secret) => Ok(secret),
            KvReply::Gone(gone) if gone.destroyed => Err(self.failed(
                Class::NotFound,
                &format!("version {} has been destroyed", gone.version),
            )),
            KvReply::Gone(gone) => Err(self.failed(
                Class::NotFound,
                &format!(
                    "version {0} has been deleted; bring it back: vault kv undelete -versions={0}",
                    gone.version
                ),
            )),
            KvReply::Nothing if answer.status == 404 => Err(self.refused(answer)),
            KvReply::Nothing => Err(self.failed(Class::NotFound, "the answer holds no data")),
        }
    }

    /// The secret of an answer of any other engine.
    pub(super) fn plain(&self, answer: &Answer) -> Result<VaultSecret, VaultError> {
        let secret = self.success(answer)?.into_plain();
        secret
            .map_err(|NotVault| self.not_vault(answer))?
            .ok_or_else(|| self.failed(Class::NotFound, "the answer holds no data"))
    }

    /// The metadata of a KV v2 secret as texts.
    pub(super) fn metadata(&self, answer: &Answer) -> Result<VaultSecret, VaultError> {
        let mut secret = self.plain(answer)?;
        secret.data = flattened(secret.data);
        Ok(secret)
    }

    /// A success that may have nothing to say.
    pub(super) fn done(&self, answer: &Answer) -> Result<(), VaultError> {
        match answer.status {
            204 => Ok(()),
            _ => self.success(answer).map(|_| ()),
        }
    }

    /// The part of `path` inside `mount`.
    pub(super) fn relative_path<'p>(
        &self,
        mount: &SecretsMount,
        path: &'p VaultPath,
    ) -> Result<&'p str, VaultError> {
        mount
            .relative_path(path)
            .ok_or_else(|| self.failed(Class::Invalid, "it is a mount path: name a secret in it"))
    }

    /// An answer that Vault would not give: something else listens there.
    pub(super) fn not_vault(&self, answer: &Answer) -> VaultError {
        let (status, content_type) = (answer.status, &answer.content_type);
        let hint = if answer
            .body
            .starts_with(b"Client sent an HTTP request to an HTTPS server")
        {
            "the port expects TLS: the address must begin with https://"
        } else {
            "is the address right, does a proxy or a login page answer?"
        };
        self.failed(
            Class::Invalid,
            &format!("the answer (HTTP {status}, {content_type}) is not Vault's: {hint}"),
        )
    }

    fn redirected(&self, answer: &Answer) -> VaultError {
        let target = answer.location.as_deref().unwrap_or("nowhere");
        self.failed(
            Class::Unavailable,
            &format!(
                "the server redirects to {target} (HTTP {}), and redirects are not followed \
                 because the token must \
                 go nowhere else: name the active node's address, or let standby nodes forward \
                 requests",
                answer.status
            ),
        )
    }

    fn refused(&self, answer: &Answer) -> VaultError {
        let envelope = Envelope::parse(&answer.body).ok();
        let words = envelope.as_ref().and_then(|envelope| {
            let errors = envelope.errors()?;
            Some(if errors.is_empty() {
                envelope.warnings()
            } else {
                errors
            })
        });
        // Vault's own 404 has warnings in place of errors where a KV version is mistaken.
        let words = words.or_else(|| {
            envelope
                .as_ref()
                .map(Envelope::warnings)
                .filter(|words| !words.is_empty())
        });
        if words.is_none() && (400..500).contains(&answer.status) && answer.status != 429 {
            return self.not_vault(answer);
        }
        Refusal {
            operation: self.operation,
            status: answer.status,
            retry_after: answer.retry_after,
            errors: one_line_each(words.unwrap_or_default(), &[self.sent]),
            claims: self.jwt.and_then(Claims::of),
        }
        .into_error()
    }
}

/// The mount of `path` on a server that cannot look it up: its first part.
pub(super) fn mount_of_old_server(path: &VaultPath) -> Result<SecretsMount, VaultError> {
    let first = path.as_str().split('/').next().unwrap_or_default();
    let invalid = |_| VaultError::new(Class::Invalid, format!("{path} has no mount path"));
    Ok(SecretsMount {
        path: first.parse().map_err(invalid)?,
        engine: Engine::Plain,
    })
}

/// The metadata of a secret as texts.
fn flattened(mut metadata: SecretMap) -> SecretMap {
    let text = |value: &SecretValue| SecretValue::String(value.to_bytes());
    let own = ["created_time", "current_version", "delete_version_after"];
    let own: Vec<_> = own
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), text(metadata.get(name)?))))
        .collect();
    let custom = match metadata.remove("custom_metadata") {
        Some(SecretValue::Map(custom)) => custom,
        _ => SecretMap::new(),
    };
    let custom = custom
        .iter()
        .map(|(name, value)| (name.clone(), text(value)));
    own.into_iter().chain(custom).collect()
}
