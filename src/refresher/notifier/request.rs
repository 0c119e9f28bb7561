//! A request to a server in the same pod: nothing is followed, nothing is kept open.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::spec::LoopbackRequest;

/// A server that takes longer to answer has failed.
const LONGEST: Duration = Duration::from_secs(10);

/// Sends it.
///
/// # Errors
/// When nobody answers in time, or with something else than success (2xx).
pub(super) async fn send(request: &LoopbackRequest) -> Result<(), String> {
    let status = match timeout(LONGEST, status(request)).await {
        Ok(status) => status?,
        Err(_) => return Err(format!("no answer within {} s", LONGEST.as_secs())),
    };
    match status.is_success() {
        true => Ok(()),
        false => Err(format!("answered {status}, and 2xx was expected")),
    }
}

async fn status(request: &LoopbackRequest) -> Result<StatusCode, String> {
    let stream = connect(request).await?;
    let failed = |error: hyper::Error| error.to_string();
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(failed)?;
    let head = Request::builder()
        .method(request.method)
        .uri(&request.path)
        .header(header::HOST, format!("{}:{}", request.host, request.port))
        .header(header::USER_AGENT, "freshet-refresher")
        .header(header::CONTENT_LENGTH, 0)
        .header(header::CONNECTION, "close");
    let request = head
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let mut answer = pin!(sender.send_request(request));
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // A server may close right behind its answer, and a connection that failed has told the
        // request why.
        _ = connection => answer.await,
    };
    Ok(answer.map_err(failed)?.status())
}

/// `localhost` is both of its addresses, whatever the container's files say.
async fn connect(request: &LoopbackRequest) -> Result<TcpStream, String> {
    let (first, second): (IpAddr, Option<IpAddr>) = match request.host {
        "[::1]" => (Ipv6Addr::LOCALHOST.into(), None),
        "localhost" => (Ipv4Addr::LOCALHOST.into(), Some(Ipv6Addr::LOCALHOST.into())),
        _ => (Ipv4Addr::LOCALHOST.into(), None),
    };
    let at = |address| TcpStream::connect(SocketAddr::new(address, request.port));
    let mut result = at(first).await;
    if let (Err(_), Some(second)) = (&result, second) {
        result = at(second).await;
    }
    result.map_err(|error| format!("cannot connect: {error}"))
}
