//! `rsaDecrypt`.

use ::rsa::pkcs1::DecodeRsaPrivateKey;
use ::rsa::pkcs8::DecodePrivateKey;
use ::rsa::{Oaep, Pkcs1v15Encrypt, PrivateKey};

use super::super::pem;
use crate::template::call::{Args, Fault, Outcome, Run};

/// `rsaDecrypt scheme hash ciphertext key`.
pub(super) fn decrypt(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let ciphertext = args.bytes(2);
    let scheme = args.text(0).to_ascii_uppercase();
    if scheme == "NONE" {
        return run.string(ciphertext);
    }
    let hash = args.text(1).to_ascii_uppercase();
    if scheme != "RSA-OAEP" && scheme != "RSAES-PKCS1-V1_5" {
        return Err("the decryption scheme must be None, RSA-OAEP or RSAES-PKCS1-v1_5".into());
    }
    let key = private_key(args.bytes(3))?;
    let plain = match (scheme.as_str(), hash.as_str()) {
        ("RSAES-PKCS1-V1_5", _) => key.decrypt(Pkcs1v15Encrypt, ciphertext),
        (_, "SHA1") => key.decrypt(Oaep::<sha1::Sha1>::new(), ciphertext),
        (_, "SHA256") => key.decrypt(Oaep::<sha2::Sha256>::new(), ciphertext),
        (_, "SHA384") => key.decrypt(Oaep::<sha2::Sha384>::new(), ciphertext),
        (_, "SHA512") => key.decrypt(Oaep::<sha2::Sha512>::new(), ciphertext),
        _ => return Err("the hash must be SHA1, SHA256, SHA384 or SHA512".into()),
    };
    run.string(plain.map_err(|_| "the RSA decryption failed")?)
}

fn private_key(text: &[u8]) -> Result<PrivateKey, Fault> {
    let (block, _) = pem::decode(text).ok_or("failed to decode PEM block")?;
    PrivateKey::from_pkcs1_der(&block.der)
        .or_else(|_| PrivateKey::from_pkcs8_der(&block.der))
        .map_err(|_| "the private key is not an RSA key in PKCS#1 or PKCS#8".into())
}
