//! The JSON around every answer of Vault: `data`, `auth`, the lease, `warnings` and `errors`.
//!
//! Parsed without ever holding a secret value outside the types of [`crate::secret`]: what is not
//! yet told apart stays text ([`RawValue`]) in the buffer of the answer, so numbers keep their text
//! too.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Authority, Engine, LeaseTerm, SecretsMount, Token, TokenLease};
use crate::secret::{Lease, SecretBytes, SecretMap, SecretValue, VaultSecret};
use crate::spec::{VaultPath, is_within};

/// The text is JSON, or no JSON, that Vault would not send here. Says nothing of its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotVault;

/// An answer of Vault. Missing fields are empty: the shape differs between endpoints and versions.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    auth: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lease_id: Option<Cow<'a, str>>,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    errors: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Auth<'a> {
    #[serde(borrow)]
    client_token: Cow<'a, str>,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
}

impl Auth<'_> {
    fn lease(&self) -> TokenLease {
        TokenLease {
            duration: Duration::from_secs(self.lease_duration),
            renewable: self.renewable,
        }
    }
}

/// What a KV v2 engine says of a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KvReply {
    /// The data of a version.
    Secret(VaultSecret),
    /// The version exists no more; the metadata still knows it.
    Gone(GoneVersion),
    /// There is nothing here: no such secret, or no such version.
    Nothing,
}

/// A version of a KV v2 secret that holds no data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GoneVersion {
    pub(super) version: u64,
    /// Destroyed is for ever; deleted can be undone (`vault kv undelete`).
    pub(super) destroyed: bool,
}

