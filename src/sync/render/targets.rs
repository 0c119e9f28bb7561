//! The files that ExternalSecrets put into a mount.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lookup, MountRenderer, Reason, RenderError};
use crate::payload::FileProjection;
use crate::spec::{FilePath, SecretRef};
use crate::sync::target;
use crate::template::Context;

impl MountRenderer {
    /// The files of the targets; of two at the same path the later target's counts, as in a projected
    /// volume.
    pub(super) fn render_targets(
        &self,
        lookup: Lookup<'_>,
        context: &mut Context<'_>,
    ) -> Result<Targets, Vec<RenderError>> {
        let mut files = BTreeMap::new();
        let mut needs = BTreeSet::new();
        let mut errors = Vec::new();
        for target in &self.targets {
            match target.render(lookup, context) {
                Ok(target::Outcome::Needs(more)) => needs.extend(more),
                Ok(target::Outcome::Complete(more)) => {
                    let file = |(path, mode, content)| (path, FileProjection { content, mode });
                    files.extend(more.into_iter().map(file));
                }
                Err(reasons) => errors.extend(of_target(target.name(), reasons)),
            }
        }
        match (needs.is_empty(), errors.is_empty()) {
            (false, _) => Ok(Targets::Needs(needs)),
            (true, true) => Ok(Targets::Complete(files)),
            (true, false) => Err(errors),
        }
    }
}

/// What came of the targets of a mount.
pub(super) enum Targets {
    Complete(BTreeMap<FilePath, FileProjection>),
    Needs(BTreeSet<SecretRef>),
}

/// The errors of a target as those of a mount.
pub(super) fn of_target(
    name: &str,
    reasons: Vec<target::TargetError>,
) -> impl Iterator<Item = RenderError> {
    let reasons = reasons.into_iter();
    reasons.map(move |reason| RenderError::new(name, Reason::Target(reason)))
}
