//! From what a mount shall hold, and the secrets, to the files. Pure.
//!
//! A [`MountRenderer`] is made once from each [`Mount`], so that templates are parsed once; it is
//! asked again whenever one of its secrets changed.

mod certificate;
mod environment;
mod error;
mod targets;

use std::collections::BTreeSet;
use std::time::SystemTime;

use self::targets::{Targets, of_target};
use super::format::{self, Selected};
use super::target::{ConfigMaps, TargetRenderer};
use crate::payload::{FileProjection, Payload};
use crate::secret::{SecretBytes, SecretMap, VaultSecret};
use crate::spec::{Content, FileMode, FilePath, FileSpec, Format, Mount, SecretName, SecretRef};
use crate::template::{self, Context, ExecError, Limits, Random, SecretSource, Template, Value};

pub use self::error::{Reason, RenderError};
pub use super::format::FormatError;

/// Renders the files of one mount.
#[derive(Debug)]
pub struct MountRenderer {
    files: Vec<FileRenderer>,
    targets: Vec<TargetRenderer>,
    environment: bool,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Rendered {
    /// All files of the mount.
    Complete(Payload),
    /// These secrets, none of them with a key, have to be read first. There may be more after that:
    /// a template can ask for a path that it takes from another secret.
    Needs(BTreeSet<SecretRef>),
}

/// Finds a secret that was read, by a reference without a key.
pub type Lookup<'a> = &'a dyn Fn(&SecretRef) -> Option<&'a VaultSecret>;

impl MountRenderer {
    /// Takes over the files of `mount` and parses their templates.
    ///
    /// # Errors
    /// One for each template that cannot be parsed.
    pub fn new(mount: &Mount) -> Result<Self, Vec<RenderError>> {
        let mut files = Vec::new();
        let mut targets = Vec::new();
        let mut errors = Vec::new();
        for file in &mount.files {
            match FileRenderer::new(file) {
                Ok(file) => files.push(file),
                Err(reason) => errors.push(RenderError::new(&file.name, reason)),
            }
        }
        for target in &mount.targets {
            match TargetRenderer::new(target) {
                Ok(target) => targets.push(target),
                Err(reasons) => errors.extend(of_target(&target.name, reasons)),
            }
        }
        if errors.is_empty() {
            Ok(Self {
                files,
                targets,
                environment: mount.environment,
            })
        } else {
            Err(errors)
        }
    }

    /// The secrets that are needed whatever is in them, none of them with a key.
    pub(super) fn inputs(&self) -> BTreeSet<SecretRef> {
        let files = self.files.iter().filter_map(FileRenderer::source);
        let targets = self.targets.iter().flat_map(TargetRenderer::inputs);
        files.chain(targets).map(SecretRef::whole).collect()
    }

    /// The names of the files and targets that name `secret`, which has no key.
    pub(super) fn names(&self, secret: &SecretRef) -> BTreeSet<String> {
        let is_it = |source: &SecretRef| source.whole() == *secret;
        let files = self.files.iter();
        let files = files.filter(|file| file.source().is_some_and(is_it));
        let targets = self.targets.iter();
        let targets = targets.filter(|target| target.inputs().any(is_it));
        let files = files.map(|file| file.name.to_string());
        files
            .chain(targets.map(|target| target.name().to_owned()))
            .collect()
    }

    /// Takes over the texts of ConfigMaps; answers whether any of them is of use here.
    pub fn supply(&mut self, config_maps: &ConfigMaps) -> bool {
        let supplied = self.targets.iter_mut();
        let supplied: Vec<_> = supplied.map(|target| target.supply(config_maps)).collect();
        supplied.contains(&true)
    }

