//! How the sidecar looks, and the init container of a pod that has none: its name, its place, its
//! arguments, and what is changed in it at the end.

use std::collections::{BTreeMap, BTreeSet};

use json_patch::Patch;

use super::annotations::Reader;
use super::login::Login;
use super::pod::PodOutline;
use super::tls::Tls;
use super::vocabulary::Key;
use super::{INJECTED, STATUS_ANNOTATION};
use crate::dialect::appearance::{Appearance, ContainerPatch, NeededFile, Position};
use crate::spec::{ContainerName, Content, Mount};

/// What the sidecar is called, and the init container of a pod that has no sidecar.
const SIDECAR: &str = "vault-agent";
const INIT_CONTAINER: &str = "vault-agent-init";

/// The port at which the agent takes `quit`.
const QUIT_PORT: u16 = 8200;

/// What this dialect calls the annotations that messages of others name.
const NAMES: &[(&str, &str)] = &[
    (
        "freshet.dev/once",
        "vault.hashicorp.com/agent-pre-populate-only",
    ),
    (
        "freshet.dev/mount-path",
        "vault.hashicorp.com/secret-volume-path",
    ),
    (
        "freshet.dev/containers",
        "vault.hashicorp.com/agent-inject-containers",
    ),
    ("freshet.dev/user", "vault.hashicorp.com/agent-run-as-user"),
    (
        "freshet.dev/requests-cpu",
        "vault.hashicorp.com/agent-requests-cpu",
    ),
    (
        "freshet.dev/requests-memory",
        "vault.hashicorp.com/agent-requests-mem",
    ),
    (
        "freshet.dev/limits-cpu",
        "vault.hashicorp.com/agent-limits-cpu",
    ),
    (
        "freshet.dev/limits-memory",
        "vault.hashicorp.com/agent-limits-mem",
    ),
    ("freshet.dev/role", "vault.hashicorp.com/role"),
];

/// When the sidecar runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Phases {
    /// Before the application starts.
    pub(super) before: bool,
    /// Before it alone.
    pub(super) only: bool,
}

/// What the annotations say of the container alone.
pub(super) fn appearance(
    reader: &mut Reader<'_, '_>,
    pod: &PodOutline<'_>,
    phases: Phases,
) -> Appearance {
    let first = reader.truth(Key::InitFirst, false);
    let mut arguments = Vec::new();
    if reader.truth(Key::EnableQuit, false) && !phases.only {
        arguments.extend(quit_argument(reader));
    }
    if phases.only {
        // Nobody is there to renew a lease; it lives as long as Vault lets it.
        arguments.push("--leave-leases".to_owned());
    }
    Appearance {
        container: if phases.only { INIT_CONTAINER } else { SIDECAR },
        position: if first {
            Position::First
        } else {
            Position::Last
        },
        waits: phases.before,
        log_level: log_level(reader),
        log_format: log_format(reader),
        arguments,
        copied_mounts: copied_mounts(reader, pod),
        patch: patch(reader, phases),
        // As it always could: the container runtime mounts the outer one first.
        inside_others: true,
        annotations: BTreeMap::from([(STATUS_ANNOTATION, INJECTED)]),
        share_process_namespace: share_process_namespace(reader, pod),
        names: NAMES,
        ..Appearance::default()
    }
}

/// What the sidecar's files need beside that.
pub(super) fn with_files(mut appearance: Appearance, login: Login, tls: Tls) -> Appearance {
    appearance.secrets.extend(tls.secrets);
    appearance.secrets.extend(login.approle);
    appearance.needs.extend(login.token_file);
    appearance.needs.extend(tls.ca_file);
    appearance
}

/// The templates that lie in the sidecar.
pub(super) fn templates(mounts: &[Mount], reader: &Reader<'_, '_>) -> Vec<NeededFile> {
    let files = mounts.iter().flat_map(|mount| &mount.files);
    let templates = files.filter_map(|file| match &file.content {
        Content::TemplateFile(template) => Some(template.path.as_str()),
        _ => None,
    });
    let paths: BTreeSet<&str> = templates.collect();
    let annotations = reader.given.family(Key::TemplateFile);
    let named = annotations.filter(|(_, given)| paths.contains(given.value));
    let needed = named.map(|(_, given)| NeededFile {
        annotation: given.key.to_owned(),
        path: given.value.to_owned(),
    });
    needed.collect()
}

