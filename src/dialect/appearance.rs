//! How the refresher's container looks to people who know one of another name, and what it gets
//! beside what every refresher has.

use std::collections::BTreeMap;

use json_patch::Patch;

use super::Problem;
use crate::spec::ContainerName;
use crate::spec::layout::CONTAINER;

/// The knobs of the refresher's container that only some dialects turn; [`Appearance::default`] is
/// how the native dialect has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// The container's name.
    pub container: &'static str,
    /// Where it stands in `spec.initContainers`.
    pub position: Position,
    /// Whether the containers after it start only when all files are there.
    pub waits: bool,
    /// `--log-level`, where it is not the webhook's.
    pub log_level: Option<&'static str>,
    /// `--log-format`, where it is not the webhook's.
    pub log_format: Option<&'static str>,
    /// More arguments, each whole.
    pub arguments: Vec<String>,
    /// Secrets of the pod's namespace that are mounted in it alone.
    pub secrets: Vec<MountedSecret>,
    /// The container whose mounts it gets, too.
    pub copied_mounts: Option<ContainerName>,
    /// Files that have to lie in one of its mounts.
    pub needs: Vec<NeededFile>,
    /// The amounts of `ephemeral-storage`: request and limit.
    pub ephemeral_storage: (Option<String>, Option<String>),
    /// Changes to the container, when all else is done.
    pub patch: Option<ContainerPatch>,
    /// Whether its directories may lie inside volumes that the author's containers mount.
    pub inside_others: bool,
    /// More annotations that tell people that the pod was injected.
    pub annotations: BTreeMap<&'static str, &'static str>,
    /// `spec.shareProcessNamespace` of the pod.
    pub share_process_namespace: Option<bool>,
    /// What the dialect calls the annotations of the native one that messages name.
    pub names: &'static [(&'static str, &'static str)],
}

/// Where the refresher stands among the init containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before all others, but for what a mesh needs.
    First,
    /// After all that its author wrote, but before what would keep it from Vault.
    Last,
}

/// A Secret that is mounted in the refresher alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedSecret {
    /// The volume's name.
    pub volume: &'static str,
    /// The Secret's name.
    pub secret: String,
    /// Its keys and the files that they become; none for all keys under their own names.
    pub items: Vec<(String, &'static str)>,
    /// Where it is mounted.
    pub directory: &'static str,
}

/// A file of the refresher's container that an annotation names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededFile {
    /// The whole key of the annotation.
    pub annotation: String,
    /// The file, absolute.
    pub path: String,
}

/// A JSON patch (RFC 6902) for the refresher's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPatch {
    /// The whole key of the annotation.
    pub annotation: String,
    /// The operations.
    pub patch: Patch,
}

impl Appearance {
    /// Problems in which other rooms name annotations of the native dialect, in this one's words.
    pub fn in_its_words(&self, problems: Vec<Problem>) -> Vec<Problem> {
        let translated = |mut text: String| {
            for (native, own) in self.names {
                if text.contains(native) {
                    text = text.replace(native, own);
                }
            }
            text
        };
        let all = problems.into_iter();
        all.map(|problem| Problem {
            path: translated(problem.path),
            message: translated(problem.message),
            ..problem
        })
        .collect()
    }

    /// The Secret of one of the volumes.
    pub fn secret(&self, volume: &str) -> Option<&MountedSecret> {
        self.secrets.iter().find(|secret| secret.volume == volume)
    }
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            container: CONTAINER,
            position: Position::First,
            waits: true,
            log_level: None,
            log_format: None,
            arguments: Vec::new(),
            secrets: Vec::new(),
            copied_mounts: None,
            needs: Vec::new(),
            ephemeral_storage: (None, None),
            patch: None,
            inside_others: false,
            annotations: BTreeMap::new(),
            share_process_namespace: None,
            names: &[],
        }
    }
}
