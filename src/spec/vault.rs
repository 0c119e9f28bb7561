//! What Vault calls things: addresses, namespaces, mounts, paths, roles, logins.

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;
use super::text::{serde_as_text, text_values};

/// The base URL of a Vault or OpenBao server: `https://vault.example:8200`, or with a prefix,
/// `https://proxy/vault`.
///
/// Only scheme, host, port and path: no user, query or fragment. `http` is accepted (a dev server,
/// a mesh that encrypts); whoever reads the address decides whether to warn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAddress {
    secure: bool,
    authority: String,
    prefix: String,
}

impl VaultAddress {
    /// Whether the scheme is `https`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Scheme, host and port: `https://vault.example:8200`.
    pub fn origin(&self) -> String {
        format!(
            "{}://{}",
            if self.secure { "https" } else { "http" },
            self.authority
        )
    }

    /// The path below which Vault's `/v1` lies, without slashes at its ends; empty for most
    /// servers.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The port that is connected to.
    pub fn port(&self) -> u16 {
        let (_, port) = split_port(&self.authority);
        port.and_then(|port| port.parse().ok())
            .unwrap_or(if self.secure { 443 } else { 80 })
    }
}

impl FromStr for VaultAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let accepted = || Invalid::new("must be a URL, e.g. https://vault.vault:8200");
        let (scheme, rest) = text.split_once("://").ok_or_else(accepted)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(Invalid::new("must begin with https:// or http://")),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "?#\\\"<>{}|^`%".contains(c))
        {
            return Err(Invalid::new(
                "must be scheme, host, port and path alone, without a query or a fragment",
            ));
        }
        if authority.contains('@') {
            return Err(Invalid::new("must not contain a user or a password"));
        }
        if !authority_is_sound(authority) {
            return Err(accepted());
        }
        let prefix = path.trim_end_matches('/');
        if !prefix.is_empty()
            && prefix
                .split('/')
                .any(|part| part.is_empty() || part == "." || part == "..")
        {
            return Err(accepted());
        }
        if prefix == "v1" || prefix.ends_with("/v1") {
            return Err(Invalid::new("must not end in /v1: that part is added"));
        }
        Ok(Self {
            secure,
            authority: authority.to_ascii_lowercase(),
            prefix: prefix.to_owned(),
        })
    }
}

fn authority_is_sound(authority: &str) -> bool {
    let (host, port) = split_port(authority);
    let host_is_sound = match host.strip_prefix('[') {
        Some(v6) => v6
            .strip_suffix(']')
            .is_some_and(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    host_is_sound && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0))
}

/// Splits `host:port`; the colons of a bracketed IPv6 address are not separators.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

impl fmt::Display for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())?;
        if self.prefix.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.prefix)
        }
    }
}

/// A text that is sent to Vault as a path: parts joined by slashes, as `vault read` takes it.
///
/// Leading and trailing slashes are dropped, as the Vault CLI does; no empty part, no `.` or `..`,
/// no control character, and none of `? #` (they would end the path of the URL).
fn vault_path(text: &str) -> Result<String, Invalid> {
    let path = text.trim_matches('/');
    if path.is_empty() {
        return Err(Invalid::new("must not be empty"));
    }
    if path.chars().any(|c| c.is_control() || c == '?' || c == '#') {
        return Err(Invalid::new(
            "must not contain control characters, \"?\" or \"#\"",
        ));
    }
    if path.starts_with(' ') || path.ends_with(' ') {
        return Err(Invalid::new("must not begin or end with a blank"));
    }
    if path
        .split('/')
        .any(|part| part.is_empty() || part == "." || part == "..")
    {
        return Err(Invalid::new("must not contain \"//\", \".\" or \"..\""));
    }
    Ok(path.to_owned())
}

text_values! {
    /// The path of a secret as a user names it to `vault kv get` or `vault read`: `secret/db`,
    /// `database/creds/app`.
    ///
    /// For KV v2 it has no `/data/`: the refresher finds out the version of the mount.
    VaultPath = vault_path;
    /// Where an auth method or a secrets engine is mounted: `kubernetes`, `team/secret`. Without
    /// `auth/` and without slashes at the ends.
    MountPath = |text| vault_path(text).map(|path| path.strip_prefix("auth/").map(str::to_owned).unwrap_or(path));
    /// A Vault namespace: `team-a`, `org/team-a`. Sent as `X-Vault-Namespace`.
    VaultNamespace = |text| vault_path(text).and_then(|path| header_value(&path, "must be printable ASCII"));
    /// The name of a role of the auth method.
    Role = |text| match text.trim() == text && !text.is_empty() && !text.contains(|c: char| c.is_control() || c == '/') {
        true => Ok(text.to_owned()),
        false => Err(Invalid::new("must be the name of a Vault role, without blanks at its ends or slashes")),
    };
    /// The audience (`aud`) that the projected service-account token is issued for.
    Audience = |text| match text.trim() == text && !text.is_empty() && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(Invalid::new("must be an audience, e.g. vault")),
    };
    /// The name, or the IP address, that a server's certificate is for.
    TlsName = |text| match !text.is_empty() && text.len() <= 253 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)) {
        true => Ok(text.to_owned()),
        false => Err(Invalid::new("must be the name in the server's certificate, e.g. vault.example")),
    };
}

impl MountPath {
    /// One that is known to be sound.
    pub(super) fn named(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

impl Default for Audience {
    /// Freshet's own: `vault`, so that a token for Vault is of use nowhere else.
    fn default() -> Self {
        Self("vault".to_owned())
    }
}

fn header_value(text: &str, accepted: &'static str) -> Result<String, Invalid> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new(accepted))
    }
}

serde_as_text!(VaultAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, canonical: &str) {
        let address = text.parse::<VaultAddress>();
        assert_eq!(
            address.map(|address| address.to_string()),
            Ok(canonical.to_owned()),
            "{text}"
        );
    }

    #[test]
    fn an_address_is_scheme_host_port_and_prefix() {
        check("https://vault.vault:8200", "https://vault.vault:8200");
        check("HTTPS://Vault.Example/", "https://vault.example");
        check(
            "https://[::1]:8200/team/vault/",
            "https://[::1]:8200/team/vault",
        );
        for text in [
            "",
            "vault:8200",
            "ftp://vault",
            "https://",
            "https://u:p@vault",
            "https://vault:0",
            "https://vault:99999",
            "https://v/v1",
            "https://v?x=1",
        ] {
            assert!(text.parse::<VaultAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_knows_its_port() {
        let port = |text: &str| text.parse::<VaultAddress>().map(|address| address.port());
        assert_eq!(
            (
                port("https://[::1]"),
                port("http://v"),
                port("https://v:8200")
            ),
            (Ok(443), Ok(80), Ok(8200))
        );
    }

    #[test]
    fn a_path_is_as_the_vault_cli_takes_it() {
        assert_eq!(
            "/secret/db/"
                .parse::<VaultPath>()
                .map(|path| path.to_string()),
            Ok("secret/db".to_owned())
        );
        assert_eq!(
            "auth/kubernetes/"
                .parse::<MountPath>()
                .map(|path| path.to_string()),
            Ok("kubernetes".to_owned())
        );
        for text in ["", "/", "a//b", "a/../b", "a?b", "a#b", "a\nb", " a"] {
            assert!(text.parse::<VaultPath>().is_err(), "{text:?}");
        }
    }
}
