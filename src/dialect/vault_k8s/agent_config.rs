//! A whole configuration of Vault Agent, as it lies in the ConfigMap that the Vault Agent Injector's
//! annotation `agent-configmap` names: `config.hcl` for the sidecar, `config-init.hcl` for the init
//! container.
//!
//! What it says of the server and of the login can be said with annotations, too, and becomes
//! [`Setting`]s in their words, so that one code judges both. Templates and sinks become files. Of
//! the rest, what the pod would miss is refused, and what nobody misses is warned about.

mod files;
mod keys;
mod mode;
mod stanza;
mod syntax;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::files::Files;
use self::stanza::Stanza;
use super::vocabulary::PREFIXES;
use crate::dialect::findings::Findings;
use crate::dialect::{Problem, Refusal};
use crate::spec::{Content, FileSpec, Invalid, MountDirectory, ObjectName, VaultNamespace};

/// The configuration of the sidecar.
pub const SIDECAR_KEY: &str = "config.hcl";

/// The configuration of the init container.
pub const INIT_KEY: &str = "config-init.hcl";

/// A ConfigMap of the pod's namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigMap {
    /// Its name.
    pub name: String,
    /// Its `data`.
    pub data: BTreeMap<String, String>,
}

impl ConfigMap {
    /// The ConfigMap of a manifest; `None` for another object.
    pub fn from_manifest(object: &Value) -> Option<Self> {
        let text = |path| object.pointer(path).and_then(Value::as_str);
        if (text("/apiVersion"), text("/kind")) != (Some("v1"), Some("ConfigMap")) {
            return None;
        }
        let data = object.get("data").and_then(Value::as_object);
        let texts = data.into_iter().flatten();
        let texts =
            texts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        Some(Self {
            name: text("/metadata/name")?.to_owned(),
            data: texts.collect(),
        })
    }
}

/// The ConfigMaps of the pod's namespace by their names, or the end of a message that says why one
/// could not be read.
pub type AgentConfigMaps = BTreeMap<String, Result<ConfigMap, String>>;

/// What a configuration asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentConfig {
    /// What annotations can say, too, by their names after the prefix: `auth-path`.
    pub settings: BTreeMap<String, Setting>,
    /// The Vault namespace of the login, where it is not that of the secrets.
    pub auth_namespace: Option<VaultNamespace>,
    /// The files.
    pub files: Vec<AgentFile>,
    /// See [`crate::dialect::Parsed::heavy_functions`].
    pub heavy_functions: BTreeSet<&'static str>,
    /// What is doubtful, or has no effect.
    pub warnings: Vec<Problem>,
}

/// A value of the configuration, as the value of the annotation that says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// Where it stands, for messages: `data[config.hcl]: auto_auth.method.config.role`.
    pub path: String,
}

/// A file of a template or of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFile {
    /// The file, in its directory.
    pub file: FileSpec,
    /// The directory.
    pub directory: MountDirectory,
    /// Where a conflict is told: `data[config.hcl]: template[0].destination`.
    pub told_at: String,
    /// What the agent ran after it wrote the file.
    pub command: Option<Command>,
}

/// What the agent ran after it wrote a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// A line for a shell.
    pub text: String,
    /// Where it stands.
    pub path: String,
}

/// The ConfigMap that a pod names which asks for injection.
///
/// A name that is none is left to the dialect: a request must not be made of it.
pub fn named_by(pod: &Value) -> Option<&str> {
    let annotations = pod.pointer("/metadata/annotations")?;
    let value = |word: &str| {
        let mut prefixes = PREFIXES.iter().rev();
        let value = prefixes.find_map(|prefix| annotations.get(format!("{prefix}{word}")));
        value.and_then(Value::as_str)
    };
    let asks = matches!(
        value("agent-inject"),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True")
    );
    let name = value("agent-configmap").filter(|name| name.parse::<ObjectName>().is_ok());
    name.filter(|_| asks)
}

impl AgentConfig {
    /// The templates that lie in the sidecar.
    pub fn template_files(&self) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .filter_map(|file| match &file.file.content {
                Content::TemplateFile(template) => Some(template.path.as_str()),
                _ => None,
            })
    }
}

