//! From an origin to a connection: name resolution, TCP over all addresses, TLS. No proxies.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::Limits;
use super::connection::{Connection, Stream};
use super::origin::Origin;

/// A connection that carries nothing for so long is asked for a sign of life, three times at most:
/// one whose server is gone without a word is then found dead before the next request.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Opens connections to one server.
pub(super) struct Connector {
    http: HttpConnector<Resolver>,
    tls: TlsConnector,
}

impl Connector {
    /// Connections with the TLS settings `tls`, where TLS is spoken.
    pub(super) fn new(tls: ClientConfig, limits: &Limits) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver);
        http.enforce_http(false);
        http.set_nodelay(true);
        // Shared among the addresses of the server.
        http.set_connect_timeout(Some(limits.connect));
        http.set_keepalive(Some(SIGN_OF_LIFE));
        http.set_keepalive_interval(Some(SIGN_OF_LIFE));
        http.set_keepalive_retries(Some(3));
        Self {
            http,
            tls: TlsConnector::from(Arc::new(tls)),
        }
    }

    /// A new connection to `origin`, with TLS if it asks for it.
    pub(super) async fn connect(
        &self,
        origin: &Origin,
    ) -> Result<Connection, Box<dyn Error + Send + Sync>> {
        let tcp = self.http.clone().call(origin.uri().clone()).await?;
        let tcp = tcp.into_inner();
        let stream: Box<dyn Stream> = match origin.tls_name() {
            Some(name) => Box::new(self.tls.connect(name.clone(), tcp).await?),
            None => Box::new(tcp),
        };
        Ok(Connection::over(TokioIo::new(stream)).await?)
    }
}

/// The system's resolver, with an error of its own type, so that it can be told from others.
#[derive(Clone)]
struct Resolver;

/// A name that has no address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(pub(super) io::Error);

type Addresses = std::vec::IntoIter<std::net::SocketAddr>;

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = Unresolved;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Addresses, Unresolved>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            // The port is filled in by the caller.
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await;
            let addresses: Vec<_> = addresses.map_err(Unresolved)?.collect();
            Ok(addresses.into_iter())
        })
    }
}
