//! What is fetched and how it is written: the keys that stand once for each secret.
//!
//! A key of a secret is looked up by the name as it is written, in its case; the file's name is in
//! lower case.

use std::collections::BTreeMap;

use super::annotations::{Annotations, Given, Reader};
use super::command::{self, Command};
use super::defaults::{DefaultTemplate, VaultK8sDefaults};
use super::place;
use super::source::Source;
use super::vocabulary::Key;
use crate::dialect::suggest;
use crate::spec::{
    ChangeAction, Content, FileMode, FilePath, FileSpec, FunctionTable, Invalid, MissingKey,
    MountDirectory, SecretName, SecretRef, TemplateFileSpec, TemplateSpec,
};

/// A file, the directory that its annotations name, and the one of them at which a conflict is told.
pub(super) struct AskedFile {
    pub(super) file: FileSpec,
    pub(super) directory: Option<MountDirectory>,
    pub(super) told_at: String,
    /// What is done when it changes, and the annotation that says so.
    pub(super) told: Option<(String, ChangeAction)>,
}

/// Keys that say how a secret is written, and nothing without one.
const OPTIONS: [Key; 8] = [
    Key::File,
    Key::Perms,
    Key::LeftDelim,
    Key::RightDelim,
    Key::ErrorOnMissingKey,
    Key::Command,
    Key::VolumePathOf,
    Key::PreserveCaseOf,
];

/// The mode of the file with the token: that of the agent's file sink.
const TOKEN_MODE: &str = "0640";

/// The files in the order of their names. One that has a problem is left out.
pub(super) fn read(reader: &mut Reader<'_, '_>, defaults: &VaultK8sDefaults) -> Vec<AskedFile> {
    let default = match reader.given.get(Key::DefaultTemplate) {
        Some(given) => given.parse(reader.findings),
        None => None,
    };
    let sources = Source::all(reader.given);
    let keeps_case = reader.given.get(Key::PreserveCase);
    let keeps_case = keeps_case.is_some_and(|given| lenient(given, reader));
    let mut files: Vec<_> = sources
        .iter()
        .filter_map(|(name, source)| {
            let mut one = One {
                name,
                keeps_case,
                default: default.unwrap_or(defaults.template),
                reader,
            };
            one.file(source)
        })
        .collect();
    if reader.truth(Key::InjectToken, false) {
        files.extend(token(reader.given));
    }
    orphans(reader, &sources);
    if sources.is_empty() && files.is_empty() {
        let switch = reader.given.name(Key::Inject);
        let message = format!(
            "asks for injection, but no secret is named: add e.g. {}",
            reader.given.name_of(Key::Secret, "db")
        );
        let warning = crate::dialect::findings::at(&switch).say(message);
        reader.findings.warn(warning);
    }
    files
}

/// Reads the annotations of one file.
struct One<'o, 'r, 'a> {
    name: &'a str,
    keeps_case: bool,
    default: DefaultTemplate,
    reader: &'o mut Reader<'r, 'a>,
}

