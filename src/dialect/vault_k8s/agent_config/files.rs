//! The files that a configuration asks for: those of its templates and of its sinks.

use std::collections::BTreeSet;

use super::stanza::Stanza;
use super::{AgentFile, Command, ConfigMap, keys, mode};
use crate::dialect::Problem;
use crate::dialect::findings::Findings;
use crate::dialect::native::RESERVED_DIRECTORIES;
use crate::spec::{
    Content, FilePath, FileSpec, FunctionTable, Invalid, MissingKey, MountDirectory, SecretName,
    TemplateFileSpec, TemplateSpec,
};

/// Where the injector mounts the ConfigMap in the agent's container.
const CONFIG_DIRECTORY: &str = "/vault/configs/";

/// A directory that the agent alone sees, and no container of the application.
const AGENT_HOME: &str = "/home/vault/";

/// Directories of a container's image that a volume in their place would hide.
const SYSTEM: [&str; 21] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/local",
    "/var",
];

/// Reads the blocks of one configuration.
pub(super) struct Files<'f> {
    config_map: &'f ConfigMap,
    /// The names that are taken.
    names: BTreeSet<String>,
}

impl<'f> Files<'f> {
    pub(super) fn new(config_map: &'f ConfigMap) -> Self {
        Self {
            config_map,
            names: BTreeSet::new(),
        }
    }

    /// The files of all templates and sinks, in the order of the configuration. One that has a
    /// problem is left out.
    pub(super) fn all(&mut self, whole: &Stanza<'_>, findings: &mut Findings) -> Vec<AgentFile> {
        let templates = whole.blocks("template", findings);
        let mut files: Vec<_> = templates
            .iter()
            .filter_map(|template| self.template(template, findings))
            .collect();
        let Some(auto_auth) = whole.block("auto_auth", findings) else {
            return files;
        };
        let mut sinks = auto_auth.blocks("sink", findings);
        // In JSON, Vault's own documentation has them in one more list.
        for list in auto_auth.blocks("sinks", findings) {
            sinks.extend(list.blocks("sink", findings));
        }
        for sink in sinks {
            files.extend(self.sink(&sink, findings));
        }
        files
    }

    fn template(&mut self, template: &Stanza<'_>, findings: &mut Findings) -> Option<AgentFile> {
        template.judge(keys::TEMPLATE, findings);
        if template.truth("backup", findings) {
            let warning = template.say(
                "backup",
                "has no effect: no .bak is written; all files of a directory change at once",
            );
            findings.warn(warning);
        }
        let mode = mode::of_template(template, findings);
        let content = self.content(template, findings);
        let Some(destination) = template.text("destination", findings) else {
            let problem = template.say(
                "destination",
                "missing: name the file that the application reads, e.g. /vault/secrets/app.conf",
            );
            findings.problem(problem);
            return None;
        };
        if destination.starts_with(AGENT_HOME) {
            let message = "has no effect: only the agent saw its home directory; for the application name a file below /vault/secrets";
            findings.warn(template.say("destination", message));
            return None;
        }
        let file = place(template, "destination", &destination, findings);
        let command = command(template, findings);
        let (directory, path) = file?;
        Some(AgentFile {
            file: FileSpec {
                name: self.name(&path)?,
                path,
                mode: mode?,
                content: content?,
            },
            directory,
            told_at: template.path("destination"),
            command,
        })
    }

    /// A file with the token. The agent's own, in its home directory, is nobody else's business.
    fn sink(&mut self, sink: &Stanza<'_>, findings: &mut Findings) -> Option<AgentFile> {
        sink.judge(keys::SINK, findings);
        let kind = sink.kind(findings);
        if kind.as_deref() != Some("file") {
            let problem = sink.say("type", "must be \"file\", the one kind of sink");
            findings.problem(problem);
        }
        let config = sink.block("config", findings);
        let path = config
            .as_ref()
            .and_then(|config| config.text("path", findings));
        let (Some(config), Some(path)) = (config, path) else {
            let problem = sink.say(
                "config.path",
                "missing: name the file that the application reads the token from, or take the sink away: the sidecar needs none",
            );
            findings.problem(problem);
            return None;
        };
        config.judge(keys::SINK_CONFIG, findings);
        if path.starts_with(AGENT_HOME) {
            return None;
        }
        let mode = mode::of_sink(&config, findings);
        let (directory, path) = place(&config, "path", &path, findings)?;
        Some(AgentFile {
            file: FileSpec {
                name: self.name(&path)?,
                path,
                mode: mode?,
                content: Content::Token,
            },
            directory,
            told_at: config.path("path"),
            command: None,
        })
    }