impl<'a> Envelope<'a> {
    /// Reads the body of an answer.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, NotVault> {
        serde_json::from_slice(body).map_err(|_| NotVault)
    }

    /// Vault's remarks on a request that went well, or on a path that is not there.
    pub(super) fn warnings(&self) -> &[String] {
        self.warnings.as_deref().unwrap_or_default()
    }

    /// Vault's `errors[]`; `None` when the answer has no such field, which no refusal of Vault
    /// lacks.
    pub(super) fn errors(&self) -> Option<&[String]> {
        self.errors.as_deref()
    }

    /// The answer to a login.
    pub(super) fn into_token(self) -> Result<Token, NotVault> {
        let auth = self.auth()?;
        let lease = auth.lease();
        let secret = SecretBytes::from(auth.client_token.into_owned());
        Ok(Token { secret, lease })
    }

    /// The answer to a renewal of a token.
    pub(super) fn token_lease(&self) -> Result<TokenLease, NotVault> {
        Ok(self.auth()?.lease())
    }

    fn auth(&self) -> Result<Auth<'a>, NotVault> {
        let auth = self.auth.ok_or(NotVault)?;
        serde_json::from_str(auth.get()).map_err(|_| NotVault)
    }

    /// The answer to a renewal of a lease.
    pub(super) fn renewed_lease(&self) -> Result<LeaseTerm, NotVault> {
        self.lease_id.as_ref().ok_or(NotVault)?;
        Ok(LeaseTerm {
            duration: Duration::from_secs(self.lease_duration),
            renewable: self.renewable,
        })
    }

    /// The answer to the look-up of a lease.
    pub(super) fn found_lease(&self) -> Result<LeaseTerm, NotVault> {
        #[derive(Deserialize)]
        struct Found {
            ttl: i64,
            #[serde(default)]
            renewable: bool,
        }
        let Found { ttl, renewable } = self.data_as()?;
        Ok(LeaseTerm {
            // One that Vault is about to end has less than nothing left.
            duration: Duration::from_secs(u64::try_from(ttl).unwrap_or_default()),
            renewable,
        })
    }

    /// The answer to the mount look-up of `path`.
    pub(super) fn mount(&self, path: &VaultPath) -> Result<SecretsMount, NotVault> {
        #[derive(Deserialize)]
        struct Mount {
            path: String,
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            options: Option<BTreeMap<String, String>>,
        }
        let mount: Mount = self.data_as()?;
        let options = mount.options.unwrap_or_default();
        let version = options.get("version").map(String::as_str);
        let engine = match (mount.kind.as_str(), version) {
            ("kv" | "generic", Some("2")) => Engine::KvV2,
            ("kv" | "generic" | "cubbyhole", _) => Engine::KvV1,
            ("pki", _) => Engine::Pki,
            _ => Engine::Plain,
        };
        let path = below(&mount.path, path).ok_or(NotVault)?;
        Ok(SecretsMount {
            path: path.parse().map_err(|_| NotVault)?,
            engine,
        })
    }

    /// The newest version in the metadata of a KV v2 secret, when it is there to stay.
    pub(super) fn current_version(&self) -> Result<Option<u64>, NotVault> {
        #[derive(Deserialize)]
        struct Metadata {
            current_version: u64,
            #[serde(default)]
            versions: BTreeMap<String, Version>,
        }
        #[derive(Deserialize)]
        struct Version {
            #[serde(default)]
            deletion_time: String,
            #[serde(default)]
            destroyed: bool,
        }
        let Metadata {
            current_version,
            versions,
        } = self.data_as()?;
        // A time in the future is a deletion that is planned; whether it has come is not asked of a
        // clock of ours.
        let gone = versions
            .get(&current_version.to_string())
            .is_some_and(|version| version.destroyed || !version.deletion_time.is_empty());
        Ok(Some(current_version).filter(|version| *version > 0 && !gone))
    }

    /// The answer to a read of a KV v2 secret, flattened; also the 404 of a version that is gone.
    pub(super) fn into_kv_v2(self) -> Result<KvReply, NotVault> {
        #[derive(Deserialize)]
        struct Versioned<'a> {
            #[serde(borrow, default)]
            data: Option<&'a RawValue>,
            #[serde(borrow)]
            metadata: &'a RawValue,
        }
        #[derive(Deserialize)]
        struct Metadata {
            version: u64,
            #[serde(default)]
            destroyed: bool,
        }
        if self.data.is_none() {
            return Ok(KvReply::Nothing);
        }
        let Versioned { data, metadata } = self.data_as()?;
        let shown: Metadata = serde_json::from_str(metadata.get()).map_err(|_| NotVault)?;
        let version = shown.version;
        Ok(match data {
            Some(data) => KvReply::Secret(VaultSecret {
                data: map(data)?,
                version: Some(version),
                metadata: map(metadata)?,
                keep: self.lease_duration,
                ..VaultSecret::default()
            }),
            None => KvReply::Gone(GoneVersion {
                version,
                destroyed: shown.destroyed,
            }),
        })
    }

    /// The CA in an answer about a certificate or an issuer.
    pub(super) fn authority(&self) -> Result<Authority, NotVault> {
        #[derive(Deserialize)]
        struct Shown<'a> {
            #[serde(borrow)]
            certificate: &'a RawValue,
            #[serde(borrow, default)]
            ca_chain: Option<&'a RawValue>,
        }
        let Shown {
            certificate,
            ca_chain,
        } = self.data_as()?;
        let chain = ca_chain.map_or("", RawValue::get);
        Ok(Authority::of([certificate.get(), chain]))
    }

    /// The answer to a plain read; `None` when it brings neither data nor a token.
    pub(super) fn into_plain(self) -> Result<Option<VaultSecret>, NotVault> {
        let auth = self.auth.map(map).transpose()?;
        let data = match (self.data, &auth) {
            (Some(data), _) => map(data)?,
            (None, Some(_)) => SecretMap::new(),
            (None, None) => return Ok(None),
        };
        let (duration, renewable) = (Duration::from_secs(self.lease_duration), self.renewable);
        // KV v1 names a duration too, without a lease: a hint at how long to keep the value.
        let lease = self.lease_id.filter(|id| !id.is_empty()).map(|id| Lease {
            id: id.into_owned().into(),
            duration,
            renewable,
        });
        Ok(Some(VaultSecret {
            data,
            lease,
            auth,
            keep: self.lease_duration,
            ..VaultSecret::default()
        }))
    }

    fn data_as<T: Deserialize<'a>>(&self) -> Result<T, NotVault> {
        let data = self.data.ok_or(NotVault)?;
        serde_json::from_str(data.get()).map_err(|_| NotVault)
    }
}

fn map(raw: &RawValue) -> Result<SecretMap, NotVault> {
    match SecretValue::from_raw_value(raw) {
        Ok(SecretValue::Map(map)) => Ok(map),
        _ => Err(NotVault),
    }
}

/// The part of `mount` that `path` begins with.
///
/// Vault puts the namespace before the mount path when the request names a namespace in another way
/// than by its path; what stands in front of the part that `path` has is dropped, as the Vault CLI
/// does.
fn below<'m>(mount: &'m str, path: &VaultPath) -> Option<&'m str> {
    let mut mount = mount.trim_matches('/');
    loop {
        if is_within(path.as_str(), mount) {
            return Some(mount);
        }
        mount = mount.split_once('/')?.1;
    }
}

#[cfg(test)]
mod tests;
