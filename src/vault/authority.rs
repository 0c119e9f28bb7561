//! The CA of a PKI engine, as far as it has to be told from another one.

use std::fmt;

use ring::digest::{SHA256, digest};

use super::SecretsMount;
use crate::spec::VaultPath;

/// The CA that a PKI engine shows, with its chain: two of them are the same or not.
#[derive(Clone, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// The one that is shown as `texts`.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts: Vec<_> = texts.into_iter().collect();
        let digest = digest(&SHA256, texts.join("\n").as_bytes());
        let bytes = digest.as_ref().iter();
        Self(bytes.map(|byte| format!("{byte:02x}")).collect())
    }

    /// One that [`as_str`](Self::as_str) told.
    pub fn recalled(text: String) -> Self {
        Self(text)
    }

    /// A text that no other CA has.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.0.get(..8).unwrap_or(&self.0))
    }
}

/// Where the engine shows the CA that certificates of `path` are issued by: that of the mount, or
/// the issuer that the path names.
pub(super) fn path(mount: &SecretsMount, path: &VaultPath) -> String {
    let mut parts = mount.relative_path(path).unwrap_or_default().split('/');
    match (parts.next(), parts.next()) {
        (Some("issuer"), Some(issuer)) => format!("{}/issuer/{issuer}/json", mount.path),
        _ => format!("{}/cert/ca_chain", mount.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Engine;

    #[test]
    fn the_ca_is_that_of_the_mount_or_the_named_one() {
        let mount = SecretsMount {
            path: "team/pki".parse().expect("a mount"),
            engine: Engine::Pki,
        };
        for (asked, want) in [
            ("team/pki/issue/web", "team/pki/cert/ca_chain"),
            ("team/pki/sign/web", "team/pki/cert/ca_chain"),
            ("team/pki/issuer/old/issue/web", "team/pki/issuer/old/json"),
        ] {
            assert_eq!(path(&mount, &asked.parse().expect(asked)), want);
        }
    }

    #[test]
    fn it_is_told_from_another_one() {
        assert_eq!(Authority::of(["a", "b"]), Authority::of(["a", "b"]));
        assert_ne!(Authority::of(["a", "b"]), Authority::of(["a", "c"]));
    }
}
