//! Whom to trust and how to prove who we are: the files of the annotations, most of which lie in
//! Secrets that the sidecar sees.

use super::annotations::{Annotations, Given, Reader};
use super::login::parameter;
use super::vocabulary::Key;
use crate::dialect::findings::at;
use crate::dialect::{CaSource, DialectDefaults, MountedSecret, NeededFile};
use crate::spec::layout::{CA_FILE, EXTRA_VOLUME, TLS_DIR, TLS_VOLUME, VAULT_TLS_VOLUME};
use crate::spec::{ObjectName, TlsName, VaultAddress};

/// Where the sidecar sees the Secret of `tls-secret`, and under which volume's name.
const TLS_SECRET: (&str, &str) = ("/vault/tls", VAULT_TLS_VOLUME);
/// ... and of `agent-extra-secret`.
const EXTRA_SECRET: (&str, &str) = ("/vault/custom", EXTRA_VOLUME);

/// The ConfigMap that Kubernetes puts into every namespace, with the CA of the API server.
const CLUSTER_CA: &str = "kube-root-ca.crt";

/// What the sidecar needs to talk to Vault over TLS.
#[derive(Debug, Default)]
pub(super) struct Tls {
    pub(super) ca: Option<CaSource>,
    /// A file with CA certificates, in place of that.
    pub(super) ca_file: Option<NeededFile>,
    /// The Secrets of both annotations, and the client certificate.
    pub(super) secrets: Vec<MountedSecret>,
    /// The name in Vault's certificate.
    pub(super) server_name: Option<TlsName>,
}

/// A file that is a key of a Secret which the sidecar sees.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SecretFile {
    pub(super) secret: String,
    pub(super) key: String,
}

impl SecretFile {
    /// The file at `path`.
    pub(super) fn at(given: &Annotations<'_>, path: &str) -> Option<Self> {
        let places = [
            (Key::TlsSecret, TLS_SECRET.0),
            (Key::ExtraSecret, EXTRA_SECRET.0),
        ];
        places.into_iter().find_map(|(key, directory)| {
            let name = path.strip_prefix(directory)?.strip_prefix('/')?;
            let secret = given.text(key)?.value.to_owned();
            let is_key = !name.is_empty() && !name.contains('/');
            is_key.then(|| Self {
                secret,
                key: name.to_owned(),
            })
        })
    }
}

/// Reads what concerns the connection to `server`.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    server: Option<&VaultAddress>,
    needs_certificate: bool,
    defaults: &DialectDefaults,
) -> Tls {
    let mut tls = Tls::default();
    for (key, (directory, volume)) in [
        (Key::TlsSecret, TLS_SECRET),
        (Key::ExtraSecret, EXTRA_SECRET),
    ] {
        if let Some(secret) = reader.value::<ObjectName>(key) {
            tls.secrets.push(MountedSecret {
                volume,
                secret: secret.to_string(),
                items: Vec::new(),
                directory,
            });
        }
    }
    tls.secrets
        .extend(client_certificate(reader, needs_certificate));
    if needs_certificate && let Some(server) = server.filter(|server| !server.is_secure()) {
        let problem = at(&reader.given.name(Key::Service)).with(
            &server.to_string(),
            "must begin with https://: the auth method cert logs in with the certificate of the TLS connection",
        );
        reader.findings.problem(problem);
    }
    authority(reader, &mut tls, defaults);
    skip_verify(reader, server, &tls);
    tls.server_name = reader.value(Key::TlsServerName);
    tls
}

