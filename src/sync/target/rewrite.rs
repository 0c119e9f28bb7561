//! `rewrite`: other keys for what was extracted or found.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::error::TargetReason;
use super::value::{self, Keys};
use crate::secret::{SecretBytes, SecretMap, SecretValue};
use crate::spec::target::{Conflicts, MergeRule, Rewrite};
use crate::spec::{FunctionTable, MissingKey, SecretRef, TemplateSpec};
use crate::template::{Context, Element, GoRegex, Map, Rendered, Template, Text, Value};

/// One step, its expression or template parsed.
#[derive(Debug)]
pub(super) enum Step {
    Regexp { source: GoRegex, target: String },
    Transform(Box<Template>),
    Merge(MergeRule),
}

/// What came of a step.
pub(super) type Outcome = Result<Keys, Stop>;

/// Why a step has no result.
pub(super) enum Stop {
    Wrong(TargetReason),
    /// A template asks for these first.
    Needs(BTreeSet<SecretRef>),
}

impl From<TargetReason> for Stop {
    fn from(reason: TargetReason) -> Self {
        Self::Wrong(reason)
    }
}

impl Step {
    pub(super) fn new(rewrite: &Rewrite) -> Result<Self, TargetReason> {
        Ok(match rewrite {
            Rewrite::Regexp { source, target } => Self::Regexp {
                source: GoRegex::new(source.as_bytes())
                    .map_err(|fault| TargetReason::regex(&fault))?,
                target: target.clone(),
            },
            Rewrite::Transform(text) => Self::Transform(Box::new(transform(text)?)),
            Rewrite::Merge(rule) => Self::Merge(rule.clone()),
        })
    }

    /// Carries it out. Of keys that become the same the last one, in their order, counts; in
    /// External Secrets it is any of them.
    pub(super) fn apply(&self, keys: Keys, context: &mut Context<'_>) -> Outcome {
        match self {
            Self::Regexp { source, target } => Ok(keys
                .into_iter()
                .map(|(key, value)| {
                    let key = source.replace_all(key.as_bytes(), target.as_bytes());
                    (String::from_utf8_lossy(&key).into_owned(), value)
                })
                .collect()),
            Self::Transform(template) => transformed(template, keys, context),
            Self::Merge(rule) => Ok(merged(rule, keys)?),
        }
    }
}

/// Keys that are missing print `<no value>`, unlike in the templates of a target.
fn transform(text: &str) -> Result<Template, TargetReason> {
    let spec = TemplateSpec {
        text: text.to_owned(),
        functions: FunctionTable::ExternalSecrets,
        missing_key: MissingKey::Default,
        delimiters: ("{{".to_owned(), "}}".to_owned()),
    };
    Template::parse(&spec).map_err(TargetReason::Unparsable)
}

fn transformed(template: &Template, keys: Keys, context: &mut Context<'_>) -> Outcome {
    let mut out = Keys::new();
    for (key, value) in keys {
        let entry = (Text::from("value"), Value::string(key.as_bytes()));
        let data = Value::Map(Map::new(Element::String, [entry]));
        match template
            .render(&data, context)
            .map_err(TargetReason::Failed)?
        {
            Rendered::Complete(text) => {
                let key = String::from_utf8_lossy(text.expose()).into_owned();
                out.insert(key, value);
            }
            Rendered::Needs(needs) => return Err(Stop::Needs(needs)),
        }
    }
    Ok(out)
}

/// The keys in their order, those of `priority` last and in its order: later values win.
fn merged(rule: &MergeRule, mut keys: Keys) -> Result<Keys, TargetReason> {
    let ordinary = keys.keys().filter(|key| !rule.priority.contains(key));
    let order: Vec<String> = ordinary.chain(&rule.priority).cloned().collect();
    let mut joined = SecretMap::new();
    for key in &order {
        let Some(value) = keys.get(key) else {
            match rule.priority_optional {
                true => continue,
                false => return Err(TargetReason::NoPriority(key.clone())),
            }
        };
        let object = value::object(value).ok_or_else(|| TargetReason::NotMergeable(key.clone()))?;
        for (name, value) in object {
            if joined.insert(name.clone(), value).is_some() && rule.conflicts == Conflicts::Error {
                return Err(TargetReason::Conflict(name));
            }
        }
    }
    let too_large = || TargetReason::NumberTooLarge("the merged objects".to_owned());
    match &rule.into {
        None => joined
            .iter()
            .map(|(key, value)| Ok((key.clone(), bytes(value).ok_or_else(too_large)?)))
            .collect(),
        Some(into) => {
            let mut json = Zeroizing::new(Vec::new());
            value::write_float_map(&joined, &mut json).ok_or_else(too_large)?;
            keys.insert(into.clone(), SecretBytes::new(std::mem::take(&mut *json)));
            Ok(keys)
        }
    }
}

fn bytes(value: &SecretValue) -> Option<SecretBytes> {
    value::float_bytes(value)
}
