//! Certificates that a template issues: sprig's `genCA`, `genSignedCert` and their like.
//!
//! Everything in them comes from the arguments, the clock and the randomness of the rendering, but
//! for the nonce of an ECDSA signature, which *ring* draws itself.

use std::any::Any;
use std::net::IpAddr;
use std::rc::Rc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyUsagePurpose, SanType, SerialNumber,
};
use time::OffsetDateTime;

use super::super::{encoding, pem};
use super::private_key::{self, PrivateKey};
use crate::template::call::{Args, Fault, Outcome, Run};
use crate::template::object::Object;
use crate::template::value::{Text, Value};

const DAY: i64 = 86_400;

/// Where an argument of a private key stands, when there is one.
type KeyAt = Option<usize>;

/// `genCA cn days`, `genCAWithKey cn days key`.
pub(super) fn authority(args: &Args<'_>, key: KeyAt, run: &mut Run<'_, '_>) -> Outcome {
    let key = chosen(args, key, run)?;
    let nothing = Args(&[]);
    let mut params = params(args.bytes(0), &nothing, args.int(1), run)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    let certificate = params.self_signed(&key.pair);
    finished(certificate, key, run)
}

/// `genSelfSignedCert cn ips dns days`, and with a key.
pub(super) fn self_signed(args: &Args<'_>, key: KeyAt, run: &mut Run<'_, '_>) -> Outcome {
    let key = chosen(args, key, run)?;
    let names = Args(args.0.get(1..3).unwrap_or_default());
    let params = params(args.bytes(0), &names, args.int(3), run)?;
    let certificate = params.self_signed(&key.pair);
    finished(certificate, key, run)
}

/// `genSignedCert cn ips dns days ca`, and with a key.
pub(super) fn signed(args: &Args<'_>, key: KeyAt, run: &mut Run<'_, '_>) -> Outcome {
    let authority = match args.get(4) {
        Value::Object(object) => object.as_any().downcast_ref::<Certificate>(),
        _ => None,
    };
    let authority = authority.ok_or_else(|| {
        let got = args.get(4).type_name();
        Fault::new(format!(
            "wrong type for value; expected sprig.certificate; got {got}"
        ))
    })?;
    let (block, _) = pem::decode(&authority.certificate).ok_or("unable to decode certificate")?;
    let signer = PrivateKey::parse(&authority.key)?;
    let issuer = Issuer::from_ca_cert_der(&block.der.into(), &signer.pair)
        .map_err(|_| "the CA's certificate cannot be parsed")?;
    let key = chosen(args, key, run)?;
    let names = Args(args.0.get(1..3).unwrap_or_default());
    let mut params = params(args.bytes(0), &names, args.int(3), run)?;
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key.pair, &issuer);
    finished(certificate, key, run)
}

/// `buildCustomCert certificate key`, both PEM in base64.
pub(super) fn custom(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let decoded = |index: usize, reason: &'static str| {
        encoding::unbase64(args.bytes(index), encoding::STANDARD).map_err(|_| Fault::new(reason))
    };
    let certificate = decoded(0, "unable to decode base64 certificate")?;
    let key = decoded(1, "unable to decode base64 private key")?;
    let (block, _) = pem::decode(&certificate).ok_or("unable to decode certificate")?;
    x509_parser::parse_x509_certificate(&block.der)
        .map_err(|_| "the certificate cannot be parsed")?;
    PrivateKey::parse(&key)?;
    Certificate::value(certificate, key, run)
}

fn chosen(args: &Args<'_>, key: KeyAt, run: &mut Run<'_, '_>) -> Result<PrivateKey, Fault> {
    match key {
        Some(index) => PrivateKey::parse(args.bytes(index)),
        None => private_key::default(run),
    }
}

/// What all certificates have in common; `names` are the addresses and the DNS names.
fn params(
    common_name: &[u8],
    names: &Args<'_>,
    days: i64,
    run: &mut Run<'_, '_>,
) -> Result<CertificateParams, Fault> {
    let common_name = std::str::from_utf8(common_name).map_err(|_| "the name is not UTF-8")?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    for address in names.items(0) {
        let address = text(address).and_then(|text| text.parse::<IpAddr>().ok());
        let address = address.ok_or("error parsing ip: each must be an IP address in a string")?;
        params.subject_alt_names.push(SanType::IpAddress(address));
    }
    for name in names.items(1) {
        let name = text(name).and_then(|text| text.try_into().ok());
        let name = name.ok_or("each alternate DNS name must be an ASCII string")?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    let now = super::super::date::now(run).seconds;
    let then = days.checked_mul(DAY).and_then(|life| now.checked_add(life));
    let date = |seconds: i64| {
        OffsetDateTime::from_unix_timestamp(seconds)
            .map_err(|_| Fault::new("the number of days is too large"))
    };
    params.not_before = date(now)?;
    params.not_after = date(then.unwrap_or(i64::MAX))?;
    let mut serial = [0; 16];
    run.context.random.fill(&mut serial);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    Ok(params)
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

fn finished(
    certificate: Result<rcgen::Certificate, rcgen::Error>,
    key: PrivateKey,
    run: &mut Run<'_, '_>,
) -> Outcome {
    let certificate = certificate.map_err(|_| "the certificate cannot be made")?;
    let pem = pem::encode(b"CERTIFICATE", certificate.der());
    Certificate::value(pem, key.pem, run)
}

/// A `sprig.certificate`.
struct Certificate {
    certificate: Text,
    key: Text,
}

impl Certificate {
    fn value(certificate: Vec<u8>, key: Vec<u8>, run: &mut Run<'_, '_>) -> Outcome {
        run.spend(certificate.len() + key.len())?;
        Ok(Value::Object(Rc::new(Self {
            certificate: Text::new(certificate),
            key: Text::new(key),
        })))
    }
}

impl Object for Certificate {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn member(&self, name: &[u8], arguments: &[Value]) -> Option<Outcome> {
        let text = match name {
            b"Cert" => &self.certificate,
            b"Key" => &self.key,
            _ => return None,
        };
        Some(match arguments.is_empty() {
            true => Ok(Value::String(text.clone())),
            false => Err("a field has arguments but cannot be invoked as function".into()),
        })
    }

    fn print(&self) -> Option<Vec<u8>> {
        Some([b"{", &*self.certificate, b" ", &self.key, b"}"].concat())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
