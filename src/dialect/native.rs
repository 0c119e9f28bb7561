//! The annotations `freshet.dev/*`.

mod certificate;
mod files;
mod mounts;
mod on_change;
mod profiles;
mod settings;
mod variables;
mod vocabulary;
mod written;

use std::collections::BTreeMap;

use self::profiles::Profiles;
use self::vocabulary::{Key, PREFIX, Word, look_up};
use super::external_secret::StoreSettings;
use super::findings::{Findings, at};
use super::{DialectDefaults, Parsed, Problem, Reading, Refusal, Settings, suggest};
use crate::spec::{ContainerName, Profile, SecretName, SyncSpec, VariableName};

pub(super) use self::mounts::RESERVED as RESERVED_DIRECTORIES;
pub(super) use self::settings::DEFAULT_INTERVAL;
pub use self::vocabulary::{overview, reference};
pub use self::written::{Written, written};

/// The values of the pod's own keys.
type PodValues<'a> = BTreeMap<Key, &'a str>;

/// The values of each file's keys.
type FileValues<'a> = BTreeMap<SecretName, BTreeMap<Key, &'a str>>;

/// A pod's annotations of ours, sorted by what they speak of.
#[derive(Default)]
struct Sorted<'a> {
    pod: PodValues<'a>,
    profiles: BTreeMap<Profile, PodValues<'a>>,
    files: FileValues<'a>,
    variables: BTreeMap<VariableName, &'a str>,
    commands: BTreeMap<ContainerName, &'a str>,
    on_change: BTreeMap<SecretName, &'a str>,
}

/// Reads a pod's annotations; nothing is asked for when `freshet.dev/inject` is absent or false.
///
/// # Errors
/// All problems at once, in the order of the keys, and the warnings beside them.
pub fn parse(
    annotations: &BTreeMap<String, String>,
    defaults: &DialectDefaults,
) -> Result<Reading, Refusal> {
    let mut findings = Findings::default();
    let inject = Key::Inject.annotation("");
    match annotations.get(&inject).map(String::as_str) {
        Some("true") => {}
        Some("false") => return Ok(Reading::NotAsked(Vec::new())),
        Some(other) => {
            findings.problem(at(&inject).with(other, "must be \"true\" or \"false\""));
        }
        None => return Ok(Reading::NotAsked(unasked(annotations))),
    }
    let sorted = sort(annotations, &mut findings);
    let pod = &sorted.pod;
    let fallback = settings::Fallback::of(defaults);
    let settings = settings::read(&sorted, fallback, defaults, &mut findings);
    let interval = settings::refresh_interval(pod, &mut findings);
    if !sorted.asks() {
        findings.problem(at(&inject).say(
            "asks for injection, but no secret is named: add e.g. freshet.dev/secret-db: secret/db#password",
        ));
    }
    let declared = Profiles::declared(&sorted.profiles);
    let files = files::read(&sorted.files, &declared, &mut findings);
    let variables = variables::read(&sorted.variables, &declared, &mut findings);
    let commands = variables::commands(&sorted.commands, &mut findings);
    let version = settings.as_ref().map(Settings::spec_version);
    let spec = SyncSpec {
        version: version.unwrap_or(crate::spec::VERSION),
        refresh_interval: interval,
        mounts: mounts::arrange(files, pod, &mut findings),
    };
    findings.size(&spec);
    declared.doubt_unused(&spec, &variables, &mut findings);
    let heavy_functions = std::mem::take(&mut findings.heavy_functions);
    let named = on_change::read(&sorted, &mut findings);
    on_change::doubt_once(pod, &named, &mut findings);
    let warnings = findings.close()?;
    // Without an address there is a problem, so `close` has returned.
    let Some(mut settings) = settings else {
        return Err(Refusal::default());
    };
    settings.on_change.extend(named);
    Ok(Reading::Asked(Box::new(Parsed {
        settings,
        spec,
        heavy_functions,
        variables,
        environments: Vec::new(),
        commands,
        warnings,
    })))
}

/// Whether the author turned injection off.
pub(super) fn is_turned_off(annotations: &BTreeMap<String, String>) -> bool {
    annotations
        .get(&Key::Inject.annotation(""))
        .is_some_and(|value| value == "false")
}

