//! Service meshes: where the refresher stands beside a mesh's own containers, and the one set-up in
//! which it could never reach Vault.
//!
//! A mesh redirects a pod's traffic to its proxy, by an init container of its own (`istio-init`,
//! `linkerd-init`) or by a CNI plugin before any container starts. The proxy is a native sidecar,
//! or a plain container that starts after all init containers. With an init container nothing is
//! redirected before it has run, so the refresher's first sync passes when it stands before it. With
//! a CNI plugin and a plain proxy the first sync would wait for a proxy that waits for it.
//!
//! Sources: Istio, "Install the Istio CNI node agent", compatibility with application init
//! containers (excluded ports, user 1337); linkerd/linkerd2#4792 (init containers under its CNI
//! plugin, skipped ports by annotation); Kuma, "Kubernetes annotations and labels".

use std::collections::{BTreeMap, BTreeSet};

use super::pod::{ContainerView, List, PodView};
use super::security::Ids;
use crate::dialect::{Position, Problem, Settings};

/// What a mesh calls its parts.
#[derive(Debug)]
struct Mesh {
    name: &'static str,
    proxy: &'static str,
    /// Init containers after which traffic is redirected.
    redirectors: &'static [&'static str],
    /// Init containers that run before all others and change nothing.
    validators: &'static [&'static str],
    /// The annotation with the ports whose outgoing traffic is left alone.
    excluded_ports: &'static str,
    /// A user whose traffic is never redirected.
    exempt_user: Option<u32>,
    /// The annotation and its value that switch redirection off.
    off: Option<(&'static str, &'static str)>,
}

const MESHES: [Mesh; 3] = [
    Mesh {
        name: "Istio",
        proxy: "istio-proxy",
        redirectors: &["istio-init"],
        validators: &["istio-validation", "enable-core-dump"],
        excluded_ports: "traffic.sidecar.istio.io/excludeOutboundPorts",
        exempt_user: Some(1337),
        off: Some(("sidecar.istio.io/interceptionMode", "NONE")),
    },
    Mesh {
        name: "Linkerd",
        proxy: "linkerd-proxy",
        redirectors: &["linkerd-init"],
        validators: &["linkerd-network-validator"],
        excluded_ports: "config.linkerd.io/skip-outbound-ports",
        exempt_user: None,
        off: None,
    },
    Mesh {
        name: "Kuma",
        proxy: "kuma-sidecar",
        redirectors: &["kuma-init"],
        validators: &["kuma-validation"],
        excluded_ports: "traffic.kuma.io/exclude-outbound-ports",
        exempt_user: None,
        off: None,
    },
];

/// Whether a container is part of a mesh: it gets no secrets unless its name is asked for.
pub(super) fn is_mesh(container: &ContainerView<'_>) -> bool {
    MESHES.iter().any(|mesh| mesh.owns(container.name()))
}

/// The index in `spec.initContainers` at which the refresher belongs, not counting itself.
///
/// `First` means so that every other container finds its files, but after a mesh's native sidecar and what
/// that needs, when these are first. Behind containers that are not the mesh's only where traffic is
/// redirected from the start. A refresher that stands well stays, or two webhooks would move
/// containers to and fro.
pub(super) fn position(pod: &PodView<'_>, wanted: Position) -> usize {
    match wanted {
        Position::First => first(pod),
        Position::Last => last(pod),
    }
}

/// Behind all others: they may prepare the network. Only an init container of a mesh that sends all
/// traffic to a proxy which has not started yet must come later. A refresher that stands already
/// stays, or it would change places with another webhook's container for ever.
fn last(pod: &PodView<'_>) -> usize {
    if let Some(current) = pod.refresher {
        return current;
    }
    let has_plain_proxy = pod.list(List::App).any(is_proxy);
    let redirects = |container: &ContainerView<'_>| {
        let mut meshes = MESHES.iter();
        meshes.any(|mesh| mesh.redirectors.contains(&container.name()))
    };
    let mut inits = pod.list(List::Init);
    let redirector = inits.position(redirects).filter(|_| has_plain_proxy);
    redirector.unwrap_or_else(|| pod.list(List::Init).count())
}

