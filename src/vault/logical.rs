//! Requests that vaultrs has not: any path as `vault read`, `vault list` and `vault write` take it,
//! and logins.

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::request::Call;
use crate::secret::write_json_string;
use crate::spec::Parameters;

/// A request by its path below `/v1`.
pub(super) struct Logical {
    method: Method,
    path: String,
    query: Option<String>,
    body: Vec<u8>,
}

/// What a query takes as it is (<https://url.spec.whatwg.org/#application-x-www-form-urlencoded-percent-encode-set>).
const NOT_IN_A_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

impl Logical {
    pub(super) fn read(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            query: None,
            body: Vec::new(),
        }
    }

    /// A read with `parameters` as its query.
    pub(super) fn query(path: String, parameters: &Parameters) -> Self {
        let encode = |text| utf8_percent_encode(text, NOT_IN_A_QUERY).to_string();
        let fields: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        Self {
            query: Some(fields.join("&")),
            ..Self::read(path)
        }
    }

    pub(super) fn list(path: String) -> Self {
        Self {
            // A method of Vault's own; the name is one that HTTP allows.
            method: Method::from_bytes(b"LIST").unwrap_or(Method::GET),
            ..Self::read(path)
        }
    }

    /// With these fields, all of them texts: Vault reads each as what it needs.
    pub(super) fn write(path: String, fields: &[(&str, &[u8])]) -> Self {
        Self::post(path, object(fields))
    }

    /// With a body of JSON.
    pub(super) fn post(path: String, body: Vec<u8>) -> Self {
        Self {
            method: Method::POST,
            path,
            query: None,
            body,
        }
    }

    pub(super) fn into_call(self, repeatable: bool) -> Call {
        Call {
            method: self.method,
            path: self.path,
            query: self.query,
            body: Bytes::from_owner(Zeroizing::new(self.body)),
            repeatable,
        }
    }
}

/// The fields as an object of JSON.
pub(super) fn object(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let length: usize = fields
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    // Room for twice as much: a buffer that grows leaves copies behind.
    let mut body = Vec::with_capacity(2 * length + 64);
    body.push(b'{');
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write_json_string(name.as_bytes(), &mut body);
        body.push(b':');
        write_json_string(value, &mut body);
    }
    body.push(b'}');
    body
}
