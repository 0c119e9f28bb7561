//! A CA certificate, and the PEM text of several: the `caBundle` of a webhook configuration.

use std::fmt;

use pem::{EncodeConfig, LineEnding, Pem};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate that others are checked against.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority {
    der: Vec<u8>,
    not_after: i64,
}

impl Authority {
    /// A certificate in DER, and the end of its life in seconds since 1970.
    pub(super) fn new(der: Vec<u8>, not_after: i64) -> Self {
        Self { der, not_after }
    }

    /// The certificates of a PEM text, in its order, each once. What is no certificate is left out:
    /// nobody can trust it either.
    pub fn parse_all(pem: &[u8]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for der in CertificateDer::pem_slice_iter(pem).flatten() {
            let Ok((_, certificate)) = X509Certificate::from_der(&der) else {
                continue;
            };
            let not_after = certificate.validity().not_after.timestamp();
            let authority = Self::new(der.to_vec(), not_after);
            if !all.contains(&authority) {
                all.push(authority);
            }
        }
        all
    }

    /// The PEM text of `authorities`.
    pub fn bundle<'a>(authorities: impl IntoIterator<Item = &'a Self>) -> String {
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        let pem = |authority: &Self| Pem::new("CERTIFICATE", authority.der.clone());
        let texts = authorities
            .into_iter()
            .map(|authority| pem::encode_config(&pem(authority), config));
        texts.collect()
    }

    /// The end of its life, in seconds since 1970.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority(until {})", self.not_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str) -> rcgen::Certificate {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        params.self_signed(&key).expect("signed")
    }

    #[test]
    fn a_bundle_is_read_back_without_what_is_no_certificate() {
        let (one, two) = (certificate("one"), certificate("two"));
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let text = format!("# ours\n{}{junk}{}{}", one.pem(), two.pem(), one.pem());
        let read = Authority::parse_all(text.as_bytes());
        let ders: Vec<&[u8]> = read.iter().map(|authority| &authority.der[..]).collect();
        assert_eq!(ders, [&one.der()[..], &two.der()[..]]);
        let written = Authority::bundle(&read);
        assert_eq!(written, format!("{}{}", one.pem(), two.pem()));
        assert_eq!(Authority::parse_all(written.as_bytes()), read);
    }
}
