//! Accepting connections, and ending: not ready first, then deaf, then done.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::App;
use super::connection::Protocol;
use super::limits::{Drain, Limits};
use super::router;
use crate::shutdown::{self, Shutdown};

/// Serves reviews on `admission` over TLS, and health and metrics on `observation`, until the
/// shutdown; then drains.
///
/// 1. `/readyz` says no.
/// 2. For `drain.delay` everything is still accepted; over HTTP/1 each answer is the last on its connection.
/// 3. The ports are closed. What is open is finished, for `drain.grace` at most.
pub async fn serve(
    admission: TcpListener,
    observation: TcpListener,
    tls: Arc<ServerConfig>,
    app: Arc<App>,
    drain: Drain,
    mut shutdown: Shutdown,
) {
    let (close, closing) = shutdown::channel();
    let reviews = Protocol {
        tls: Some(TlsAcceptor::from(tls)),
        router: router::admission(app.clone()),
        limits: app.limits.clone(),
        draining: shutdown.clone(),
    };
    let observations = Protocol {
        tls: None,
        router: router::observation(app.clone()),
        limits: Limits {
            connections: OBSERVERS,
            ..app.limits.clone()
        },
        draining: shutdown.clone(),
    };
    let end = async {
        shutdown.requested().await;
        app.readiness.drain();
        tracing::info!("draining: not ready any more");
        tokio::time::sleep(drain.delay).await;
        close.fire();
    };
    tokio::join!(
        end,
        accept(admission, reviews, Some(&app), closing.clone(), drain.grace),
        accept(observation, observations, None, closing, drain.grace),
    );
    tracing::info!("drained");
}

/// Probes and scrapers at a time.
const OBSERVERS: usize = 64;

/// Accepts until `closing`, then waits for the connections to end.
async fn accept(
    listener: TcpListener,
    protocol: Protocol,
    counted: Option<&Arc<App>>,
    mut closing: Shutdown,
    grace: Duration,
) {
    let slots = Arc::new(Semaphore::new(protocol.limits.connections));
    let mut connections = JoinSet::new();
    let serve = |connections: &mut JoinSet<()>, stream, slot, shutdown| {
        let open = counted.map(|app| app.metrics.connection());
        let serving = protocol.clone().serve(stream, shutdown);
        connections.spawn(async move {
            serving.await;
            drop((slot, open));
        });
    };
    loop {
        let accepted = tokio::select! {
            accepted = next(&listener, &slots) => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = closing.requested() => break,
        };
        if let Some((stream, slot)) = accepted {
            serve(&mut connections, stream, slot, closing.clone());
        }
    }
    for stream in waiting(listener) {
        if let Ok(slot) = slots.clone().try_acquire_owned() {
            serve(&mut connections, stream, slot, closing.clone());
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, all).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "cut off at the end of the grace period"
        );
    }
}

/// The connections that the kernel has accepted and nobody has taken yet. Closing the port would reset
/// them, and with them the reviews that their clients may have sent already.
fn waiting(listener: TcpListener) -> Vec<TcpStream> {
    // Asked directly: tokio may not have heard of them.
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    let accept = || {
        let (stream, _) = listener.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        TcpStream::from_std(stream).ok()
    };
    std::iter::from_fn(accept).collect()
}

/// The next connection, once there is a slot for it.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, slot)),
        // The client went away between connecting and being accepted.
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => None,
        Err(error) => {
            tracing::warn!(error = error.to_string(), "cannot accept a connection");
            // Mostly no file descriptor is left: wait for one instead of asking at full speed.
            tokio::time::sleep(Duration::from_millis(200)).await;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_that_nobody_has_taken_yet_are_not_reset() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        // The kernel accepts them.
        let clients: Vec<_> = (0..8)
            .map(|_| std::net::TcpStream::connect(address).expect("connected"))
            .collect();
        let taken = waiting(listener);
        assert_eq!(taken.len(), clients.len());
        for (taken, client) in taken.iter().zip(&clients) {
            let (theirs, ours) = (taken.peer_addr(), client.local_addr());
            assert_eq!(theirs.expect("open"), ours.expect("open"));
        }
        assert!(std::net::TcpStream::connect(address).is_err(), "closed");
    }
}
