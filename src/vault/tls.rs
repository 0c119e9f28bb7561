//! Whom to trust and how to prove who we are: the CA file and the client certificate for Vault.
//!
//! Only the given CA is trusted, or, without one, the bundled Mozilla roots; never what the system
//! or the environment offers. The files are read again at every login and whenever a certificate
//! is refused, so rotated files take effect without a restart.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::secret::SecretBytes;
use crate::spec::CaBundle;

/// Where the PEM files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TlsFiles {
    /// The CA certificates; `None` is the bundled Mozilla roots.
    pub(super) ca_file: Option<PathBuf>,
    /// The CA certificates themselves, in place of a file.
    pub(super) ca_certificates: Option<CaBundle>,
    /// The directory with `tls.crt` and `tls.key`, as in a Secret of type `kubernetes.io/tls`.
    pub(super) client_certificate_dir: Option<PathBuf>,
}

/// What was in the files.
#[derive(Default, PartialEq, Eq)]
pub(super) struct TlsMaterial {
    ca: Option<Vec<u8>>,
    client: Option<(Vec<u8>, SecretBytes)>,
}

/// A file that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub(super) struct TlsError {
    path: PathBuf,
    problem: String,
}

impl TlsFiles {
    /// Reads the files as they are now.
    pub(super) fn read(&self) -> Result<TlsMaterial, TlsError> {
        let ca = self.ca_file.as_deref().map(read).transpose()?;
        let client = match &self.client_certificate_dir {
            Some(directory) => Some((
                read(&directory.join("tls.crt"))?,
                SecretBytes::new(read(&directory.join("tls.key"))?),
            )),
            None => None,
        };
        Ok(TlsMaterial { ca, client })
    }

    /// What a certificate is checked against, for messages.
    pub(super) fn roots(&self) -> String {
        match &self.ca_file {
            None if self.ca_certificates.is_some() => {
                "the CA certificates of the store (caBundle or caProvider)".to_owned()
            }
            Some(file) => format!("the CA certificates in {}", file.display()),
            None => "the bundled Mozilla roots; name the CA that signed it \
                     (annotation freshet.dev/ca-config-map)"
                .to_owned(),
        }
    }

    /// The TLS settings that `material`, read from these files, makes.
    pub(super) fn client_config(&self, material: &TlsMaterial) -> Result<ClientConfig, TlsError> {
        let roots = self.root_store(material)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| problem(Path::new("TLS"), error))?
            .with_root_certificates(roots);
        let mut config = match (&material.client, &self.client_certificate_dir) {
            (Some((chain, key)), Some(directory)) => {
                let (chain_file, key_file) = (directory.join("tls.crt"), directory.join("tls.key"));
                let chain = certificates(&chain_file, chain)?;
                let key = PrivateKeyDer::from_pem_slice(key.expose())
                    .map_err(|_| problem(&key_file, "holds no private key in PEM"))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| problem(&key_file, error))?
            }
            _ => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // One server: a larger cache is memory for nothing.
        config.resumption = Resumption::in_memory_sessions(2);
        Ok(config)
    }

    fn root_store(&self, material: &TlsMaterial) -> Result<RootCertStore, TlsError> {
        if let Some(bundle) = &self.ca_certificates {
            let mut roots = RootCertStore::empty();
            for der in bundle.certificates() {
                roots
                    .add(CertificateDer::from(der.as_slice()))
                    .map_err(|error| problem(Path::new("--ca-certificates"), error))?;
            }
            return Ok(roots);
        }
        let (Some(ca), Some(file)) = (&material.ca, &self.ca_file) else {
            return Ok(RootCertStore::from_iter(
                webpki_roots::TLS_SERVER_ROOTS.iter().cloned(),
            ));
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(file, ca)? {
            roots
                .add(certificate)
                .map_err(|error| problem(file, error))?;
        }
        Ok(roots)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| problem(path, error))
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| problem(path, "is not sound PEM"))?;
    if certificates.is_empty() {
        return Err(problem(path, "holds no certificate in PEM"));
    }
    Ok(certificates)
}

fn problem(path: &Path, problem: impl ToString) -> TlsError {
    TlsError {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}