    /// Renders all files, with the secrets that `lookup` finds. Templates may ask for the time and
    /// for random bytes, so their output can differ each time: render when an input has changed.
    ///
    /// # Errors
    /// All of them, once every needed secret is there: keys that a secret does not have, keys that a
    /// format cannot write, templates that fail, files that cannot both exist.
    pub fn render(
        &self,
        lookup: Lookup<'_>,
        now: SystemTime,
        random: &mut dyn Random,
    ) -> Result<Rendered, Vec<RenderError>> {
        let secrets = Secrets(lookup);
        let mut context = Context {
            secrets: &secrets,
            now,
            random,
            limits: Limits::default(),
        };
        let mut payload = Payload::default();
        let mut needs = BTreeSet::new();
        let mut errors = Vec::new();
        for file in &self.files {
            let mut refuse = |reason| errors.push(RenderError::new(&file.name, reason));
            match file.render(lookup, &mut context) {
                Ok(Outcome::Needs(more)) => needs.extend(more),
                Ok(Outcome::Complete(contents)) => {
                    for (path, content) in contents {
                        let mode = file.mode;
                        let inserted = payload.insert(path, FileProjection { content, mode });
                        inserted
                            .map_err(Reason::Conflict)
                            .unwrap_or_else(&mut refuse);
                    }
                }
                Err(reasons) => reasons.into_iter().for_each(refuse),
            }
        }
        match self.render_targets(lookup, &mut context) {
            Ok(Targets::Needs(more)) => needs.extend(more),
            Ok(Targets::Complete(files)) => {
                for (path, file) in files {
                    if let Err(conflict) = payload.insert(path, file) {
                        let name = self.targets.first().map_or("", TargetRenderer::name);
                        errors.push(RenderError::new(name, Reason::Conflict(conflict)));
                    }
                }
            }
            Err(more) => errors.extend(more),
        }
        if !needs.is_empty() {
            Ok(Rendered::Needs(needs))
        } else if !errors.is_empty() {
            Err(errors)
        } else if self.environment {
            environment::joined(&payload).map(Rendered::Complete)
        } else {
            Ok(Rendered::Complete(payload))
        }
    }
}

/// Where templates look for secrets.
struct Secrets<'a>(Lookup<'a>);

impl SecretSource for Secrets<'_> {
    fn secret(&self, wanted: &SecretRef) -> Option<&VaultSecret> {
        (self.0)(&wanted.whole())
    }
}

/// One [`FileSpec`], its template parsed.
#[derive(Debug)]
struct FileRenderer {
    name: SecretName,
    path: FilePath,
    mode: FileMode,
    content: Parsed,
}

/// A [`Content`], parsed.
#[derive(Debug)]
enum Parsed {
    Secret(SecretRef, Format),
    Template(Option<SecretRef>, Box<Template>),
    /// What it is made of is not there.
    Awaited(&'static str),
}

/// What came of one [`FileSpec`]: where it is a directory any number of files.
enum Outcome {
    Complete(Vec<(FilePath, SecretBytes)>),
    Needs(BTreeSet<SecretRef>),
}

impl FileRenderer {
    fn new(file: &FileSpec) -> Result<Self, Reason> {
        let content = match &file.content {
            Content::Secret { source, format } => Parsed::Secret(source.clone(), *format),
            Content::Template { source, template } => {
                let template = Template::parse(template).map_err(Reason::NotATemplate)?;
                Parsed::Template(source.clone(), Box::new(template))
            }
            Content::TemplateFile(_) => Parsed::Awaited("the text of its template"),
            Content::Token => Parsed::Awaited("the token of a login"),
        };
        Ok(Self {
            name: file.name.clone(),
            path: file.path.clone(),
            mode: file.mode,
            content,
        })
    }

    /// The secret that the file is made of, as far as that is not a template's choice.
    fn source(&self) -> Option<&SecretRef> {
        match &self.content {
            Parsed::Secret(source, _) => Some(source),
            Parsed::Template(source, _) => source.as_ref(),
            Parsed::Awaited(_) => None,
        }
    }

