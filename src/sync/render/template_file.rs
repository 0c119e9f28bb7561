//! A template that lies in a file: its text comes from outside, and may come again.

use std::collections::BTreeMap;

use super::error::FileFault;
use crate::spec::{TemplateFileSpec, TemplatePath};
use crate::template::{ParseError, Template};

/// The texts of the template files that a SyncSpec names, or why one cannot be read.
pub type TemplateFiles = BTreeMap<TemplatePath, Result<String, String>>;

/// One of them, parsed.
#[derive(Debug)]
pub(super) struct TemplateFile {
    spec: TemplateFileSpec,
    /// `None` before anybody has looked at the file.
    state: Option<State>,
}

#[derive(Debug)]
enum State {
    There(Box<Template>),
    NotATemplate(ParseError),
    Unreadable(String),
}

impl TemplateFile {
    pub(super) fn new(spec: TemplateFileSpec) -> Self {
        Self { spec, state: None }
    }

    pub(super) fn path(&self) -> &TemplatePath {
        &self.spec.path
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.state.is_none()
    }

    /// Takes over its text, or the reason why there is none; answers whether it is another one.
    pub(super) fn supply(&mut self, texts: &TemplateFiles) -> bool {
        let Some(text) = texts.get(&self.spec.path) else {
            return false;
        };
        if let (Some(State::There(known)), Ok(text)) = (&self.state, text)
            && known.source() == text
        {
            return false;
        }
        self.state = Some(match text {
            Ok(text) => match Template::parse(&self.spec.with_text(text.clone())) {
                Ok(template) => State::There(Box::new(template)),
                Err(error) => State::NotATemplate(error),
            },
            Err(reason) => State::Unreadable(reason.clone()),
        });
        true
    }

    /// The template.
    pub(super) fn template(&self) -> Result<&Template, FileFault> {
        match &self.state {
            Some(State::There(template)) => Ok(template),
            Some(State::NotATemplate(error)) => Err(FileFault::NotATemplate(error.clone())),
            Some(State::Unreadable(reason)) => Err(FileFault::Unreadable(reason.clone())),
            None => Err(FileFault::Awaited),
        }
    }
}
