//! Which secret: `path`, `path#key`, `path?version=3#key`.

use std::fmt;
use std::str::FromStr;

use super::invalid::Invalid;
use super::text::serde_as_text;
use super::vault::VaultPath;

/// A secret in Vault, perhaps one version of it, perhaps one key of it.
///
/// The text form is that of a URL: the path, then `?version=N` (KV v2 only), then `#key`. A key is
/// everything after the first `#`, so it may hold any character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRef {
    /// The path as `vault kv get` or `vault read` takes it.
    pub path: VaultPath,
    /// The version of a KV v2 secret; `None` is the newest.
    pub version: Option<u64>,
    /// The top-level key of the secret's data; `None` is the whole secret.
    pub key: Option<String>,
}

impl SecretRef {
    /// The secret without the key: what is read from Vault.
    pub fn whole(&self) -> Self {
        Self {
            path: self.path.clone(),
            version: self.version,
            key: None,
        }
    }
}

impl FromStr for SecretRef {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (location, key) = match text.split_once('#') {
            Some((_, "")) => {
                return Err(Invalid::new(
                    "must name a key after \"#\", e.g. secret/db#password",
                ));
            }
            Some((location, key)) => (location, Some(key.to_owned())),
            None => (text, None),
        };
        let (path, query) = match location.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (location, None),
        };
        let version = query.map(version_of).transpose()?;
        let path = path.parse().map_err(|invalid| {
            Invalid::new(format!(
                "must be a Vault path, e.g. secret/db#password: it {invalid}"
            ))
        })?;
        Ok(Self { path, version, key })
    }
}

fn version_of(query: &str) -> Result<u64, Invalid> {
    let accepted = || {
        Invalid::new(
            "must have nothing but version=N after \"?\", e.g. secret/db?version=3#password",
        )
    };
    let number = query.strip_prefix("version=").ok_or_else(accepted)?;
    match number.bytes().all(|byte| byte.is_ascii_digit()) {
        true => number
            .parse()
            .ok()
            .filter(|version| *version > 0)
            .ok_or_else(accepted),
        false => Err(accepted()),
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(version) = self.version {
            write!(f, "?version={version}")?;
        }
        match &self.key {
            Some(key) => write!(f, "#{key}"),
            None => Ok(()),
        }
    }
}

serde_as_text!(SecretRef);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_path_version_and_key() {
        for text in [
            "secret/db",
            "secret/db#password",
            "secret/db?version=3#password",
            "secret/db?version=3",
            "a b/c#d#e?f",
        ] {
            assert_eq!(
                text.parse::<SecretRef>().map(|secret| secret.to_string()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(
            "/secret/db/"
                .parse::<SecretRef>()
                .map(|secret| secret.to_string()),
            Ok("secret/db".to_owned())
        );
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "",
            "#key",
            "secret/db#",
            "secret/db?",
            "secret/db?version=",
            "secret/db?version=0",
            "secret/db?version=-1",
            "secret/db?v=1",
        ] {
            assert!(text.parse::<SecretRef>().is_err(), "{text:?}");
        }
    }
}
