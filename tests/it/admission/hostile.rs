//! Clients that mean no good, or have forgotten us: cut off, while the others are served.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use freshet::webhook::limits::Limits;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{get, post};
use super::{Server, review, within};

fn impatient() -> Limits {
    // Long enough for an honest client on a busy machine.
    let short = Duration::from_millis(300);
    Limits {
        request: short,
        handshake: short,
        head: short,
        ..Limits::default()
    }
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("connected")
}

/// Waits until the server has closed the connection.
#[track_caller]
fn cut_off<S: AsyncRead + Unpin>(mut stream: S) -> impl Future<Output = ()> {
    within("being cut off", async move {
        let mut bytes = Vec::new();
        // An error is a reset, which is an end as well.
        let _ = stream.read_to_end(&mut bytes).await;
    })
}

async fn still_serves(server: &Server) {
    let (mut client, _) = server.identity.http2(server.admission).await;
    let (status, _) = client.send(post(review("create"))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn who_says_nothing_is_cut_off() {
    let server = Server::start(impatient()).await;
    cut_off(connect(server.admission).await).await;
    cut_off(connect(server.observation).await).await;
    cut_off(server.identity.tls(server.admission, &["http/1.1"]).await).await;
    cut_off(server.identity.tls(server.admission, &["h2"]).await).await;
    still_serves(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn who_dribbles_a_head_is_cut_off() {
    let server = Server::start(impatient()).await;
    let mut stream = server.identity.tls(server.admission, &["http/1.1"]).await;
    within("being cut off", async {
        let head = b"POST /mutate HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
        let mut dribble = head.iter().chain(std::iter::repeat(&b'a'));
        while let Some(byte) = dribble.next()
            && stream.write_all(&[*byte]).await.is_ok()
            && stream.flush().await.is_ok()
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    still_serves(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn who_dribbles_a_body_gets_408() {
    let server = Server::start(impatient()).await;
    let mut stream = server.identity.tls(server.admission, &["http/1.1"]).await;
    let head = "POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    within("an answer and the end", stream.read_to_string(&mut answer))
        .await
        .expect("read");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn who_speaks_garbage_is_cut_off() {
    let server = Server::start(Limits::default()).await;
    for garbage in [
        &b"GET / HTTP/1.1\r\nHost: plain\r\n\r\n"[..],
        &[0xff; 4096],
        b"\x16\x03\x01\xff\xff\x01",
    ] {
        let mut stream = connect(server.admission).await;
        // The server may have closed before all was sent.
        let _ = stream.write_all(garbage).await;
        let _ = stream.shutdown().await;
        cut_off(stream).await;
    }
    for (protocol, garbage) in [("h2", &[0xff; 512][..]), ("http/1.1", b"\0\0\0\r\n\r\n")] {
        let mut stream = server.identity.tls(server.admission, &[protocol]).await;
        let _ = stream.write_all(garbage).await;
        cut_off(stream).await;
    }
    still_serves(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_order() {
    let limits = Limits {
        head: Duration::from_millis(300),
        idle: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let (mut client, _) = server.identity.http2(server.admission).await;
    let (status, _) = client.send(get("/livez")).await;
    assert_eq!(status, StatusCode::OK);
    within("the end of the connection", async {
        while metric(&server, "freshet_connections").await != 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(client.try_send(get("/livez")).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn who_has_spoken_over_http1_may_rest_longer_than_a_first_head_may_take() {
    let limits = impatient();
    let server = Server::start(limits.clone()).await;
    let mut client = server.identity.http1(server.admission).await;
    for _ in 0..2 {
        let answer = client.send_request(get("/livez")).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        tokio::time::sleep(limits.head * 2).await;
        client.ready().await.expect("kept alive");
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let (first, _) = server.identity.http2(server.admission).await;
    let (second, _) = server.identity.http2(server.admission).await;
    let mut third = Box::pin(server.identity.http2(server.admission));
    let waited = tokio::time::timeout(Duration::from_millis(50), &mut third).await;
    assert!(waited.is_err(), "a third connection was served");
    drop(first);
    let (mut third, _) = within("its turn", third).await;
    let (status, _) = third.send(post(review("create"))).await;
    assert_eq!(status, StatusCode::OK);
    drop(second);
    server.stop().await;
}

/// The value of a metric, read over the observation port.
async fn metric(server: &Server, name: &str) -> u64 {
    let mut client = super::client::plain(connect(server.observation).await).await;
    let response = client.send_request(get("/metrics")).await.expect("metrics");
    let (_, body) = super::client::read(response.map(axum::body::Body::new)).await;
    let text = String::from_utf8_lossy(&body).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or_else(|| panic!("no {name}: {text}"))
}