fn quit_argument(reader: &mut Reader<'_, '_>) -> Option<String> {
    let given = reader.given.text(Key::ListenerPort);
    let port = match given {
        None => QUIT_PORT,
        Some(given) => match given.value.parse() {
            Ok(port) if port > 0 => port,
            _ => {
                let problem = given.say("must be a port, e.g. 8200");
                reader.findings.problem(problem);
                return None;
            }
        },
    };
    Some(format!("--quit-address=127.0.0.1:{port}"))
}

fn log_level(reader: &mut Reader<'_, '_>) -> Option<&'static str> {
    let given = reader.given.text(Key::LogLevel)?;
    match given.value.to_lowercase().as_str() {
        "trace" | "debug" => Some("debug"),
        "info" | "notice" => Some("info"),
        "warn" | "warning" => Some("warn"),
        "err" | "error" => Some("error"),
        _ => {
            let problem = given.say("must be trace, debug, info, warn or error");
            reader.findings.problem(problem);
            None
        }
    }
}

fn log_format(reader: &mut Reader<'_, '_>) -> Option<&'static str> {
    let given = reader.given.text(Key::LogFormat)?;
    match given.value.to_lowercase().as_str() {
        "standard" => Some("text"),
        "json" => Some("json"),
        _ => {
            let problem = given.say("must be standard or json");
            reader.findings.problem(problem);
            None
        }
    }
}

fn copied_mounts(reader: &mut Reader<'_, '_>, pod: &PodOutline<'_>) -> Option<ContainerName> {
    let given = reader.given.text(Key::CopyMounts)?;
    let apps = pod.containers.iter().map(|container| container.name);
    let mut all = apps.chain(pod.init_containers.iter().copied());
    match all.any(|name| name == given.value) {
        true => given.value.parse().ok(),
        false => {
            let warning = given.say("has no effect: is no container of the pod");
            reader.findings.warn(warning);
            None
        }
    }
}

/// The patch of the one container that is added; the syntax of both is read.
fn patch(reader: &mut Reader<'_, '_>, phases: Phases) -> Option<ContainerPatch> {
    let mut read = |key: Key| {
        let given = reader.given.text(key)?;
        match serde_json::from_str::<Patch>(given.value) {
            Ok(patch) => Some(ContainerPatch {
                annotation: given.key.to_owned(),
                patch,
            }),
            Err(error) => {
                let message = format!("must be a JSON patch (RFC 6902): {error}");
                reader.findings.problem(given.say(message));
                None
            }
        }
    };
    let (sidecar, init) = (read(Key::JsonPatch), read(Key::InitJsonPatch));
    let (own, other) = match phases.only {
        true => (init, Key::JsonPatch),
        false => (sidecar, Key::InitJsonPatch),
    };
    let what = match phases.only {
        true => "has no effect: no sidecar is added",
        false => {
            "has no effect: the sidecar does the work of the init container, and agent-json-patch is its patch"
        }
    };
    reader.doubt(other, what);
    own
}

/// A pod that says `false` itself stays as it is, and so does one that says `true`.
fn share_process_namespace(reader: &mut Reader<'_, '_>, pod: &PodOutline<'_>) -> Option<bool> {
    let given = reader.given.get(Key::ShareProcessNamespace)?;
    let shares = reader.truth(Key::ShareProcessNamespace, false);
    match (shares, pod.share_process_namespace) {
        (true, Some(false)) => {
            let problem = given.say(
                "contradicts spec.shareProcessNamespace, which is false: take one of the two away",
            );
            reader.findings.problem(problem);
            None
        }
        (false, Some(true)) => {
            let warning = given.say("has no effect: spec.shareProcessNamespace is true");
            reader.findings.warn(warning);
            None
        }
        _ => Some(shares).filter(|_| !given.value.is_empty()),
    }
}
