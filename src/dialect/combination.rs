//! A pod that speaks several dialects: one refresher with one login serves them all.
//!
//! Of a setting the annotation comes first, then what the stores say, then the webhook's flags. Where
//! a token is sent must never be a surprise, so a Vault that is named twice must be the same one.

use std::collections::BTreeMap;

use super::external_secret::{self, ExternalSecretFacts, PodSecrets, Served, StoreSettings};
use super::findings::{Findings, at};
use super::{DialectDefaults, Parsed, Problem, Reading, Settings, native, vault_k8s};
use crate::spec::{ContainerName, Mount, SyncSpec};

/// Reads a pod: its annotations, and the ExternalSecrets of its namespace that make its Secrets.
///
/// `freshet.dev/inject: "false"` turns all of it off.
///
/// # Errors
/// All problems at once.
pub fn read(
    annotations: &BTreeMap<String, String>,
    pod: &PodSecrets<'_>,
    facts: &ExternalSecretFacts,
    defaults: &DialectDefaults,
) -> Result<Reading, Vec<Problem>> {
    if facts.is_empty() || native::is_turned_off(annotations) {
        return native::parse(annotations, defaults);
    }
    let served = match external_secret::serve(pod, facts) {
        Ok(served) if served.mounts.is_empty() && served.environments.is_empty() => {
            return native::parse(annotations, defaults).map(|native| native.with(served.warnings));
        }
        Ok(served) => served,
        Err(mut problems) => {
            problems.extend(
                native::parse(annotations, defaults)
                    .err()
                    .unwrap_or_default(),
            );
            return Err(problems);
        }
    };
    let login = login(annotations, &served, defaults);
    let native = match native::is_asked(annotations) {
        true => native::parse(annotations, &stores_defaults(&served, defaults)),
        false => Ok(Reading::NotAsked(Vec::new())),
    };
    match (login, native) {
        (Ok((login, mut warnings)), Ok(native)) => {
            warnings.extend(served.warnings.iter().cloned());
            joined(login, served, native, warnings).map(|parsed| Reading::Asked(Box::new(parsed)))
        }
        (login, native) => {
            let mut problems = login.err().unwrap_or_default();
            for problem in native.err().unwrap_or_default() {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
            Err(problems)
        }
    }
}

/// Whether the Vault Agent Injector's annotations of a pod are to be read.
///
/// `freshet.dev/inject: "false"` turns them off, too.
pub fn speaks_vault_k8s(annotations: &BTreeMap<String, String>) -> bool {
    vault_k8s::is_spoken(annotations) && !native::is_turned_off(annotations)
}

/// What a pod asks for that has annotations of the Vault Agent Injector, read as `own`, and perhaps
/// asks in other dialects, too. It has one sidecar, which looks as one of them says, so one may ask.
///
/// # Errors
/// All problems of both.
pub fn beside(
    annotations: &BTreeMap<String, String>,
    own: Result<Reading, Vec<Problem>>,
    others: Result<Reading, Vec<Problem>>,
) -> Result<Reading, Vec<Problem>> {
    match (own, others) {
        (Ok(Reading::NotAsked(warnings)), others) => others.map(|reading| reading.with(warnings)),
        (own, Ok(Reading::NotAsked(warnings))) => own.map(|reading| reading.with(warnings)),
        (own, others) => {
            let switch = "vault.hashicorp.com/agent-inject";
            let problem = match native::is_asked(annotations) {
                true => at("freshet.dev/inject").say(format!(
                    "cannot be combined with {switch}: keep one of the two, and write all secrets in its annotations"
                )),
                false => Problem::new("spec.volumes", format!(
                    "an ExternalSecret's target cannot be served beside {switch}: name all secrets in one of the two ways"
                )),
            };
            let mut problems = own.err().unwrap_or_default();
            problems.extend(others.err().unwrap_or_default());
            problems.push(problem);
            Err(problems)
        }
    }
}

/// The settings of the one login, and what containers run.
type Login = (Settings, BTreeMap<ContainerName, Vec<String>>);

/// The settings of the one login, with the annotations over the stores, and what the annotations say
/// that containers run.
fn login(
    annotations: &BTreeMap<String, String>,
    served: &Served,
    defaults: &DialectDefaults,
) -> Result<(Login, Vec<Problem>), Vec<Problem>> {
    let mut findings = Findings::default();
    let all = served.stores.iter();
    let all: Vec<_> = all
        .filter_map(|(object, store)| {
            let settings = native::over_store(annotations, store, defaults, &mut findings)?;
            Some((object, settings))
        })
        .collect();
    if let [(first, settings), others @ ..] = all.as_slice()
        && let Some((other, _)) = others.iter().find(|(_, other)| other != settings)
    {
        findings.problem(Problem::new(
            "spec.volumes",
            format!(
                "{first} and {other} ask for different logins, and a pod has one: let their server, namespace, auth, CA and headers agree, or say on the pod which (freshet.dev/vault-address, freshet.dev/role …)"
            ),
        ));
    }
    refuse_other_vault(annotations, &served.stores, defaults, &mut findings);
    let commands = native::commands(annotations, &mut findings);
    let warnings = findings.close()?;
    // Without a store that could be read there is a problem, and `serve` has told it.
    let settings = all.into_iter().next().map(|(_, settings)| settings);
    settings
        .map(|settings| ((settings, commands), warnings))
        .ok_or_else(Vec::new)
}

/// Annotations that fetch from the webhook's Vault beside a store of another one.
fn refuse_other_vault(
    annotations: &BTreeMap<String, String>,
    stores: &[(String, StoreSettings)],
    defaults: &DialectDefaults,
    findings: &mut Findings,
) {
    let key = "freshet.dev/vault-address";
    if !native::is_asked(annotations) || annotations.contains_key(key) {
        return;
    }
    let Some(usual) = &defaults.vault_address else {
        return;
    };
    if let Some((object, store)) = stores.iter().find(|(_, store)| store.address != *usual) {
        findings.problem(at(key).say(format!(
            "missing: the annotations mean the webhook's Vault, {usual}, and {object} means {}; a pod has one: name it",
            store.address
        )));
    }
}

/// What the annotations fall back to beside these stores.
fn stores_defaults(served: &Served, defaults: &DialectDefaults) -> DialectDefaults {
    let store = served
        .stores
        .first()
        .map(|(_, store)| store.address.clone());
    DialectDefaults {
        vault_address: store.or_else(|| defaults.vault_address.clone()),
        ..defaults.clone()
    }
}

fn joined(
    (mut settings, commands): Login,
    served: Served,
    native: Reading,
    mut warnings: Vec<Problem>,
) -> Result<Parsed, Vec<Problem>> {
    let mut heavy_functions = served.heavy;
    let mut mounts = served.mounts;
    let environments = served.environments;
    let mut variables = Vec::new();
    let interval = match native {
        Reading::Asked(parsed) => {
            variables = parsed.variables;
            let own = parsed.settings.on_change.into_iter();
            settings
                .on_change
                .extend(own.filter(|own| own.name.is_some()));
            mounts.extend(parsed.spec.mounts);
            heavy_functions.extend(parsed.heavy_functions);
            warnings.extend(parsed.warnings);
            parsed.spec.refresh_interval
        }
        Reading::NotAsked(_) => {
            let intervals = mounts.iter().filter_map(|mount| mount.refresh_interval);
            let environments = environments.iter();
            let intervals =
                intervals.chain(environments.map(|environment| environment.refresh_interval));
            let shortest = intervals.filter(|interval| !interval.get().is_zero()).min();
            shortest.unwrap_or(native::DEFAULT_INTERVAL)
        }
    };
    mounts.sort_by(|one, two| one.volume.cmp(&two.volume));
    let usual = |mount: Mount| Mount {
        refresh_interval: mount.refresh_interval.filter(|own| *own != interval),
        ..mount
    };
    let spec = SyncSpec {
        version: settings.spec_version(),
        refresh_interval: interval,
        mounts: mounts.into_iter().map(usual).collect(),
    };
    let mut findings = Findings::default();
    findings.size(&spec);
    warnings.extend(findings.close()?);
    warnings.sort();
    warnings.dedup();
    Ok(Parsed {
        settings,
        spec,
        heavy_functions,
        variables,
        environments,
        commands,
        warnings,
    })
}
