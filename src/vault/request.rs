//! Requests below `/v1`: path, query and headers, of which most are the same every time.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Uri};
use http_body_util::Full;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::origin::Origin;
use crate::spec::{Login, VaultNamespace};

/// As it goes to the connection.
pub(super) type Request = http::Request<Full<Bytes>>;

/// What ends or misleads a part of a path
/// (<https://url.spec.whatwg.org/#path-percent-encode-set>), and the characters that no part may
/// hold as they are.
const NOT_IN_A_PART: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A request below `/v1`, without what is the same for all of them.
pub(super) struct Call {
    pub(super) method: Method,
    /// Not encoded; empty parts are dropped.
    pub(super) path: String,
    /// Encoded.
    pub(super) query: Option<String>,
    /// JSON, or nothing.
    pub(super) body: Bytes,
    /// Whether Vault may get it twice: what changes nothing there.
    pub(super) repeatable: bool,
}

/// What is the same for all requests of a pod.
pub(super) struct Common {
    /// Encoded, from the first slash to `/v1`.
    base: String,
    headers: HeaderMap,
    /// Those of a login, which may be in a namespace of its own.
    login_headers: HeaderMap,
}

/// A part of the identity that no request can hold.
pub(super) struct Unusable(pub(super) &'static str);

impl Common {
    /// Of the requests of `login` to its server, whose origin is `origin`.
    pub(super) fn new(login: &Login, origin: &Origin) -> Result<Self, Unusable> {
        let mut base = String::new();
        push_parts(&mut base, login.vault_address.prefix());
        push_parts(&mut base, "v1");
        let headers = headers(login, origin)?;
        let within = |namespace: Option<&VaultNamespace>| {
            let mut headers = headers.clone();
            if let Some(namespace) = namespace {
                let value = HeaderValue::from_str(namespace.as_str());
                headers.insert(
                    "x-vault-namespace",
                    value.map_err(|_| Unusable("namespace"))?,
                );
            }
            Ok(headers)
        };
        let namespace = login.vault_namespace.as_ref();
        Ok(Self {
            headers: within(namespace)?,
            login_headers: within(login.auth_namespace.as_ref().or(namespace))?,
            base,
        })
    }

    /// `call` with `token` or, at a login, without.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub(super) fn request(
        &self,
        call: &Call,
        token: Option<&HeaderValue>,
    ) -> Result<Request, http::Error> {
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = self.target(call)?;
        let headers = request.headers_mut();
        match token {
            Some(token) => {
                headers.clone_from(&self.headers);
                headers.insert("x-vault-token", token.clone());
            }
            None => headers.clone_from(&self.login_headers),
        }
        if !call.body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            headers.insert(CONTENT_TYPE, json);
        }
        Ok(request)
    }

    /// Path and query, which is the form for a server itself (RFC 9112 §3.2.1).
    fn target(&self, call: &Call) -> Result<Uri, http::Error> {
        let query = call.query.as_deref().unwrap_or_default();
        // Room for a few characters that are encoded.
        let length = self.base.len() + call.path.len() + query.len() + 16;
        let mut target = String::with_capacity(length);
        target.push_str(&self.base);
        push_parts(&mut target, &call.path);
        if !query.is_empty() {
            target.push('?');
            target.push_str(query);
        }
        Ok(Uri::from_maybe_shared(Bytes::from(target))?)
    }
}

fn headers(login: &Login, origin: &Origin) -> Result<HeaderMap, Unusable> {
    let agent = concat!("freshet/", env!("CARGO_PKG_VERSION"));
    // Room for the few that are added.
    let mut headers = HeaderMap::with_capacity(8);
    // A Vault Agent or Proxy on the way may insist on it, against forged requests.
    headers.insert("x-vault-request", HeaderValue::from_static("true"));
    for header in &login.headers {
        let name = HeaderName::from_bytes(header.name().as_bytes());
        let value = HeaderValue::from_str(header.value());
        match (name, value) {
            (Ok(name), Ok(value)) => headers.append(name, value),
            _ => return Err(Unusable("header")),
        };
    }
    for (name, value) in [
        (HOST, origin.host_header().ok_or(Unusable("address"))?),
        (USER_AGENT, HeaderValue::from_static(agent)),
        (ACCEPT, HeaderValue::from_static("*/*")),
    ] {
        headers.entry(name).or_insert(value);
    }
    Ok(headers)
}

/// Appends the parts of `path`, each encoded on its own and behind a slash.
fn push_parts(target: &mut String, path: &str) {
    for part in path.split('/').filter(|part| !part.trim().is_empty()) {
        target.push('/');
        target.extend(utf8_percent_encode(part, NOT_IN_A_PART));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, query: Option<&str>, want: &str) {
        let mut base = String::new();
        push_parts(&mut base, "teäm/vault");
        let common = Common {
            base,
            headers: HeaderMap::new(),
            login_headers: HeaderMap::new(),
        };
        let call = Call {
            method: Method::GET,
            path: path.to_owned(),
            query: query.map(str::to_owned),
            body: Bytes::new(),
            repeatable: true,
        };
        let request = common.request(&call, None).expect("request");
        assert_eq!(request.uri(), want);
    }

    #[test]
    fn each_part_of_a_path_is_encoded_on_its_own() {
        check("secret/data/db", None, "/te%C3%A4m/vault/secret/data/db");
        check("/a//b/ /", Some(""), "/te%C3%A4m/vault/a/b");
        check(
            "a b/ü%2F\\\"<>^`{|}[]",
            Some("version=3"),
            "/te%C3%A4m/vault/a%20b/%C3%BC%252F%5C%22%3C%3E%5E%60%7B%7C%7D[]?version=3",
        );
    }
}