    fn render(
        &self,
        lookup: Lookup<'_>,
        context: &mut Context<'_>,
    ) -> Result<Outcome, Vec<Reason>> {
        let whole = self.source().map(SecretRef::whole);
        let secret = whole.as_ref().and_then(lookup);
        if let (Some(whole), None) = (whole, secret) {
            return Ok(Outcome::Needs(BTreeSet::from([whole])));
        }
        let nothing = SecretMap::new();
        let data = secret.map_or(&nothing, |secret| &secret.data);
        match &self.content {
            Parsed::Secret(source, format) => {
                let format = (&self.path, *format);
                format_secret(source, format, data, context).map(Outcome::Complete)
            }
            Parsed::Template(source, template) => {
                let data = template_data(source.as_ref(), data).map_err(|reason| vec![reason])?;
                self.render_template(template, &data, context)
                    .map_err(|error| vec![Reason::Template(error)])
            }
            Parsed::Awaited(what) => Err(vec![Reason::Awaited(what)]),
        }
    }

    fn render_template(
        &self,
        template: &Template,
        data: &Value,
        context: &mut Context<'_>,
    ) -> Result<Outcome, ExecError> {
        Ok(match template.render(data, context)? {
            template::Rendered::Complete(text) => {
                Outcome::Complete(vec![(self.path.clone(), text)])
            }
            template::Rendered::Needs(needs) => {
                Outcome::Needs(needs.iter().map(SecretRef::whole).collect())
            }
        })
    }
}

/// What `.` is: the data of the whole secret, the value of the key, or an empty map.
fn template_data(source: Option<&SecretRef>, data: &SecretMap) -> Result<Value, Reason> {
    Ok(
        match source.map(|source| select(source, data)).transpose()? {
            Some(Selected::Key(_, value)) => Value::from_secret(value),
            Some(Selected::Whole(_)) | None => Value::from_secret_map(data),
        },
    )
}

/// The files of a secret: one, or with a format that is a directory several.
fn format_secret(
    source: &SecretRef,
    (path, format): (&FilePath, Format),
    data: &SecretMap,
    context: &mut Context<'_>,
) -> Result<Vec<(FilePath, SecretBytes)>, Vec<Reason>> {
    let selected = select(source, data).map_err(|reason| vec![reason])?;
    let content = match (format, selected) {
        (Format::Dir, selected) => return directory(path, source, selected),
        (Format::Pem, _) => return certificate::directory(path, source, data),
        (Format::Pkcs12, _) => certificate::pkcs12(source, data, context)?,
        (Format::PemBundle, _) => certificate::issued(source, data)?.bundle(),
        (Format::Raw, Selected::Key(_, value)) => value.to_bytes(),
        (Format::Raw, Selected::Whole(_)) => {
            return Err(vec![Reason::RawWithoutKey(source.clone())]);
        }
        (Format::Json, selected) => format::json(selected),
        (Format::Yaml, selected) => format::yaml(selected),
        (Format::Properties, selected) => format::properties(selected),
        (Format::Env, selected) => format::env(selected).map_err(|errors| {
            let errors = errors.into_iter();
            errors
                .map(|error| Reason::Format(Box::new(source.clone()), error))
                .collect::<Vec<_>>()
        })?,
    };
    Ok(vec![(path.clone(), content)])
}

fn select<'a>(source: &'a SecretRef, data: &'a SecretMap) -> Result<Selected<'a>, Reason> {
    let Some(key) = &source.key else {
        return Ok(Selected::Whole(data));
    };
    let value = data.get(key).ok_or_else(|| Reason::NoSuchKey {
        source: source.clone(),
        keys: data.keys().cloned().collect(),
    })?;
    Ok(Selected::Key(key, value))
}

fn directory(
    path: &FilePath,
    source: &SecretRef,
    selected: Selected<'_>,
) -> Result<Vec<(FilePath, SecretBytes)>, Vec<Reason>> {
    let mut files = Vec::new();
    let mut reasons = Vec::new();
    for (key, value) in selected.entries() {
        match path.join(key) {
            Ok(path) => files.push((path, value.to_bytes())),
            Err(accepted) => reasons.push(Reason::NotAFileName {
                source: Box::new(source.clone()),
                key: key.to_owned(),
                accepted,
            }),
        }
    }
    if reasons.is_empty() {
        Ok(files)
    } else {
        Err(reasons)
    }
}

#[cfg(test)]
mod tests;
