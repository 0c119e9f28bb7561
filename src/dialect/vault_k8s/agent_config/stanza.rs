//! One block of a configuration: its keys, their values, and where each of them stands.

use super::keys::{Fate, LABELLED, Row, is_no_label};
use super::syntax::{Item, Value};
use crate::dialect::findings::Findings;
use crate::dialect::{Problem, closest};

/// A block.
#[derive(Clone, Debug)]
pub(super) struct Stanza<'c> {
    /// The key of the ConfigMap.
    file: &'c str,
    /// `template[1]`; empty for the whole configuration.
    place: String,
    /// What stands between its name and its brace.
    pub(super) label: Option<&'c str>,
    items: &'c [Item],
}

impl<'c> Stanza<'c> {
    /// The whole configuration that is the value of `key` in a ConfigMap.
    pub(super) fn whole(file: &'c str, items: &'c [Item]) -> Self {
        Self {
            file,
            place: String::new(),
            label: None,
            items,
        }
    }

    /// Where `key` stands, or would: `data[config.hcl]: template[1].destination`.
    pub(super) fn path(&self, key: &str) -> String {
        format!("data[{}]: {}", self.file, self.inside(key))
    }

    /// Whether it is one of this key of the ConfigMap.
    pub(super) fn is_of(&self, file: &str) -> bool {
        self.file == file
    }

    fn inside(&self, key: &str) -> String {
        match self.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        }
    }

    /// A problem of `key`.
    pub(super) fn say(&self, key: &str, message: impl Into<String>) -> Problem {
        Problem::new(self.path(key), message)
    }

    fn all<'k>(&self, key: &'k str) -> impl Iterator<Item = &'c Item> + use<'c, 'k> {
        // Keys are found in any case, as the agent finds them.
        self.items.iter().filter(move |item| {
            let first = item.keys.first();
            first.is_some_and(|first| first.eq_ignore_ascii_case(key)) && item.value != Value::Null
        })
    }

    /// The value of a key; of several the last.
    fn value(&self, key: &str) -> Option<&'c Value> {
        self.all(key).last().map(|item| &item.value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// A text, or a number or a truth as one; an empty one is none.
    pub(super) fn text(&self, key: &str, findings: &mut Findings) -> Option<String> {
        let text = match self.value(key)? {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Truth(truth) => truth.to_string(),
            Value::List(_) | Value::Body(_) | Value::Null => {
                findings.problem(self.say(key, "must be a text"));
                return None;
            }
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// A truth, in one of the forms that the agent takes.
    pub(super) fn truth(&self, key: &str, findings: &mut Findings) -> bool {
        let text = self.text(key, findings);
        match text.as_deref() {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
            Some(_) => {
                findings.problem(self.say(key, "must be true or false"));
                false
            }
        }
    }

    /// A whole number, as it is, and not as text.
    pub(super) fn integer(&self, key: &str) -> Option<i64> {
        match self.value(key)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The parts of a text, or of a list of texts.
    pub(super) fn texts(&self, key: &str) -> Vec<&'c str> {
        let text = |value: &'c Value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        };
        match self.value(key) {
            Some(Value::List(values)) => values.iter().filter_map(text).collect(),
            Some(value) => text(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The blocks of a name, in their order.
    pub(super) fn blocks(&self, key: &str, findings: &mut Findings) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for item in self.all(key) {
            let values = match &item.value {
                Value::List(values) => values.iter().collect(),
                value => vec![value],
            };
            for value in values {
                let place = format!("{}[{}]", self.inside(key), found.len());
                match value {
                    Value::Body(items) => found.push(Self {
                        file: self.file,
                        place,
                        label: item.keys.get(1).map(String::as_str),
                        items,
                    }),
                    _ => findings.problem(self.say(key, "must be a block")),
                }
            }
        }
        match LABELLED.contains(&key) {
            true => found.into_iter().map(Self::unwrapped).collect(),
            false => found,
        }
    }

    /// The one block of a name.
    pub(super) fn block(&self, key: &str, findings: &mut Findings) -> Option<Self> {
        let mut all = self.blocks(key, findings);
        if all.len() > 1 {
            findings.problem(self.say(key, "stands more than once: keep one of them"));
        }
        let mut block = (!all.is_empty()).then(|| all.swap_remove(0))?;
        block.place = self.inside(key);
        Some(block)
    }

    /// In JSON a label is a key: `"method": {"kubernetes": {…}}`.
    fn unwrapped(self) -> Self {
        match self.items {
            [
                Item {
                    keys,
                    value: Value::Body(items),
                },
            ] if self.label.is_none() && !keys.first().is_some_and(|key| is_no_label(key)) => {
                Self {
                    label: keys.first().map(String::as_str),
                    items,
                    ..self
                }
            }
            _ => self,
        }
    }

    /// What `type` says, or else the label.
    pub(super) fn kind(&self, findings: &mut Findings) -> Option<String> {
        let kind = self.text("type", findings);
        kind.or_else(|| self.label.map(str::to_lowercase))
    }

    /// Tells what becomes of each key. Values of keys that mean nothing here are never shown: who
    /// knows what somebody wrote there.
    pub(super) fn judge(&self, rows: &[Row], findings: &mut Findings) {
        let mut keys: Vec<&str> = Vec::new();
        for item in self.items.iter().filter(|item| item.value != Value::Null) {
            let Some(key) = item.keys.first().map(String::as_str) else {
                continue;
            };
            let row = rows.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            let is_block = |value: &Value| matches!(value, Value::Body(_) | Value::List(_));
            if keys.iter().any(|other| other.eq_ignore_ascii_case(key)) {
                if !is_block(&item.value) {
                    let problem = self.say(key, "stands more than once: keep one of them");
                    findings.problem(problem);
                }
                continue;
            }
            keys.push(key);
            match row {
                Some((_, Fate::Read)) => {}
                Some((_, Fate::Idle(why))) => {
                    findings.warn(self.say(key, format!("has no effect: {why}")));
                }
                Some((_, Fate::Refused(way_out))) => findings.problem(self.say(key, *way_out)),
                None => findings.problem(self.say(shown(key), unknown(key, rows))),
            }
        }
    }
}

/// A key for a message.
fn shown(key: &str) -> &str {
    const SHOWN: usize = 60;
    key.char_indices()
        .nth(SHOWN)
        .and_then(|(end, _)| key.get(..end))
        .unwrap_or(key)
}

fn unknown(key: &str, rows: &[Row]) -> String {
    let known = || {
        let read = rows.iter().filter(|(_, fate)| matches!(fate, Fate::Read));
        read.map(|(name, _)| *name)
    };
    let accepted: Vec<&str> = known().collect();
    let accepted = accepted.join(", ");
    match closest(key, known()) {
        Some(meant) => format!("is not known, did you mean {meant}? Known are {accepted}"),
        None => format!("is not known; known are {accepted}"),
    }
}
