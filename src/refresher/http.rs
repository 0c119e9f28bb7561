//! A port, when asked for: `/metrics`, `/healthz` and `/status` on one, what others serve on theirs.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;

use super::metrics;
use super::shared::Shared;
use crate::sync::Status;

/// Scrapers are few; a neighbour that opens more has to wait.
const CONNECTIONS: usize = 8;

/// A request's head that takes longer ends the connection.
const LONGEST_HEAD: Duration = Duration::from_secs(5);

/// What a port serves: the answer to a method and a path.
pub(crate) type Answers = Rc<dyn Fn(&Method, &str) -> Response<Full<Bytes>>>;

/// Metrics and health.
pub(crate) fn pages(shared: &Rc<Shared>) -> Answers {
    let shared = Rc::clone(shared);
    Rc::new(move |method, path| answer(method, path, &shared))
}

/// Serves from now on, and answers on which address: the port may have been 0.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) async fn listen(address: SocketAddr, answers: Answers) -> io::Result<SocketAddr> {
    let listener = bind(address).await?;
    let bound = listener.local_addr()?;
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    spawn_local(async move {
        while let Ok(permit) = Arc::clone(&free).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let answers = Rc::clone(&answers);
                    spawn_local(async move {
                        serve(stream, answers).await;
                        drop(permit);
                    });
                }
                // Out of descriptors: wait for some to be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Ok(bound)
}

/// `[::]` means every address, also on a node without IPv6.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(_) if address.is_ipv6() && address.ip().is_unspecified() => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        result => result,
    }
}

async fn serve(stream: TcpStream, answers: Answers) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = answers(request.method(), request.uri().path());
        async move { Ok::<_, Infallible>(response) }
    });
    // A connection that breaks concerns its client alone.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn answer(method: &Method, path: &str, shared: &Shared) -> Response<Full<Bytes>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return text(
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET is answered\n".to_owned(),
        );
    }
    match path {
        "/metrics" => {
            let now = shared.clock.now().wall;
            let body = metrics::text(&shared.status(), &shared.counters, now);
            response(StatusCode::OK, metrics::CONTENT_TYPE, body)
        }
        "/healthz" => health(&shared.status()),
        "/status" => {
            let body = serde_json::to_string(&shared.status()).unwrap_or_default();
            response(StatusCode::OK, "application/json", body)
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "no such page: /metrics, /healthz, /status\n".to_owned(),
        ),
    }
}

/// Healthy is a refresher whose pod may start. One that serves its last good files is healthy, and
/// says since when they are stale.
fn health(status: &Status) -> Response<Full<Bytes>> {
    if let Some(reason) = &status.reason {
        return text(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"));
    }
    let mut body = String::new();
    for mount in &status.mounts {
        if let Some(since) = mount.stale_since {
            body.push_str(&format!("{} stale since {since}\n", mount.volume));
        }
    }
    if body.is_empty() {
        body.push_str("ok\n");
    }
    text(StatusCode::OK, body)
}

/// An answer in plain text.
pub(crate) fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", body)
}

fn response(status: StatusCode, content_type: &str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    if let Ok(value) = header::HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}
