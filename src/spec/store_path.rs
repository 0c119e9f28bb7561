//! From the key of a `remoteRef` to a place in Vault, as a store says: External Secrets' rules.

use serde::{Deserialize, Serialize};

use super::access::Access;
use super::invalid::Invalid;
use super::kv::{Kv, KvPart, KvVersion};
use super::parameters::Parameters;
use super::secret_ref::SecretRef;
use super::vault::MountPath;

/// What a store says about paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorePath {
    /// `path`: the mount of the engine; without it the key begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount: Option<MountPath>,
    /// `version` is `v1`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub v1: bool,
}

impl StorePath {
    /// The place of the data of `key`.
    ///
    /// With `path: P` a key that begins with `P/` is cut there, and with `v2` at a `data/` that
    /// follows: a secret that is named like its mount cannot be read, as in External Secrets.
    /// Without `path` the mount is what stands before the first `/data/` of the key, else its first
    /// part.
    ///
    /// # Errors
    /// When the result is no path of a secret.
    pub fn data(&self, key: &str, optional: bool) -> Result<SecretRef, Invalid> {
        let Some(mount) = &self.mount else {
            let (mount, name) = match (self.v1, key.split_once("/data/")) {
                (false, Some(parts)) => parts,
                _ => key.split_once('/').ok_or_else(no_mount)?,
            };
            return self.place(mount, name, KvPart::Data, optional);
        };
        let mount = mount.as_str();
        let name = match key
            .strip_prefix(mount)
            .and_then(|rest| rest.strip_prefix('/'))
        {
            Some(rest) if self.v1 => rest,
            Some(rest) => rest.strip_prefix("data/").unwrap_or(rest),
            None => key,
        };
        self.place(mount, name, KvPart::Data, optional)
    }

    /// The place of the metadata of `key`. With `path: P` nothing is cut, as in External Secrets.
    ///
    /// # Errors
    /// When there is none: KV v1 has no metadata, and without `path` the key must have `/data/`.
    pub fn metadata(&self, key: &str, optional: bool) -> Result<SecretRef, Invalid> {
        if self.v1 {
            return Err(Invalid::new(
                "has no metadata: the store is of version v1, and only v2 keeps any",
            ));
        }
        let (mount, name) = self.beside_data(key)?;
        self.place(mount, name, KvPart::Metadata, optional)
    }

    /// The place of the list of `folder`, which may be empty and ends in no slash.
    ///
    /// # Errors
    /// Without `path` the folder must have `/data/`, with `v1` there must be one.
    pub fn list(&self, folder: &str, optional: bool) -> Result<SecretRef, Invalid> {
        if self.v1 && self.mount.is_none() {
            return Err(Invalid::new(
                "needs the store's path: with version v1 nothing else tells the mount",
            ));
        }
        let (mount, name) = match folder {
            "" => (self.mount.as_ref().ok_or_else(no_data)?.as_str(), ""),
            folder => self.beside_data(folder)?,
        };
        self.place(mount, name, KvPart::List, optional)
    }

    fn beside_data<'a>(&'a self, key: &'a str) -> Result<(&'a str, &'a str), Invalid> {
        match &self.mount {
            Some(mount) => Ok((mount.as_str(), key)),
            None => key.split_once("/data/").ok_or_else(no_data),
        }
    }

    fn place(
        &self,
        mount: &str,
        name: &str,
        part: KvPart,
        optional: bool,
    ) -> Result<SecretRef, Invalid> {
        let name = name.trim_matches('/');
        if name.is_empty() && part != KvPart::List {
            return Err(Invalid::new("must name a secret below the mount"));
        }
        let parts = u8::try_from(mount.split('/').count());
        let slash = if name.is_empty() { "" } else { "/" };
        Ok(SecretRef {
            profile: None,
            path: format!("{mount}{slash}{name}").parse()?,
            version: None,
            parameters: Parameters::default(),
            key: None,
            access: Access::Command,
            kv: Some(Kv {
                version: if self.v1 {
                    KvVersion::One
                } else {
                    KvVersion::Two
                },
                mount_parts: parts.map_err(|_| Invalid::new("has too many parts"))?,
                part,
                optional,
            }),
        })
    }
}

fn no_mount() -> Invalid {
    Invalid::new("must begin with the mount of the engine, because the store names no path")
}

fn no_data() -> Invalid {
    Invalid::new(
        "must be MOUNT/data/NAME, because the store names no path and the metadata lies beside the data",
    )
}

#[cfg(test)]
mod tests;
