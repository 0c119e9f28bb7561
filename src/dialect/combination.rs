//! A pod that speaks several dialects: one refresher serves them all.
//!
//! Of a setting the annotation comes first, then what the store says, then the webhook's flags. The
//! first store's login is the pod's own, and each further one that differs is a profile. Where a token
//! is sent must never be a surprise, so annotations beside stores mean the same Vault, or name it.

use std::collections::BTreeMap;

use super::external_secret::{self, ExternalSecretFacts, PodSecrets, Served, ServedStore};
use super::findings::{Findings, at};
use super::{
    DialectDefaults, LoginSettings, Parsed, Problem, Reading, Refusal, Settings, native, vault_k8s,
};
use crate::spec::{ContainerName, Mount, Profile, SyncSpec};

/// Reads a pod: its annotations, and the ExternalSecrets of its namespace that make its Secrets.
///
/// `freshet.dev/inject: "false"` turns all of it off.
///
/// # Errors
/// All problems at once, and the warnings beside them.
pub fn read(
    annotations: &BTreeMap<String, String>,
    pod: &PodSecrets<'_>,
    facts: &ExternalSecretFacts,
    defaults: &DialectDefaults,
) -> Result<Reading, Refusal> {
    if facts.is_empty() || native::is_turned_off(annotations) {
        return native::parse(annotations, defaults);
    }
    let served = match external_secret::serve(pod, facts) {
        Ok(served) if served.mounts.is_empty() && served.environments.is_empty() => {
            return warned(native::parse(annotations, defaults), served.warnings);
        }
        Ok(served) => served,
        Err(refusal) => {
            let native = Refusal::of(native::parse(annotations, defaults));
            return Err(refusal.and(native));
        }
    };
    let login = login(annotations, &served, defaults);
    let native = match native::is_asked(annotations) {
        true => native::parse(annotations, &stores_defaults(&served, defaults)),
        false => Ok(Reading::NotAsked(Vec::new())),
    };
    match (login, native) {
        (Ok((login, mut warnings)), Ok(native)) => {
            let served = login.owned(served);
            warnings.extend(served.warnings.iter().cloned());
            joined(login, served, native, warnings).map(|parsed| Reading::Asked(Box::new(parsed)))
        }
        (login, native) => {
            let login = login.err().unwrap_or_default();
            Err(login.and(Refusal::of(native)).with(served.warnings))
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
/// All problems of both, and their warnings.
pub fn beside(
    annotations: &BTreeMap<String, String>,
    own: Result<Reading, Refusal>,
    others: Result<Reading, Refusal>,
) -> Result<Reading, Refusal> {
    match (own, others) {
        (Ok(Reading::NotAsked(warnings)), others) => warned(others, warnings),
        (own, Ok(Reading::NotAsked(warnings))) => warned(own, warnings),
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
            let both = Refusal::of(own).and(Refusal::of(others));
            Err(both.and(vec![problem].into()))
        }
    }
}

/// A reading with more warnings, whatever it says.
fn warned(reading: Result<Reading, Refusal>, more: Vec<Problem>) -> Result<Reading, Refusal> {
    match reading {
        Ok(reading) => Ok(reading.with(more)),
        Err(refusal) => Err(refusal.with(more)),
    }
}

/// What is read of a pod for its stores, and what containers run.
struct Login {
    settings: Settings,
    /// Which profile each store's secrets are read with; `None` is the pod's own login.
    profiles: BTreeMap<Profile, Option<Profile>>,
    commands: BTreeMap<ContainerName, Vec<String>>,
}

impl Login {
    /// What is served, with the profiles that the pod has.
    fn owned(&self, mut served: Served) -> Served {
        let mounts = served.mounts.iter_mut();
        let of_mounts = mounts.flat_map(|mount| &mut mount.targets);
        let environments = served.environments.iter_mut();
        let of_environments = environments.flat_map(|environment| &mut environment.targets);
        for target in of_mounts.chain(of_environments) {
            for secret in target.secrets_mut() {
                let owned = secret
                    .profile
                    .as_ref()
                    .and_then(|own| self.profiles.get(own));
                secret.profile = owned.cloned().flatten();
            }
        }
        served
    }
}

/// The logins, with the annotations over the stores, and what the annotations say that containers run.
fn login(
    annotations: &BTreeMap<String, String>,
    served: &Served,
    defaults: &DialectDefaults,
) -> Result<(Login, Vec<Problem>), Refusal> {
    let mut findings = Findings::default();
    let all = served.stores.iter();
    let all: Vec<_> = all
        .filter_map(|store| {
            let over = &store.settings;
            let settings = native::over_store(annotations, over, defaults, &mut findings)?;
            Some((store, settings))
        })
        .collect();
    let logins = logins(all, &mut findings);
    refuse_other_vault(annotations, &served.stores, defaults, &mut findings);
    let commands = native::commands(annotations, &mut findings);
    let warnings = findings.close()?;
    // Without a store that could be read there is a problem, and `serve` has told it.
    let (settings, profiles) = logins.ok_or_else(Refusal::default)?;
    let login = Login {
        settings,
        profiles,
        commands,
    };
    Ok((login, warnings))
}

/// The settings, with a profile for each login that is not the first one's, and which of them each
/// store has.
fn logins(
    stores: Vec<(&ServedStore, Settings)>,
    findings: &mut Findings,
) -> Option<(Settings, BTreeMap<Profile, Option<Profile>>)> {
    let mut stores = stores.into_iter();
    let (first, mut settings) = stores.next()?;
    let mut profiles = BTreeMap::from([(first.profile.clone(), None)]);
    let mut of_stores: Vec<(Profile, LoginSettings)> = Vec::new();
    for (store, Settings { login, .. }) in stores {
        let known = of_stores.iter().find(|(_, known)| *known == login);
        let profile = match known {
            _ if login == settings.login => None,
            Some((profile, _)) => Some(profile.clone()),
            None => {
                of_stores.push((store.profile.clone(), login));
                Some(store.profile.clone())
            }
        };
        if let Some(profile) = profile
            .as_ref()
            .filter(|own| settings.profiles.contains_key(own))
        {
            let message = format!(
                "\"{profile}\" is the profile of {}: call the annotations' own otherwise",
                store.object
            );
            findings.problem(Problem::new("metadata.annotations", message));
        }
        profiles.insert(store.profile.clone(), profile);
    }
    settings.profiles.extend(of_stores);
    Some((settings, profiles))
}

/// Annotations that fetch from the webhook's Vault beside a store of another one.
fn refuse_other_vault(
    annotations: &BTreeMap<String, String>,
    stores: &[ServedStore],
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
    let elsewhere = |store: &&ServedStore| store.settings.address != *usual;
    if let Some(ServedStore {
        object,
        settings: store,
        ..
    }) = stores.iter().find(elsewhere)
    {
        findings.problem(at(key).say(format!(
            "missing: the annotations mean the webhook's Vault, {usual}, and {object} means {}: name the one that the annotations mean, and read from another with a profile",
            store.address
        )));
    }
}

/// What the annotations fall back to beside these stores.
fn stores_defaults(served: &Served, defaults: &DialectDefaults) -> DialectDefaults {
    let store = served
        .stores
        .first()
        .map(|store| store.settings.address.clone());
    DialectDefaults {
        vault_address: store.or_else(|| defaults.vault_address.clone()),
        ..defaults.clone()
    }
}

fn joined(
    login: Login,
    served: Served,
    native: Reading,
    mut warnings: Vec<Problem>,
) -> Result<Parsed, Refusal> {
    let Login {
        mut settings,
        commands,
        ..
    } = login;
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
