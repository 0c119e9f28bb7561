//! CA certificates for Vault that travel in the container's arguments, because they lie in no object
//! of the pod's namespace.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::invalid::Invalid;

/// One or more certificates in DER; written as base64, one after the other, with commas between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaBundle(Vec<Vec<u8>>);

impl CaBundle {
    /// The certificates in DER.
    ///
    /// # Errors
    /// When there is none, or one of them cannot be a certificate.
    pub fn from_der(certificates: Vec<Vec<u8>>) -> Result<Self, Invalid> {
        // A certificate is an ASN.1 sequence of a length of two bytes or more.
        let is_sequence = |der: &Vec<u8>| der.starts_with(&[0x30, 0x82]);
        match !certificates.is_empty() && certificates.iter().all(is_sequence) {
            true => Ok(Self(certificates)),
            false => Err(Invalid::new("must hold X.509 certificates")),
        }
    }

    /// The certificates in DER.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.0
    }
}

impl FromStr for CaBundle {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let certificates: Result<_, _> = text.split(',').map(|der| STANDARD.decode(der)).collect();
        let certificates = certificates.map_err(|_| {
            Invalid::new("must be base64 of X.509 certificates, with commas between")
        })?;
        Self::from_der(certificates)
    }
}

impl fmt::Display for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificates: Vec<_> = self.0.iter().map(|der| STANDARD.encode(der)).collect();
        f.write_str(&certificates.join(","))
    }
}
