//! The `pki` engine: roots that issue by themselves, and roles that say what for.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::answer::Answer;
use super::parameters::Parameters;
use super::request::{Method, Request};
use super::timestamp::unix;

/// How long certificates live for which nobody says so.
const USUAL: Duration = Duration::from_secs(32 * 24 * 3600);

/// Certificates are good from so long ago.
const BACKDATE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Pki {
    roots: Vec<Root>,
    /// Which of them issues.
    chosen: usize,
    roles: BTreeMap<String, Role>,
}

struct Root {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

struct Role {
    domains: Vec<String>,
    ttl: Duration,
    max_ttl: Duration,
}

impl Pki {
    /// What everybody may read, without a token.
    pub(super) fn open(&self, path: &str, method: Method) -> Option<Answer> {
        let is_open = method == Method::Read && matches!(path, "cert/ca" | "cert/ca_chain");
        is_open.then(|| match self.roots.get(self.chosen) {
            Some(root) => Answer::data(&json!({
                "certificate": root.pem, "ca_chain": [root.pem], "revocation_time": 0,
            })),
            None => Answer::not_found(),
        })
    }

    pub(super) fn answer(&mut self, path: &str, request: &Request<'_>, now: SystemTime) -> Answer {
        let parameters = match Parameters::parse(request.body) {
            Ok(parameters) => parameters,
            Err(answer) => return answer,
        };
        match (path.split_once('/'), request.method) {
            (Some(("root", "generate/internal" | "rotate/internal")), Method::Write) => {
                self.add_root(&parameters, now)
            }
            (Some(("root", "replace")), Method::Write) => {
                self.chosen = self.roots.len().saturating_sub(1);
                Answer::empty()
            }
            (Some(("roles", name)), Method::Write) => {
                let ttl = parameters.duration("ttl").unwrap_or(USUAL);
                let role = Role {
                    domains: parameters.list("allowed_domains").unwrap_or_default(),
                    ttl,
                    max_ttl: parameters
                        .duration("max_ttl")
                        .unwrap_or_else(|| USUAL.max(ttl)),
                };
                self.roles.insert(name.to_owned(), role);
                Answer::empty()
            }
            (Some(("issue", name)), Method::Write) => self.issue(name, &parameters, now),
            (Some(("issue", _)), _) => Answer::error(405, &["unsupported operation"]),
            _ => Answer::error(404, &["unsupported path"]),
        }
    }

    fn add_root(&mut self, parameters: &Parameters, now: SystemTime) -> Answer {
        let name = parameters.text("common_name").unwrap_or("root");
        match root(name, now) {
            Ok(root) => {
                let data = json!({ "certificate": root.pem, "issuing_ca": root.pem });
                self.roots.push(root);
                Answer::data(&data)
            }
            Err(_) => Answer::error(500, &["the root cannot be made"]),
        }
    }

    fn issue(&self, name: &str, parameters: &Parameters, now: SystemTime) -> Answer {
        let Some(role) = self.roles.get(name) else {
            return Answer::error(400, &[&format!("unknown role: {name}")]);
        };
        let Some(root) = self.roots.get(self.chosen) else {
            return Answer::error(500, &["no default issuer currently configured"]);
        };
        let Some(common_name) = parameters.text("common_name") else {
            return Answer::error(
                400,
                &[
                    "the common_name field is required, or must be provided in a CSR with \"use_csr_common_name\" set to true, unless \"require_cn\" is set to false",
                ],
            );
        };
        if !role.admits(common_name) {
            let error = format!("common name {common_name} not allowed by this role");
            return Answer::error(400, &[&error]);
        }
        let life = parameters.duration("ttl").unwrap_or(role.ttl);
        let end = now + life.min(role.max_ttl);
        match leaf(common_name, (now, end), &root.issuer) {
            Ok((certificate, key)) => Answer::data(&json!({
                "certificate": certificate, "issuing_ca": root.pem, "ca_chain": [root.pem],
                "private_key": key, "private_key_type": "ec", "expiration": unix(end),
                "serial_number": serial(certificate.as_bytes()),
            })),
            Err(_) => Answer::error(500, &["the certificate cannot be made"]),
        }
    }
}

impl Role {
    /// Subdomains of the allowed domains, and those themselves.
    fn admits(&self, name: &str) -> bool {
        self.domains.iter().any(|domain| {
            let rest = name.strip_suffix(domain.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

fn root(name: &str, now: SystemTime) -> Result<Root, rcgen::Error> {
    let mut params = CertificateParams::default();
    lives(&mut params, now, now + 10 * USUAL);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);
    Ok(Root { pem, issuer })
}

/// A certificate for the host `name`, and its key.
fn leaf(
    name: &str,
    (now, end): (SystemTime, SystemTime),
    issuer: &Issuer<'_, KeyPair>,
) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    lives(&mut params, now, end);
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let number = digest(&SHA256, key.public_key_raw());
    params.serial_number = number.as_ref().get(..16).map(SerialNumber::from_slice);
    let certificate = params.signed_by(&key, issuer)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn lives(params: &mut CertificateParams, now: SystemTime, end: SystemTime) {
    let at = |time| date_time_ymd(1970, 1, 1) + Duration::from_secs(unix(time));
    params.not_before = at(now) - BACKDATE;
    params.not_after = at(end);
}

/// A number as Vault writes it.
fn serial(of: &[u8]) -> String {
    let digest = digest(&SHA256, of);
    let bytes = digest.as_ref().iter().take(16);
    let bytes: Vec<_> = bytes.map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}
