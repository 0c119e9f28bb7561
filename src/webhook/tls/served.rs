//! The certificate that handshakes show now.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;

use crate::certificate::{Pair, provider};
use crate::webhook::metrics::Metrics;

/// Gives each handshake the newest certificate; without one, handshakes fail.
pub struct Served {
    key: ArcSwapOption<CertifiedKey>,
    metrics: Arc<Metrics>,
}

impl Served {
    /// No certificate yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let key = ArcSwapOption::empty();
        Self { key, metrics }
    }

    /// From now on handshakes show this one; open connections are not touched.
    pub fn serve(&self, pair: Pair) {
        let Pair { key, validity } = pair;
        self.key.store(Some(Arc::new(key)));
        self.metrics.certificate.served(validity.not_after);
        tracing::info!(
            certificate.names = validity.names.join(","),
            certificate.not_after = validity.not_after_text,
            "serving a certificate"
        );
    }

    /// A certificate was offered that cannot be served.
    pub fn refuse(&self, problem: &str) {
        self.metrics.certificate.refused();
        tracing::error!(
            problem,
            "new certificate refused; the last good one is served"
        );
    }

    /// Whether there is a certificate.
    pub fn is_there(&self) -> bool {
        self.key.load().is_some()
    }

    /// The certificate that is shown, in DER.
    #[cfg(test)]
    pub(super) fn leaf(&self) -> Option<Vec<u8>> {
        self.key.load().as_ref().map(|key| key.cert[0].to_vec())
    }

    /// The settings of a server that presents it: TLS 1.2 and 1.3, HTTP/2 preferred.
    ///
    /// # Errors
    /// When the cryptography provider offers no such protocol, which ring does.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.key.load_full()
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served")
    }
}
