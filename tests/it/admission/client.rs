//! An HTTP client that tells everything: the certificate it was shown, the protocol, the status.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The webhook's certificate on disk, and what a client has to trust.
pub(super) struct Identity {
    directory: TempDir,
    roots: Mutex<RootCertStore>,
}

impl Identity {
    pub(super) fn new() -> Self {
        let identity = Self {
            directory: tempfile::tempdir().expect("a directory"),
            roots: Mutex::new(RootCertStore::empty()),
        };
        identity.renew();
        identity
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Replaces the pair on disk, as kubelet does it, by one that a client trusts as well.
    pub(super) fn renew(&self) -> CertificateDer<'static> {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
        let leaf = pair.cert.der().clone();
        let mut roots = self.roots.lock().expect("not poisoned");
        roots.add(leaf.clone()).expect("a root");
        let generation = self
            .directory()
            .join(format!("..generation-{}", roots.len()));
        let link = self.directory().join("..data_tmp");
        write(
            &generation,
            &pair.cert.pem(),
            &pair.signing_key.serialize_pem(),
        );
        std::os::unix::fs::symlink(&generation, &link).expect("linked");
        swap(&link, &self.directory().join("..data"));
        leaf
    }

    fn config(&self, alpn: &[&str]) -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = self.roots.lock().expect("not poisoned").clone();
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    pub(super) async fn tls(&self, address: SocketAddr, alpn: &[&str]) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(address).await.expect("connected");
        let name = ServerName::try_from("localhost").expect("a name");
        let connector = TlsConnector::from(self.config(alpn));
        connector.connect(name, stream).await.expect("a handshake")
    }

    /// An HTTP/2 connection, and the certificate that was shown for it.
    pub(super) async fn http2(&self, address: SocketAddr) -> (Http2, CertificateDer<'static>) {
        let stream = self.tls(address, &["h2", "http/1.1"]).await;
        let session = stream.get_ref().1;
        assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
        let shown = session.peer_certificates().expect("a chain")[0].clone();
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
        tokio::spawn(connection);
        (Http2(sender), shown.into_owned())
    }

    pub(super) async fn http1(&self, address: SocketAddr) -> http1::SendRequest<Body> {
        let stream = self.tls(address, &["http/1.1"]).await;
        plain(stream).await
    }
}

/// An HTTP/1 connection over any stream.
pub(super) async fn plain<S>(stream: S) -> http1::SendRequest<Body>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/1");
    tokio::spawn(connection);
    sender
}

#[expect(
    clippy::disallowed_methods,
    reason = "the files of a certificate, not of a pod"
)]
fn write(directory: &Path, chain: &str, key: &str) {
    std::fs::create_dir(directory).expect("made");
    std::fs::write(directory.join("tls.crt"), chain).expect("written");
    std::fs::write(directory.join("tls.key"), key).expect("written");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the files of a certificate, not of a pod"
)]
fn swap(new: &Path, old: &Path) {
    std::fs::rename(new, old).expect("swapped");
}

/// An HTTP/2 connection.
#[derive(Clone)]
pub(super) struct Http2(http2::SendRequest<Body>);

impl Http2 {
    pub(super) async fn send(&mut self, request: Request<Body>) -> (StatusCode, Bytes) {
        let response = self.try_send(request).await.expect("an answer");
        read(response.map(Body::new)).await
    }

    pub(super) async fn try_send(
        &mut self,
        request: Request<Body>,
    ) -> hyper::Result<Response<hyper::body::Incoming>> {
        self.0.ready().await?;
        self.0.send_request(request).await
    }
}

/// Status and body of a response.
pub(super) async fn read(response: Response<Body>) -> (StatusCode, Bytes) {
    let status = response.status();
    let body = response.into_body().collect().await.expect("a body");
    (status, body.to_bytes())
}

/// A review for `/mutate`, as the API server sends it.
pub(super) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("https://localhost/mutate?timeout=5s")
        .header("Accept", "application/json, */*")
        .header("Content-Type", "application/json")
        .header("User-Agent", "kube-apiserver-admission")
        .body(body.into())
        .expect("a request")
}

/// A request for something else.
pub(super) fn get(path: &str) -> Request<Body> {
    Request::get(format!("https://localhost{path}"))
        .body(Body::empty())
        .expect("a request")
}
