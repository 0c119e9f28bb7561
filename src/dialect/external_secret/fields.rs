//! The fields of a manifest: what is read, what is wrong with it, and what nobody asked for.
//!
//! A manifest of another project holds fields that are not served here, and some that do not exist.
//! Each is told by its path; null and absent are the same.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::dialect::Problem;
use crate::spec::Invalid;

/// What was found wrong or doubtful in one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// `ExternalSecret db`; `None` is the pod.
    object: Option<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Notes {
    /// Notes about this object.
    pub(super) fn of(object: impl Into<String>) -> Self {
        Self {
            object: Some(object.into()),
            ..Self::default()
        }
    }

    /// A problem of the field `path`.
    pub(super) fn say(&mut self, path: impl Into<String>, message: impl Into<String>) {
        let problem = self.made(Problem::new(path, message));
        self.problems.push(problem);
    }

    /// A problem of the value of the field `path`.
    pub(super) fn refuse(
        &mut self,
        path: impl Into<String>,
        value: impl Into<String>,
        message: impl Into<String>,
    ) {
        let problem = self.made(Problem::of_value(path, value, message));
        self.problems.push(problem);
    }

    /// A doubt about the field `path`.
    pub(super) fn warn(&mut self, path: impl Into<String>, message: impl Into<String>) {
        let warning = self.made(Problem::new(path, message));
        self.warnings.push(warning);
    }

    fn made(&self, problem: Problem) -> Problem {
        Problem {
            object: self.object.clone(),
            ..problem
        }
    }
}

/// The fields of one object of a manifest.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: String,
    read: BTreeSet<&'static str>,
}

/// A value, and where it stands.
pub(super) type Placed<'a> = (&'a Value, String);

impl<'a> Fields<'a> {
    /// The fields of the object at `path`; of something else none, which is told.
    pub(super) fn of((value, path): Placed<'a>, notes: &mut Notes) -> Option<Self> {
        match value.as_object() {
            Some(map) => Some(Self {
                map,
                path,
                read: BTreeSet::new(),
            }),
            None => {
                notes.say(path, "must be an object");
                None
            }
        }
    }

    /// The path of the field `name`.
    pub(super) fn path(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        }
    }

    /// The path of the object itself.
    pub(super) fn own_path(&self) -> &str {
        &self.path
    }

    /// Whether the field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    /// The value of the field.
    pub(super) fn value(&mut self, name: &'static str) -> Option<Placed<'a>> {
        self.read.insert(name);
        let value = self.map.get(name).filter(|value| !value.is_null())?;
        Some((value, self.path(name)))
    }

    /// The object in the field.
    pub(super) fn object(&mut self, name: &'static str, notes: &mut Notes) -> Option<Self> {
        let placed = self.value(name)?;
        Fields::of(placed, notes)
    }

    /// The items of the list in the field.
    pub(super) fn list(&mut self, name: &'static str, notes: &mut Notes) -> Vec<Placed<'a>> {
        match self.value(name) {
            None => Vec::new(),
            Some((Value::Array(items), path)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (item, format!("{path}[{index}]")))
                .collect(),
            Some((_, path)) => {
                notes.say(path, "must be a list");
                Vec::new()
            }
        }
    }

    /// The text in the field; empty is absent, as in Go.
    pub(super) fn text(&mut self, name: &'static str, notes: &mut Notes) -> Option<&'a str> {
        match self.value(name)? {
            (Value::String(text), _) => Some(text.as_str()).filter(|text| !text.is_empty()),
            (_, path) => {
                notes.say(path, "must be text");
                None
            }
        }
    }

    /// The text in a field that must be there.
    pub(super) fn required(&mut self, name: &'static str, notes: &mut Notes) -> Option<&'a str> {
        let text = self.text(name, notes);
        if text.is_none()
            && self
                .map
                .get(name)
                .is_none_or(|value| value.is_null() || value == "")
        {
            notes.say(self.path(name), "missing");
        }
        text
    }

    /// The text in the field as a value.
    pub(super) fn parsed<T: FromStr<Err = Invalid>>(
        &mut self,
        name: &'static str,
        notes: &mut Notes,
    ) -> Option<T> {
        let text = self.text(name, notes)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(invalid) => {
                notes.refuse(self.path(name), text, invalid.to_string());
                None
            }
        }
    }

    /// Which of these words stands in the field; the first one without it.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
        notes: &mut Notes,
    ) -> Option<T> {
        let Some(text) = self.text(name, notes) else {
            return choices.first().map(|(_, value)| *value);
        };
        let found = choices.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            notes.refuse(self.path(name), text, format!("must be {}", either(&words)));
        }
        found.map(|(_, value)| *value)
    }

    /// The texts of the map in the field.
    pub(super) fn texts(
        &mut self,
        name: &'static str,
        notes: &mut Notes,
    ) -> Vec<(&'a str, &'a str)> {
        let Some(fields) = self.object(name, notes) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (key, value) in fields.map {
            match value {
                Value::String(text) => texts.push((key.as_str(), text.as_str())),
                _ => notes.say(format!("{}[{key}]", fields.path), "must be text"),
            }
        }
        texts
    }

    /// Refuses a field that is not served, with the way out.
    pub(super) fn unserved(&mut self, name: &'static str, message: &str, notes: &mut Notes) {
        if let Some((_, path)) = self.value(name) {
            notes.say(path, message);
        }
    }

    /// Passes over fields that mean nothing here.
    pub(super) fn skip(&mut self, names: &[&'static str]) {
        self.read.extend(names);
    }

    /// Tells the fields that were not read: they do not exist, or this release does not know them.
    pub(super) fn close(self, notes: &mut Notes) {
        let unknown = self
            .map
            .iter()
            .filter(|(name, value)| !self.read.contains(name.as_str()) && !value.is_null());
        for (name, _) in unknown {
            let known = self.read.iter().copied();
            let message = match crate::dialect::closest(name, known) {
                Some(near) => format!("unknown: did you mean {near}?"),
                None => "unknown: this release of Freshet does not know the field".to_owned(),
            };
            notes.say(self.path(name), message);
        }
    }
}

/// `a, b or c`.
fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [words @ .., last] => format!("{} or {last}", words.join(", ")),
    }
}
