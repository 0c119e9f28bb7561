//! A certificate chain and the key that belongs to it, from PEM.

use std::sync::Arc;

use rustls::InconsistentKeys;
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use zeroize::Zeroizing;

use crate::calendar::Civil;

/// Chain and key as PEM; the key is wiped when they are dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PemPair {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// Why two texts are not a certificate and its key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPair {
    /// The first holds no certificate.
    #[error("no certificate: must be PEM, with the leaf first")]
    NoCertificate,
    /// The first certificate is not X.509.
    #[error("the first certificate cannot be parsed")]
    BadCertificate,
    /// The second holds no key.
    #[error("no private key: must be PEM, PKCS#8, PKCS#1 or SEC1")]
    NoKey,
    /// The key is of a kind that we cannot sign with.
    #[error(
        "the private key cannot be used: must be RSA (2048 bits or more), ECDSA P-256 or P-384, or Ed25519"
    )]
    UnusableKey,
    /// Certificate and key are of two pairs; mostly one of them is about to be replaced.
    #[error("the private key does not belong to the first certificate")]
    Mismatch,
}

/// A pair that can be served.
pub struct Pair {
    /// What rustls signs handshakes with.
    pub key: CertifiedKey,
    /// What a person wants to know of it.
    pub validity: Validity,
}

/// What a person wants to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The end of its life, in seconds since 1970.
    pub not_after: i64,
    /// The same for people.
    pub not_after_text: String,
    /// The DNS names and addresses that it is valid for.
    pub names: Vec<String>,
}

impl PemPair {
    /// The two texts.
    pub fn new(chain: Vec<u8>, key: Vec<u8>) -> Self {
        Self {
            chain,
            key: Zeroizing::new(key),
        }
    }

    /// The chain, PEM, leaf first.
    pub fn chain(&self) -> &[u8] {
        &self.chain
    }

    /// The private key, PEM.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Checks that the key signs for the first certificate.
    ///
    /// # Errors
    /// When one of them is none, or they do not belong together.
    pub fn parse(&self) -> Result<Pair, InvalidPair> {
        let chain = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| InvalidPair::NoCertificate)?;
        let leaf = chain.first().ok_or(InvalidPair::NoCertificate)?;
        let validity = validity(leaf)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| InvalidPair::NoKey)?;
        match CertifiedKey::from_der(chain, key, &provider()) {
            Ok(key) => Ok(Pair { key, validity }),
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(InvalidPair::Mismatch)
            }
            Err(_) => Err(InvalidPair::UnusableKey),
        }
    }
}

/// The cryptography of all TLS here.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn validity(leaf: &CertificateDer<'_>) -> Result<Validity, InvalidPair> {
    let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| InvalidPair::BadCertificate)?;
    let not_after = leaf.validity().not_after.timestamp();
    let names = leaf.subject_alternative_name().ok().flatten();
    let names = names.map(|names| {
        let names = names
            .value
            .general_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                GeneralName::IPAddress(octets) => address(octets),
                _ => None,
            });
        names.collect()
    });
    Ok(Validity {
        not_after,
        not_after_text: format!("{}Z", Civil::at(not_after)),
        names: names.unwrap_or_default(),
    })
}

fn address(octets: &[u8]) -> Option<String> {
    let address = match octets.len() {
        4 => std::net::IpAddr::from(<[u8; 4]>::try_from(octets).ok()?),
        16 => std::net::IpAddr::from(<[u8; 16]>::try_from(octets).ok()?),
        _ => return None,
    };
    Some(address.to_string())
}
