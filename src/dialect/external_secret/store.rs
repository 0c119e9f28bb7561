//! SecretStore and ClusterSecretStore: where Vault is, and who may use it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

use super::auth::{self, Login};
use super::fields::{Fields, Notes};
use super::selector::Condition;
use crate::spec::{CaBundle, Header, Invalid, StorePath, VaultAddress, VaultNamespace};

/// A store, as far as it could be read.
#[derive(Debug)]
pub struct Store {
    /// `SecretStore db`.
    pub(super) object: String,
    /// `spec.controller`.
    pub(super) controller: String,
    pub(super) conditions: Vec<Condition>,
    /// `None` is always accompanied by a problem.
    pub(super) vault: Option<Vault>,
    pub(super) notes: Notes,
}

/// `spec.provider.vault`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vault {
    pub(super) address: VaultAddress,
    pub(super) namespace: Option<VaultNamespace>,
    pub(super) place: StorePath,
    pub(super) ca: Option<Ca>,
    pub(super) headers: Vec<Header>,
    pub(super) login: Login,
}

/// Where the store's CA certificates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ca {
    /// In the store.
    Bundle(CaBundle),
    /// In a ConfigMap; without a namespace it is the store's.
    ConfigMap {
        path: String,
        namespace: Option<String>,
        name: String,
        key: String,
    },
}

impl Store {
    /// Reads a manifest of a `SecretStore` or `ClusterSecretStore`; of the object itself only the
    /// spec is looked at.
    pub fn read(kind: &str, name: &str, manifest: &Value) -> Self {
        let object = format!("{kind} {name}");
        let mut notes = Notes::of(object.clone());
        let mut store = Self {
            object,
            controller: String::new(),
            conditions: Vec::new(),
            vault: None,
            notes: Notes::default(),
        };
        let nothing = Value::Null;
        let spec = manifest.get("spec").unwrap_or(&nothing);
        if let Some(mut spec) = Fields::of((spec, "spec".to_owned()), &mut notes) {
            let controller = spec.text("controller", &mut notes);
            store.controller = controller.unwrap_or_default().to_owned();
            for placed in spec.list("conditions", &mut notes) {
                store.conditions.extend(Condition::read(placed, &mut notes));
            }
            // The refresher has its own back-off and its own rhythm.
            spec.skip(&["retrySettings", "refreshInterval"]);
            let provider = spec.object("provider", &mut notes);
            match provider {
                Some(provider) => store.vault = of_provider(provider, &mut notes),
                None => notes.say(spec.path("provider"), "missing"),
            }
            spec.close(&mut notes);
        }
        store.notes = notes;
        store
    }

    /// The key of a ConfigMap with its CA: namespace, name and key; of a store of the cluster alone,
    /// because that of a namespace may be mounted.
    pub(super) fn ca_key(&self) -> Option<(&str, &str, &str)> {
        match self.vault.as_ref()?.ca.as_ref()? {
            Ca::ConfigMap {
                namespace: Some(namespace),
                name,
                key,
                ..
            } => Some((namespace, name, key)),
            Ca::ConfigMap { .. } | Ca::Bundle(_) => None,
        }
    }

    /// Whether a namespace with these labels may use it; every one, without conditions.
    pub(super) fn allows(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let mut conditions = self.conditions.iter();
        self.conditions.is_empty() || conditions.any(|one| one.allows(namespace, labels))
    }
}

fn of_provider(mut provider: Fields<'_>, notes: &mut Notes) -> Option<Vault> {
    let vault = provider.object("vault", notes);
    match &vault {
        Some(_) => provider.close(notes),
        None => notes.say(
            provider.own_path(),
            "must be vault: no other provider is served inside of pods; leave the store to External Secrets (spec.controller)",
        ),
    }
    of_vault(vault?, notes)
}

