//! Certificates that templates issue: what is in them, and that their signatures hold.

use std::time::{Duration, SystemTime};

use freshet::spec::{FunctionTable, MissingKey, TemplateSpec};
use freshet::template::{Context, Limits, NoSecrets, Rendered, Template, Value};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::pem::Pem;
use x509_parser::prelude::{GeneralName, X509Certificate};

/// 2023-11-14 22:13:20 UTC.
const NOW: i64 = 1_700_000_000;

fn rendered(text: &str) -> String {
    let spec = TemplateSpec {
        text: text.to_owned(),
        functions: FunctionTable::Sprig,
        missing_key: MissingKey::Error,
        delimiters: (String::new(), String::new()),
    };
    let mut state = 7_u64;
    let mut context = Context {
        secrets: &NoSecrets,
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()),
        random: &mut |bytes: &mut [u8]| {
            for byte in bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
        },
        limits: Limits::default(),
    };
    let template = Template::parse(&spec).expect("a template");
    match template.render(&Value::NoValue, &mut context) {
        Ok(Rendered::Complete(output)) => {
            String::from_utf8(output.expose().to_vec()).expect("text")
        }
        other => panic!("{other:?}"),
    }
}

fn certificates(text: &str) -> Vec<Pem> {
    Pem::iter_from_buffer(text.as_bytes())
        .map(|pem| pem.expect("PEM"))
        .filter(|pem| pem.label == "CERTIFICATE")
        .collect()
}

#[track_caller]
fn check_signed(
    certificate: &X509Certificate<'_>,
    by: &X509Certificate<'_>,
    algorithm: &'static dyn VerificationAlgorithm,
) {
    let key = UnparsedPublicKey::new(algorithm, &by.public_key().subject_public_key.data);
    let verified = key.verify(
        certificate.tbs_certificate.as_ref(),
        &certificate.signature_value.data,
    );
    assert!(verified.is_ok(), "the signature does not hold");
    assert_eq!(certificate.issuer(), by.subject());
}

#[test]
fn a_certificate_is_signed_by_its_authority_and_says_what_was_asked_for() {
    let text = r#"{{ $ca := genCA "an authority" 365 -}}
{{ $cert := genSignedCert "app" (list "10.0.0.1" "::1") (list "app" "app.svc") 30 $ca -}}
{{ $ca.Cert }}{{ $cert.Cert }}"#;
    let pems = certificates(&rendered(text));
    let [authority, leaf] = pems.each(|pem| pem.parse_x509().expect("X.509"));
    check_signed(
        &authority,
        &authority,
        &signature::RSA_PKCS1_2048_8192_SHA256,
    );
    check_signed(&leaf, &authority, &signature::RSA_PKCS1_2048_8192_SHA256);
    assert!(authority.is_ca() && !leaf.is_ca());
    assert_eq!(authority.subject().to_string(), "CN=an authority");
    assert_eq!(leaf.subject().to_string(), "CN=app");
    let validity = leaf.validity();
    assert_eq!(validity.not_before.timestamp(), NOW);
    assert_eq!(validity.not_after.timestamp(), NOW + 30 * 86_400);
    let names = leaf
        .subject_alternative_name()
        .expect("readable")
        .expect("names");
    let names: Vec<String> = names.value.general_names.iter().map(name).collect();
    assert_eq!(
        names,
        [
            "[10, 0, 0, 1]",
            "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]",
            "app",
            "app.svc"
        ]
    );
    let usage = leaf.extended_key_usage().expect("readable").expect("usage");
    assert!(usage.value.server_auth && usage.value.client_auth);
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => format!("{bytes:?}"),
        other => format!("{other:?}"),
    }
}

/// As many certificates as expected, each read.
trait Each {
    fn each<'a, T, const N: usize>(&'a self, read: impl Fn(&'a Pem) -> T) -> [T; N];
}

impl Each for Vec<Pem> {
    fn each<'a, T, const N: usize>(&'a self, read: impl Fn(&'a Pem) -> T) -> [T; N] {
        let all: Vec<T> = self.iter().map(read).collect();
        let count = all.len();
        all.try_into()
            .unwrap_or_else(|_| panic!("{count} certificates, not {N}"))
    }
}

#[track_caller]
fn check_key(kind: &str, algorithm: &'static dyn VerificationAlgorithm) {
    let text = format!(
        r#"{{{{ $key := genPrivateKey "{kind}" -}}}}
{{{{ $ca := genCAWithKey "ca" 1 $key -}}}}
{{{{ $again := buildCustomCert ($ca.Cert | b64enc) ($ca.Key | b64enc) -}}}}
{{{{ $ca.Cert }}}}{{{{ (genSignedCertWithKey "x" nil nil 1 $again $key).Cert }}}}
{{{{- if ne $ca.Key $key }}}}the key changed{{{{ end }}}}"#
    );
    let text = rendered(&text);
    assert!(!text.contains("changed"), "{text}");
    let pems = certificates(&text);
    let [authority, leaf] = pems.each(|pem| pem.parse_x509().expect("X.509"));
    check_signed(&authority, &authority, algorithm);
    check_signed(&leaf, &authority, algorithm);
}

#[test]
fn keys_of_each_kind_sign() {
    check_key("ecdsa", &signature::ECDSA_P256_SHA256_ASN1);
    check_key("ed25519", &signature::ED25519);
}

#[test]
fn the_same_randomness_gives_the_same_key_and_other_randomness_another() {
    let text = r#"{{ genPrivateKey "ecdsa" }}"#;
    assert_eq!(rendered(text), rendered(text));
    let twice = rendered(r#"{{ eq (genPrivateKey "ecdsa") (genPrivateKey "ecdsa") }}"#);
    assert_eq!(twice, "false");
}
