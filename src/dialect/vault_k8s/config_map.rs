//! An agent's configuration in the place of annotations: what it says becomes annotations, which are
//! read as every pod's, and what is found wrong with those is told where the configuration says it.

use std::collections::BTreeMap;

use super::agent_config::{self, AgentConfig, INIT_KEY, SIDECAR_KEY};
use super::annotations::{Annotations, Given, Reader};
use super::command::{self, Command};
use super::files::AskedFile;
use super::pod::PodOutline;
use super::vocabulary::{Arity, Key, PREFIXES, look_up};
use crate::dialect::findings::{Findings, at};
use crate::dialect::{DialectDefaults, Problem, Reading, Refusal, Settings};
use crate::spec::ChangeAction;

/// Annotations of the pod that the injector takes from nowhere else than its own configuration of the
/// agent. A ConfigMap is in the place of that.
const OVERRULED: [Key; 19] = [
    Key::DefaultTemplate,
    Key::PreserveCase,
    Key::InjectToken,
    Key::StaticSecretInterval,
    Key::Role,
    Key::AuthType,
    Key::AuthPath,
    Key::Namespace,
    Key::EnableQuit,
    Key::ListenerPort,
    Key::CacheEnable,
    Key::CacheUseToken,
    Key::MinBackoff,
    Key::MaxBackoff,
    Key::ExitOnErr,
    Key::ExitOnRetryFailure,
    Key::MaxConnections,
    Key::LeaseThreshold,
    Key::DisableIdleConnections,
];

/// Settings of the configuration over which an annotation of the pod counts: the agent has them as
/// variables of its environment.
const ENVIRONMENT: [&str; 7] = [
    "service",
    "ca-cert",
    "ca-key",
    "client-cert",
    "client-key",
    "tls-server-name",
    "client-max-retries",
];

/// A pod's annotations with what its ConfigMap says.
pub(super) struct Configured<'a> {
    /// The annotation that names the ConfigMap.
    named: Given<'a>,
    once: bool,
    config: AgentConfig,
    /// What is wrong with the configuration itself.
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// The pod's annotations that count, and those that the configuration stands for.
    pub(super) annotations: BTreeMap<String, String>,
    /// The keys among them that stand on the pod.
    own: Vec<String>,
}

impl<'a> Configured<'a> {
    /// The ConfigMap's configuration; `None` for a pod that names none.
    pub(super) fn read(
        given: &Annotations<'a>,
        annotations: &BTreeMap<String, String>,
        pod: &PodOutline<'_>,
        defaults: &DialectDefaults,
    ) -> Option<Self> {
        let named = given.text(Key::ConfigMap)?;
        let only = given.get(Key::PrePopulateOnly);
        let once = only.is_some_and(|only| only.truth() == Ok(true));
        let map = pod.config_maps.and_then(|maps| maps.get(named.value));
        let unread = |reason: &str| (AgentConfig::default(), vec![named.say(reason)]);
        let (config, problems) = match map {
            Some(Ok(map)) => agent_config::readable(map, once),
            Some(Err(reason)) => unread(reason),
            None => unread(
                "is no ConfigMap that was given: add its manifest with --filename, or with --external-secrets, which does not print it",
            ),
        };
        let mut configured = Self {
            named,
            once,
            warnings: config.warnings.clone(),
            config,
            problems,
            annotations: BTreeMap::new(),
            own: Vec::new(),
        };
        configured.keep(annotations);
        configured.add(defaults);
        Some(configured)
    }

