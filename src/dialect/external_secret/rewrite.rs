//! `rewrite`: other keys for what is extracted or found.

use std::collections::BTreeSet;

use super::fields::{Fields, Notes};
use crate::spec::target::{Conflicts, MergeRule, Rewrite};
use crate::spec::{FunctionTable, MissingKey, TemplateSpec};
use crate::template::{GoRegex, Template};

/// Regular expressions are compiled by the full refresher alone.
const REGEXP: &str = "a regular expression in dataFrom";

/// Reads the steps of `rewrite`.
pub(super) fn rewrite(
    fields: &mut Fields<'_>,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) -> Vec<Rewrite> {
    let mut steps = Vec::new();
    for placed in fields.list("rewrite", notes) {
        let Some(mut step) = Fields::of(placed, notes) else {
            continue;
        };
        let path = step.own_path().to_owned();
        let found = [
            step.object("merge", notes)
                .map(|fields| merge(fields, notes)),
            step.object("regexp", notes)
                .map(|fields| replacement(fields, heavy, notes)),
            step.object("transform", notes)
                .map(|fields| transform(fields, heavy, notes)),
        ];
        step.close(notes);
        let mut found = found.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(one), None) => steps.extend(one),
            _ => notes.say(path, "must have one of merge, regexp and transform"),
        }
    }
    steps
}

fn replacement(
    mut fields: Fields<'_>,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) -> Option<Rewrite> {
    let source = fields.required("source", notes);
    let target = fields.text("target", notes).unwrap_or_default();
    if let Some(source) = source {
        regexp(source, fields.path("source"), heavy, notes);
    }
    fields.close(notes);
    Some(Rewrite::Regexp {
        source: source?.to_owned(),
        target: target.to_owned(),
    })
}

fn transform(
    mut fields: Fields<'_>,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) -> Option<Rewrite> {
    let text = fields.required("template", notes);
    let path = fields.path("template");
    fields.close(notes);
    let spec = TemplateSpec {
        text: text?.to_owned(),
        functions: FunctionTable::ExternalSecrets,
        missing_key: MissingKey::Default,
        delimiters: ("{{".to_owned(), "}}".to_owned()),
    };
    match Template::parse(&spec) {
        Ok(template) => heavy.extend(template.uses().heavy),
        Err(error) => notes.say(path, error.to_string()),
    }
    Some(Rewrite::Transform(spec.text))
}

fn merge(mut fields: Fields<'_>, notes: &mut Notes) -> Option<Rewrite> {
    let strategy = fields.choice("strategy", &[("Extract", false), ("JSON", true)], notes)?;
    let into = fields.text("into", notes);
    if strategy && into.is_none() {
        notes.say(
            fields.path("into"),
            "missing: strategy JSON needs the key of the joined object",
        );
    }
    let priority = fields.list("priority", notes);
    let priority = priority.iter().filter_map(|(value, _)| value.as_str());
    let priority = priority.map(str::to_owned).collect();
    let policies = [("Strict", false), ("IgnoreNotFound", true)];
    let optional = fields.choice("priorityPolicy", &policies, notes);
    let policies = [("Error", Conflicts::Error), ("Ignore", Conflicts::Ignore)];
    let conflicts = fields.choice("conflictPolicy", &policies, notes);
    fields.close(notes);
    Some(Rewrite::Merge(MergeRule {
        into: into.filter(|_| strategy).map(str::to_owned),
        priority,
        priority_optional: optional?,
        conflicts: conflicts?,
    }))
}

/// Checks a regular expression, which needs the full refresher.
pub(super) fn regexp(
    pattern: &str,
    path: String,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) {
    heavy.insert(REGEXP);
    if let Err(fault) = GoRegex::new(pattern.as_bytes()) {
        notes.refuse(path, pattern, fault.to_string());
    }
}