/// Reads the configuration that the pod's one container with an agent has: the sidecar's, and the
/// files of the init container's beside it; or with `once` the init container's alone.
///
/// # Errors
/// All problems at once, each with the ConfigMap and the place.
pub fn parse(config_map: &ConfigMap, once: bool) -> Result<AgentConfig, Vec<Problem>> {
    match readable(config_map, once) {
        (config, problems) if problems.is_empty() => Ok(config),
        (_, problems) => Err(problems),
    }
}

/// As much of the configuration as can be read, and the problems of the rest.
pub(super) fn readable(config_map: &ConfigMap, once: bool) -> (AgentConfig, Vec<Problem>) {
    let mut findings = Findings::default();
    let config = read(config_map, once, &mut findings);
    let heavy_functions = std::mem::take(&mut findings.heavy_functions);
    let of_map = |problems: Vec<Problem>| of(config_map, problems);
    let told = match findings.close() {
        Ok(warnings) => Refusal::default().with(warnings),
        Err(refusal) => refusal,
    };
    let config = AgentConfig {
        heavy_functions,
        warnings: of_map(told.warnings),
        ..config
    };
    (config, of_map(told.problems))
}

/// Problems with the ConfigMap that has them.
fn of(config_map: &ConfigMap, problems: Vec<Problem>) -> Vec<Problem> {
    let object = format!("ConfigMap {}", config_map.name);
    let all = problems.into_iter().map(|problem| Problem {
        object: Some(object.clone()),
        ..problem
    });
    all.collect()
}

/// Where the configuration says, or would say, what an annotation says; by the annotation's name
/// after the prefix.
pub fn place(annotation: &str, once: bool) -> Option<String> {
    let file = main_key(once);
    let settings = keys::SETTINGS.iter();
    let mut named = settings.filter(|(_, _, name)| *name == annotation);
    let place = match annotation {
        "auth-type" => "auto_auth.method.type".to_owned(),
        _ => {
            let (blocks, key, _) = named.next()?;
            format!("{}.{key}", blocks.join("."))
        }
    };
    Some(format!("data[{file}]: {place}"))
}

fn main_key(once: bool) -> &'static str {
    if once { INIT_KEY } else { SIDECAR_KEY }
}

fn read(config_map: &ConfigMap, once: bool, findings: &mut Findings) -> AgentConfig {
    let main = main_key(once);
    let mut config = AgentConfig::default();
    let Some(text) = config_map.data.get(main) else {
        let message = "missing: the agent's configuration with auto_auth and template belongs here";
        findings.problem(Problem::new(format!("data[{main}]"), message));
        return config;
    };
    let Some(items) = parsed(main, text, findings) else {
        return config;
    };
    let whole = Stanza::whole(main, &items);
    let mut files = Files::new(config_map);
    judge(&whole, findings);
    config.files = files.all(&whole, findings);
    (config.settings, config.auth_namespace) = settings(&whole, findings);
    let init = config_map.data.get(INIT_KEY).filter(|_| !once);
    if let Some(items) = init.and_then(|text| parsed(INIT_KEY, text, findings)) {
        let init = Stanza::whole(INIT_KEY, &items);
        judge(&init, findings);
        let init_files = files.all(&init, findings);
        add(&mut config.files, init_files, findings);
        let (init_settings, _) = settings(&init, findings);
        doubt(&config.settings, &init_settings, findings);
    }
    config
}

fn parsed(key: &str, text: &str, findings: &mut Findings) -> Option<Vec<syntax::Item>> {
    let told = |error: syntax::SyntaxError| {
        findings.problem(Problem::new(format!("data[{key}]"), error.to_string()));
    };
    syntax::parse(text).map_err(told).ok()
}

