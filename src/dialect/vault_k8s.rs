//! The annotations of the Vault Agent Injector, `vault.hashicorp.com/*`, and OpenBao's,
//! `openbao.org/*`: a pod that was written for that injector gets the same files at the same places.
//!
//! What users rely on is read as vault-k8s 1.7.6 reads it: its booleans, the order of its checks, its
//! names of files. What it lets pass and then breaks is refused with the way out, and what it takes
//! and nothing comes of is warned about.

pub mod agent_config;
mod annotations;
mod command;
mod commands;
mod config_map;
mod defaults;
mod files;
mod idle;
mod login;
mod mounts;
mod place;
mod pod;
mod resources;
mod settings;
mod sidecar;
mod source;
mod tls;
mod users;
mod vocabulary;

use std::collections::BTreeMap;
use std::time::Duration;

use self::annotations::{Annotations, Reader};
use self::config_map::Configured;
use self::vocabulary::{Key, PREFIXES};
use super::findings::{Findings, at};
use super::{DialectDefaults, Parsed, Problem, Reading, Refusal};
use crate::spec::{GoDuration, SyncSpec, VERSION};

pub use self::defaults::{DefaultTemplate, VaultK8sDefaults};
pub use self::pod::{ContainerOutline, PodOutline, VolumeOutline};
pub use self::vocabulary::reference;

/// The annotation that both injectors write.
pub const STATUS_ANNOTATION: &str = "vault.hashicorp.com/agent-inject-status";

/// Its value.
const INJECTED: &str = "injected";

/// Namespaces in which the injector refuses to work.
const SYSTEM_NAMESPACES: [&str; 2] = ["kube-system", "kube-public"];

/// Whether a pod has annotations of this dialect.
pub fn is_spoken(annotations: &BTreeMap<String, String>) -> bool {
    annotations.keys().any(|key| is_its_key(key))
}

/// Whether an annotation is one of this dialect.
pub fn is_its_key(key: &str) -> bool {
    PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// Reads a pod's annotations; nothing is asked for when `agent-inject` is absent or false, the pod
/// runs already, or the Vault Agent Injector has been at it.
///
/// # Errors
/// All problems at once, in the order of the keys, and the warnings beside them.
pub fn parse(
    annotations: &BTreeMap<String, String>,
    pod: &PodOutline<'_>,
    defaults: &DialectDefaults,
) -> Result<Reading, Refusal> {
    let given = Annotations::sort(annotations);
    match asks(&given, pod) {
        Ok(true) => {}
        Ok(false) => return Ok(Reading::NotAsked(unasked(&given))),
        Err(problem) => return Err(vec![problem].into()),
    }
    let Some(configured) = Configured::read(&given, annotations, pod, defaults) else {
        return understood(&given, None, pod, defaults);
    };
    let given = Annotations::sort(&configured.annotations);
    configured.told(understood(&given, Some(&configured), pod, defaults))
}

/// What the annotations ask for, with the files of a configuration where there is one.
fn understood(
    given: &Annotations<'_>,
    configured: Option<&Configured<'_>>,
    pod: &PodOutline<'_>,
    defaults: &DialectDefaults,
) -> Result<Reading, Refusal> {
    let mut findings = Findings::default();
    let mut reader = Reader {
        given,
        findings: &mut findings,
    };
    let asked = match configured {
        Some(configured) => configured.files(&mut reader),
        None => files::read(&mut reader, &defaults.vault_k8s),
    };
    let commands = commands::of(&asked);
    let mounts = mounts::arrange(asked, &mut reader);
    let settings = settings::read(&mut reader, pod, defaults, &mounts);
    let settings = settings.map(|settings| commands::add(commands, settings, pod, reader.findings));
    let spec = SyncSpec {
        version: VERSION,
        refresh_interval: interval(&mut reader, &defaults.vault_k8s),
        mounts,
    };
    idle::read(&mut reader);
    given.unknown().for_each(|warning| findings.warn(warning));
    findings.size(&spec);
    let heavy_functions = std::mem::take(&mut findings.heavy_functions);
    let warnings = findings.close()?;
    // Without an address there is a problem, so `close` has returned.
    let settings = settings.ok_or_else(Refusal::default)?;
    Ok(Reading::Asked(Box::new(Parsed {
        settings,
        spec,
        heavy_functions,
        variables: Vec::new(),
        environments: Vec::new(),
        commands: BTreeMap::new(),
        warnings,
    })))
}

/// Whether injection is asked for, in the injector's own order of checks: the switch, the phase, the
/// status, the namespace. A pod that has our refresher is planned anew whatever its status says.
fn asks(given: &Annotations<'_>, pod: &PodOutline<'_>) -> Result<bool, Problem> {
    let Some(switch) = given.get(Key::Inject) else {
        return Ok(false);
    };
    if !switch.truth()? {
        return Ok(false);
    }
    let status = given.get(Key::Status).map(|status| status.value);
    let is_new = matches!(pod.phase, "" | "Pending") && status != Some(INJECTED);
    if !is_new && !pod.is_injected {
        return Ok(false);
    }
    match SYSTEM_NAMESPACES.contains(&pod.namespace) {
        true => Err(Problem::of_value(
            "metadata.namespace",
            pod.namespace,
            format!(
                "is a namespace of the system, which is left alone: take {} away",
                switch.key
            ),
        )),
        false => Ok(true),
    }
}

/// A warning when annotations stand on a pod that look as if they asked for injection.
fn unasked(given: &Annotations<'_>) -> Vec<Problem> {
    if given.get(Key::Inject).is_some() {
        return Vec::new();
    }
    let mut warnings: Vec<_> = given.unknown().collect();
    if let Some(first) = given.first() {
        let switch = given.name(Key::Inject);
        warnings.push(at(first.key).say(format!(
            "has no effect, for injection is off: set {switch} to \"true\""
        )));
    }
    warnings
}

/// The time between two looks at Vault: a Go duration, or a number of seconds.
fn interval(reader: &mut Reader<'_, '_>, defaults: &VaultK8sDefaults) -> GoDuration {
    let default = defaults.static_secret_render_interval;
    let Some(given) = reader.given.text(Key::StaticSecretInterval) else {
        return default;
    };
    let seconds = given.value.parse::<u32>().ok().map(GoDuration::from_secs);
    let Some(interval) = seconds.or_else(|| given.parse(reader.findings)) else {
        return default;
    };
    match interval.get() {
        Duration::ZERO => default,
        length if length < Duration::from_secs(1) => {
            let warning = given.say("is too short: Vault is asked every second");
            reader.findings.warn(warning);
            GoDuration::from_secs(1)
        }
        _ => interval,
    }
}
