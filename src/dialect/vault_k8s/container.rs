//! Who the sidecar is and how it looks: the keys that stand once on a pod.

use std::collections::{BTreeMap, BTreeSet};

use json_patch::Patch;

use super::annotations::Reader;
use super::login::{self, Login};
use super::pod::PodOutline;
use super::tls::{self, Tls};
use super::vocabulary::Key;
use super::{INJECTED, STATUS_ANNOTATION, resources, users};
use crate::dialect::appearance::{Appearance, ContainerPatch, NeededFile, Position};
use crate::dialect::findings::at;
use crate::dialect::{DialectDefaults, Settings};
use crate::spec::{AuthType, ContainerName, Content, Mount, VaultAddress, VaultNamespace};

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
struct Phases {
    /// Before the application starts.
    before: bool,
    /// Before it alone.
    only: bool,
}

/// The settings; `None` is always accompanied by a problem.
pub(super) fn settings(
    reader: &mut Reader<'_, '_>,
    pod: &PodOutline<'_>,
    defaults: &DialectDefaults,
    mounts: &[Mount],
) -> Option<Settings> {
    let own = &defaults.vault_k8s;
    let phases = phases(reader);
    let vault_address = vault_address(reader, defaults);
    let vault_namespace = match reader.given.get(Key::Namespace) {
        Some(_) => reader.value::<VaultNamespace>(Key::Namespace),
        None => own
            .vault_namespace
            .clone()
            .or_else(|| defaults.vault_namespace.clone()),
    };
    let login = login::read(reader, pod, defaults);
    let by_certificate = login
        .as_ref()
        .is_some_and(|login| login.auth_type == AuthType::Cert);
    let tls = tls::read(reader, vault_address.as_ref(), by_certificate, defaults);
    let containers = containers(reader, pod, phases);
    let revoke = reader.truth(Key::RevokeOnShutdown, own.revoke_on_shutdown);
    let (user, group) = users::read(reader, pod, own);
    let (resources, ephemeral_storage) = resources::read(reader, own);
    let appearance = Appearance {
        ephemeral_storage,
        needs: templates(mounts, reader),
        ..appearance(reader, pod, phases)
    };
    let login = login?;
    Some(Settings {
        vault_address: vault_address?,
        vault_namespace,
        auth_type: login.auth_type,
        auth_path: login.auth_path.clone(),
        role: login.role.clone(),
        audience: login.audience.clone(),
        approle_secret: None,
        auth_namespace: None,
        ca: tls.ca.clone(),
        headers: Vec::new(),
        tls_secret: None,
        containers,
        once: phases.only,
        grace: None,
        revoke,
        user,
        group,
        resources,
        on_change: Vec::new(),
        appearance: with_files(appearance, login, tls),
    })
}

/// The injector would mount an empty directory where both ways are switched off.
fn phases(reader: &mut Reader<'_, '_>) -> Phases {
    let before = reader.truth(Key::PrePopulate, true);
    let only = reader.truth(Key::PrePopulateOnly, false);
    if only && !before {
        let populate = reader.given.name(Key::PrePopulate);
        let problem = at(&reader.given.name(Key::PrePopulateOnly)).say(format!(
            "cannot be combined with {populate}: \"false\": nothing would fetch the files; take one of the two away"
        ));
        reader.findings.problem(problem);
    }
    Phases { before, only }
}

fn vault_address(reader: &mut Reader<'_, '_>, defaults: &DialectDefaults) -> Option<VaultAddress> {
    if let Some(given) = reader.given.get(Key::Service) {
        let address: VaultAddress = given.parse(reader.findings)?;
        if !address.is_secure() {
            let message = "is not https: tokens and secrets cross the network in clear";
            reader.findings.warn(given.say(message));
        }
        return Some(address);
    }
    let own = defaults.vault_k8s.vault_address.clone();
    let default = own.or_else(|| defaults.vault_address.clone());
    if default.is_none() {
        let problem = at(&reader.given.name(Key::Service)).say(
            "missing, and the webhook has no default: set it, e.g. https://vault.vault:8200, or start the webhook with --vault-address",
        );
        reader.findings.problem(problem);
    }
    default
}

/// The containers that see the files; `None` is all. Init containers always do, unless nothing is
/// fetched before they run.
fn containers(
    reader: &mut Reader<'_, '_>,
    pod: &PodOutline<'_>,
    phases: Phases,
) -> Option<BTreeSet<ContainerName>> {
    let given = reader.given.get(Key::InjectContainers);
    if given.is_none() && phases.before {
        return None;
    }
    let all: Vec<&str> = pod
        .containers
        .iter()
        .map(|container| container.name)
        .collect();
    let mut names = match given {
        None => all,
        Some(given) => {
            let listed: Vec<&str> = given.value.split(',').map(str::trim).collect();
            for name in &listed {
                let is_init = phases.before && pod.init_containers.contains(name);
                if !all.contains(name) && !is_init {
                    let message = match *name {
                        "" => "names no container: only init containers see the files".to_owned(),
                        name => format!(
                            "{name:?} is no container of the pod, which has {}",
                            all.join(", ")
                        ),
                    };
                    reader.findings.warn(given.say(message));
                }
            }
            all.into_iter()
                .filter(|name| listed.contains(name))
                .collect()
        }
    };
    if phases.before {
        names.extend(&pod.init_containers);
    }
    Some(
        names
            .into_iter()
            .filter_map(|name| name.parse().ok())
            .collect(),
    )
}

fn appearance(reader: &mut Reader<'_, '_>, pod: &PodOutline<'_>, phases: Phases) -> Appearance {
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
        annotations: BTreeMap::from([(STATUS_ANNOTATION, INJECTED)]),
        share_process_namespace: share_process_namespace(reader, pod),
        names: NAMES,
        ..Appearance::default()
    }
}

/// What the sidecar's files need beside that.
fn with_files(mut appearance: Appearance, login: Login, tls: Tls) -> Appearance {
    appearance.secrets.extend(tls.secrets);
    appearance.secrets.extend(login.approle);
    if let Some(token) = login.token_file {
        appearance
            .arguments
            .push(format!("--token-file={}", token.path));
        appearance.needs.push(token);
    }
    if let Some(file) = tls.ca_file {
        appearance.ca_file = Some(file.path.clone());
        appearance.needs.push(file);
    }
    appearance.tls_server_name = tls.server_name;
    appearance
}

/// The templates that lie in the sidecar.
fn templates(mounts: &[Mount], reader: &Reader<'_, '_>) -> Vec<NeededFile> {
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
