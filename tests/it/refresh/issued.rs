//! A certificate as it stands in the files of a pod, looked at as a TLS server and its clients do.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;

use super::pod::Pod;

/// Key, what the server sends, and what a client trusts.
pub(crate) struct Issued {
    key: PrivateKeyDer<'static>,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    roots: Vec<CertificateDer<'static>>,
}

impl Issued {
    /// The files of the format `pem` in `directory`.
    #[track_caller]
    pub(crate) fn of_directory(pod: &Pod, directory: &str) -> Self {
        let file = |name: &str| pod.file(&format!("{directory}/{name}")).expect(name);
        Self {
            key: key(&file("tls.key")),
            chain: certificates(&file("tls.crt")),
            roots: certificates(&file("ca.crt")),
        }
    }

    /// The file of the format `pem-bundle`: the last certificate is the root.
    #[track_caller]
    pub(crate) fn of_bundle(text: &str) -> Self {
        let mut chain = certificates(text);
        let roots = chain.split_off(chain.len() - 1);
        Self {
            key: key(text),
            chain,
            roots,
        }
    }

    /// The key is the certificate's, and a client that trusts the CA lets `host` in.
    #[track_caller]
    pub(crate) fn check(&self, host: &str) {
        let provider = Arc::new(default_provider());
        let key = provider.key_provider.load_private_key(self.key.clone_key());
        let certified = CertifiedKey::new(self.chain.clone(), key.expect("a key"));
        certified.keys_match().expect("the certificate's key");
        let mut roots = RootCertStore::empty();
        for root in &self.roots {
            roots.add(root.clone()).expect("a root");
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().expect("a verifier");
        let (leaf, between) = self.chain.split_first().expect("a certificate");
        let host = ServerName::try_from(host.to_owned()).expect("a host");
        let verified = verifier.verify_server_cert(leaf, between, &host, &[], UnixTime::now());
        verified.expect("a client trusts it");
    }

    /// The certificate itself.
    pub(crate) fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }
}

fn key(text: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).expect("a private key")
}

fn certificates(text: &str) -> Vec<CertificateDer<'static>> {
    let all = CertificateDer::pem_slice_iter(text.as_bytes());
    all.collect::<Result<_, _>>().expect("certificates")
}