/// What becomes of all keys, but for those of templates and sinks.
fn judge(whole: &Stanza<'_>, findings: &mut Findings) {
    whole.judge(keys::TOP, findings);
    if whole.has("exit_after_auth")
        && whole.truth("exit_after_auth", findings)
        && whole.is_of(SIDECAR_KEY)
    {
        findings.warn(whole.say(
            "exit_after_auth",
            "has no effect: the sidecar keeps the files current, and ends with the pod; to fetch them once set vault.hashicorp.com/agent-pre-populate-only",
        ));
    }
    for listener in whole.blocks("listener", findings) {
        let role = listener.text("role", findings);
        match role.as_deref() {
            Some("metrics_only") => findings.warn(listener.say(
                "role",
                "has no effect: the sidecar serves metrics of its own",
            )),
            _ => findings.problem(listener.say("address", keys::LISTENER)),
        }
    }
    if let Some(vault) = whole.block("vault", findings) {
        vault.judge(keys::VAULT, findings);
        if let Some(retry) = vault.block("retry", findings) {
            retry.judge(keys::RETRY, findings);
        }
    }
    if let Some(config) = whole.block("template_config", findings) {
        config.judge(keys::TEMPLATE_CONFIG, findings);
    }
    let Some(auto_auth) = whole.block("auto_auth", findings) else {
        findings.problem(whole.say(
            "auto_auth",
            "missing: without a method the sidecar cannot log in, e.g. method \"kubernetes\"",
        ));
        return;
    };
    auto_auth.judge(keys::AUTO_AUTH, findings);
    match auto_auth.block("method", findings) {
        Some(method) => {
            method.judge(keys::METHOD, findings);
            if let Some(config) = method.block("config", findings) {
                config.judge(keys::METHOD_CONFIG, findings);
            }
        }
        None => findings.problem(auto_auth.say(
            "method",
            "missing: name how to log in, e.g. method \"kubernetes\"",
        )),
    }
}

/// The values that annotations can say, and the namespace of the login.
fn settings(
    whole: &Stanza<'_>,
    findings: &mut Findings,
) -> (BTreeMap<String, Setting>, Option<VaultNamespace>) {
    let mut settings = BTreeMap::new();
    for (blocks, key, name) in keys::SETTINGS {
        let mut stanza = Some(whole.clone());
        for block in *blocks {
            stanza = stanza.and_then(|stanza| stanza.block(block, findings));
        }
        let value = stanza
            .as_ref()
            .and_then(|stanza| stanza.text(key, findings));
        if let (Some(stanza), Some(value)) = (stanza, value) {
            let path = stanza.path(key);
            settings.insert((*name).to_owned(), Setting { value, path });
        }
    }
    let auto_auth = whole.block("auto_auth", findings);
    let method = auto_auth.and_then(|auto_auth| auto_auth.block("method", findings));
    let Some(method) = method else {
        return (settings, None);
    };
    match method.kind(findings) {
        Some(value) => {
            let path = method.path("type");
            settings.insert("auth-type".to_owned(), Setting { value, path });
        }
        None => {
            findings.problem(method.say("type", "missing: name the auth method, e.g. kubernetes"))
        }
    }
    // The method's namespace is that of the secrets, too, where the server has none of its own.
    let Some(value) = method.text("namespace", findings) else {
        return (settings, None);
    };
    let path = method.path("namespace");
    match settings.get("namespace") {
        None => {
            settings.insert("namespace".to_owned(), Setting { value, path });
            (settings, None)
        }
        Some(of_secrets) if of_secrets.value == value => (settings, None),
        Some(_) => {
            let namespace = value.parse().map_err(|invalid: Invalid| {
                findings.problem(Problem::of_value(path, &value, invalid.to_string()));
            });
            (settings, namespace.ok())
        }
    }
}

/// Adds the files that the init container alone writes. Of those that both write the sidecar's count.
fn add(files: &mut Vec<AgentFile>, more: Vec<AgentFile>, findings: &mut Findings) {
    for file in more {
        let same = |other: &&AgentFile| {
            other.directory == file.directory && other.file.path == file.file.path
        };
        match files.iter().find(same) {
            None => files.push(file),
            Some(other) if other.file.content == file.file.content => {}
            Some(other) => findings.warn(Problem::new(
                file.told_at.as_str(),
                format!(
                    "has no effect: the file of {} counts, from the start",
                    other.told_at
                ),
            )),
        }
    }
}

/// Warns where the init container would have logged in in another way than the sidecar.
fn doubt(
    settings: &BTreeMap<String, Setting>,
    init: &BTreeMap<String, Setting>,
    findings: &mut Findings,
) {
    for (name, setting) in init {
        if settings.get(name).map(|own| &own.value) != Some(&setting.value) {
            findings.warn(Problem::new(
                setting.path.as_str(),
                format!("has no effect: the sidecar does the work of the init container, and data[{SIDECAR_KEY}] counts"),
            ));
        }
    }
}
