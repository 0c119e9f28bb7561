//! Where the content of a secret's file comes from: a template, a template's file, or the secret.

use std::collections::BTreeMap;

use super::annotations::{Annotations, Given};
use super::vocabulary::Key;

/// Where the content of a file comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    Template(Given<'a>),
    TemplateFile(Given<'a>),
    Secret(Given<'a>),
}

impl<'a> Source<'a> {
    /// The first that a name has: a template, a template's file, a secret.
    ///
    /// A template of blanks is one beside a secret, and nothing without it.
    pub(super) fn all(given: &Annotations<'a>) -> BTreeMap<&'a str, Self> {
        let filled = |key| {
            given
                .family(key)
                .filter(|(_, given)| !given.value.is_empty())
        };
        let mut all: BTreeMap<_, _> = filled(Key::Secret)
            .map(|(name, given)| (name, Self::Secret(given)))
            .collect();
        for (name, file) in filled(Key::TemplateFile) {
            if !file.value.trim().is_empty() || all.contains_key(name) {
                all.insert(name, Self::TemplateFile(file));
            }
        }
        for (name, template) in filled(Key::Template) {
            if !template.value.trim().is_empty() || all.contains_key(name) {
                all.insert(name, Self::Template(template));
            }
        }
        all
    }

    /// The annotation that says so.
    pub(super) fn given(self) -> Given<'a> {
        match self {
            Self::Template(given) | Self::TemplateFile(given) | Self::Secret(given) => given,
        }
    }
}
