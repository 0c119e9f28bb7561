//! HTTP towards Vault: one hardened client, no redirects, no proxies, limits on time and size.
//!
//! A failure here means that no whole answer came; its text says what a person can do about it.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Request, Response, Url, redirect, retry};
use rustls::{AlertDescription, CertificateError, ClientConfig};
use zeroize::Zeroizing;

use super::{Class, Limits};

/// No wait that Vault asks for is longer than this; what is longer is taken as this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// So many requests at a time, each on a connection of its own that is kept for the next: a pod
/// with many secrets shall neither open as many connections, nor wait for them one by one.
pub(super) const AT_A_TIME: usize = 4;

/// A whole answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// Where a redirect points: scheme, host, port and path, without user or query.
    pub(super) location: Option<String>,
    pub(super) content_type: String,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) class: Class,
    /// Whether a certificate was refused, by us or by the server; other files may help.
    pub(super) certificate: bool,
    pub(super) message: String,
}

/// The client for one server; `secure` forbids all but https.
pub(super) fn client(tls: ClientConfig, secure: bool, limits: &Limits) -> reqwest::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(secure)
        .redirect(redirect::Policy::none())
        // When to try again is the engine's to say, so no copy of a request is kept for it.
        .retry(retry::never().max_retries_per_request(0))
        .no_proxy()
        .referer(false)
        .dns_resolver(Resolver)
        .connect_timeout(limits.connect)
        .timeout(limits.request)
        .pool_max_idle_per_host(AT_A_TIME)
        .user_agent(concat!("freshet/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Sends `request` and reads the answer to its end. `roots` says what certificates are checked
/// against.
pub(super) async fn send(
    http: &Client,
    request: Request,
    limits: &Limits,
    roots: &str,
) -> Result<Answer, Failure> {
    let server = origin(request.url());
    let fail = |error: reqwest::Error| Failure::of(&error, &server, limits, roots);
    let mut response = http.execute(request).await.map_err(fail)?;
    let too_large = || Failure {
        class: Class::Invalid,
        certificate: false,
        message: format!(
            "the answer of {server} is larger than {} bytes",
            limits.answer
        ),
    };
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > limits.answer {
        return Err(too_large());
    }
    let mut body = Zeroizing::new(Vec::with_capacity(announced));
    while let Some(chunk) = response.chunk().await.map_err(fail)? {
        if body.len() + chunk.len() > limits.answer {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer::new(&response, body))
}

impl Answer {
    fn new(response: &Response, body: Zeroizing<Vec<u8>>) -> Self {
        let headers = response.headers();
        let location = text(headers, LOCATION.as_str()).map(|location| {
            let target = response.url().join(location);
            target.map_or_else(
                |_| "somewhere unreadable".to_owned(),
                |url| format!("{}{}", origin(&url), url.path()),
            )
        });
        Self {
            status: response.status().as_u16(),
            retry_after: text(headers, RETRY_AFTER.as_str()).and_then(retry_after),
            location,
            content_type: text(headers, CONTENT_TYPE.as_str())
                .unwrap_or("nothing")
                .to_owned(),
            body,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Vault sends seconds; the other form, a date, would need a clock and is not sent by it.
fn retry_after(text: &str) -> Option<Duration> {
    let seconds = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or("");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

impl Failure {
    fn of(error: &reqwest::Error, server: &str, limits: &Limits, roots: &str) -> Self {
        let cause = Cause::of(error);
        let message = match &cause {
            Cause::Certificate(problem) => certificate_problem(problem, server, roots),
            Cause::Tls(problem) => tls_problem(problem, server),
            Cause::Unresolved(reason) => {
                format!(
                    "the name of {server} cannot be resolved ({reason}): is the address right, \
                     does DNS work in this pod?"
                )
            }
            Cause::Refused => format!(
                "{server} refuses the connection: is Vault running there, is the port right?"
            ),
            Cause::TimedOut if error.is_connect() => format!(
                "no connection to {server} within {} s: is a network policy or firewall in the \
                 way?",
                limits.connect.as_secs_f32()
            ),
            Cause::TimedOut => format!(
                "{server} did not answer within {} s",
                limits.request.as_secs_f32()
            ),
            Cause::Other(reason) => format!("the connection to {server} failed: {reason}"),
        };
        Self {
            class: Class::Unavailable,
            certificate: cause.is_certificate(),
            message,
        }
    }
}

/// What lies at the bottom of a chain of errors.
enum Cause {
    Certificate(CertificateError),
    Tls(rustls::Error),
    Unresolved(String),
    Refused,
    TimedOut,
    Other(String),
}

impl Cause {
    fn of(error: &reqwest::Error) -> Self {
        let mut last: &(dyn Error + 'static) = error;
        let mut next = Some(last);
        while let Some(error) = next {
            if let Some(cause) = Self::known(error) {
                return cause;
            }
            last = error;
            // An I/O error that wraps another hides it from `source`.
            let wrapped = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            next = match wrapped {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        Self::Other(last.to_string())
    }

    fn known(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(match tls {
                rustls::Error::InvalidCertificate(problem) => Self::Certificate(problem.clone()),
                other => Self::Tls(other.clone()),
            });
        }
        if let Some(Unresolved(reason)) = error.downcast_ref::<Unresolved>() {
            return Some(Self::Unresolved(reason.to_string()));
        }
        match error.downcast_ref::<io::Error>()?.kind() {
            io::ErrorKind::ConnectionRefused => Some(Self::Refused),
            io::ErrorKind::TimedOut => Some(Self::TimedOut),
            _ => None,
        }
    }

    fn is_certificate(&self) -> bool {
        match self {
            Self::Certificate(_) => true,
            Self::Tls(rustls::Error::AlertReceived(alert)) => asks_for_certificate(*alert),
            _ => false,
        }
    }
}

/// Alerts of RFC 8446 §6.2 with which a server refuses the client certificate, or its lack.
fn asks_for_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::AccessDenied
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateRequired
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            // The signature on the certificate, or with it, does not fit.
            | AlertDescription::DecryptError
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate
    )
}

fn certificate_problem(problem: &CertificateError, server: &str, roots: &str) -> String {
    match problem {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("the certificate of {server} is not signed by {roots}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {server} has expired, or a clock is wrong")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate of {server} is for another name: {problem}")
        }
        _ => format!("the certificate of {server} cannot be trusted: {problem}"),
    }
}

fn tls_problem(problem: &rustls::Error, server: &str) -> String {
    match problem {
        rustls::Error::AlertReceived(alert) if asks_for_certificate(*alert) => format!(
            "{server} refuses our client certificate, or asks for one \
             (annotation freshet.dev/tls-secret): {problem}"
        ),
        rustls::Error::InvalidMessage(_) => {
            format!("{server} does not speak TLS: is the port right, or is the address http://?")
        }
        _ => format!("TLS with {server} failed: {problem}"),
    }
}

/// The system's resolver, with an error of its own type, so that it can be told from others.
struct Resolver;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unresolved(io::Error);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is filled in by the caller.
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await;
            let addresses: Vec<_> = addresses.map_err(Unresolved)?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
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
