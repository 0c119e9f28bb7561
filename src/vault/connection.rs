//! One HTTP/1.1 connection, which moves only while somebody waits for something of it: an idle one
//! is no task of its own, so it neither costs memory for one nor wakes the program.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::request::Request;

/// What a connection runs over: TCP, or TLS over TCP.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Io = TokioIo<Box<dyn Stream>>;

/// A connection for one request at a time. A request that is given up takes it along.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Reads and writes; `None` once it has ended.
    http: Option<http1::Connection<Io, Full<Bytes>>>,
}

impl Connection {
    pub(super) async fn over(io: Io) -> hyper::Result<Self> {
        let (sender, http) = http1::handshake(io).await?;
        Ok(Self {
            sender,
            http: Some(http),
        })
    }

    /// Sends `request`, for the head of the answer.
    ///
    /// # Errors
    /// One that holds the request when nothing of it was sent.
    pub(super) async fn send(
        &mut self,
        request: Request,
    ) -> Result<Response<Incoming>, TrySendError<Request>> {
        let answer = self.sender.try_send_request(request);
        drive(&mut self.http, answer).await
    }

    /// The next part of the body of an answer; `None` at its end.
    pub(super) async fn chunk(&mut self, body: &mut Incoming) -> hyper::Result<Option<Bytes>> {
        while let Some(frame) = drive(&mut self.http, body.frame()).await {
            // What is not data are trailers.
            if let Ok(data) = frame?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Whether it takes another request, after a whole answer.
    pub(super) fn is_reusable(&self) -> bool {
        self.http.is_some() && self.sender.is_ready()
    }
}

/// What `work` comes to, which goes on when the connection does.
async fn drive<T>(
    http: &mut Option<http1::Connection<Io, Full<Bytes>>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Some(connection) = http {
            // Why it ended, the work is told.
            if let Poll::Ready(_ended) = Pin::new(connection).poll(context) {
                *http = None;
            }
        }
        work.as_mut().poll(context)
    })
    .await
}