    fn content(&self, template: &Stanza<'_>, findings: &mut Findings) -> Option<Content> {
        let missing_key = match template.truth("error_on_missing_key", findings) {
            true => MissingKey::Error,
            false => MissingKey::Zero,
        };
        let mut delimiter = |key, usual: &str| {
            let own = template.text(key, findings);
            own.unwrap_or_else(|| usual.to_owned())
        };
        let delimiters = (
            delimiter("left_delimiter", "{{"),
            delimiter("right_delimiter", "}}"),
        );
        let given = (
            template.text("contents", findings),
            template.text("source", findings),
        );
        let (text, key) = match given {
            (Some(_), Some(_)) => {
                let problem =
                    template.say("source", "cannot be beside contents: keep one of the two");
                findings.problem(problem);
                return None;
            }
            (None, None) => {
                let message = "missing: the template itself, or its file as source";
                findings.problem(template.say("contents", message));
                return None;
            }
            (Some(text), None) => (text, "contents"),
            (None, Some(path)) => match path.strip_prefix(CONFIG_DIRECTORY) {
                Some(own) => (self.own_file(template, own, findings)?, "source"),
                None => {
                    let path = path.parse().map_err(|invalid: Invalid| {
                        Problem::of_value(template.path("source"), &path, invalid.to_string())
                    });
                    return Some(Content::TemplateFile(TemplateFileSpec {
                        path: path.map_err(|problem| findings.problem(problem)).ok()?,
                        functions: FunctionTable::ConsulTemplate,
                        missing_key,
                        delimiters,
                    }));
                }
            },
        };
        let spec = TemplateSpec {
            text,
            functions: FunctionTable::ConsulTemplate,
            missing_key,
            delimiters,
        };
        findings.template_at(&template.path(key), &spec);
        Some(Content::Template {
            source: None,
            template: spec,
        })
    }

    /// A template that is another key of the ConfigMap.
    fn own_file(
        &self,
        template: &Stanza<'_>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<String> {
        let text = self.config_map.data.get(key).cloned();
        if text.is_none() {
            let message = format!("is not there: the ConfigMap has no data[{key}]");
            let path = format!("{CONFIG_DIRECTORY}{key}");
            let problem = Problem::of_value(template.path("source"), path, message);
            findings.problem(problem);
        }
        text
    }

    /// The name under which the sidecar speaks of a file: its own, and a number where that is taken.
    fn name(&mut self, path: &FilePath) -> Option<SecretName> {
        let own = path.as_str().parse::<SecretName>().ok();
        let name = own.filter(|name| name.as_str().len() <= 55);
        let name = name.map_or_else(|| "file".to_owned(), |name| name.to_string());
        let mut numbered = name.clone();
        let mut number = 1;
        while !self.names.insert(numbered.clone()) {
            number += 1;
            numbered = format!("{name}-{number}");
        }
        numbered.parse().ok()
    }
}

/// The directory that is mounted, and the file in it.
fn place(
    stanza: &Stanza<'_>,
    key: &str,
    path: &str,
    findings: &mut Findings,
) -> Option<(MountDirectory, FilePath)> {
    match split(path) {
        Ok(split) => Some(split),
        Err(invalid) => {
            let problem = Problem::of_value(stanza.path(key), path, invalid.to_string());
            findings.problem(problem);
            None
        }
    }
}

/// What the agent ran after it wrote the file.
fn command(template: &Stanza<'_>, findings: &mut Findings) -> Option<Command> {
    let of = |stanza: &Stanza<'_>, path: String| {
        let text = stanza.texts("command").join(" ");
        (!text.is_empty()).then_some(Command { text, path })
    };
    let exec = template.block("exec", findings);
    let exec = exec.and_then(|exec| of(&exec, exec.path("command")));
    exec.or_else(|| of(template, template.path("command")))
}

/// The directory of a file, and its name in it.
fn split(path: &str) -> Result<(MountDirectory, FilePath), Invalid> {
    let Some((directory, name)) = path.rsplit_once('/').filter(|_| path.starts_with('/')) else {
        return Err(Invalid::new(
            "must be an absolute path, e.g. /vault/secrets/app.conf",
        ));
    };
    if directory.trim_matches('/').is_empty() {
        return Err(Invalid::new(
            "must lie in a directory that can be a volume, e.g. /vault/secrets/app.conf",
        ));
    }
    let parts: Vec<_> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let directory: MountDirectory = format!("/{}", parts.join("/")).parse()?;
    if let Some(place) = RESERVED_DIRECTORIES
        .into_iter()
        .find(|place| directory.overlaps(place))
    {
        return Err(Invalid::new(format!(
            "must keep clear of {place}, which Kubernetes provides"
        )));
    }
    if SYSTEM.contains(&directory.as_str()) {
        return Err(Invalid::new(format!(
            "would hide what the image has in {directory}, for the directory becomes a volume: take one of its own, e.g. /vault/secrets"
        )));
    }
    Ok((directory, name.parse()?))
}
