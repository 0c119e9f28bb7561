//! The port of the refresher's metrics, where it can have one.

use super::Defaults;
use super::fields::items;
use super::pod::{ContainerView, PodView};
use crate::dialect::{Problem, Settings};

/// The port; none for an init container, on the node's own network, where two pods would want the
/// same port, and when a container of the pod says that it listens there.
pub(super) fn port(
    pod: &PodView<'_>,
    settings: &Settings,
    defaults: &Defaults,
    warnings: &mut Vec<Problem>,
) -> Option<u16> {
    let port = defaults
        .metrics_port
        .filter(|_| !settings.once && !pod.is_set("hostNetwork"))?;
    match pod
        .containers
        .iter()
        .find_map(|container| uses(container, port))
    {
        None => Some(port),
        Some(path) => {
            warnings.push(Problem::of_value(
                path,
                port.to_string(),
                "is also the refresher's metrics port: this pod's refresher serves no metrics",
            ));
            None
        }
    }
}

/// The field in which a container names the port.
fn uses(container: &ContainerView<'_>, port: u16) -> Option<String> {
    let number = |item: &serde_json::Value| item.get("containerPort")?.as_u64();
    let index = items(container.fields.get("ports"))
        .position(|item| number(item) == Some(u64::from(port)))?;
    Some(format!("{}.ports[{index}].containerPort", container.path()))
}
