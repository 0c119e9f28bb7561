//! How much memory the files and the refresher may take.
//!
//! Nobody knows the size of a secret at admission, and need not: Vault's integrated storage takes
//! at most 1 MiB for an entry (`max_entry_size`), as Kubernetes does for a Secret. So:
//!
//! ```text
//! generation of a volume = 1 MiB for each secret that single keys are taken from
//!                        + 1 MiB for each file with a whole secret or a template
//!                        + 1 MiB for each target of an ExternalSecret
//!                        + 4 KiB for each file (a page of a tmpfs is not shared)
//! ... of variables       = 128 KiB for each variable, which Linux allows it
//! sizeLimit of a volume  = 2 generations, rounded up to a MiB
//! volume of the program  = 2 programs, where containers start through it (4 or 8 MiB each)
//! memory limit           = all volumes + state + process
//! ```
//!
//! Two generations, because the writer removes the one before last before it writes a new one. The
//! volumes are in the memory limit because a page of a tmpfs counts to the cgroup of whoever wrote
//! it. A limit is not a reservation: a pod whose secrets are small uses a page for each file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::spec::{Content, FileSpec, Format, Mount, SyncSpec, VolumeName};

/// A number of bytes, shown as a Kubernetes quantity: `3Mi`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

/// The sizes of a pod's memory volumes, and of the refresher's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The `sizeLimit` of each volume of secrets.
    pub volumes: BTreeMap<VolumeName, Bytes>,
    /// The `sizeLimit` of the volume of the refresher's own program, where there is one.
    pub program: Option<Bytes>,
    /// The memory that the refresher may need with all volumes full.
    pub refresher: Bytes,
}

/// The size of the refresher's own volume: a socket, and what it remembers between two starts.
pub(super) const STATE: Bytes = Bytes(MIB);

/// The size of a volume that has a socket alone.
pub(super) const SUPERVISION: Bytes = Bytes(64 * KIB);

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// The most that one secret holds.
const SECRET: u64 = MIB;
const PAGE: u64 = 4 * KIB;
/// For the pages of a directory's files: 64 keys.
const DIRECTORY_PAGES: u64 = 64 * PAGE;
/// The refresher itself (3 MiB), a `ready` or `status` beside it in the same cgroup, and one secret
/// of the greatest size as a reply, as parsed JSON and as text.
const PROCESS: u64 = 16 * MIB;
/// The longest value of a variable, with its name.
const VARIABLE: u64 = 128 * KIB;
/// The most that the slim refresher's program takes, and the full one's.
const PROGRAMS: (u64, u64) = (4 * MIB, 8 * MIB);
/// What a heavy template function may take while it runs: scrypt with sprig's parameters needs 32
/// MiB.
const HEAVY: u64 = 40 * MIB;

impl Memory {
    /// The sizes for what a pod is served, by the full refresher or the slim one. Where containers
    /// start through its program, two of it count: the one before may still be running.
    pub fn of(spec: &SyncSpec, full: bool, lends_program: bool) -> Self {
        let volumes: BTreeMap<_, _> = spec
            .mounts
            .iter()
            .map(|mount| {
                let generations = 2 * generation(mount);
                // A size of 0 would be none at all.
                let rounded = generations.div_ceil(MIB).max(1) * MIB;
                (mount.volume.clone(), Bytes(rounded))
            })
            .collect();
        let files: u64 = volumes.values().map(|volume| volume.0).sum();
        let program = if full { PROGRAMS.1 } else { PROGRAMS.0 };
        let program = lends_program.then_some(Bytes(2 * program));
        let lent = program.unwrap_or_default().0;
        let process = PROCESS + if full { HEAVY } else { 0 };
        Self {
            volumes,
            program,
            refresher: Bytes(process + STATE.0 + files + lent),
        }
    }
}

impl Bytes {
    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes % MIB == 0 => write!(f, "{}Mi", bytes / MIB),
            bytes if bytes % KIB == 0 => write!(f, "{}Ki", bytes / KIB),
            bytes => write!(f, "{bytes}"),
        }
    }
}

/// The most that all files of a mount take once.
fn generation(mount: &Mount) -> u64 {
    if mount.environment {
        return PAGE + VARIABLE * mount.files.len() as u64 + SECRET * mount.targets.len() as u64;
    }
    let shared: BTreeSet<_> = mount
        .files
        .iter()
        .filter_map(|file| match &file.content {
            Content::Secret {
                source,
                format: Format::Raw,
            } => Some((&source.path, source.version, &source.parameters)),
            _ => None,
        })
        .collect();
    let targets = mount.targets.len() as u64 * (SECRET + DIRECTORY_PAGES);
    shared.len() as u64 * SECRET + mount.files.iter().map(own_size).sum::<u64>() + targets
}

/// What a file takes beside the secret that it shares with others.
fn own_size(file: &FileSpec) -> u64 {
    match &file.content {
        Content::Secret {
            format: Format::Raw,
            ..
        }
        | Content::Token => PAGE,
        Content::Secret {
            format: Format::Dir | Format::Pem,
            ..
        } => SECRET + DIRECTORY_PAGES,
        Content::Secret { .. } | Content::Template { .. } | Content::TemplateFile(_) => {
            SECRET + PAGE
        }
    }
}
