//! Functions with libraries that the slim refresher does not carry.
//!
//! Their names, signatures and natures are in every build: the webhook has to know them. Their
//! bodies are there with the feature `templates-full` alone.

#[cfg(feature = "templates-full")]
mod certificate;
#[cfg(feature = "templates-full")]
mod der;
#[cfg(feature = "templates-full")]
mod jwk;
#[cfg(feature = "templates-full")]
mod password;
#[cfg(feature = "templates-full")]
mod pkcs12;
#[cfg(feature = "templates-full")]
mod rsa;

use super::function;
use crate::template::call::Function;

#[cfg(feature = "templates-full")]
macro_rules! heavy {
    ($name:literal, $signature:literal, $body:expr, $nature:ident) => {
        function!($name, $signature, $body, $nature)
    };
}

#[cfg(not(feature = "templates-full"))]
macro_rules! heavy {
    ($name:literal, $signature:literal, $body:expr, $nature:ident) => {
        function!(
            $name,
            $signature,
            |_, _| Err("only the full refresher has this function".into()),
            $nature
        )
    };
}

/// Those of sprig.
pub(super) const SPRIG: &[Function] = &[
    heavy!("bcrypt", "s", password::bcrypt, HeavyVolatile),
    heavy!("derivePassword", "ussss", password::derive, Heavy),
];

/// sprig's `htpasswd`, with bcrypt alone.
pub(super) const HTPASSWD: &[Function] =
    &[heavy!("htpasswd", "ss", password::htpasswd, HeavyVolatile)];

/// Those of External Secrets.
pub(super) const EXTERNAL_SECRETS: &[Function] = &[
    heavy!("htpasswd", "sss*", password::htpasswd, HeavyVolatile),
    heavy!(
        "certSANs",
        "s",
        certificate::subject_alternative_names,
        Heavy
    ),
    heavy!("filterCertChain", "ss", certificate::filter_chain, Heavy),
    heavy!("jwkPublicKeyPem", "s", jwk::public_pem, Heavy),
    heavy!("jwkPrivateKeyPem", "s", jwk::private_pem, Heavy),
    heavy!("rsaDecrypt", "ssss", rsa::decrypt, Heavy),
    heavy!(
        "pkcs12key",
        "s",
        |args, run| pkcs12::key(b"", args.bytes(0), run),
        Heavy
    ),
    heavy!(
        "pkcs12keyPass",
        "ss",
        |args, run| pkcs12::key(args.bytes(0), args.bytes(1), run),
        Heavy
    ),
    heavy!(
        "pkcs12cert",
        "s",
        |args, run| pkcs12::certificates(b"", args.bytes(0), run),
        Heavy
    ),
    heavy!(
        "pkcs12certPass",
        "ss",
        |args, run| pkcs12::certificates(args.bytes(0), args.bytes(1), run),
        Heavy
    ),
    heavy!(
        "pemToPkcs12",
        "ss",
        |args, run| pkcs12::write(args, false, b"", run),
        HeavyVolatile
    ),
    heavy!(
        "pemToPkcs12Pass",
        "sss",
        |args, run| pkcs12::write(args, false, args.bytes(2), run),
        HeavyVolatile
    ),
    heavy!(
        "fullPemToPkcs12",
        "ss",
        |args, run| pkcs12::write(args, true, b"", run),
        HeavyVolatile
    ),
    heavy!(
        "fullPemToPkcs12Pass",
        "sss",
        |args, run| pkcs12::write(args, true, args.bytes(2), run),
        HeavyVolatile
    ),
    heavy!(
        "pemTruststoreToPKCS12",
        "s",
        |args, run| pkcs12::truststore(args.bytes(0), b"", run),
        HeavyVolatile
    ),
    heavy!(
        "pemTruststoreToPKCS12Pass",
        "ss",
        |args, run| pkcs12::truststore(args.bytes(0), args.bytes(1), run),
        HeavyVolatile
    ),
];
