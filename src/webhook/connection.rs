//! One connection: handshake, requests, and an end in order.
//!
//! A client that is slow to speak, or silent for long, is cut off, so that it cannot hold one of the
//! few connections for ever.
//!
//! API servers ask webhooks over HTTP/1.1, on connections that they keep (kubernetes/kubernetes#75791),
//! and do not ask again when one is closed that they have just written to. So nobody's connection is
//! closed under him: while the server drains, each answer says that it is the last on its connection
//! (RFC 9112 §9.6), and what rests nevertheless has had no request for long when it is closed.

mod lingering;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use self::lingering::Lingering;
use super::limits::Limits;
use crate::shutdown::Shutdown;

/// How requests are read from the connections of one listener.
#[derive(Clone)]
pub(super) struct Protocol {
    /// None speaks plain HTTP/1.
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) limits: Limits,
    /// Requested when the server is not ready any more, some time before it ends.
    pub(super) draining: Shutdown,
}

/// Requests at a time on one HTTP/2 connection; an API server opens another beyond that.
const STREAMS: u32 = 250;
/// How long a connection has to end after it was told to.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a client is heard after the last GOAWAY, twice.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a new connection has for its first request when the server is ending.
const GREETING: Duration = Duration::from_secs(2);
/// A dead peer is noticed within `PING` + `PONG`.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(10);

impl Protocol {
    /// Serves one connection until its end.
    pub(super) async fn serve(self, stream: TcpStream, shutdown: Shutdown) {
        // A review is one write each way; waiting for more to send only delays it.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.speak(stream, false, shutdown).await;
        };
        match timeout(self.limits.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                self.speak(stream, http2, shutdown).await;
            }
            Ok(Err(error)) => {
                tracing::debug!(error = error.to_string(), "TLS handshake failed");
            }
            Err(_) => tracing::debug!("TLS handshake took too long"),
        }
    }

    async fn speak<S>(self, stream: S, http2: bool, mut shutdown: Shutdown)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(Activity::default());
        let router = TowerToHyperService::new(self.router);
        let (watched, draining) = (activity.clone(), self.draining);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let underway = Underway::begin(&watched);
            let answer = router.call(request);
            let draining = draining.clone();
            async move {
                let mut answer = answer.await?;
                if !http2 && draining.is_requested() {
                    let headers = answer.headers_mut();
                    headers.insert(CONNECTION, HeaderValue::from_static("close"));
                }
                drop(underway);
                Ok::<_, Infallible>(answer)
            }
        });
        let builder = builder(http2, &self.limits);
        // Whoever speaks HTTP/1 has one request open, or none, and knows by its answer that it is the last.
        let patience = if http2 { PATIENCE } else { Duration::ZERO };
        let stream = TokioIo::new(Lingering::new(stream, patience));
        let mut connection = pin!(builder.serve_connection(stream, service));
        let farewell = tokio::select! {
            _ = connection.as_mut() => return,
            spoke = activity.ceases(&self.limits) => if spoke { FAREWELL } else { Duration::ZERO },
            () = async {
                shutdown.requested().await;
                match http2 {
                    true => activity.begins().await,
                    false => activity.rests_for(FAREWELL).await,
                }
            } => FAREWELL,
        };
        connection.as_mut().graceful_shutdown();
        // An open request has all the time that the server's own end leaves it.
        tokio::select! {
            _ = connection => {}
            () = activity.rests_for(farewell) => {}
        }
    }
}

/// ALPN has chosen the version: looking at the first bytes instead would wait for them without end.
fn builder(http2: bool, limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    if http2 {
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG);
        return builder.http2_only();
    }
    // It runs while a connection rests, too. The first head has to come sooner.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle);
    builder.http1_only()
}

/// What a connection does: the number of requests begun and of requests ended.
#[derive(Debug, Default)]
struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Activity {
    /// Resolves when the first request does not come in time, or none comes for long; answers
    /// whether there was one.
    async fn ceases(&self, limits: &Limits) -> bool {
        sleep(limits.head).await;
        let spoke = self.begun.load(Ordering::Relaxed) > 0;
        if spoke {
            self.rests_for(limits.idle).await;
        }
        spoke
    }

    /// Resolves when there was a request, or none comes within [`GREETING`].
    ///
    /// A connection that is told to end before its HTTP/2 preface came is closed without a GOAWAY, so
    /// that the request which follows the preface fails and is not tried again.
    async fn begins(&self) {
        let deadline = Instant::now() + GREETING;
        while self.begun.load(Ordering::Relaxed) == 0 && Instant::now() < deadline {
            sleep(GREETING / 40).await;
        }
    }

    /// Resolves when no request was begun or open for `time`.
    async fn rests_for(&self, time: Duration) {
        // Looked at four times in the period: nothing is done for each request but to count it.
        let step = time / 4;
        let mut last = (u64::MAX, u64::MAX);
        let mut since = Instant::now();
        loop {
            let now = (
                self.begun.load(Ordering::Relaxed),
                self.ended.load(Ordering::Relaxed),
            );
            if now != last || now.0 != now.1 {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() >= time {
                return;
            }
            sleep_until(Instant::now() + step).await;
        }
    }
}

/// A request that was begun and is not ended.
struct Underway(Arc<Activity>);

impl Underway {
    fn begin(activity: &Arc<Activity>) -> Self {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        Self(activity.clone())
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
