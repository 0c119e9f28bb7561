//! Containers whose processes the refresher sees, because the author shares the pod's process
//! namespace: they take signals without starting through the refresher's program.

use super::authored;
use crate::dialect::{Parsed, Problem};
use crate::inject::fields::items;
use crate::inject::pod::{ContainerView, PodView};
use crate::inject::security::{Ids, id};
use crate::spec::ChangeAction;

/// Whether signals are all that the container is to take, and what it runs is not known, so that it
/// could not start through the refresher's program.
pub(super) fn shares(pod: &PodView<'_>, parsed: &Parsed, container: &ContainerView<'_>) -> bool {
    let mut ways = parsed.settings.on_change.iter();
    let restarts = ways.any(|way| matches!(way.action, ChangeAction::Restart(_)));
    let mut commands = parsed.commands.keys();
    let is_said = commands.any(|name| name.as_str() == container.name());
    let notes = pod.optional_variables.get(container.name());
    let fields = authored(container.fields, pod.refresher.is_some(), is_said, notes);
    let has_command = items(fields.get("command")).next().is_some();
    pod.is_set("shareProcessNamespace") && !restarts && !is_said && !has_command
}

/// Only who runs as the refresher's user may be signalled by it.
pub(super) fn problem(
    pod: &PodView<'_>,
    parsed: &Parsed,
    container: &ContainerView<'_>,
    readers: &[&ContainerView<'_>],
) -> Option<Problem> {
    let contexts = [
        container.fields.get("securityContext"),
        pod.spec.get("securityContext"),
    ];
    let user = contexts
        .into_iter()
        .find_map(|context| id(context, "runAsUser"));
    let refreshers = Ids::of(&parsed.settings, pod, readers).user;
    // An image's user is not known here; the author who names it for the refresher knows it.
    let may_be = user.is_none() && parsed.settings.user.is_some();
    if may_be || user.is_some() && user == refreshers {
        return None;
    }
    let (path, name) = (container.path(), container.name());
    let path = format!("{path}.securityContext.runAsUser");
    let message = format!(
        "what takes signals in the pod's process namespace (freshet.dev/on-change…) must run as the \
         refresher's user: name the same one, other than 0, here or in freshet.dev/user, or say what \
         it runs as freshet.dev/command-{name}: '[\"/app\", \"--flag\"]'"
    );
    Some(match user {
        Some(user) => Problem::of_value(path, user.to_string(), message),
        None => Problem::new(path, format!("missing, and {message}")),
    })
}