/// What Vault's certificate is checked against.
fn authority(reader: &mut Reader<'_, '_>, tls: &mut Tls, defaults: &DialectDefaults) {
    let cluster_ca = |given: &Given<'_>| {
        ["/var/run", "/run"].iter().any(|root| {
            given.value == format!("{root}/secrets/kubernetes.io/serviceaccount/{CA_FILE}")
        })
    };
    let config_map = |name: &str| {
        Some(CaSource::ConfigMap {
            name: name.to_owned(),
            key: CA_FILE.to_owned(),
        })
    };
    match reader.given.text(Key::CaCert) {
        Some(given) if cluster_ca(&given) => tls.ca = config_map(CLUSTER_CA),
        Some(given) => {
            tls.ca_file = Some(NeededFile {
                annotation: given.key.to_owned(),
                path: given.value.to_owned(),
            });
        }
        None => {
            tls.ca = defaults
                .ca_config_map
                .as_ref()
                .and_then(|name| config_map(name.as_str()));
        }
    }
    if let Some(given) = reader.given.text(Key::CaKey) {
        match reader.given.text(Key::CaCert) {
            Some(_) => reader.findings.warn(given.say("has no effect beside ca-cert")),
            None => reader.findings.problem(given.say(
                "a directory of CA certificates is not read: name one file that has them with ca-cert, e.g. /vault/tls/ca.crt",
            )),
        }
    }
}

/// A service account's token goes to no server that cannot prove who it is.
fn skip_verify(reader: &mut Reader<'_, '_>, server: Option<&VaultAddress>, tls: &Tls) {
    if !reader.truth(Key::TlsSkipVerify, false) {
        return;
    }
    let Some(given) = reader.given.get(Key::TlsSkipVerify) else {
        return;
    };
    let names_ca = tls.ca.is_some() || tls.ca_file.is_some();
    if server.is_some_and(VaultAddress::is_secure) && !names_ca {
        reader.findings.problem(given.say(
            "Vault's certificate is always checked, or its tokens would go to whoever answers: name its CA with ca-cert, or start the webhook with --ca-config-map",
        ));
    } else {
        reader
            .findings
            .warn(given.say("has no effect: Vault's certificate is always checked"));
    }
}

/// The client certificate and its key: of `client-cert` and `client-key`, or of the method's own
/// parameters.
fn client_certificate(reader: &mut Reader<'_, '_>, needed: bool) -> Option<MountedSecret> {
    let find = |key: Key, name: &str| {
        let of_method = parameter(reader.given, name).filter(|_| needed);
        of_method.or_else(|| reader.given.text(key))
    };
    let pair = (
        find(Key::ClientCert, "client_cert"),
        find(Key::ClientKey, "client_key"),
    );
    let way_out = "a key of the Secret that tls-secret names, e.g.";
    let (certificate, key) = match pair {
        (None, None) if !needed => return None,
        (Some(certificate), Some(key)) => (certificate, key),
        (certificate, _) => {
            let (missing, example) = match certificate {
                None => (Key::ClientCert, "/vault/tls/tls.crt"),
                Some(_) => (Key::ClientKey, "/vault/tls/tls.key"),
            };
            let problem = at(&reader.given.name(missing)).say(format!(
                "missing: a client certificate and its key belong together: name {way_out} {example}"
            ));
            reader.findings.problem(problem);
            return None;
        }
    };
    let file = |given: Given<'_>| {
        SecretFile::at(reader.given, given.value)
            .ok_or_else(|| given.say(format!("must be {way_out} /vault/tls/tls.crt")))
    };
    match (file(certificate), file(key)) {
        (Ok(one), Ok(other)) if one.secret == other.secret => Some(MountedSecret {
            volume: TLS_VOLUME,
            secret: one.secret,
            items: vec![(one.key, "tls.crt"), (other.key, "tls.key")],
            directory: TLS_DIR,
        }),
        (Ok(_), Ok(_)) => {
            let problem = key.say("must be a key of the same Secret as the certificate");
            reader.findings.problem(problem);
            None
        }
        (one, other) => {
            let problems = [one.err(), other.err()];
            let problems: Vec<_> = problems.into_iter().flatten().collect();
            for problem in problems {
                reader.findings.problem(problem);
            }
            None
        }
    }
}
