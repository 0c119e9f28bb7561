//! PKCS#12 key stores, read and written.
//!
//! The only kept crate for them builds on the RustCrypto crates `pkcs12` and `x509-cert`, of which
//! the first is a pre-release: there is no other release of it, and nothing else reads the format.

use p12_keystore::{
    Certificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey, PrivateKeyChain,
};

use super::super::encoding;
use super::super::pem;
use super::certificate;
use super::der::{self, element, integer};
use crate::template::call::{Args, Fault, Outcome, Run};

const UNREADABLE: &str = "the PKCS#12 cannot be read: it is not one, or the password is wrong";

/// The one private key of a store, and all its certificates in their order.
fn read(password: &[u8], data: &[u8]) -> Result<(PrivateKey, Vec<Certificate>), Fault> {
    let password = std::str::from_utf8(password).map_err(|_| "the password is not UTF-8")?;
    let archive = Pkcs12Archive::from_pkcs12(data, password).map_err(|_| UNREADABLE)?;
    let certificates: Vec<_> = archive.certs.into_iter().map(|bag| bag.cert).collect();
    let mut keys = archive.keys.into_iter().map(|bag| bag.key);
    match (keys.next(), keys.next()) {
        (None, _) => Err("the PKCS#12 holds no private key".into()),
        (_, Some(_)) => Err("the PKCS#12 holds more than one private key".into()),
        _ if certificates.is_empty() => Err("the PKCS#12 holds no certificate".into()),
        (Some(key), None) => Ok((key, certificates)),
    }
}

/// The private key of a store, as PKCS#8 in PEM.
pub(super) fn key(password: &[u8], data: &[u8], run: &mut Run<'_, '_>) -> Outcome {
    let (key, _) = read(password, data)?;
    run.string(pem::encode(b"PRIVATE KEY", key.as_der()))
}

/// The certificates of a store from the leaf up; as they come when they are not one chain.
pub(super) fn certificates(password: &[u8], data: &[u8], run: &mut Run<'_, '_>) -> Outcome {
    let encoded = |der: &[u8]| pem::encode(b"CERTIFICATE", der);
    let (_, certificates) = read(password, data)?;
    let unordered: Vec<u8> = certificates
        .iter()
        .flat_map(|certificate| encoded(certificate.as_der()))
        .collect();
    let text = match certificate::chain(&unordered) {
        Ok(links) => links.iter().flat_map(|link| encoded(&link.der)).collect(),
        Err(_) => unordered,
    };
    run.string(text)
}

/// `write certificates key`, in base64; without `full` the first certificate alone.
pub(super) fn write(
    args: &Args<'_>,
    full: bool,
    password: &[u8],
    run: &mut Run<'_, '_>,
) -> Outcome {
    let mut ders = match full {
        true => certificate::chain(args.bytes(0))?
            .into_iter()
            .map(|link| link.der)
            .collect(),
        false => blocks(args.bytes(0)),
    };
    if !full {
        ders.truncate(1);
    }
    if ders.is_empty() {
        return Err("failed to decode the PEM block of the certificate".into());
    }
    let (block, _) =
        pem::decode(args.bytes(1)).ok_or("failed to decode the PEM block of the private key")?;
    let key = PrivateKey::from_der(&pkcs8(block))
        .map_err(|_| "the private key is not PKCS#1, SEC 1 or PKCS#8")?;
    let entry = PrivateKeyChain::new("1", key, parsed(&ders)?);
    let mut store = KeyStore::new();
    store.add_entry("1", KeyStoreEntry::PrivateKeyChain(entry));
    written(&store, password, run)
}

/// A store of trusted certificates, in base64.
pub(super) fn truststore(text: &[u8], password: &[u8], run: &mut Run<'_, '_>) -> Outcome {
    let mut store = KeyStore::new();
    for (index, certificate) in parsed(&blocks(text))?.into_iter().enumerate() {
        store.add_entry(&index.to_string(), KeyStoreEntry::Certificate(certificate));
    }
    match store.entries_len() {
        0 => Err("failed to decode the PEM block of the certificates".into()),
        _ => written(&store, password, run),
    }
}

fn written(store: &KeyStore, password: &[u8], run: &mut Run<'_, '_>) -> Outcome {
    let password = std::str::from_utf8(password).map_err(|_| "the password is not UTF-8")?;
    let data = store
        .writer(password)
        .write()
        .map_err(|_| "the PKCS#12 cannot be written")?;
    run.string(encoding::base64(&data))
}

fn blocks(text: &[u8]) -> Vec<Vec<u8>> {
    let mut ders = Vec::new();
    let mut rest = text;
    while let Some((block, after)) = pem::decode(rest) {
        ders.push(block.der);
        rest = after;
    }
    ders
}

fn parsed(ders: &[Vec<u8>]) -> Result<Vec<Certificate>, Fault> {
    let parse = |der: &Vec<u8>| {
        Certificate::from_der(der).map_err(|_| Fault::new("x509: malformed certificate"))
    };
    ders.iter().map(parse).collect()
}

/// The key as PKCS#8, whatever it came as.
pub(super) fn pkcs8(block: pem::Block) -> Vec<u8> {
    let algorithm = match block.label.as_slice() {
        b"RSA PRIVATE KEY" => element(der::SEQUENCE, &[der::RSA, der::NULL]),
        b"EC PRIVATE KEY" => match sec1(&block.der) {
            Some((curve, key)) => {
                let algorithm = element(der::SEQUENCE, &[der::EC, &curve]);
                return wrapped(&algorithm, &key);
            }
            None => return block.der,
        },
        _ => return block.der,
    };
    wrapped(&algorithm, &block.der)
}

pub(super) fn wrapped(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    element(
        der::SEQUENCE,
        &[
            &integer(&[]),
            algorithm,
            &element(der::OCTET_STRING, &[key]),
        ],
    )
}

/// The curve of an EC key (RFC 5915), and the key without it: in PKCS#8 the algorithm names it.
fn sec1(key: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (der::SEQUENCE, mut rest, _) = der::read(key)? else {
        return None;
    };
    let mut curve = None;
    let mut kept = Vec::new();
    while !rest.is_empty() {
        let (tag, inside, after) = der::read(rest)?;
        match tag {
            0xa0 => curve = Some(inside.to_vec()),
            _ => kept.extend_from_slice(&rest[..rest.len() - after.len()]),
        }
        rest = after;
    }
    Some((curve?, element(der::SEQUENCE, &[&kept])))
}
