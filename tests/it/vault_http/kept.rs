//! Connections that are kept for the next request, and servers that do not keep them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use freshet::vault::{Class, VaultApi as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{DB, check_error, client, identity, path, plain, read, token};

/// When a server closes a connection without having said so.
#[derive(Clone, Copy)]
enum Closes {
    /// After its first answer.
    Idle,
    /// At its second request.
    Asked,
}

/// A server that closes connections, and what it was asked.
struct Hasty {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    closed: Arc<Notify>,
    _connections: JoinSet<()>,
}

impl Hasty {
    async fn start(closes: Closes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("address");
        let (requests, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (seen, gone) = (Arc::clone(&requests), Arc::clone(&closed));
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                whole_request(&mut stream).await;
                seen.fetch_add(1, Ordering::Relaxed);
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{DB}",
                    DB.len()
                );
                stream.write_all(answer.as_bytes()).await.expect("written");
                if let Closes::Asked = closes {
                    whole_request(&mut stream).await;
                    seen.fetch_add(1, Ordering::Relaxed);
                }
                drop(stream);
                gone.notify_one();
            }
        });
        Self {
            address,
            requests,
            closed,
            _connections: connections,
        }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

/// Reads to the end of a request with a short body or none.
async fn whole_request(stream: &mut TcpStream) {
    let (mut text, mut buffer) = (Vec::new(), [0; 1024]);
    while !text.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut buffer).await.expect("readable");
        assert_ne!(length, 0, "closed within a request");
        text.extend_from_slice(&buffer[..length]);
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_lay_idle_is_replaced() {
    let server = Hasty::start(Closes::Idle).await;
    let client = client(&identity(&format!("http://{}", server.address)));
    for _ in 0..3 {
        read(&client).await.expect("secret");
        server.closed.notified().await;
    }
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn a_read_on_a_connection_that_is_closed_just_then_is_sent_again() {
    let server = Hasty::start(Closes::Asked).await;
    let client = client(&identity(&format!("http://{}", server.address)));
    read(&client).await.expect("secret");
    read(&client).await.expect("secret");
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn a_change_that_may_have_been_made_is_not_sent_again() {
    let server = Hasty::start(Closes::Asked).await;
    let client = client(&identity(&format!("http://{}", server.address)));
    read(&client).await.expect("secret");
    let renewed = client.renew_token(&token("hvs.t")).await;
    check_error(
        renewed,
        Class::Unavailable,
        &["the connection to http://127.0.0.1:", "failed: "],
    );
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_read_that_may_make_a_credential_is_not_sent_again() {
    let server = Hasty::start(Closes::Asked).await;
    let client = client(&identity(&format!("http://{}", server.address)));
    read(&client).await.expect("secret");
    let (mount, path) = (plain("database"), path("database/creds/app"));
    let credential = client.read(&token("hvs.t"), &mount, &path, None).await;
    check_error(credential, Class::Unavailable, &["failed: "]);
    assert_eq!(server.requests(), 2);
}
