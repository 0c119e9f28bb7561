//! Load: reviews over HTTP/2 and TLS, and how long each took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::Result;
use super::process::Webhook;

/// The pod of a Deployment: two containers, managed fields, 8.5 kB.
const REVIEW: &[u8] = include_bytes!("../../tests/data/admission/create.json");

/// Connections to a webhook.
pub(crate) struct Client(Vec<SendRequest<Body>>);

/// What came of some load.
pub(crate) struct Report {
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Each review's time, shortest first.
    times: Vec<Duration>,
}

impl Report {
    /// How many reviews were answered.
    pub(crate) fn reviews(&self) -> usize {
        self.times.len()
    }

    /// The time within which a part `q` of the reviews was answered.
    pub(crate) fn quantile(&self, q: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        let index = (last as f64 * q).round() as usize;
        self.times.get(index).copied().unwrap_or_default()
    }
}

impl Client {
    /// Opens the connections.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub(crate) async fn connect(webhook: &Webhook, connections: usize) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(webhook.certificate.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let mut senders = Vec::new();
        for _ in 0..connections.max(1) {
            let stream = TcpStream::connect(webhook.address).await?;
            stream.set_nodelay(true)?;
            let name = ServerName::try_from("localhost")?;
            let stream = connector.connect(name, stream).await?;
            let (sender, connection) =
                handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            senders.push(sender);
        }
        Ok(Self(senders))
    }

    /// Makes sure that what is measured is an injection.
    ///
    /// # Errors
    /// When the pod is not patched.
    pub(crate) async fn check(&self) -> Result<()> {
        let answer = send(&mut self.0[0].clone()).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        match answer["response"]["patch"].is_string() {
            true => Ok(()),
            false => Err(format!("the pod is not patched: {answer}").into()),
        }
    }

    /// `rate` reviews a second for `time`, evenly spaced, however long each takes.
    ///
    /// # Errors
    /// When one fails.
    pub(crate) async fn trickle(&self, rate: u32, time: Duration) -> Result<Report> {
        let began = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        let mut tasks = JoinSet::new();
        let mut senders = self.0.iter().cycle();
        while began.elapsed() < time {
            ticks.tick().await;
            let mut sender = senders.next().ok_or("no connection")?.clone();
            tasks.spawn(async move { timed(&mut sender).await.map(|time| vec![time]) });
        }
        report(began, tasks).await
    }

    /// As many reviews as are answered in `time`, `streams` at a time on each connection.
    ///
    /// # Errors
    /// When one fails.
    pub(crate) async fn flood(&self, streams: usize, time: Duration) -> Result<Report> {
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for sender in &self.0 {
            for _ in 0..streams.max(1) {
                let mut sender = sender.clone();
                tasks.spawn(async move {
                    let mut times = Vec::new();
                    while began.elapsed() < time {
                        times.push(timed(&mut sender).await?);
                    }
                    Ok(times)
                });
            }
        }
        report(began, tasks).await
    }
}

type Times = std::result::Result<Vec<Duration>, String>;

async fn report(began: Instant, mut tasks: JoinSet<Times>) -> Result<Report> {
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let took = began.elapsed();
    times.sort_unstable();
    Ok(Report { took, times })
}

async fn timed(sender: &mut SendRequest<Body>) -> std::result::Result<Duration, String> {
    let began = Instant::now();
    send(sender).await?;
    Ok(began.elapsed())
}

async fn send(sender: &mut SendRequest<Body>) -> std::result::Result<Vec<u8>, String> {
    let text = |error: hyper::Error| error.to_string();
    let request = Request::post("https://localhost/mutate?timeout=5s")
        .header("Accept", "application/json, */*")
        .header("Content-Type", "application/json")
        .header("User-Agent", "kube-apiserver-admission")
        .body(Body::from(REVIEW))
        .map_err(|error| error.to_string())?;
    sender.ready().await.map_err(text)?;
    let response = sender.send_request(request).await.map_err(text)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(text)?;
    match status {
        StatusCode::OK => Ok(body.to_bytes().to_vec()),
        status => Err(format!("the webhook answers {status}")),
    }
}