    /// The pod's own annotations that count beside a configuration.
    fn keep(&mut self, annotations: &BTreeMap<String, String>) {
        for (key, value) in annotations {
            let word = PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix));
            let known = word.and_then(look_up).map(|(key, _)| key);
            let is_overruled =
                |known: Key| known.row().arity != Arity::Pod || OVERRULED.contains(&known);
            if known.is_some_and(is_overruled) {
                let said = word.and_then(|word| self.config.settings.get(word));
                if said.is_some_and(|setting| setting.value == *value) {
                    continue;
                }
                let message = format!(
                    "has no effect beside {}: the configuration in the ConfigMap counts",
                    self.named.key
                );
                self.warnings.push(at(key).say(message));
            } else {
                self.own.push(key.clone());
                self.annotations.insert(key.clone(), value.clone());
            }
        }
    }

    /// What the configuration says, as annotations.
    fn add(&mut self, defaults: &DialectDefaults) {
        let map = format!("ConfigMap {}", self.named.value);
        for (name, setting) in &self.config.settings {
            let on_pod = PREFIXES
                .iter()
                .rev()
                .map(|prefix| format!("{prefix}{name}"));
            let on_pod = on_pod.filter(|_| ENVIRONMENT.contains(&name.as_str()));
            let mut on_pod = on_pod.filter(|key| self.annotations.contains_key(key));
            let default = || {
                let own = defaults.vault_k8s.vault_address.as_ref();
                let default = own.or(defaults.vault_address.as_ref());
                default.filter(|_| name == "service")
            };
            let counts = match (on_pod.next(), default()) {
                (Some(key), _) => Some((self.annotations.get(&key).cloned(), key)),
                (None, Some(default)) => {
                    let flag = "the webhook's --vault-address".to_owned();
                    Some((Some(default.to_string()), flag))
                }
                (None, None) => None,
            };
            match counts {
                None => {
                    let key = format!("{}{name}", PREFIXES[0]);
                    self.annotations.insert(key, setting.value.clone());
                }
                Some((value, _)) if value.as_ref() == Some(&setting.value) => {}
                Some((_, what)) => self.warnings.push(Problem {
                    object: Some(map.clone()),
                    ..Problem::new(
                        setting.path.as_str(),
                        format!("has no effect: {what} counts, as it did to the agent"),
                    )
                }),
            }
        }
    }

    /// The configuration's files, each with what its command comes to.
    pub(super) fn files(&self, reader: &mut Reader<'_, '_>) -> Vec<AskedFile> {
        let heavy = &self.config.heavy_functions;
        reader.findings.heavy_functions.extend(heavy);
        if self.config.files.is_empty() && self.problems.is_empty() {
            let message = "asks for injection, but its configuration has no template: add one, e.g. with destination = \"/vault/secrets/app.conf\"";
            reader.findings.warn(self.named.say(message));
        }
        let files = self.config.files.iter();
        files
            .map(|file| AskedFile {
                file: file.file.clone(),
                directory: Some(file.directory.clone()),
                told_at: file.told_at.clone(),
                told: told(file.command.as_ref(), reader.findings),
            })
            .collect()
    }

    /// What came of it, with each finding where the configuration or the pod says what it is about.
    pub(super) fn told(&self, reading: Result<Reading, Refusal>) -> Result<Reading, Refusal> {
        let placed = |all: Vec<Problem>| all.into_iter().map(|problem| self.placed(problem));
        match reading {
            Ok(Reading::Asked(mut parsed)) if self.problems.is_empty() => {
                parsed.warnings = placed(parsed.warnings)
                    .chain(self.warnings.clone())
                    .collect();
                self.complete(&mut parsed.settings);
                Ok(Reading::Asked(parsed))
            }
            Ok(Reading::NotAsked(warnings)) if self.problems.is_empty() => {
                Ok(Reading::NotAsked(warnings))
            }
            refused => {
                let Refusal { problems, warnings } = Refusal::of(refused);
                // What is missing may stand in the part that cannot be read.
                let is_sure = |problem: &Problem| {
                    self.problems.is_empty()
                        || problem.object.is_none()
                        || !problem.message.starts_with("missing")
                };
                let more = placed(problems).filter(is_sure);
                Err(Refusal {
                    problems: self.problems.iter().cloned().chain(more).collect(),
                    warnings: placed(warnings).chain(self.warnings.clone()).collect(),
                })
            }
        }
    }

    /// What no annotation can say.
    fn complete(&self, settings: &mut Settings) {
        settings
            .login
            .auth_namespace
            .clone_from(&self.config.auth_namespace);
        let needs = &mut settings.appearance.needs;
        for file in needs
            .iter_mut()
            .filter(|file| !self.own.contains(&file.annotation))
        {
            self.named.key.clone_into(&mut file.annotation);
        }
        needs.extend(
            self.config
                .template_files()
                .map(|path| crate::dialect::NeededFile {
                    annotation: self.named.key.to_owned(),
                    path: path.to_owned(),
                }),
        );
    }

    /// A problem of an annotation that is not the pod's own is one of the ConfigMap.
    fn placed(&self, problem: Problem) -> Problem {
        let key = problem.path.strip_prefix("metadata.annotations[");
        let Some(key) = key.and_then(|key| key.strip_suffix(']')) else {
            return problem;
        };
        let is_place = [SIDECAR_KEY, INIT_KEY]
            .iter()
            .any(|file| key.starts_with(&format!("data[{file}]")));
        let path = match key.strip_prefix(PREFIXES[0]) {
            _ if is_place => Some(key.to_owned()),
            Some(name) if !self.own.iter().any(|own| own == key) => {
                let setting = self.config.settings.get(name);
                let path = setting.map(|setting| setting.path.clone());
                path.or_else(|| agent_config::place(name, self.once))
            }
            _ => None,
        };
        match path {
            Some(path) => Problem {
                object: Some(format!("ConfigMap {}", self.named.value)),
                path,
                ..problem
            },
            None => problem,
        }
    }
}

/// What is done when a file changes, and where the configuration says so.
fn told(
    given: Option<&agent_config::Command>,
    findings: &mut Findings,
) -> Option<(String, ChangeAction)> {
    let given = given?;
    match command::read(&given.text) {
        Ok(Command::Told(action)) => Some((given.path.clone(), action)),
        Ok(Command::Nothing) => None,
        Err(invalid) => {
            findings.problem(at(&given.path).say(invalid.to_string()));
            None
        }
    }
}
