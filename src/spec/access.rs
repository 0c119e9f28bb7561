//! How a path of Vault is taken: as the command line takes it, or as its HTTP API has it.

use super::invalid::Invalid;

/// How a [`SecretRef`](super::SecretRef) is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// As `vault kv get` and `vault read` take it: without `data/`, and parameters make it a request.
    #[default]
    Command,
    /// As consul-template's `secret` takes it: a KV version 2 engine's `data/`, `metadata/` or
    /// `subkeys/` may be in the path, and parameters are the query of a read.
    Read,
    /// As consul-template's `secret` takes it with parameters: they are written, and what comes of it
    /// need not have an end.
    Write,
    /// As consul-template's `secrets` takes it: the names below the path.
    List,
}

impl Access {
    /// Its name in a SyncSpec's form; none for [`Access::Command`].
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Command => None,
            Self::Read => Some("read"),
            Self::Write => Some("write"),
            Self::List => Some("list"),
        }
    }

    pub(super) fn named(name: &str) -> Result<Self, Invalid> {
        match name {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "list" => Ok(Self::List),
            _ => Err(Invalid::new("must have read, write or list after \"api=\"")),
        }
    }
}
