//! What is fetched and how it is written: the keys that stand once for each file.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::FileValues;
use super::certificate;
use super::profiles::Profiles;
use super::vocabulary::Key;
use crate::dialect::findings::{Findings, at, listed};
use crate::dialect::suggest;
use crate::spec::{
    Content, FileMode, FilePath, FileSpec, Format, FunctionTable, Invalid, MissingKey,
    MountDirectory, SecretName, SecretRef, TemplateSpec,
};

/// How many names are searched for one that was meant: a pod with more is not written by hand.
const SEARCHED: usize = 100;

/// A file, and the directory that it names for itself.
pub(super) struct NamedFile {
    pub(super) file: FileSpec,
    pub(super) directory: Option<MountDirectory>,
    /// Whether `file-<name>` stands on the pod: a conflict of paths is told there.
    pub(super) names_its_path: bool,
}

/// The files in the order of their names. One that has a problem is left out.
pub(super) fn read(
    files: &FileValues<'_>,
    profiles: &Profiles<'_>,
    findings: &mut Findings,
) -> Vec<NamedFile> {
    let known: Vec<&str> = files
        .iter()
        .filter(|(_, values)| has_content(values))
        .map(|(name, _)| name.as_str())
        .collect();
    files
        .iter()
        .filter_map(|(name, values)| {
            let mut reader = Reader {
                name,
                values,
                profiles,
                findings,
            };
            if has_content(values) {
                reader.file()
            } else {
                reader.orphan(&known);
                None
            }
        })
        .collect()
}

pub(super) fn has_content(values: &BTreeMap<Key, &str>) -> bool {
    values.contains_key(&Key::Secret) || values.contains_key(&Key::Template)
}

