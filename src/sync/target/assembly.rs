//! The template of a target: from what was fetched to the keys that it has.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{TargetError, TargetReason};
use super::key;
use super::value::Keys;
use crate::secret::SecretBytes;
use crate::spec::target::{Decoding, Scope, TargetTemplate, TemplateText};
use crate::spec::{FunctionTable, MissingKey, SecretRef, TemplateSpec};
use crate::template::{Context, ParseError, Rendered, Template, Value, string_map_of_yaml};

/// The texts of the ConfigMaps that are mounted in the refresher, by name and key.
pub type ConfigMaps = BTreeMap<(String, String), String>;

/// The templates of a target, parsed.
#[derive(Debug)]
pub(super) struct Assembly {
    merge: bool,
    from: Vec<Part>,
    data: BTreeMap<String, Template>,
}

/// A text of `templateFrom`.
#[derive(Debug)]
struct Part {
    /// For messages, and with [`Scope::Values`] the key.
    key: String,
    /// The ConfigMap that it comes from.
    config_map: Option<String>,
    /// `None` while the ConfigMap is not there.
    template: Option<Result<Template, ParseError>>,
    scope: Scope,
    decode: Decoding,
}

impl Assembly {
    pub(super) fn new(spec: &TargetTemplate) -> Result<Self, Vec<TargetError>> {
        let mut errors = Vec::new();
        let mut parse = |key: &str, text: &str| {
            let parsed = parsed(text).map_err(|error| TargetReason::Unparsable(error).at(key));
            parsed.map_err(|error| errors.push(error)).ok()
        };
        let from = spec.from.iter().filter_map(|source| {
            let (key, config_map, template) = match &source.text {
                TemplateText::Literal(text) => ("literal", None, Some(Ok(parse("literal", text)?))),
                TemplateText::ConfigMap { name, key } => (key.as_str(), Some(name.clone()), None),
            };
            Some(Part {
                key: key.to_owned(),
                config_map,
                template,
                scope: source.scope,
                decode: source.decode,
            })
        });
        let from = from.collect();
        let data = spec.data.iter();
        let data = data.filter_map(|(key, text)| Some((key.clone(), parse(key, text)?)));
        let data = data.collect();
        match errors.is_empty() {
            true => Ok(Self {
                merge: spec.merge,
                from,
                data,
            }),
            false => Err(errors),
        }
    }

    /// Takes over the texts of ConfigMaps; answers whether any of them is of use here.
    pub(super) fn supply(&mut self, config_maps: &ConfigMaps) -> bool {
        let mut used = false;
        for part in &mut self.from {
            if let Some(name) = &part.config_map {
                let text = config_maps.get(&(name.clone(), part.key.clone()));
                part.template = text.map(|text| parsed(text));
                used = true;
            }
        }
        used
    }

    /// The keys of the target: what was fetched where `mergePolicy` is `Merge`, over it the texts in
    /// order, over them the templates of single keys. What templates ask for first goes to `needs`.
    pub(super) fn assemble(
        &self,
        fetched: Keys,
        context: &mut Context<'_>,
        needs: &mut BTreeSet<SecretRef>,
    ) -> Result<Keys, Vec<TargetError>> {
        let entries = fetched.iter().map(|(key, value)| (key.as_str(), value));
        let data = Value::string_map(entries);
        let mut errors = Vec::new();
        let mut made = Keys::new();
        for part in &self.from {
            match part.render(&data, context, needs) {
                Ok(keys) => made.extend(keys),
                Err(error) => errors.push(error),
            }
        }
        for (key, template) in &self.data {
            match rendered(template, &data, context, needs) {
                Ok(Some(text)) => {
                    made.insert(key.clone(), text);
                }
                Ok(None) => {}
                Err(reason) => errors.push(reason.at(key)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut keys = if self.merge { fetched } else { Keys::new() };
        keys.extend(made);
        Ok(keys)
    }
}

impl Part {
    fn render(
        &self,
        data: &Value,
        context: &mut Context<'_>,
        needs: &mut BTreeSet<SecretRef>,
    ) -> Result<Keys, TargetError> {
        let at = |reason: TargetReason| reason.at(format!("templateFrom {}", self.key));
        let template = match &self.template {
            Some(Ok(template)) => template,
            Some(Err(error)) => return Err(at(TargetReason::Unparsable(error.clone()))),
            None => {
                let name = self.config_map.clone().unwrap_or_default();
                return Err(at(TargetReason::NoConfigMap(name, self.key.clone())));
            }
        };
        let Some(text) = rendered(template, data, context, needs).map_err(at)? else {
            return Ok(Keys::new());
        };
        let keys = match self.scope {
            Scope::Values => Keys::from([(self.key.clone(), text)]),
            Scope::KeysAndValues => string_map_of_yaml(text.expose())
                .map_err(|fault| at(TargetReason::NotKeysAndValues(fault.to_string())))?
                .into_iter()
                .map(|(key, value)| (key, SecretBytes::new(value)))
                .collect(),
        };
        let decode = |(name, value)| match key::decode(value, self.decode) {
            Ok(value) => Ok((name, value)),
            Err(reason) => Err(reason.at(name)),
        };
        keys.into_iter().map(decode).collect()
    }
}

fn parsed(text: &str) -> Result<Template, ParseError> {
    Template::parse(&TemplateSpec {
        text: text.to_owned(),
        functions: FunctionTable::ExternalSecrets,
        missing_key: MissingKey::Error,
        delimiters: ("{{".to_owned(), "}}".to_owned()),
    })
}

/// The output; `None` when secrets have to be there first.
fn rendered(
    template: &Template,
    data: &Value,
    context: &mut Context<'_>,
    needs: &mut BTreeSet<SecretRef>,
) -> Result<Option<SecretBytes>, TargetReason> {
    match template
        .render(data, context)
        .map_err(TargetReason::Failed)?
    {
        Rendered::Complete(text) => Ok(Some(text)),
        Rendered::Needs(more) => {
            needs.extend(more.iter().map(SecretRef::whole));
            Ok(None)
        }
    }
}
