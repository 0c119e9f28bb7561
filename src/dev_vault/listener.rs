//! The server on its socket: HTTP becomes a request, an answer becomes HTTP.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::DevVault;
use super::answer::Answer;
use super::request::{Method, Request};
use super::state::Reaction;
use crate::percent;

/// Vault's own limit.
const MAX_BODY: usize = 32 << 20;

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("cut on order")]
    Cut,
    #[error("no whole request came")]
    Unreadable,
}

/// The certificates that a client has shown; `None` without TLS.
type Client = Option<Arc<[CertificateDer<'static>]>>;

pub(super) async fn serve(
    vault: DevVault,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    shutdown: impl Future<Output = ()>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let mut shutdown = pin!(shutdown);
    // Dropped at the end, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (vault, acceptor) = (vault.clone(), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        None => talk(vault, stream, None).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                let (_, connection) = stream.get_ref();
                                let client = connection.peer_certificates().unwrap_or_default();
                                let client = Some(client.to_vec().into());
                                talk(vault, stream, client).await;
                            }
                        }
                    }
                });
            }
        }
    }
}

async fn talk(vault: DevVault, stream: impl AsyncRead + AsyncWrite + Unpin, client: Client) {
    let service = service_fn(|request| answer(vault.clone(), request, client.clone()));
    // How a connection ends is the client's business.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    vault: DevVault,
    request: hyper::Request<Incoming>,
    client: Client,
) -> Result<Response<Full<Bytes>>, Ended> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(|_| Ended::Unreadable)?
        .to_bytes();
    let header = |name: &'static str| {
        let value = parts.headers.get(HeaderName::from_static(name))?;
        value.to_str().ok()
    };
    let query = parts.uri.query().unwrap_or_default();
    let method = match parts.method.as_str() {
        "GET" | "HEAD" if query.split('&').any(|pair| pair == "list=true") => Method::List,
        "GET" | "HEAD" => Method::Read,
        "LIST" => Method::List,
        "POST" | "PUT" => Method::Write,
        "DELETE" => Method::Delete,
        _ => return Ok(http(&Answer::error(405, &["unsupported operation"]))),
    };
    let Some(path) = parts.uri.path().strip_prefix("/v1/").and_then(decoded) else {
        return Ok(http(&Answer::error(404, &["not found"])));
    };
    let request = Request {
        method,
        path: path.trim_end_matches('/'),
        query,
        token: header("x-vault-token"),
        namespace: header("x-vault-namespace"),
        body: &body,
        client: client.as_deref(),
    };
    match vault.react(&request) {
        Reaction::Answer(answer) => Ok(http(&answer)),
        Reaction::Late(delay, answer) => {
            tokio::time::sleep(delay).await;
            Ok(http(&answer))
        }
        Reaction::Cut => Err(Ended::Cut),
    }
}

fn http(answer: &Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(answer.body().to_owned()));
    *response.status_mut() = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("application/json"),
    );
    if let Some(seconds) = answer.retry_after() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// `text` without its percent-encoding; `None` when that is not sound or not UTF-8.
fn decoded(text: &str) -> Option<String> {
    String::from_utf8(percent::decoded(text)?).ok()
}
