//! What another dialect asked for, written as `freshet.dev/*` annotations: the way back from what
//! [`parse`](super::parse) makes of them.

mod settings;

use std::collections::{BTreeMap, BTreeSet};

use super::vocabulary::Key;
use crate::dialect::{DialectDefaults, Parsed, Reading};
use crate::spec::{
    Content, FileMode, FileSpec, FunctionTable, GoDuration, MissingKey, Mount, MountDirectory,
    SecretName, SyncSpec,
};

/// Annotations that lead to the same files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The annotations, whole keys.
    pub annotations: BTreeMap<String, String>,
    /// What the pod gets in another way, beside its files.
    pub differences: Vec<String>,
    /// What has no form: with any of these the annotations are not enough.
    pub obstacles: Vec<String>,
}

/// The longest name of a file that every key has room for in Kubernetes' 63 characters.
const NAME: usize = 63 - "right-delimiter-".len();

/// Writes what was asked for. Defaults that hold without an annotation are left out.
pub fn written(parsed: &Parsed, defaults: &DialectDefaults) -> Written {
    let mut writer = Writer {
        written: Written::default(),
        defaults,
    };
    writer.say(Key::Inject, "true");
    writer.files(&parsed.spec);
    writer.login(&parsed.settings.login);
    writer.server(&parsed.settings);
    writer.rest(&parsed.settings);
    writer.appearance(&parsed.settings);
    writer.check(parsed);
    writer.written
}

struct Writer<'d> {
    written: Written,
    defaults: &'d DialectDefaults,
}

impl Writer<'_> {
    fn say(&mut self, key: Key, value: impl ToString) {
        self.say_of(key, "", value);
    }

    fn say_of(&mut self, key: Key, name: &str, value: impl ToString) {
        let annotations = &mut self.written.annotations;
        annotations.insert(key.annotation(name), value.to_string());
    }

    fn differs(&mut self, what: impl Into<String>) {
        self.written.differences.push(what.into());
    }

    fn lacks(&mut self, what: impl Into<String>) {
        self.written.obstacles.push(what.into());
    }

    /// The directory of most files is the pod's; each other file names its own.
    fn files(&mut self, spec: &SyncSpec) {
        let filled = spec.mounts.iter().filter(|mount| !mount.files.is_empty());
        let most = filled.max_by_key(|mount| mount.files.len());
        if let Some(mount) = most {
            self.say(Key::MountPath, &mount.mount_path);
        }
        for empty in spec.mounts.iter().filter(|mount| mount.files.is_empty()) {
            self.differs(format!(
                "{} is no longer mounted: no file lies in it",
                empty.mount_path
            ));
        }
        let mut names = BTreeSet::new();
        for mount in &spec.mounts {
            let is_usual = Some(&mount.mount_path) == most.map(|most| &most.mount_path);
            for file in &mount.files {
                let name = name(file, &mut names);
                let own = Some(&mount.mount_path).filter(|_| !is_usual);
                self.file(&name, file, own);
            }
        }
        if spec.refresh_interval != super::DEFAULT_INTERVAL {
            self.say(Key::RefreshInterval, spec.refresh_interval);
        }
    }

    fn file(&mut self, name: &str, file: &FileSpec, own: Option<&MountDirectory>) {
        if file.path.as_str() != name {
            self.say_of(Key::File, name, &file.path);
        }
        if file.mode != FileMode::DEFAULT {
            self.say_of(Key::Mode, name, file.mode);
        }
        if let Some(own) = own {
            self.say_of(Key::FileMountPath, name, own);
        }
        match &file.content {
            Content::Secret { source, format } => {
                self.say_of(Key::Secret, name, source);
                let format = serde_json::to_value(format).unwrap_or_default();
                self.say_of(Key::Format, name, format.as_str().unwrap_or_default());
            }
            Content::Template { source, template } => {
                if let Some(source) = source {
                    self.say_of(Key::Secret, name, source);
                }
                self.say_of(Key::Template, name, &template.text);
                if template.functions != FunctionTable::ExternalSecrets {
                    self.say_of(Key::Functions, name, template.functions);
                }
                if template.missing_key != MissingKey::Error {
                    self.say_of(Key::MissingKey, name, template.missing_key);
                }
                let (left, right) = &template.delimiters;
                if left != "{{" {
                    self.say_of(Key::LeftDelimiter, name, left);
                }
                if right != "}}" {
                    self.say_of(Key::RightDelimiter, name, right);
                }
            }
            Content::TemplateFile(template) => self.lacks(format!(
                "{}: a template that lies in the sidecar, {}: write it as freshet.dev/template-{name}",
                file.path, template.path
            )),
            Content::Token => self.lacks(format!(
                "{}: a file with the Vault token: let the application read its secrets from files",
                file.path
            )),
        }
    }

    /// The annotations have to lead to the same files, or they are not enough.
    fn check(&mut self, parsed: &Parsed) {
        if !self.written.obstacles.is_empty() {
            return;
        }
        match super::parse(&self.written.annotations, self.defaults) {
            Ok(Reading::Asked(own)) if places(&own.spec) == places(&parsed.spec) => {}
            Ok(_) => self.lacks("these files"),
            Err(refusal) => {
                for problem in refusal.problems {
                    self.lacks(problem.to_string());
                }
            }
        }
    }
}

/// The files by their places, without the names under which the sidecar speaks of them.
fn places(spec: &SyncSpec) -> (GoDuration, BTreeMap<String, (String, String)>) {
    let of_mount = |mount: &Mount| {
        let directory = mount.mount_path.clone();
        let files = mount.files.clone().into_iter();
        files.map(move |file| {
            let content = format!("{:?}", file.content);
            (
                format!("{directory}/{}", file.path),
                (file.mode.to_string(), content),
            )
        })
    };
    (
        spec.refresh_interval,
        spec.mounts.iter().flat_map(of_mount).collect(),
    )
}

/// A name that every key has room for, and that no other file has.
fn name(file: &FileSpec, taken: &mut BTreeSet<String>) -> String {
    let own = file.name.as_str();
    let mut name = match own.len() <= NAME && own.parse::<SecretName>().is_ok() {
        true => own.to_owned(),
        false => "file".to_owned(),
    };
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("file-{number}");
    }
    name
}
