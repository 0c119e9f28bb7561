//! Why no whole answer came, in words that say what a person can do about it.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::connector::Unresolved;
use super::origin::Origin;
use super::{Class, Limits};

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) class: Class,
    /// Whether a certificate was refused, by us or by the server; other files may help.
    pub(super) certificate: bool,
    pub(super) message: String,
}

/// How far a request had come.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// To the resolver, or into a handshake: the server has seen nothing of it.
    Connecting,
    /// Out, or partly.
    Answering,
}

/// Where a request goes, and what it is held to.
pub(super) struct Destination<'a> {
    pub(super) origin: &'a Origin,
    /// What the server's certificate is checked against, for messages.
    pub(super) roots: &'a str,
    pub(super) limits: &'a Limits,
    /// Whether it may be sent again when a kept connection ends before the answer.
    pub(super) repeatable: bool,
}

impl Destination<'_> {
    /// What `error` means at `stage`.
    pub(super) fn failed(&self, stage: Stage, error: &(dyn Error + 'static)) -> Failure {
        self.because(stage, &Cause::of(error))
    }

    /// `stage` took longer than its limit.
    pub(super) fn timed_out(&self, stage: Stage) -> Failure {
        self.because(stage, &Cause::TimedOut)
    }

    /// The answer is larger than its limit.
    pub(super) fn too_large(&self) -> Failure {
        let (server, limit) = (self.origin.as_str(), self.limits.answer);
        Failure {
            class: Class::Invalid,
            certificate: false,
            message: format!("the answer of {server} is larger than {limit} bytes"),
        }
    }

    fn because(&self, stage: Stage, cause: &Cause) -> Failure {
        let Self { roots, limits, .. } = *self;
        let server = self.origin.as_str();
        let message = match cause {
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
            Cause::TimedOut => match stage {
                Stage::Connecting => format!(
                    "no connection to {server} within {} s: is a network policy or firewall in \
                     the way?",
                    limits.connect.as_secs_f32()
                ),
                Stage::Answering => format!(
                    "{server} did not answer within {} s",
                    limits.request.as_secs_f32()
                ),
            },
            Cause::Other(reason) => format!("the connection to {server} failed: {reason}"),
        };
        Failure {
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
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut last = error;
        let mut next = Some(error);
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
