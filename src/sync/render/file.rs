//! One file, or a directory of them: what it is made of, parsed, and what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Lookup;
use super::error::{FileFault, Reason};
use super::formatted::{self, Selected};
use super::template_file::{TemplateFile, TemplateFiles};
use crate::secret::{SecretBytes, SecretMap};
use crate::spec::{Content, FileMode, FilePath, FileSpec, Format, SecretName, SecretRef};
use crate::template::{self, Context, ExecError, Template, Value};

/// One [`FileSpec`], its template parsed.
#[derive(Debug)]
pub(super) struct FileRenderer {
    pub(super) name: SecretName,
    path: FilePath,
    pub(super) mode: FileMode,
    content: Parsed,
}

/// A [`Content`], parsed.
#[derive(Debug)]
enum Parsed {
    Secret(SecretRef, Format),
    Template(Option<SecretRef>, Box<Template>),
    TemplateFile(TemplateFile),
    /// `None` before the first login.
    Token(Option<Arc<SecretBytes>>),
}

/// What came of one [`FileSpec`]: where it is a directory any number of files.
pub(super) enum Outcome {
    Complete(Vec<(FilePath, SecretBytes)>),
    Needs(BTreeSet<SecretRef>),
}

impl FileRenderer {
    pub(super) fn new(file: &FileSpec) -> Result<Self, Reason> {
        let content = match &file.content {
            Content::Secret { source, format } => Parsed::Secret(source.clone(), *format),
            Content::Template { source, template } => {
                let template = Template::parse(template).map_err(Reason::NotATemplate)?;
                Parsed::Template(source.clone(), Box::new(template))
            }
            Content::TemplateFile(spec) => Parsed::TemplateFile(TemplateFile::new(spec.clone())),
            Content::Token => Parsed::Token(None),
        };
        Ok(Self {
            name: file.name.clone(),
            path: file.path.clone(),
            mode: file.mode,
            content,
        })
    }

    /// The secret that the file is made of, as far as that is not a template's choice.
    pub(super) fn source(&self) -> Option<&SecretRef> {
        match &self.content {
            Parsed::Secret(source, _) => Some(source),
            Parsed::Template(source, _) => source.as_ref(),
            Parsed::TemplateFile(_) | Parsed::Token(_) => None,
        }
    }

    /// Takes over the texts of template files; answers whether any of them is of use here.
    pub(super) fn supply_template(&mut self, texts: &TemplateFiles) -> bool {
        match &mut self.content {
            Parsed::TemplateFile(file) => file.supply(texts),
            _ => false,
        }
    }

    /// Takes over the token of the login in use; answers whether it is of use here.
    pub(super) fn supply_token(&mut self, token: &Arc<SecretBytes>) -> bool {
        match &mut self.content {
            Parsed::Token(held) => {
                *held = Some(Arc::clone(token));
                true
            }
            _ => false,
        }
    }

    pub(super) fn holds_token(&self) -> bool {
        matches!(self.content, Parsed::Token(_))
    }

    /// Whether what it is made of has not been supplied yet.
    pub(super) fn awaits(&self) -> bool {
        match &self.content {
            Parsed::TemplateFile(file) => file.is_awaited(),
            Parsed::Token(token) => token.is_none(),
            Parsed::Secret(..) | Parsed::Template(..) => false,
        }
    }

    pub(super) fn render(
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
                formatted::files(source, format, data, context).map(Outcome::Complete)
            }
            Parsed::Template(source, template) => {
                let data = template_data(source.as_ref(), data).map_err(|reason| vec![reason])?;
                self.render_template(template, &data, context)
                    .map_err(|error| vec![Reason::Template(error)])
            }
            Parsed::TemplateFile(file) => {
                let rendered = file.template().and_then(|template| {
                    let data = Value::from_secret_map(data);
                    let rendered = self.render_template(template, &data, context);
                    rendered.map_err(FileFault::Template)
                });
                rendered.map_err(|fault| vec![Reason::TemplateFile(file.path().clone(), fault)])
            }
            Parsed::Token(Some(token)) => {
                let token = SecretBytes::new(token.expose().to_vec());
                Ok(Outcome::Complete(vec![(self.path.clone(), token)]))
            }
            Parsed::Token(None) => Err(vec![Reason::NoToken]),
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
        match source
            .map(|source| formatted::select(source, data))
            .transpose()?
        {
            Some(Selected::Key(_, value)) => Value::from_secret(value),
            Some(Selected::Whole(_)) | None => Value::from_secret_map(data),
        },
    )
}
