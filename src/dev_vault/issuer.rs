//! Service-account tokens as Kubernetes mints them, for a machine without Kubernetes.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use super::Clock;
use super::timestamp::unix;

/// The DER head of a P-256 key's SubjectPublicKeyInfo (RFC 5480); the point follows.
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Whom a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The pod that the token is bound to.
    pub pod: String,
}

/// The part of an API server that signs service-account tokens (ES256).
pub struct ServiceAccountIssuer {
    issuer: String,
    key: EcdsaKeyPair,
    random: SystemRandom,
}

/// A key could not be made, or a signature.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {0}: the system's random numbers failed")]
pub struct IssuerError(&'static str);

impl ServiceAccountIssuer {
    /// An issuer with a new key.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn new(issuer: &str) -> Result<Self, IssuerError> {
        let failed = |_| IssuerError("make a key");
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(failed)?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        Ok(Self {
            issuer: issuer.to_owned(),
            key: key.map_err(|_| IssuerError("make a key"))?,
            random,
        })
    }

    /// The public key, for `pem_keys` or `jwt_validation_pubkeys`.
    pub fn public_key_pem(&self) -> String {
        let der = [&P256_HEAD, self.key.public_key().as_ref()].concat();
        let text = STANDARD.encode(der);
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }

    /// A projected token for `account`, with the claims of Kubernetes.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn mint(
        &self,
        account: &ServiceAccount,
        audience: &str,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<String, IssuerError> {
        let start = unix(now);
        let claims = json!({
            "aud": [audience],
            "exp": start + lifetime.as_secs(),
            "iat": start,
            "iss": self.issuer,
            "jti": self.uid()?,
            "kubernetes.io": {
                "namespace": account.namespace,
                "pod": { "name": account.pod, "uid": uid_of(&[&account.namespace, &account.pod]) },
                "serviceaccount": {
                    "name": account.name,
                    "uid": uid_of(&[&account.namespace, &account.name]),
                },
            },
            "nbf": start,
            "sub": format!("system:serviceaccount:{}:{}", account.namespace, account.name),
        });
        let header = json!({ "alg": "ES256", "kid": "freshet-dev" });
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(&self.random, message.as_bytes());
        let signature = signature.map_err(|_| IssuerError("sign a token"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Keeps a token in the file at `path`, written anew at 80 % of its life as kubelet does, until
    /// it is dropped or a write fails. The first token is there when the first poll returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn keep_current(
        &self,
        path: &Path,
        account: &ServiceAccount,
        audience: &str,
        lifetime: Duration,
        clock: Clock,
    ) -> io::Error {
        loop {
            let token = self.mint(account, audience, lifetime, clock());
            let written = token
                .map_err(io::Error::other)
                .and_then(|token| replace(path, &token));
            if let Err(error) = written {
                return error;
            }
            tokio::time::sleep(lifetime * 4 / 5).await;
        }
    }

    fn uid(&self) -> Result<String, IssuerError> {
        let mut bytes = [0; 16];
        self.random
            .fill(&mut bytes)
            .map_err(|_| IssuerError("make an identifier"))?;
        Ok(uid(bytes))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "kubelet's file of a token, not a volume of ours"
)]
/// Writes a whole file beside `path` and moves it there, so that no reader sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}

/// The same identifier for the same names, in the form of a UUID.
fn uid_of(names: &[&str]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, names.join("/").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uid(bytes)
}

fn uid(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    format!("{a}-{b}-{c}-{d}-{e}")
}