/// Whether the author asked, perhaps in a wrong way, for injection by annotations.
pub(super) fn is_asked(annotations: &BTreeMap<String, String>) -> bool {
    annotations.contains_key(&Key::Inject.annotation("")) && !is_turned_off(annotations)
}

/// What containers run, as the annotations say; of use to whoever starts them through `exec`.
pub(super) fn commands(
    annotations: &BTreeMap<String, String>,
    findings: &mut Findings,
) -> BTreeMap<ContainerName, Vec<String>> {
    let mut unread = Findings::default();
    let sorted = sort(annotations, &mut unread);
    variables::commands(&sorted.commands, findings)
}

/// The settings of a pod that is served by a store: what its annotations say, else the store.
pub(super) fn over_store(
    annotations: &BTreeMap<String, String>,
    store: &StoreSettings,
    flags: &DialectDefaults,
    findings: &mut Findings,
) -> Option<Settings> {
    let sorted = sort(annotations, findings);
    if let Some(key) = sorted.first_of_content().filter(|_| !is_asked(annotations)) {
        let message = "has no effect, for injection by annotations is off: set freshet.dev/inject to \"true\"";
        findings.warn(at(&key).say(message));
    }
    settings::read(
        &sorted,
        settings::Fallback::over(store, flags),
        flags,
        findings,
    )
}

/// Sorts the annotations of ours by what they speak of; an unknown one is a problem.
fn sort<'a>(annotations: &'a BTreeMap<String, String>, findings: &mut Findings) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    for (key, value, word) in ours(annotations) {
        match look_up(word) {
            Ok(Word::Pod(key)) => {
                sorted.pod.insert(key, value);
            }
            Ok(Word::Profile(key, profile)) => {
                sorted
                    .profiles
                    .entry(profile)
                    .or_default()
                    .insert(key, value);
            }
            Ok(Word::File(Key::NamedOnChange, name)) => {
                sorted.on_change.insert(name, value);
            }
            Ok(Word::File(key, name)) => {
                sorted.files.entry(name).or_default().insert(key, value);
            }
            Ok(Word::Variable(name)) => {
                sorted.variables.insert(name, value);
            }
            Ok(Word::Container(_, name)) => {
                sorted.commands.insert(name, value);
            }
            Ok(Word::Ours) => {}
            Err(_) if findings.is_full() => findings.problem(at(key).say("unknown")),
            Err(refusal) => findings.problem(at(key).say(refusal.clause())),
        }
    }
    sorted
}

impl Sorted<'_> {
    /// Whether something is to be fetched.
    fn asks(&self) -> bool {
        !self.variables.is_empty() || self.files.values().any(files::has_content)
    }

    /// A key that speaks of what is fetched.
    fn first_of_content(&self) -> Option<String> {
        let file = self.files.iter().next().map(|(name, values)| {
            let key = values.keys().next().copied().unwrap_or(Key::Secret);
            key.annotation(name.as_str())
        });
        let variable = || self.variables.keys().next();
        file.or_else(|| variable().map(|name| Key::Variable.annotation(name.as_str())))
    }
}

/// A warning when annotations stand on a pod that look as if they asked for injection.
fn unasked(annotations: &BTreeMap<String, String>) -> Vec<Problem> {
    let without_inject = ours(annotations)
        .find(|(_, _, word)| !matches!(look_up(word), Ok(Word::Ours)))
        .map(|(key, _, _)| {
            at(key).say("has no effect, for injection is off: set freshet.dev/inject to \"true\"")
        });
    let misspelt = || {
        annotations.keys().find_map(|key| {
            let (domain, word) = key.split_once('/')?;
            let meant = look_up(word).is_ok() && is_nearly_ours(domain);
            meant.then(|| at(key).say(format!("unknown: did you mean {PREFIX}{word}?")))
        })
    };
    without_inject.or_else(misspelt).into_iter().collect()
}

/// Whether a key's domain was meant to be ours: `freshet.io`, `frehset.dev`.
fn is_nearly_ours(domain: &str) -> bool {
    let ours = PREFIX.trim_end_matches('/');
    domain != ours
        && (domain.starts_with("freshet.")
            || suggest::distance_within(domain, ours).is_some_and(|distance| distance <= 2))
}

/// The annotations with our prefix: key, value, and the key without the prefix.
fn ours(annotations: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str, &str)> {
    annotations
        .iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str(), key.strip_prefix(PREFIX)?)))
}

#[cfg(test)]
mod tests;
