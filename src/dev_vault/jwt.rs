//! JSON Web Tokens (RFC 7519) with the two signatures that Kubernetes uses: ES256 and RS256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A key that signatures are checked with.
pub(super) struct VerifyingKey {
    algorithm: &'static str,
    verification: &'static dyn VerificationAlgorithm,
    key: Vec<u8>,
}

impl VerifyingKey {
    /// Reads `-----BEGIN PUBLIC KEY-----`: P-256 or RSA.
    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (_, info) = SubjectPublicKeyInfo::from_der(&der).ok()?;
        let (algorithm, verification): (_, &'static dyn VerificationAlgorithm) =
            match info.algorithm.algorithm.to_id_string().as_str() {
                "1.2.840.10045.2.1" => ("ES256", &ECDSA_P256_SHA256_FIXED),
                "1.2.840.113549.1.1.1" => ("RS256", &RSA_PKCS1_2048_8192_SHA256),
                _ => return None,
            };
        let key = info.subject_public_key.data.to_vec();
        Some(Self {
            algorithm,
            verification,
            key,
        })
    }

    fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        algorithm == self.algorithm
            && UnparsedPublicKey::new(self.verification, &self.key)
                .verify(message, signature)
                .is_ok()
    }
}

/// The claims that logins look at.
#[derive(Deserialize)]
pub(super) struct Claims {
    #[serde(default)]
    pub(super) aud: Audiences,
    pub(super) sub: Option<String>,
    pub(super) exp: Option<u64>,
    pub(super) nbf: Option<u64>,
    #[serde(rename = "kubernetes.io")]
    pub(super) kubernetes: Option<KubernetesClaims>,
}

/// One audience, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audiences {
    One(String),
    Many(Vec<String>),
}

impl Default for Audiences {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Audiences {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(audience) => std::slice::from_ref(audience),
            Self::Many(audiences) => audiences,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct KubernetesClaims {
    pub(super) namespace: String,
    pub(super) serviceaccount: ObjectClaims,
}

#[derive(Deserialize)]
pub(super) struct ObjectClaims {
    pub(super) name: String,
    pub(super) uid: String,
}

/// The claims of `jwt`, when one of `keys` has signed it.
pub(super) fn verify(jwt: &str, keys: &[VerifyingKey]) -> Option<Claims> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let (message, signature) = jwt.trim().rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !keys
        .iter()
        .any(|key| key.verifies(&header.alg, message.as_bytes(), &signature))
    {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("../../tests/data/dev_vault/rs256.pub.pem");
    const TOKEN: &str = include_str!("../../tests/data/dev_vault/rs256.jwt");

    fn verified(token: &str, keys: &[&str]) -> Option<String> {
        let keys: Vec<_> = keys
            .iter()
            .map(|pem| VerifyingKey::from_pem(pem).expect("key"))
            .collect();
        verify(token, &keys)?.sub
    }

    #[test]
    fn an_rs256_token_is_verified() {
        let subject = Some("system:serviceaccount:shop:app".to_owned());
        assert_eq!(verified(TOKEN, &[KEY]), subject);
        assert_eq!(verified(TOKEN, &[]), None);
    }

    #[test]
    fn a_changed_token_or_another_algorithm_is_refused() {
        let (message, signature) = TOKEN.trim().rsplit_once('.').expect("a token");
        let (header, payload) = message.split_once('.').expect("a token");
        let other = URL_SAFE_NO_PAD.encode(r#"{"sub":"system:serviceaccount:shop:root"}"#);
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let es256 = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
        for token in [
            format!("{header}.{other}.{signature}"),
            format!("{none}.{payload}."),
            format!("{es256}.{payload}.{signature}"),
            format!("{message}."),
            message.to_owned(),
        ] {
            assert_eq!(verified(&token, &[KEY]), None, "{token}");
        }
    }
}
