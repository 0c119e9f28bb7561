//! A loopback HTTP(S) server that answers as a test tells it and remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::certificates::{Authority, server_config};

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    /// Path and query, as on the wire.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known == name);
        header.map(|(_, value)| value.as_str())
    }
}

/// What the server does about a request.
pub(super) enum Reply {
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Without a length, in parts.
    Chunked(Vec<String>),
    Never,
}

pub(super) fn json(status: u16, body: &str) -> Reply {
    let headers = vec![("content-type", "application/json".to_owned())];
    Reply::Answer(status, headers, body.to_owned())
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

type Answers = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

impl Server {
    pub(super) async fn http(answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(None, answers).await
    }

    /// With a certificate of `authority` for 127.0.0.1; `clients` demands certificates of theirs.
    pub(super) async fn https(
        authority: &Authority,
        clients: Option<&Authority>,
        answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let acceptor = TlsAcceptor::from(server_config(authority, "127.0.0.1", clients));
        Self::start(Some(acceptor), answers).await
    }

    pub(super) async fn start(
        tls: Option<TlsAcceptor>,
        answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let (log, answers): (_, Answers) = (Arc::clone(&seen), Arc::new(answers));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                let (tls, log, answers) = (tls.clone(), Arc::clone(&log), Arc::clone(&answers));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, log, answers).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, log, answers).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            seen,
            connections,
            task,
        }
    }

    /// How many connections came so far.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("log").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    log: Arc<Mutex<Vec<Seen>>>,
    answers: Answers,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
        async move {
            let seen = read(request).await;
            let reply = answers(&seen);
            log.lock().expect("log").push(seen);
            match reply {
                Reply::Answer(status, headers, body) => {
                    let mut response = Response::builder().status(status);
                    for (name, value) in headers {
                        response = response.header(name, value);
                    }
                    let body = BoxBody::new(Full::new(Bytes::from(body)));
                    Ok::<_, Infallible>(response.body(body).expect("response"))
                }
                Reply::Chunked(chunks) => {
                    let frames = chunks
                        .into_iter()
                        .map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
                    let body = StreamBody::new(stream::iter(frames.collect::<Vec<_>>()));
                    Ok(Response::new(BoxBody::new(body)))
                }
                Reply::Never => std::future::pending().await,
            }
        }
    });
    let connection = hyper::server::conn::http1::Builder::new();
    // A client that goes away is no failure of the server.
    let _ = connection
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn read(request: Request<Incoming>) -> Seen {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("body").to_bytes();
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Seen {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}
