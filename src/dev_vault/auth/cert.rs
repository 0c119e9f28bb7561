//! The auth method `cert`: the client certificate of the TLS connection, checked against the
//! certificate of a role. Of a role's constraints the trust alone is served.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};

use super::TokenRules;
use crate::dev_vault::answer::Answer;
use crate::dev_vault::parameters::Parameters;
use crate::dev_vault::request::Method;
use crate::dev_vault::timestamp::unix;
use crate::dev_vault::token::Grant;

/// A mounted method.
#[derive(Default)]
pub(in crate::dev_vault) struct CertMethod {
    roles: BTreeMap<String, Role>,
}

struct Role {
    verifier: Arc<dyn ClientCertVerifier>,
    token: TokenRules,
}

impl CertMethod {
    /// Answers `certs/<name>`.
    pub(super) fn answer(&mut self, path: &str, method: Method, parameters: &Parameters) -> Answer {
        match (path.strip_prefix("certs/"), method) {
            (Some(name), Method::Write) => self.write_role(name, parameters),
            (Some(name), Method::Delete) => {
                self.roles.remove(name);
                Answer::empty()
            }
            _ => Answer::error(404, &["unsupported path"]),
        }
    }

    fn write_role(&mut self, name: &str, parameters: &Parameters) -> Answer {
        let certificate = parameters.text("certificate").unwrap_or_default();
        let Some(verifier) = verifier(certificate) else {
            return Answer::error(400, &["failed to parse certificate"]);
        };
        let mut token = TokenRules::default();
        token.set(parameters);
        self.roles.insert(name.to_owned(), Role { verifier, token });
        Answer::empty()
    }

    /// `client` is `None` without TLS, and empty without a certificate.
    pub(super) fn login(
        &self,
        parameters: &Parameters,
        client: Option<&[CertificateDer<'_>]>,
        now: SystemTime,
    ) -> Result<Grant, Answer> {
        let refused = |reason: &str| Answer::error(400, &[reason]);
        let chain = client.ok_or_else(|| refused("tls connection required"))?;
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Err(refused("client certificate must be supplied"));
        };
        let named = parameters.text("name").filter(|name| !name.is_empty());
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(unix(now)));
        let trusts = |role: &Role| {
            let verdict = role.verifier.verify_client_cert(leaf, intermediates, time);
            verdict.is_ok()
        };
        let mut roles = self.roles.iter();
        let (name, role) = roles
            .find(|(name, role)| named.is_none_or(|named| named == *name) && trusts(role))
            .ok_or_else(|| refused("failed to match all constraints for this login certificate"))?;
        let metadata = [("cert_name", name.clone())];
        Ok(role.token.grant(format!("cert-{name}"), metadata))
    }
}

/// Trusts what the certificates in PEM have signed.
fn verifier(pem: &str) -> Option<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.ok()?).ok()?;
    }
    let provider = Arc::new(ring::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .ok()
}