impl One<'_, '_, '_> {
    /// All values are read before the first bad one ends the file, so that all are told.
    fn file(&mut self, source: &Source<'_>) -> Option<AskedFile> {
        let content = self.content(*source);
        let told = self.command();
        let (path, told_at) = self.path(source.given());
        let mode = self.mode();
        let directory = self.option(Key::VolumePathOf).map(place::directory);
        let directory = directory.map(|directory| self.told(directory)).transpose();
        Some(AskedFile {
            file: FileSpec {
                name: file_name(self.name)?,
                path: path?,
                mode: mode?,
                content: content?,
            },
            directory: directory.ok()?,
            told_at,
            told,
        })
    }

    fn option(&self, key: Key) -> Option<Given<'_>> {
        self.reader.given.of(key, self.name)
    }

    fn told<T>(&mut self, result: Result<T, crate::dialect::Problem>) -> Result<T, ()> {
        result.map_err(|problem| self.reader.findings.problem(problem))
    }

    fn content(&mut self, source: Source<'_>) -> Option<Content> {
        let missing_key = match self.reader.truth_of(Key::ErrorOnMissingKey, self.name) {
            true => MissingKey::Error,
            false => MissingKey::Zero,
        };
        let delimiters = (
            self.delimiter(Key::LeftDelim, "{{"),
            self.delimiter(Key::RightDelim, "}}"),
        );
        let template = |text: String, delimiters| TemplateSpec {
            text,
            functions: FunctionTable::ConsulTemplate,
            missing_key,
            delimiters,
        };
        let (key, template) = match source {
            Source::TemplateFile(given) => {
                return Some(Content::TemplateFile(TemplateFileSpec {
                    path: given.parse(self.reader.findings)?,
                    functions: FunctionTable::ConsulTemplate,
                    missing_key,
                    delimiters,
                }));
            }
            Source::Template(given) => {
                self.refuse_slips(given);
                (given.key, template(given.value.to_owned(), delimiters))
            }
            Source::Secret(given) => {
                let _: SecretRef = given.parse(self.reader.findings)?;
                self.doubt_delimiters();
                let usual = ("{{".to_owned(), "}}".to_owned());
                (given.key, template(self.default.text(given.value), usual))
            }
        };
        self.reader.findings.template(key, &template);
        let source = None;
        Some(Content::Template { source, template })
    }

    fn delimiter(&self, key: Key, usual: &str) -> String {
        let given = self.option(key).filter(|given| !given.value.is_empty());
        given.map_or(usual, |given| given.value).to_owned()
    }

    /// The injector would write its default template, unrendered, as the secret.
    fn doubt_delimiters(&mut self) {
        for key in [Key::LeftDelim, Key::RightDelim] {
            if let Some(given) = self.option(key).filter(|given| !given.value.is_empty()) {
                let template = self.reader.given.name_of(Key::Template, self.name);
                let message = format!(
                    "has no effect: there is no {template}, and the default template has delimiters of its own"
                );
                let warning = given.say(message);
                self.reader.findings.warn(warning);
            }
        }
    }

    /// `agent-inject-template-left-delim-db` was meant to be a delimiter of `db`.
    fn refuse_slips(&mut self, given: Given<'_>) {
        for (slip, key) in [
            ("left-delim-", Key::LeftDelim),
            ("right-delim-", Key::RightDelim),
        ] {
            if let Some(name) = self.name.strip_prefix(slip).filter(|name| !name.is_empty()) {
                let meant = self.reader.given.name_of(key, name);
                let problem = given.say(format!("would be a file of its own: write {meant}"));
                self.reader.findings.problem(problem);
            }
        }
    }

    fn command(&mut self) -> Option<(String, ChangeAction)> {
        let given = self.option(Key::Command)?;
        let (key, read) = (given.key.to_owned(), command::read(given.value));
        match read.map_err(|invalid| given.say(invalid.to_string())) {
            Ok(Command::Told(action)) => Some((key, action)),
            Ok(Command::Nothing) => None,
            Err(problem) => {
                self.reader.findings.problem(problem);
                None
            }
        }
    }

    /// The path, and the annotation that decides on it.
    fn path(&mut self, source: Given<'_>) -> (Option<FilePath>, String) {
        let given = self
            .option(Key::File)
            .filter(|given| !given.value.is_empty());
        if let Some(given) = given {
            let told_at = given.key.to_owned();
            let path = place::file(given);
            return (self.told(path).ok(), told_at);
        }
        let of_this = self.option(Key::PreserveCaseOf).map(|given| Given {
            key: given.key,
            value: given.value,
        });
        let keeps_case = match of_this {
            Some(_) => {
                let given = self.reader.given.of(Key::PreserveCaseOf, self.name);
                self.keeps_case || given.is_some_and(|given| lenient(given, self.reader))
            }
            None => self.keeps_case,
        };
        let name = match keeps_case {
            true => self.name.to_owned(),
            false => self.name.to_lowercase(),
        };
        let path = name.parse().map_err(|invalid: Invalid| {
            source.say(format!("the name after the last hyphen is the file, and {invalid}: name another with agent-inject-file-<name>"))
        });
        (self.told(path).ok(), source.key.to_owned())
    }

    /// The agent takes twelve bits; those beyond the permissions have no use on a secret.
    fn mode(&mut self) -> Option<FileMode> {
        let given = self.reader.given.of(Key::Perms, self.name);
        let Some(given) = given.filter(|given| !given.value.is_empty()) else {
            return Some(FileMode::DEFAULT);
        };
        let is_octal = given
            .value
            .bytes()
            .all(|digit| (b'0'..=b'7').contains(&digit));
        let bits = u16::from_str_radix(given.value, 8);
        match bits.ok().filter(|bits| is_octal && *bits <= 0o7777) {
            Some(bits) => {
                if bits > 0o777 {
                    let warning = given.say("set-user-id, set-group-id and sticky have no use on a secret: they are left out");
                    self.reader.findings.warn(warning);
                }
                let text = format!("{:04o}", bits & 0o777);
                let mode = text.parse();
                self.told(mode.map_err(|invalid: Invalid| given.say(invalid.to_string())))
                    .ok()
            }
            None => {
                let problem = given.say("must be octal, e.g. 0640");
                self.reader.findings.problem(problem);
                None
            }
        }
    }
}

/// A boolean that the injector takes for false where it cannot read it.
fn lenient(given: Given<'_>, reader: &mut Reader<'_, '_>) -> bool {
    given.truth().unwrap_or_else(|problem| {
        let message = format!("is taken for false: {}", problem.message);
        reader.findings.warn(given.say(message));
        false
    })
}

/// The name under which the sidecar speaks of a file. A key of Kubernetes may begin a name with a
/// dot or a hyphen, as `agent-inject-secret-.env`.
fn file_name(name: &str) -> Option<SecretName> {
    name.parse().or_else(|_| format!("file{name}").parse()).ok()
}

/// The token, at the directory of the whole pod.
fn token(given: &Annotations<'_>) -> Option<AskedFile> {
    Some(AskedFile {
        file: FileSpec {
            name: "agent-inject-token".parse().ok()?,
            path: "token".parse().ok()?,
            mode: TOKEN_MODE.parse().ok()?,
            content: Content::Token,
        },
        directory: None,
        told_at: given.name(Key::InjectToken),
        told: None,
    })
}

/// Keys that speak of a secret that nothing names.
fn orphans(reader: &mut Reader<'_, '_>, sources: &BTreeMap<&str, Source<'_>>) {
    const SEARCHED: usize = 100;
    for key in OPTIONS {
        let orphans = reader.given.family(key);
        for (name, given) in orphans.filter(|(name, _)| !sources.contains_key(name)) {
            let mut message = format!(
                "has no effect: there is no {}",
                reader.given.name_of(Key::Secret, name)
            );
            let known = sources.keys().copied().take(SEARCHED);
            if let Some(meant) = suggest::closest(name, known) {
                let meant = reader.given.name_of(key, meant);
                message.push_str(&format!(", did you mean {meant}?"));
            }
            reader.findings.warn(given.say(message));
        }
    }
}
