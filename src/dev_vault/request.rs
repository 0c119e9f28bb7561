//! A request, as the server looks at it.

use rustls_pki_types::CertificateDer;

/// What is asked for, in Vault's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// `GET`.
    Read,
    /// `LIST`, or `GET` with `?list=true`.
    List,
    /// `POST` and `PUT`, which Vault does not tell apart.
    Write,
    /// `DELETE`.
    Delete,
}

impl Method {
    /// The HTTP method.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "GET",
            Self::List => "LIST",
            Self::Write => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// What is asked for.
    pub(super) method: Method,
    /// The path, decoded, without `/v1/`.
    pub(super) path: &'a str,
    /// What follows the `?`, encoded.
    pub(super) query: &'a str,
    /// `X-Vault-Token`.
    pub(super) token: Option<&'a str>,
    /// `X-Vault-Namespace`. Namespaces are a feature of Vault Enterprise and OpenBao: noted in the
    /// log, without effect.
    pub(super) namespace: Option<&'a str>,
    /// JSON, or nothing.
    pub(super) body: &'a [u8],
    /// The certificates that the client has shown; `None` without TLS.
    pub(super) client: Option<&'a [CertificateDer<'static>]>,
}

impl Request<'_> {
    /// The value of the query's `name`, as it is: versions need no decoding.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}
