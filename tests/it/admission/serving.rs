//! The TLS server: protocols, a certificate that changes under load, and the end in order.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONNECTION;
use axum::http::{StatusCode, Version};
use freshet::webhook::limits::{Drain, Limits};
use hyper::client::conn::http1::SendRequest;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::rustls::ProtocolVersion;

use super::client::{get, plain, post, read};
use super::{PATIENCE, SKIP, Server, json, review, within};

#[tokio::test]
async fn http2_is_preferred_and_http1_is_spoken() {
    let server = Server::start(Limits::default()).await;
    let (mut http2, _) = server.identity.http2(server.admission).await;
    let response = http2
        .try_send(post(review("create")))
        .await
        .expect("an answer");
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.status(), StatusCode::OK);

    let mut http1 = server.identity.http1(server.admission).await;
    for _ in 0..3 {
        http1.ready().await.expect("kept alive");
        let response = http1
            .send_request(post(review("create")))
            .await
            .expect("an answer");
        assert_eq!(response.version(), Version::HTTP_11);
        let (status, _) = read(response.map(Body::new)).await;
        assert_eq!(status, StatusCode::OK);
    }
    drop((http1, http2));
    server.stop().await;
}

#[tokio::test]
async fn tls_is_1_3_and_a_client_without_alpn_gets_http1() {
    let server = Server::start(Limits::default()).await;
    let stream = server.identity.tls(server.admission, &[]).await;
    let session = stream.get_ref().1;
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(session.alpn_protocol(), None);
    let mut http1 = plain(stream).await;
    let response = http1.send_request(get("/livez")).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_new_certificate_fails_no_request() {
    let server = Server::start(Limits::default()).await;
    let (mut kept, first) = server.identity.http2(server.admission).await;
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    // A stream of requests on an old connection, and one on ever new connections.
    let old_connection = async {
        while !stop.load(Ordering::Relaxed) {
            let (status, _) = kept.send(post(review("create"))).await;
            assert_eq!(status, StatusCode::OK);
            answered.fetch_add(1, Ordering::Relaxed);
        }
    };
    let new_connections = async {
        while !stop.load(Ordering::Relaxed) {
            let (mut client, _) = server.identity.http2(server.admission).await;
            let (status, _) = client.send(post(review("create"))).await;
            assert_eq!(status, StatusCode::OK);
            answered.fetch_add(1, Ordering::Relaxed);
        }
    };
    let renewals = async {
        let mut shown = first;
        for _ in 0..2 {
            let renewed = server.identity.renew();
            assert_ne!(shown, renewed);
            while shown != renewed {
                (_, shown) = server.identity.http2(server.admission).await;
            }
            let before = answered.load(Ordering::Relaxed);
            while answered.load(Ordering::Relaxed) < before + 20 {
                tokio::task::yield_now().await;
            }
        }
        stop.store(true, Ordering::Relaxed);
    };
    within("two renewals", async {
        tokio::join!(old_connection, new_connections, renewals)
    })
    .await;
    drop(kept);
    server.stop().await;
}

#[tokio::test]
async fn many_reviews_at_a_time_are_told_apart() {
    let server = Server::start(Limits::default()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..4 {
        let (client, _) = server.identity.http2(server.admission).await;
        for stream in 0..25 {
            let mut client = client.clone();
            tasks.spawn(async move {
                let uid = format!("review-{connection}-{stream}");
                let mut review = json(&review("create"));
                review["request"]["uid"] = uid.as_str().into();
                let (status, answer) = client.send(post(review.to_string())).await;
                assert_eq!(status, StatusCode::OK);
                assert_eq!(json(&answer)["response"]["uid"], uid);
            });
        }
    }
    within("a hundred reviews", async {
        while let Some(done) = tasks.join_next().await {
            done.expect("no panic");
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn a_drain_is_told_first_and_finishes_what_is_open() {
    let delay = Duration::from_secs(1);
    let drain = Drain {
        delay,
        grace: PATIENCE,
    };
    let server = Server::start_with(SKIP, Limits::default(), drain).await;
    let (mut client, _) = server.identity.http2(server.admission).await;

    // A review whose body is on its way.
    let (rest, body) = unfinished();
    let mut open = client.clone();
    let answer = tokio::spawn(async move { open.send(post(body)).await });
    let (head, tail) = halves(review("create"));
    rest.send(head).await;
    let (status, _) = client.send(get("/readyz")).await;
    assert_eq!(status, StatusCode::OK);

    server.trigger.fire();
    within("not ready", async {
        while client.send(get("/readyz")).await.0 != StatusCode::SERVICE_UNAVAILABLE {}
    })
    .await;
    // Endpoints lag: a new connection is still served.
    let (mut late, _) = server.identity.http2(server.admission).await;
    let (status, _) = late.send(post(review("create"))).await;
    assert_eq!(status, StatusCode::OK);
    within("a closed port", async {
        while TcpStream::connect(server.admission).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;

    assert!(!server.task.is_finished());
    rest.send(tail).await;
    drop(rest);
    let (status, _) = within("the open review", answer).await.expect("no panic");
    assert_eq!(status, StatusCode::OK);
    within("the end", server.task).await.expect("no panic");
}

#[tokio::test]
async fn over_http1_a_draining_server_says_that_an_answer_is_the_last() {
    let drain = Drain {
        delay: PATIENCE,
        grace: PATIENCE,
    };
    let server = Server::start_with(SKIP, Limits::default(), drain).await;
    let mut client = server.identity.http1(server.admission).await;
    let last = async |client: &mut SendRequest<Body>| {
        let answer = client.send_request(get("/livez")).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.headers().get(CONNECTION).cloned()
    };
    assert_eq!(last(&mut client).await, None);
    server.trigger.fire();
    within("the last answer", async {
        while last(&mut client).await.is_none() {
            client.ready().await.expect("kept alive");
        }
    })
    .await;
    assert!(client.ready().await.is_err(), "closed after it");
    server.task.abort();
}

#[tokio::test]
async fn over_http1_a_resting_connection_is_not_closed_with_the_port() {
    let drain = Drain {
        delay: Duration::ZERO,
        grace: PATIENCE,
    };
    let server = Server::start_with(SKIP, Limits::default(), drain).await;
    let mut client = server.identity.http1(server.admission).await;
    let kept = client.send_request(get("/livez")).await.expect("an answer");
    assert_eq!(kept.headers().get(CONNECTION), None);
    server.trigger.fire();
    within("a closed port", async {
        while TcpStream::connect(server.admission).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    client.ready().await.expect("kept alive");
    let answer = client.send_request(post(review("create"))).await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
    within("the end", server.task).await.expect("no panic");
}

#[tokio::test]
async fn a_drain_ends_at_the_grace_period() {
    let drain = Drain {
        delay: Duration::ZERO,
        grace: Duration::from_millis(50),
    };
    let server = Server::start_with(SKIP, Limits::default(), drain).await;
    let (client, _) = server.identity.http2(server.admission).await;
    let (_rest, body) = unfinished();
    let mut open = client.clone();
    let answer = tokio::spawn(async move { open.try_send(post(body)).await.is_err() });
    // The request is there once the server has opened the window for its body.
    let (mut other, _) = server.identity.http2(server.admission).await;
    other.send(get("/livez")).await;
    server.stop().await;
    assert!(within("the cut", answer).await.expect("no panic"));
}

/// A body that is sent by hand.
fn unfinished() -> (Rest, Body) {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
    let chunks = futures_util::stream::poll_fn(move |context| {
        receiver
            .poll_recv(context)
            .map(|chunk| chunk.map(Ok::<_, Infallible>))
    });
    (Rest(sender), Body::from_stream(chunks))
}

struct Rest(mpsc::Sender<Bytes>);

impl Rest {
    async fn send(&self, chunk: Bytes) {
        self.0.send(chunk).await.expect("the request is open");
    }
}

fn halves(mut body: Vec<u8>) -> (Bytes, Bytes) {
    let tail = body.split_off(body.len() / 2);
    (body.into(), tail.into())
}
