//! Functions with libraries that the slim refresher does not carry.
//!
//! Their names, signatures and natures are in every build: the webhook has to know them. Their
//! bodies are there with the feature `templates-full` alone.

#[cfg(feature = "templates-full")]
mod certificate;
#[cfg(feature = "templates-full")]
mod cipher;
#[cfg(feature = "templates-full")]
mod der;
#[cfg(feature = "templates-full")]
mod issue;
#[cfg(feature = "templates-full")]
mod jwk;
#[cfg(feature = "templates-full")]
mod password;
#[cfg(feature = "templates-full")]
mod pkcs12;
#[cfg(feature = "templates-full")]
mod private_key;
#[cfg(feature = "templates-full")]
mod regex;
#[cfg(feature = "templates-full")]
mod rsa;
#[cfg(feature = "templates-full")]
mod zone;

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
    heavy!("dateInZone", "sas", zone::date, Heavy),
    heavy!("date_in_zone", "sas", zone::date, Heavy),
    heavy!("htmlDateInZone", "as", zone::html_date, Heavy),
    heavy!("encryptAES", "ss", cipher::encrypt, HeavyVolatile),
    heavy!("decryptAES", "ss", cipher::decrypt, Heavy),
    heavy!("genPrivateKey", "s", private_key::generate, HeavyVolatile),
    heavy!("buildCustomCert", "ss", issue::custom, Heavy),
    heavy!(
        "genCA",
        "si",
        |args, run| issue::authority(args, None, run),
        HeavyVolatile
    ),
    heavy!(
        "genCAWithKey",
        "sis",
        |args, run| issue::authority(args, Some(2), run),
        HeavyVolatile
    ),
    heavy!(
        "genSelfSignedCert",
        "sLLi",
        |args, run| issue::self_signed(args, None, run),
        HeavyVolatile
    ),
    heavy!(
        "genSelfSignedCertWithKey",
        "sLLis",
        |args, run| issue::self_signed(args, Some(4), run),
        HeavyVolatile
    ),
    heavy!(
        "genSignedCert",
        "sLLia",
        |args, run| issue::signed(args, None, run),
        HeavyVolatile
    ),
    heavy!(
        "genSignedCertWithKey",
        "sLLias",
        |args, run| issue::signed(args, Some(5), run),
        HeavyVolatile
    ),
];

/// sprig's `htpasswd`, with bcrypt alone.
pub(super) const HTPASSWD: &[Function] =
    &[heavy!("htpasswd", "ss", password::htpasswd, HeavyVolatile)];

/// Regular expressions, whose tables of Unicode weigh as much as a tenth of the slim refresher.
pub(super) const REGEX: &[Function] = &[
    heavy!("regexMatch", "ss", regex::is_match, Heavy),
    heavy!("mustRegexMatch", "ss", regex::must_match, Heavy),
    heavy!("regexFind", "ss", regex::find, Heavy),
    heavy!("mustRegexFind", "ss", regex::find, Heavy),
    heavy!("regexFindAll", "ssi", regex::find_all, Heavy),
    heavy!("mustRegexFindAll", "ssi", regex::find_all, Heavy),
    heavy!(
        "regexReplaceAll",
        "sss",
        |args, run| regex::replace(args.bytes(0), args.bytes(1), args.bytes(2), run),
        Heavy
    ),
    heavy!(
        "mustRegexReplaceAll",
        "sss",
        |args, run| regex::replace(args.bytes(0), args.bytes(1), args.bytes(2), run),
        Heavy
    ),
    heavy!(
        "regexReplaceAllLiteral",
        "sss",
        regex::replace_literal,
        Heavy
    ),
    heavy!(
        "mustRegexReplaceAllLiteral",
        "sss",
        regex::replace_literal,
        Heavy
    ),
    heavy!("regexSplit", "ssi", regex::split, Heavy),
    heavy!("mustRegexSplit", "ssi", regex::split, Heavy),
    heavy!("regexQuoteMeta", "s", regex::quote, Heavy),
];

/// Those of consul-template; the replacement comes before the text.
pub(super) const CONSUL_TEMPLATE: &[Function] = &[
    heavy!("regexMatch", "ss", regex::must_match, Heavy),
    heavy!(
        "regexReplaceAll",
        "sss",
        |args, run| regex::replace(args.bytes(0), args.bytes(2), args.bytes(1), run),
        Heavy
    ),
    heavy!("md5sum", "s", password::md5, Heavy),
];

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
