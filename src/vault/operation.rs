//! What is asked of Vault, in the words of the messages about it.

use std::fmt;

use super::{Engine, SecretsMount};
use crate::spec::{Auth, MountPath, VaultPath};

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation<'a> {
    /// At the mount of an auth method.
    Login(&'a Auth, &'a MountPath),
    RenewToken,
    RevokeToken,
    FindMount(&'a VaultPath),
    CheckVersion(&'a SecretsMount, &'a VaultPath),
    Read(&'a SecretsMount, &'a VaultPath, Option<u64>),
    Write(&'a VaultPath),
    SeeAuthority(&'a VaultPath),
    ReadMetadata(&'a SecretsMount, &'a VaultPath),
    List(&'a SecretsMount, &'a VaultPath),
    RenewLease(&'a VaultPath),
    CheckLease(&'a VaultPath),
    RevokeLease(&'a VaultPath),
}

impl Operation<'_> {
    /// The policy that lets a token do this; `None` where none is needed or none is known.
    pub(super) fn policy(&self) -> Option<String> {
        let (path, capability) = match self {
            Self::Login(..) | Self::FindMount(_) | Self::SeeAuthority(_) => return None,
            Self::RenewToken => ("auth/token/renew-self".to_owned(), "update"),
            Self::RevokeToken => ("auth/token/revoke-self".to_owned(), "update"),
            Self::Write(path) => (path.to_string(), "update"),
            Self::RenewLease(_) => ("sys/leases/renew".to_owned(), "update"),
            Self::CheckLease(_) => ("sys/leases/lookup".to_owned(), "update"),
            Self::RevokeLease(_) => ("sys/leases/revoke".to_owned(), "update"),
            Self::CheckVersion(mount, path) | Self::ReadMetadata(mount, path) => {
                (inside(mount, "metadata", path), "read")
            }
            Self::List(mount, path) => match mount.engine {
                Engine::KvV2 => (inside(mount, "metadata", path) + "/", "list"),
                Engine::KvV1 | Engine::Plain | Engine::Pki => (format!("{path}/"), "list"),
            },
            Self::Read(mount, path, _) => match mount.engine {
                Engine::KvV2 => (inside(mount, "data", path), "read"),
                Engine::KvV1 | Engine::Plain | Engine::Pki => (path.to_string(), "read"),
            },
        };
        Some(format!(
            "path \"{path}\" {{ capabilities = [\"{capability}\"] }}"
        ))
    }
}

/// The path of the API below one of the two folders of KV version 2; the folder itself for the
/// mount.
pub(super) fn inside(mount: &SecretsMount, folder: &str, path: &VaultPath) -> String {
    match mount.relative_path(path) {
        Some(relative) => format!("{}/{folder}/{relative}", mount.path),
        None => format!("{}/{folder}", mount.path),
    }
}

impl fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login(auth, mount) => {
                write!(f, "log in at auth/{mount}")?;
                match auth.role() {
                    Some(role) => write!(f, " with role {role}"),
                    None => Ok(()),
                }
            }
            Self::RenewToken => f.write_str("renew the Vault token"),
            Self::RevokeToken => f.write_str("revoke the Vault token"),
            Self::FindMount(path) => write!(f, "find the mount of {path}"),
            Self::CheckVersion(_, path) => write!(f, "check the version of {path}"),
            Self::Read(_, path, None) => write!(f, "read {path}"),
            Self::Read(_, path, Some(version)) => write!(f, "read version {version} of {path}"),
            Self::Write(path) => write!(f, "write to {path}"),
            Self::SeeAuthority(path) => write!(f, "see the CA of {path}"),
            Self::ReadMetadata(_, path) => write!(f, "read the metadata of {path}"),
            Self::List(_, path) => write!(f, "list {path}"),
            Self::RenewLease(path) => write!(f, "renew the lease of {path}"),
            Self::CheckLease(path) => write!(f, "look up the lease of {path}"),
            Self::RevokeLease(path) => write!(f, "revoke a lease of {path}"),
        }
    }
}
