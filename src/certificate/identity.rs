//! A certificate with its key and its CA, and how one is issued.
//!
//! Each certificate has a CA of its own, whose key is dropped here as soon as it has signed. A kept
//! key would gain nothing: it would lie in the Secret with the rest, and be lost or stolen with it.
//! Without one, whoever reads the Secret can serve as the webhook until that certificate is
//! replaced, and can never issue another.

use std::fmt;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use super::authority::Authority;
use super::pair::{InvalidPair, PemPair};

/// A certificate that can be served, and what it is checked against.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    authority: Authority,
    pem: PemPair,
    not_after: i64,
    names: Vec<String>,
}

/// Why three texts are not a CA, a certificate and its key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentity {
    /// The first holds no certificate.
    #[error("no CA certificate: must be PEM")]
    NoAuthority,
    /// The others are no pair.
    #[error(transparent)]
    Pair(#[from] InvalidPair),
}

impl Identity {
    /// Reads a CA, a chain and a key, all PEM.
    ///
    /// # Errors
    /// When one of them is none, or chain and key do not belong together.
    pub fn parse(authority: &[u8], pem: PemPair) -> Result<Self, InvalidIdentity> {
        let mut authorities = Authority::parse_all(authority).into_iter();
        let authority = authorities.next().ok_or(InvalidIdentity::NoAuthority)?;
        let validity = pem.parse()?.validity;
        Ok(Self::new(
            authority,
            pem,
            validity.not_after,
            validity.names,
        ))
    }

    pub(super) fn new(
        authority: Authority,
        pem: PemPair,
        not_after: i64,
        names: Vec<String>,
    ) -> Self {
        Self {
            authority,
            pem,
            not_after,
            names,
        }
    }

    /// The CA that the certificate is checked against.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Chain and key.
    pub fn pem(&self) -> &PemPair {
        &self.pem
    }

    /// The end of the certificate's life, in seconds since 1970.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Whether it is valid for the host `name`.
    pub fn is_for(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(until {})", self.not_after)
    }
}

/// How far clocks may differ: certificates are valid from that long ago, as those of Kubernetes' own
/// signers are.
const BACKDATE: Duration = Duration::from_secs(5 * 60);

/// Issues a certificate for the host `name` that is valid for `lifetime` from `now` (seconds since
/// 1970), by a CA of its own. The keys come from the system's random numbers.
///
/// The CA lives twice as long, so that it is never what ends first.
///
/// # Errors
/// When `name` is no host name, or no random numbers can be had.
pub fn issue(name: &str, lifetime: Duration, now: i64) -> Result<Identity, rcgen::Error> {
    let since_1970 = Duration::from_secs(u64::try_from(now).unwrap_or_default());
    let now = date_time_ymd(1970, 1, 1) + since_1970;

    let mut ca = CertificateParams::default();
    ca.not_before = now - BACKDATE;
    ca.not_after = now + 2 * lifetime;
    ca.distinguished_name
        .push(DnType::CommonName, "freshet webhook CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca_key = KeyPair::generate()?;
    let ca_certificate = ca.self_signed(&ca_key)?;

    let mut leaf = CertificateParams::new([name.to_owned()])?;
    leaf.not_before = now - BACKDATE;
    leaf.not_after = now + lifetime;
    leaf.distinguished_name
        .push(DnType::CommonName, "freshet webhook");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let chain = leaf.signed_by(&key, &Issuer::new(ca, ca_key))?;
    Ok(Identity::new(
        Authority::new(
            ca_certificate.der().to_vec(),
            (now + 2 * lifetime).unix_timestamp(),
        ),
        PemPair::new(chain.pem().into_bytes(), key.serialize_pem().into_bytes()),
        (now + lifetime).unix_timestamp(),
        vec![name.to_owned()],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_900_000_000;
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn what_is_issued_is_what_is_read_back() {
        let issued = issue("freshet.freshet.svc", HOUR, NOW).expect("issued");
        assert_eq!(issued.not_after(), NOW + 3600);
        assert_eq!(issued.authority().not_after(), NOW + 7200);
        assert!(issued.is_for("freshet.freshet.svc") && !issued.is_for("freshet.freshet"));
        let authority = Authority::bundle([issued.authority()]);
        let read = Identity::parse(authority.as_bytes(), issued.pem().clone()).expect("valid");
        assert!(read == issued);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let (one, two) = (issue("one", HOUR, NOW), issue("two", HOUR, NOW));
        let (one, two) = (one.expect("issued"), two.expect("issued"));
        let authority = Authority::bundle([one.authority()]);
        let mixed = PemPair::new(one.pem().chain().to_vec(), two.pem().key().to_vec());
        let problem = Identity::parse(authority.as_bytes(), mixed).err();
        assert_eq!(problem, Some(InvalidIdentity::Pair(InvalidPair::Mismatch)));
        let problem = Identity::parse(b"", one.pem().clone()).err();
        assert_eq!(problem, Some(InvalidIdentity::NoAuthority));
    }
}
