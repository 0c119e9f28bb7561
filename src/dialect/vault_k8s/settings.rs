//! Who the sidecar is, whom it asks, and who sees its files: the keys that stand once on a pod.

use std::collections::{BTreeMap, BTreeSet};

use super::annotations::Reader;
use super::login;
use super::pod::PodOutline;
use super::sidecar::{self, Phases};
use super::tls;
use super::vocabulary::Key;
use super::{resources, users};
use crate::dialect::findings::at;
use crate::dialect::{Appearance, DialectDefaults, LoginSettings, NeededFile, Settings};
use crate::spec::{AuthType, ContainerName, Mount, VaultAddress, VaultNamespace};

/// The settings; `None` is always accompanied by a problem.
pub(super) fn read(
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
        needs: sidecar::templates(mounts, reader),
        ..sidecar::appearance(reader, pod, phases)
    };
    let login = login?;
    let path = |file: &Option<NeededFile>| file.as_ref().map(|file| file.path.clone());
    Some(Settings {
        login: LoginSettings {
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
            token_file: path(&login.token_file),
            ca_file: path(&tls.ca_file),
            tls_server_name: tls.server_name.clone(),
        },
        profiles: BTreeMap::new(),
        containers,
        once: phases.only,
        grace: None,
        revoke,
        user,
        group,
        resources,
        on_change: Vec::new(),
        appearance: sidecar::with_files(appearance, login, tls),
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
