//! What is doubtful but not wrong: warnings that the API server shows to whoever applies the pod.

use super::plan::Choices;
use super::pod::PodView;
use super::resources::amount;
use super::{mesh, readable, targets};
use crate::dialect::{Parsed, Position, Problem};

/// All warnings: the dialect's, then those that need the pod.
pub(super) fn warnings(
    pod: &PodView<'_>,
    parsed: &Parsed,
    choices: &Choices<'_, '_>,
) -> Vec<Problem> {
    let mut warnings = parsed.warnings.clone();
    warnings.extend(before_refresher(pod, parsed, choices));
    if !choices.targets.is_empty() {
        warnings.extend(targets::late(pod, &parsed.settings, &choices.targets));
    }
    warnings.extend(readable::warnings(pod, &parsed.spec, choices));
    warnings.extend(short_of_memory(parsed, choices));
    warnings.extend(idle_commands(pod, parsed, choices));
    warnings
}

/// Containers that look for the files before the refresher has run.
fn before_refresher(pod: &PodView<'_>, parsed: &Parsed, choices: &Choices<'_, '_>) -> Vec<Problem> {
    let why = match parsed.settings.appearance.position {
        Position::First => {
            "runs before the refresher, which has to wait for the mesh's proxy: it finds an empty directory"
        }
        Position::Last => {
            "runs before the sidecar and finds an empty directory: if it reads the files, set vault.hashicorp.com/agent-init-first to \"true\""
        }
    };
    mesh::overtaking(pod, choices.position)
        .filter(|container| !container.is_sidecar())
        .filter(|container| container.is_among(&choices.readers))
        .map(|container| Problem::of_value(container.path(), container.name(), why))
        .collect()
}

/// Commands of containers that start as they always do.
fn idle_commands<'p>(
    pod: &'p PodView<'_>,
    parsed: &'p Parsed,
    choices: &'p Choices<'_, '_>,
) -> impl Iterator<Item = Problem> + 'p {
    let plain = pod
        .containers
        .iter()
        .filter(|container| choices.wrappers.of(container).is_none());
    let names = plain.map(|container| container.name());
    let named = names.filter(|name| parsed.commands.keys().any(|known| known.as_str() == *name));
    named.map(|name| {
        Problem::new(
            format!("metadata.annotations[freshet.dev/command-{name}]"),
            "has no effect: this container gets no variables and no orders, and starts as its manifest says",
        )
    })
}

/// A memory limit of the author's that full volumes would break.
fn short_of_memory(parsed: &Parsed, choices: &Choices<'_, '_>) -> Option<Problem> {
    let limit = parsed.settings.resources.limits_memory.as_deref()?;
    let needed = choices.memory.refresher.to_string();
    (amount(limit) < amount(&needed)).then(|| {
        Problem::of_value(
            "metadata.annotations[freshet.dev/limits-memory]",
            limit,
            format!("is less than the {needed} that the refresher needs when each secret is as large as Vault allows: it may be killed and started again"),
        )
    })
}