fn of_vault(mut fields: Fields<'_>, notes: &mut Notes) -> Option<Vault> {
    if !fields.has("server") {
        notes.say(fields.path("server"), "missing");
    }
    let address: Option<VaultAddress> = fields.parsed("server", notes);
    if address.as_ref().is_some_and(|address| !address.is_secure()) {
        notes.warn(
            fields.path("server"),
            "is not https: tokens and secrets cross the network in clear",
        );
    }
    let mount = fields.parsed("path", notes);
    let v1 = fields.choice("version", &[("v2", false), ("v1", true)], notes);
    let namespace = fields.parsed("namespace", notes);
    let ca = ca(&mut fields, notes);
    fields.unserved(
        "tls",
        "a client certificate from a Secret of the store is not given to pods: name a Secret of the pod's namespace with the annotation freshet.dev/tls-secret",
        notes,
    );
    let mut headers = Vec::new();
    let path = fields.path("headers");
    for (name, value) in fields.texts("headers", notes) {
        match Header::new(name, value) {
            Ok(header) => headers.push(header),
            Err(invalid) => notes.say(format!("{path}[{name}]"), invalid.to_string()),
        }
    }
    let flag = |placed: Option<(&Value, String)>| placed.is_some_and(|(value, _)| value == true);
    let reads_its_writes = flag(fields.value("readYourWrites"));
    if flag(fields.value("forwardInconsistent")) && reads_its_writes {
        headers.extend(Header::new("X-Vault-Inconsistent", "forward-active-node").ok());
    }
    // For pushes alone.
    fields.skip(&["checkAndSet"]);
    headers.sort();
    let auth = fields.object("auth", notes);
    if auth.is_none() {
        notes.say(
            fields.path("auth"),
            "missing: a pod logs in as itself, with auth.kubernetes or auth.jwt",
        );
    }
    let login = auth.and_then(|auth| auth::read(auth, notes));
    fields.close(notes);
    Some(Vault {
        address: address?,
        namespace,
        place: StorePath { mount, v1: v1? },
        ca,
        headers,
        login: login?,
    })
}

/// `caBundle` wins over `caProvider`.
fn ca(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Ca> {
    let bundle = fields.text("caBundle", notes);
    let provider = fields.object("caProvider", notes);
    if let Some(text) = bundle {
        return match decoded(text).and_then(|pem| certificates(&pem)) {
            Ok(bundle) => Some(Ca::Bundle(bundle)),
            Err(invalid) => {
                notes.say(fields.path("caBundle"), invalid.to_string());
                None
            }
        };
    }
    let mut provider = provider?;
    let kind = provider.text("type", notes);
    let (name, key) = (
        provider.required("name", notes),
        provider.text("key", notes),
    );
    let namespace = provider.text("namespace", notes).map(str::to_owned);
    let path = provider.own_path().to_owned();
    if kind != Some("ConfigMap") {
        notes.refuse(
            provider.path("type"),
            kind.unwrap_or_default(),
            "must be ConfigMap: Secrets are not read for pods; certificates of a CA are public, put them into a ConfigMap or into caBundle",
        );
    }
    if key.is_none() {
        notes.say(provider.path("key"), "missing");
    }
    provider.close(notes);
    Some(Ca::ConfigMap {
        path,
        namespace,
        name: name?.to_owned(),
        key: key?.to_owned(),
    })
}

/// Base64 of PEM, or, as External Secrets puts up with, base64 of that.
fn decoded(text: &str) -> Result<Vec<u8>, Invalid> {
    let once = |text: &[u8]| {
        let text: Vec<u8> = text
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        STANDARD.decode(text).ok()
    };
    let bytes = once(text.as_bytes());
    let bytes = bytes.ok_or_else(|| Invalid::new("must be base64 of certificates in PEM"))?;
    Ok(match bytes.starts_with(b"LS0t") {
        true => once(&bytes).unwrap_or(bytes),
        false => bytes,
    })
}

/// The certificates of a PEM text, and nothing else of it.
pub(super) fn certificates(pem: &[u8]) -> Result<CaBundle, Invalid> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|_| Invalid::new("is not sound PEM"))?;
    CaBundle::from_der(certificates.iter().map(|der| der.to_vec()).collect())
}
