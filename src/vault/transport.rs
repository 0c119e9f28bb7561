//! Requests out and whole answers in: connections that are kept, no redirects, limits on time and
//! size.

use std::time::Duration;

use http::Response;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use hyper::body::{Body as _, Incoming};
use rustls::ClientConfig;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::Limits;
use super::connection::Connection;
use super::connector::Connector;
use super::failure::{Destination, Failure, Stage};
use super::pool::Pool;
use super::request::Request;

/// No wait that Vault asks for is longer than this; what is longer is taken as this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The way to one server with one set of TLS files.
pub(super) struct Transport {
    connector: Connector,
    pool: Pool,
}

/// A whole answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// Where a redirect points: scheme, host, port and path, without user or query.
    pub(super) location: Option<String>,
    pub(super) content_type: String,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Transport {
    pub(super) fn new(tls: ClientConfig, limits: &Limits) -> Self {
        Self {
            connector: Connector::new(tls, limits),
            pool: Pool::default(),
        }
    }

    /// Sends what `request` builds, and reads the answer to its end.
    pub(super) async fn send(
        &self,
        to: &Destination<'_>,
        request: impl Fn() -> Result<Request, Failure>,
    ) -> Result<Answer, Failure> {
        // The one timer of a request on a kept connection: each that is set wakes the program.
        timeout(to.limits.request, self.exchange(to, request))
            .await
            .unwrap_or_else(|_| Err(to.timed_out(Stage::Answering)))
    }

    async fn exchange(
        &self,
        to: &Destination<'_>,
        request: impl Fn() -> Result<Request, Failure>,
    ) -> Result<Answer, Failure> {
        while let Some(mut connection) = self.pool.take() {
            match connection.send(request()?).await {
                Ok(response) => return self.answer(to, connection, response).await,
                // The server closed it while it lay idle, or just now (RFC 9110 §9.2.2).
                Err(error) if to.repeatable || error.message().is_some() => {}
                Err(error) => return Err(to.failed(Stage::Answering, error.error())),
            }
        }
        let mut connection = timeout(to.limits.connect, self.connector.connect(to.origin))
            .await
            .map_err(|_| to.timed_out(Stage::Connecting))?
            .map_err(|error| to.failed(Stage::Connecting, &*error))?;
        let response = connection.send(request()?).await;
        let response = response.map_err(|error| to.failed(Stage::Answering, error.error()))?;
        self.answer(to, connection, response).await
    }

    async fn answer(
        &self,
        to: &Destination<'_>,
        mut connection: Connection,
        response: Response<Incoming>,
    ) -> Result<Answer, Failure> {
        let (head, mut incoming) = response.into_parts();
        let announced = usize::try_from(incoming.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > to.limits.answer {
            return Err(to.too_large());
        }
        let mut body = Zeroizing::new(Vec::with_capacity(announced));
        let failed = |error: hyper::Error| to.failed(Stage::Answering, &error);
        while let Some(chunk) = connection.chunk(&mut incoming).await.map_err(failed)? {
            if body.len() + chunk.len() > to.limits.answer {
                return Err(to.too_large());
            }
            body.extend_from_slice(&chunk);
        }
        if connection.is_reusable() {
            self.pool.put(connection);
        }
        Ok(Answer {
            status: head.status.as_u16(),
            retry_after: text(&head.headers, &RETRY_AFTER).and_then(retry_after),
            location: text(&head.headers, &LOCATION).map(|location| to.origin.target(location)),
            content_type: text(&head.headers, &CONTENT_TYPE)
                .unwrap_or("nothing")
                .to_owned(),
            body,
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Vault sends seconds; the other form, a date, would need a clock and is not sent by it.
fn retry_after(text: &str) -> Option<Duration> {
    let seconds = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_and_at_most_an_hour() {
        let seconds = |text| retry_after(text).map(|wait| wait.as_secs());
        assert_eq!(
            (seconds("7"), seconds(" 0 "), seconds("99999999999")),
            (Some(7), Some(0), Some(3600))
        );
        assert_eq!(
            (seconds("Wed, 21 Oct 2026 07:28:00 GMT"), seconds("-1")),
            (None, None)
        );
    }
}
