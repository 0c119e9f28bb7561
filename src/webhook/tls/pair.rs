//! A certificate chain and the key that belongs to it, from PEM.

use rustls::InconsistentKeys;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{ASN1Time, FromDer as _, GeneralName, X509Certificate};
use zeroize::Zeroizing;

/// The bytes of the two files; the key is wiped when they are dropped.
#[derive(PartialEq, Eq)]
pub struct PemPair {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// Why two files are not a certificate and its key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPair {
    /// The first file holds no certificate.
    #[error("no certificate: must be PEM, with the leaf first")]
    NoCertificate,
    /// The first certificate is not X.509.
    #[error("the first certificate cannot be parsed")]
    BadCertificate,
    /// The second file holds no key.
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
pub(super) struct Pair {
    pub(super) key: CertifiedKey,
    pub(super) validity: Validity,
}

/// What a person wants to know of a certificate.
pub(super) struct Validity {
    /// The end of its life, in seconds since 1970.
    pub(super) not_after: i64,
    /// The same for people.
    pub(super) not_after_text: String,
    /// The DNS names and addresses that it is valid for, separated by commas.
    pub(super) names: String,
}

impl PemPair {
    /// The content of the two files.
    pub fn new(chain: Vec<u8>, key: Vec<u8>) -> Self {
        Self {
            chain,
            key: Zeroizing::new(key),
        }
    }

    /// Checks that the key signs for the first certificate.
    pub(super) fn parse(&self) -> Result<Pair, InvalidPair> {
        let chain = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| InvalidPair::NoCertificate)?;
        let leaf = chain.first().ok_or(InvalidPair::NoCertificate)?;
        let validity = validity(leaf)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| InvalidPair::NoKey)?;
        match CertifiedKey::from_der(chain, key, &super::provider()) {
            Ok(key) => Ok(Pair { key, validity }),
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(InvalidPair::Mismatch)
            }
            Err(_) => Err(InvalidPair::UnusableKey),
        }
    }
}

fn validity(leaf: &CertificateDer<'_>) -> Result<Validity, InvalidPair> {
    let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| InvalidPair::BadCertificate)?;
    let not_after = leaf.validity().not_after;
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
        names.collect::<Vec<_>>().join(",")
    });
    Ok(Validity {
        not_after: not_after.timestamp(),
        not_after_text: rfc3339(&not_after),
        names: names.unwrap_or_default(),
    })
}

fn rfc3339(time: &ASN1Time) -> String {
    let time = time.to_datetime();
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second) = time.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn address(octets: &[u8]) -> Option<String> {
    let address = match octets.len() {
        4 => std::net::IpAddr::from(<[u8; 4]>::try_from(octets).ok()?),
        16 => std::net::IpAddr::from(<[u8; 16]>::try_from(octets).ok()?),
        _ => return None,
    };
    Some(address.to_string())
}
