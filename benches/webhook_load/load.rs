//! Load: reviews over HTTP/2 and TLS, and how long each took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
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
pub(crate) const REVIEW: &[u8] = include_bytes!("../../tests/data/admission/create.json");

/// Connections to a webhook, and what is sent over them.
pub(crate) struct Client {
    senders: Vec<SendRequest<Body>>,
    /// One after the other, over and over.
    reviews: Arc<[Bytes]>,
}

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
        Ok(Self {
            senders,
            reviews: Arc::new([Bytes::from_static(REVIEW)]),
        })
    }

    /// The same with these reviews.
    pub(crate) fn sending(self, reviews: Vec<Bytes>) -> Self {
        Self {
            reviews: reviews.into(),
            ..self
        }
    }

    fn review(&self, number: usize) -> Bytes {
        self.reviews[number % self.reviews.len()].clone()
    }

    /// Makes sure that what is measured is an injection.
    ///
    /// # Errors
    /// When a pod is not patched.
    pub(crate) async fn check(&self) -> Result<()> {
        for review in &*self.reviews {
            let answer = send(&mut self.senders[0].clone(), review.clone()).await?;
            let answer: serde_json::Value = serde_json::from_slice(&answer)?;
            if !answer["response"]["patch"].is_string() {
                return Err(format!("the pod is not patched: {answer}").into());
            }
        }
        Ok(())
    }

    /// `rate` reviews a second for `time`, evenly spaced, however long each takes.
    ///
    /// # Errors
    /// When one fails.
    pub(crate) async fn trickle(&self, rate: u32, time: Duration) -> Result<Report> {
        let began = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        let mut tasks = JoinSet::new();
        let mut senders = self.senders.iter().cycle();
        for number in 0.. {
            if began.elapsed() >= time {
                break;
            }
            ticks.tick().await;
            let mut sender = senders.next().ok_or("no connection")?.clone();
            let review = self.review(number);
            tasks.spawn(async move { timed(&mut sender, review).await.map(|time| vec![time]) });
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
        let streams = streams.max(1);
        for (connection, sender) in self.senders.iter().enumerate() {
            for stream in 0..streams {
                let mut sender = sender.clone();
                let reviews = self.reviews.clone();
                // Each stream begins elsewhere.
                let turn = reviews.iter().cycle().skip(connection * streams + stream);
                let turn: Vec<_> = turn.take(reviews.len()).cloned().collect();
                tasks.spawn(async move {
                    let mut times = Vec::new();
                    for review in turn.iter().cycle() {
                        if began.elapsed() >= time {
                            break;
                        }
                        times.push(timed(&mut sender, review.clone()).await?);
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

async fn timed(
    sender: &mut SendRequest<Body>,
    review: Bytes,
) -> std::result::Result<Duration, String> {
    let began = Instant::now();
    send(sender, review).await?;
    Ok(began.elapsed())
}

async fn send(
    sender: &mut SendRequest<Body>,
    review: Bytes,
) -> std::result::Result<Vec<u8>, String> {
    let text = |error: hyper::Error| error.to_string();
    let request = Request::post("https://localhost/mutate?timeout=5s")
        .header("Accept", "application/json, */*")
        .header("Content-Type", "application/json")
        .header("User-Agent", "kube-apiserver-admission")
        .body(Body::from(review))
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
