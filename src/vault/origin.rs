//! The server as HTTP and TLS name it, worked out once for all requests.

use http::{HeaderValue, Uri};
use rustls_pki_types::ServerName;

use crate::spec::{TlsName, VaultAddress};

/// Scheme, host and port of the server.
pub(super) struct Origin {
    uri: Uri,
    text: String,
    /// `None` where the address says `http`: nothing is encrypted then.
    tls_name: Option<ServerName<'static>>,
}

impl Origin {
    /// The origin of `address`; `None` when no request can be sent there.
    /// The server proves to be `name`, or else the host of the address.
    pub(super) fn new(address: &VaultAddress, name: Option<&TlsName>) -> Option<Self> {
        let uri: Uri = address.origin().parse().ok()?;
        let host = uri.host()?;
        let tls_name = match address.is_secure() {
            true => Some(tls_name(name.map_or(host, TlsName::as_str))?),
            false => None,
        };
        Some(Self {
            text: text(&uri)?,
            tls_name,
            uri,
        })
    }

    /// `https://vault.example:8200`, without the port that the scheme means anyway.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where to connect to.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The name that the server's certificate has to be for, where there has to be one.
    pub(super) fn tls_name(&self) -> Option<&ServerName<'static>> {
        self.tls_name.as_ref()
    }

    /// The `Host` header (RFC 9110 §7.2).
    pub(super) fn host_header(&self) -> Option<HeaderValue> {
        let (_, authority) = self.text.split_once("://")?;
        HeaderValue::from_str(authority).ok()
    }

    /// Where a `Location` header of the server points (RFC 9110 §10.2.2), without user or query.
    pub(super) fn target(&self, location: &str) -> String {
        let unreadable = || "somewhere unreadable".to_owned();
        let absolute = match location.starts_with("//") {
            true => format!("{}:{location}", self.uri.scheme_str().unwrap_or_default()),
            false => location.to_owned(),
        };
        match absolute.parse::<Uri>() {
            Err(_) => unreadable(),
            Ok(uri) if location.starts_with('/') && uri.scheme().is_none() => {
                format!("{}{}", self.text, uri.path())
            }
            Ok(uri) => text(&uri).map_or_else(unreadable, |origin| origin + uri.path()),
        }
    }
}

/// The origin of an absolute `uri`.
fn text(uri: &Uri) -> Option<String> {
    let (scheme, host) = (uri.scheme_str()?, uri.host()?);
    let usual = if scheme == "https" { 443 } else { 80 };
    Some(match uri.port_u16() {
        Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

fn tls_name(host: &str) -> Option<ServerName<'static>> {
    let bare = host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']'));
    ServerName::try_from(bare.unwrap_or(host).to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str) -> Origin {
        let address = address.parse().expect("address");
        Origin::new(&address, None).expect("origin")
    }

    #[test]
    fn the_usual_port_is_left_out() {
        for (address, want) in [
            ("https://vault:443", "https://vault"),
            ("http://vault:80/team", "http://vault"),
            ("https://vault:80", "https://vault:80"),
            ("https://[::1]:8200", "https://[::1]:8200"),
        ] {
            let origin = origin(address);
            assert_eq!(origin.as_str(), want);
            let host = want.split_once("://").map(|(_, host)| host);
            let header = origin.host_header().expect("header");
            assert_eq!(header.to_str().ok(), host);
        }
    }

    #[test]
    fn a_certificate_is_for_a_name_or_an_address() {
        let name = |address| {
            let name = origin(address).tls_name()?.to_str().into_owned();
            Some(name)
        };
        assert_eq!(
            name("https://vault.vault:8200").as_deref(),
            Some("vault.vault")
        );
        assert_eq!(name("https://[::1]").as_deref(), Some("::1"));
        assert_eq!(name("https://10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(name("http://vault"), None);
        let endless = format!("https://{}", "v".repeat(64))
            .parse()
            .expect("address");
        assert!(Origin::new(&endless, None).is_none());
    }

    #[test]
    fn a_redirect_is_told_without_user_and_query() {
        let origin = origin("https://vault:8200");
        for (location, want) in [
            ("https://u:p@other:443/v1/x?y#z", "https://other/v1/x"),
            ("//other/login", "https://other/login"),
            ("/login?next=v1", "https://vault:8200/login"),
            ("http://other", "http://other/"),
            ("login", "somewhere unreadable"),
            ("", "somewhere unreadable"),
        ] {
            assert_eq!(origin.target(location), want, "{location}");
        }
    }
}