/// Reads the annotations of one file.
struct Reader<'a> {
    name: &'a SecretName,
    values: &'a BTreeMap<Key, &'a str>,
    profiles: &'a Profiles<'a>,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn key(&self, key: Key) -> String {
        key.annotation(self.name.as_str())
    }

    fn has(&self, key: Key) -> bool {
        self.values.contains_key(&key)
    }

    /// The value of `key`: `Ok(None)` when it is absent, `Err` when it is bad, which is told.
    fn value<T: FromStr<Err = Invalid>>(&mut self, key: Key) -> Result<Option<T>, Bad> {
        let Some(text) = self.values.get(&key) else {
            return Ok(None);
        };
        let value = self.findings.value(&self.key(key), text);
        value.map(Some).ok_or(Bad)
    }

    /// All values are read before the first bad one ends the file, so that all are told.
    fn file(&mut self) -> Option<NamedFile> {
        let source = self.value::<SecretRef>(Key::Secret);
        if let Ok(Some(source)) = &source {
            self.profiles
                .check(&self.key(Key::Secret), source, self.findings);
            doubt_path(&self.key(Key::Secret), source, self.findings);
            certificate::doubt_parameters(&self.key(Key::Secret), source, self.findings);
        }
        let content = self.content(source);
        let path = self.value::<FilePath>(Key::File);
        let mode = self.value::<FileMode>(Key::Mode);
        let directory = self.value::<MountDirectory>(Key::FileMountPath);
        let path = match path.ok()? {
            Some(path) => path,
            // A name holds no slash and no leading dot, so it is always a path.
            None => self.name.as_str().parse().ok()?,
        };
        Some(NamedFile {
            file: FileSpec {
                name: self.name.clone(),
                path,
                mode: mode.ok()?.unwrap_or(FileMode::DEFAULT),
                content: content?,
            },
            directory: directory.ok()?,
            names_its_path: self.has(Key::File),
        })
    }

    fn content(&mut self, source: Result<Option<SecretRef>, Bad>) -> Option<Content> {
        let format = self.value::<Format>(Key::Format);
        if self.has(Key::Template) {
            let template = self.template();
            if self.has(Key::Format) {
                let message = format!(
                    "cannot be combined with {}: the template decides what the file holds",
                    self.key(Key::Template)
                );
                self.findings
                    .problem(at(&self.key(Key::Format)).say(message));
            }
            return Some(Content::Template {
                source: source.ok()?,
                template: template?,
            });
        }
        self.refuse_template_settings();
        let source = source.ok()??;
        let format = format.ok()?.unwrap_or(match source.key {
            Some(_) => Format::Raw,
            None => Format::Json,
        });
        self.check_format(format, &source);
        Some(Content::Secret { source, format })
    }

    fn template(&mut self) -> Option<TemplateSpec> {
        let functions = self.value::<FunctionTable>(Key::Functions);
        let missing_key = self.value::<MissingKey>(Key::MissingKey);
        let left = self.value::<Delimiter>(Key::LeftDelimiter);
        let right = self.value::<Delimiter>(Key::RightDelimiter);
        let text = self.values.get(&Key::Template).copied().unwrap_or_default();
        if text.is_empty() {
            let problem = at(&self.key(Key::Template)).say("must not be empty");
            self.findings.problem(problem);
        }
        let delimiter = |given: Result<Option<Delimiter>, Bad>, usual: &str| {
            let given = given.ok()?;
            Some(given.map_or_else(|| usual.to_owned(), |Delimiter(text)| text))
        };
        let template = TemplateSpec {
            text: text.to_owned(),
            functions: functions.ok()?.unwrap_or(FunctionTable::ExternalSecrets),
            missing_key: missing_key.ok()?.unwrap_or(MissingKey::Error),
            delimiters: (delimiter(left, "{{")?, delimiter(right, "}}")?),
        };
        let key = self.key(Key::Template);
        self.findings.template(&key, &template);
        self.profiles.check_template(&key, &template, self.findings);
        Some(template)
    }

    fn check_format(&mut self, format: Format, source: &SecretRef) {
        let key = self.key(Key::Format);
        let secret = self.key(Key::Secret);
        let text = self.values.get(&Key::Format).copied().unwrap_or_default();
        let whole = source.whole();
        let problem = match (format, &source.key) {
            (Format::Raw, None) => {
                format!("needs one key: write {secret}: {source}#<key>, or take json")
            }
            (
                Format::Env
                | Format::Properties
                | Format::Dir
                | Format::Pem
                | Format::PemBundle
                | Format::Pkcs12,
                Some(name),
            ) => format!(
                "takes a whole secret: write {secret}: {whole} without {:?}",
                format!("#{name}")
            ),
            (Format::Pem | Format::PemBundle | Format::Pkcs12, None) => {
                let Some(problem) = certificate::doubt(source, &secret) else {
                    if format == Format::Pkcs12 {
                        self.findings.template(&key, &crate::template::pkcs12());
                    }
                    return;
                };
                problem
            }
            _ => return,
        };
        self.findings.problem(at(&key).with(text, problem));
    }

    fn refuse_template_settings(&mut self) {
        for key in [
            Key::Functions,
            Key::MissingKey,
            Key::LeftDelimiter,
            Key::RightDelimiter,
        ] {
            if self.has(key) {
                let message = format!(
                    "speaks of a template, and there is no {}",
                    self.key(Key::Template)
                );
                self.findings.problem(at(&self.key(key)).say(message));
            }
        }
    }

    /// Keys that speak of a file that nothing fills.
    fn orphan(&mut self, known: &[&str]) {
        let name = self.name.as_str();
        for key in self.values.keys() {
            let mut message = format!(
                "there is neither {} nor {}",
                Key::Secret.annotation(name),
                Key::Template.annotation(name)
            );
            if let Some(meant) = suggest::closest(name, known.iter().copied().take(SEARCHED)) {
                message.push_str(&format!(": did you mean {}?", key.annotation(meant)));
            } else if !known.is_empty() {
                message.push_str(&format!("; the names are {}", listed(known)));
            }
            self.findings.problem(at(&self.key(*key)).say(message));
        }
    }
}

/// `secret/data/db` is how the API of KV v2 spells `secret/db`; the refresher finds that out.
pub(super) fn doubt_path(key: &str, source: &SecretRef, findings: &mut Findings) {
    let mut parts = source.path.as_str().splitn(3, '/');
    if let (Some(mount), Some("data"), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
        let profile = source.profile.as_ref();
        let profile = profile.map_or_else(String::new, |profile| format!("{profile}:"));
        let message = format!(
            "looks like a path of KV v2's API: write {profile}{mount}/{rest}, as vault kv get takes it"
        );
        findings.warn(at(key).with(&source.to_string(), message));
    }
}

/// A value was bad, and a problem says so.
struct Bad;

/// A delimiter of a template's actions.
struct Delimiter(String);

impl FromStr for Delimiter {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.is_empty() {
            true => Err(Invalid::new("must not be empty")),
            false => Ok(Self(text.to_owned())),
        }
    }
}
