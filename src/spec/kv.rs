//! A place in a KV engine that somebody has declared: the version of the engine and its mount are
//! known, and are not looked up.

use std::fmt;

use super::invalid::Invalid;

/// How a [`SecretRef`](super::SecretRef) is read when its engine is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kv {
    /// The version of the engine.
    pub version: KvVersion,
    /// How many parts of the path, from its beginning, are the mount; at least one.
    pub mount_parts: u8,
    /// What is read.
    pub part: KvPart,
    /// Whether it is an answer, and no failure, that there is nothing.
    pub optional: bool,
}

/// The versions of Vault's KV engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KvVersion {
    /// A path, a value.
    One,
    /// With versions and metadata.
    Two,
}

/// What is read of a KV engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KvPart {
    /// The data of a secret.
    Data,
    /// The metadata of a secret: what Vault says of it, and what people wrote to it
    /// (`custom_metadata`).
    Metadata,
    /// The names in a folder.
    List,
}

impl Kv {
    /// Reads what stands between `?` and `#` in a SyncSpec, but for `version=N`.
    pub(super) fn parse<'a>(fields: impl IntoIterator<Item = &'a str>) -> Result<Self, Invalid> {
        let accepted = || {
            Invalid::new(
                "must have kv=1 or kv=2 after \"?\", then mount=N, part=metadata or part=list, and optional",
            )
        };
        let mut version = None;
        let (mut mount_parts, mut part, mut optional) = (1, KvPart::Data, false);
        for field in fields {
            match field.split_once('=').unwrap_or((field, "")) {
                ("kv", "1") => version = Some(KvVersion::One),
                ("kv", "2") => version = Some(KvVersion::Two),
                ("mount", parts) => mount_parts = parts.parse().map_err(|_| accepted())?,
                ("part", "metadata") => part = KvPart::Metadata,
                ("part", "list") => part = KvPart::List,
                ("optional", "") => optional = true,
                _ => return Err(accepted()),
            }
        }
        match version {
            Some(version) if mount_parts > 0 => Ok(Self {
                version,
                mount_parts,
                part,
                optional,
            }),
            _ => Err(accepted()),
        }
    }
}

impl fmt::Display for Kv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.version {
            KvVersion::One => "kv=1",
            KvVersion::Two => "kv=2",
        })?;
        if self.mount_parts != 1 {
            write!(f, "&mount={}", self.mount_parts)?;
        }
        f.write_str(match self.part {
            KvPart::Data => "",
            KvPart::Metadata => "&part=metadata",
            KvPart::List => "&part=list",
        })?;
        f.write_str(if self.optional { "&optional" } else { "" })
    }
}