fn first(pod: &PodView<'_>) -> usize {
    let inits: Vec<_> = pod.list(List::Init).collect();
    let leading = |own: fn(&Mesh, &str) -> bool| {
        let own =
            |container: &&&ContainerView<'_>| MESHES.iter().any(|mesh| own(mesh, container.name()));
        inits.iter().take_while(own).count()
    };
    let validators = leading(|mesh, name| mesh.validators.contains(&name));
    let Some(proxy) = inits
        .iter()
        .rposition(|container| container.is_sidecar() && is_proxy(container))
    else {
        return match pod.refresher {
            Some(current) if current <= validators => current,
            _ => 0,
        };
    };
    let mesh_is_first = leading(Mesh::owns) > proxy;
    let redirected_from_start = !inits.iter().any(|container| {
        MESHES
            .iter()
            .any(|mesh| mesh.redirectors.contains(&container.name()))
    });
    let stays_first = pod.refresher == Some(0) && !redirected_from_start;
    match (mesh_is_first || redirected_from_start) && !stays_first {
        true => proxy + 1,
        false => 0,
    }
}

/// The containers that run before the refresher at `position` and find no files yet.
pub(super) fn overtaking<'p, 'a>(
    pod: &'p PodView<'a>,
    position: usize,
) -> impl Iterator<Item = &'p ContainerView<'a>> {
    pod.list(List::Init)
        .take(position)
        .filter(|container| !is_mesh(container))
}

/// A plain proxy with redirection from the start, and the Vaults of the logins behind it.
pub(super) fn problem(pod: &PodView<'_>, settings: &Settings, ids: Ids) -> Option<Problem> {
    let logins = settings.logins();
    let ports: BTreeSet<_> = logins
        .map(|(_, login)| login.vault_address.port())
        .collect();
    let named = |list: List, name: &str| pod.list(list).find(|container| container.name() == name);
    MESHES.iter().find_map(|mesh| {
        let proxy = named(List::App, mesh.proxy)?;
        let excludes = |port: &u16| mesh.excludes(&pod.annotations, *port);
        let passes = mesh
            .redirectors
            .iter()
            .any(|name| named(List::Init, name).is_some())
            || mesh.is_off(&pod.annotations)
            || mesh.exempt_user.is_some() && mesh.exempt_user == ids.user
            || ports.iter().all(excludes);
        (!passes).then(|| {
            let Mesh { name, excluded_ports, .. } = mesh;
            let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
            let ports = ports.join(",");
            Problem::new(
                proxy.path(),
                format!(
                    "{name} sends all traffic to this proxy, which starts only after the refresher has been at Vault: set the annotation {excluded_ports}: \"{ports}\", or let {name} run its proxy as a native sidecar"
                ),
            )
        })
    })
}

fn is_proxy(container: &ContainerView<'_>) -> bool {
    MESHES.iter().any(|mesh| mesh.proxy == container.name())
}

impl Mesh {
    fn owns(&self, name: &str) -> bool {
        self.proxy == name || self.redirectors.contains(&name) || self.validators.contains(&name)
    }

    fn is_off(&self, annotations: &BTreeMap<String, String>) -> bool {
        self.off
            .is_some_and(|(key, value)| annotations.get(key).is_some_and(|found| found == value))
    }

    /// Whether the annotation names the port, alone or in a range (`8000-8300`).
    fn excludes(&self, annotations: &BTreeMap<String, String>, port: u16) -> bool {
        let ports = annotations.get(self.excluded_ports).map(String::as_str);
        ports.unwrap_or_default().split(',').any(|item| {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let bounds = (first.trim().parse::<u16>(), last.trim().parse::<u16>());
            matches!(bounds, (Ok(first), Ok(last)) if (first..=last).contains(&port))
        })
    }
}
