//! Private keys: made from the rendering's randomness, read from PEM, written as Go writes them.

use ::rsa::pkcs1::EncodeRsaPrivateKey as _;
use ::rsa::rand_core::{TryCryptoRng, TryRng};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use rcgen::KeyPair;
use rustls_pki_types::PrivateKeyDer;

use super::super::pem;
use super::der::{self, element, integer};
use super::pkcs12;
use crate::template::call::{Args, Fault, Outcome, Run};
use crate::template::context::Random;

const UNREADABLE: &str = "the private key is not RSA, EC (P-256, P-384) or Ed25519 in PEM";

/// A private key that can sign certificates.
pub(super) struct PrivateKey {
    pub(super) pair: KeyPair,
    /// PKCS#1 for RSA, SEC 1 for EC, else PKCS#8.
    pub(super) pem: Vec<u8>,
}

/// sprig's `genPrivateKey`.
pub(super) fn generate(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let pem = match args.bytes(0) {
        b"" | b"rsa" => rsa(4096, run)?,
        b"ecdsa" => p256(run),
        b"ed25519" => ed25519(run),
        b"dsa" => return Err("DSA keys are not offered: nothing takes them any more".into()),
        other => [b"Unknown type ", other].concat(),
    };
    run.string(pem)
}

/// What the functions without a key of their own use.
pub(super) fn default(run: &mut Run<'_, '_>) -> Result<PrivateKey, Fault> {
    let pem = rsa(2048, run)?;
    PrivateKey::parse(&pem)
}

fn rsa(bits: usize, run: &mut Run<'_, '_>) -> Result<Vec<u8>, Fault> {
    let key = ::rsa::PrivateKey::new(&mut Source(run.context.random), bits)
        .map_err(|_| "the RSA key cannot be made")?;
    let der = key
        .to_pkcs1_der()
        .map_err(|_| "the RSA key cannot be written")?;
    Ok(pem::encode(b"RSA PRIVATE KEY", der.as_bytes()))
}

fn p256(run: &mut Run<'_, '_>) -> Vec<u8> {
    let mut scalar = [0; 32];
    let key = loop {
        run.context.random.fill(&mut scalar);
        // One in 2^32 is out of range.
        if let Ok(key) = p256::SecretKey::from_slice(&scalar) {
            break key;
        }
    };
    let point = key.public_key().to_sec1_point(false);
    let public = element(der::BIT_STRING, &[&[0], point.as_bytes()]);
    let scalar = element(der::OCTET_STRING, &[&scalar]);
    let inside = [
        scalar,
        element(0xa0, &[der::P256]),
        element(0xa1, &[&public]),
    ]
    .concat();
    let key = element(der::SEQUENCE, &[&integer(&[1]), &inside]);
    pem::encode(b"EC PRIVATE KEY", &key)
}

fn ed25519(run: &mut Run<'_, '_>) -> Vec<u8> {
    let mut seed = [0; 32];
    run.context.random.fill(&mut seed);
    let algorithm = element(der::SEQUENCE, &[der::ED25519]);
    let key = element(der::OCTET_STRING, &[&seed]);
    pem::encode(b"PRIVATE KEY", &pkcs12::wrapped(&algorithm, &key))
}

/// The rendering's randomness, as RSA takes it.
struct Source<'a>(&'a mut dyn Random);

impl TryRng for Source<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

impl PrivateKey {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Fault> {
        let (block, _) = pem::decode(text).ok_or("no PEM data in the private key")?;
        let pkcs8 = match block.label.as_slice() {
            b"PRIVATE KEY" | b"RSA PRIVATE KEY" | b"EC PRIVATE KEY" => pkcs12::pkcs8(block),
            _ => return Err(UNREADABLE.into()),
        };
        let pem = own_form(&pkcs8).ok_or(UNREADABLE)?;
        let pair = KeyPair::try_from(&PrivateKeyDer::Pkcs8(pkcs8.into()));
        Ok(Self {
            pair: pair.map_err(|_| UNREADABLE)?,
            pem,
        })
    }
}

/// A PKCS#8 key in the form of its own algorithm.
fn own_form(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let (der::SEQUENCE, inside, _) = der::read(pkcs8)? else {
        return None;
    };
    let (der::INTEGER, _, inside) = der::read(inside)? else {
        return None;
    };
    let (der::SEQUENCE, algorithm, inside) = der::read(inside)? else {
        return None;
    };
    let (der::OCTET_STRING, key, _) = der::read(inside)? else {
        return None;
    };
    if algorithm.starts_with(der::RSA) {
        return Some(pem::encode(b"RSA PRIVATE KEY", key));
    }
    let Some(curve) = algorithm.strip_prefix(der::EC) else {
        return Some(pem::encode(b"PRIVATE KEY", pkcs8));
    };
    let (der::SEQUENCE, fields, _) = der::read(key)? else {
        return None;
    };
    let mut parts = Vec::new();
    let mut rest = fields;
    while !rest.is_empty() {
        let (tag, _, after) = der::read(rest)?;
        if tag == 0xa1 {
            parts.extend_from_slice(&element(0xa0, &[curve]));
        }
        parts.extend_from_slice(&rest[..rest.len() - after.len()]);
        rest = after;
    }
    Some(pem::encode(
        b"EC PRIVATE KEY",
        &element(der::SEQUENCE, &[&parts]),
    ))
}
