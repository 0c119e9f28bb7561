//! `conditions` of a ClusterSecretStore: which namespaces may use it.

use std::collections::BTreeMap;

use super::fields::{Fields, Notes, Placed};
use crate::template::GoRegex;

/// One condition: any of its parts is enough.
#[derive(Debug)]
pub(super) struct Condition {
    namespaces: Vec<String>,
    patterns: Vec<GoRegex>,
    selector: Option<Selector>,
}

/// A label selector of Kubernetes: all of its requirements.
#[derive(Debug)]
struct Selector(Vec<Requirement>);

#[derive(Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Condition {
    pub(super) fn read(placed: Placed<'_>, notes: &mut Notes) -> Option<Self> {
        let mut fields = Fields::of(placed, notes)?;
        let mut texts = |fields: &mut Fields<'_>, name: &'static str| -> Vec<(String, String)> {
            let items = fields.list(name, notes);
            let text = |(value, path): Placed<'_>| Some((value.as_str()?.to_owned(), path));
            items.into_iter().filter_map(text).collect()
        };
        let namespaces = texts(&mut fields, "namespaces");
        let regexes = texts(&mut fields, "namespaceRegexes");
        let mut patterns = Vec::new();
        for (pattern, path) in regexes {
            match GoRegex::new(pattern.as_bytes()) {
                Ok(regex) => patterns.push(regex),
                Err(fault) => notes.refuse(path, pattern, fault.to_string()),
            }
        }
        let selector = fields.object("namespaceSelector", notes);
        let selector = selector.map(|fields| Selector::read(fields, notes));
        fields.close(notes);
        Some(Self {
            namespaces: namespaces.into_iter().map(|(name, _)| name).collect(),
            patterns,
            selector,
        })
    }

    /// Whether a namespace with these labels fits. Expressions are not anchored, as in External
    /// Secrets.
    pub(super) fn allows(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        self.namespaces.iter().any(|name| name == namespace)
            || self
                .patterns
                .iter()
                .any(|pattern| pattern.is_match(namespace.as_bytes()))
            || self
                .selector
                .as_ref()
                .is_some_and(|selector| selector.0.iter().all(|one| one.holds(labels)))
    }
}

impl Selector {
    fn read(mut fields: Fields<'_>, notes: &mut Notes) -> Self {
        let labels = fields.texts("matchLabels", notes);
        let equals = |(key, value): (&str, &str)| Requirement {
            key: key.to_owned(),
            operator: Operator::In,
            values: vec![value.to_owned()],
        };
        let mut requirements: Vec<_> = labels.into_iter().map(equals).collect();
        for placed in fields.list("matchExpressions", notes) {
            let Some(mut fields) = Fields::of(placed, notes) else {
                continue;
            };
            let key = fields.required("key", notes);
            let operators = [
                ("In", Operator::In),
                ("NotIn", Operator::NotIn),
                ("Exists", Operator::Exists),
                ("DoesNotExist", Operator::DoesNotExist),
            ];
            let operator = fields.choice("operator", &operators, notes);
            let values = fields.list("values", notes);
            let values = values.iter().filter_map(|(value, _)| value.as_str());
            if let (Some(key), Some(operator)) = (key, operator) {
                requirements.push(Requirement {
                    key: key.to_owned(),
                    operator,
                    values: values.map(str::to_owned).collect(),
                });
            }
            fields.close(notes);
        }
        fields.close(notes);
        Self(requirements)
    }
}

impl Requirement {
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let is_one = || value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => is_one(),
            Operator::NotIn => !is_one(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}
