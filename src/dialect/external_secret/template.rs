//! `target.template`: what is made of the fetched keys.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Fields, Notes, Placed};
use crate::spec::target::{Decoding, Scope, TargetTemplate, TemplateSource, TemplateText};
use crate::spec::{FunctionTable, MissingKey, TemplateSpec};
use crate::template::Template;

/// Reads `spec.target.template`; `None` where it makes no keys.
///
/// What it says of the Secret's labels, annotations and type means nothing for files; their templates
/// are parsed all the same, because External Secrets would fail at them.
pub(super) fn read(
    mut fields: Fields<'_>,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) -> Option<TargetTemplate> {
    let _ = fields.choice("engineVersion", &[("v2", ())], notes);
    let merge = fields.choice("mergePolicy", &[("Replace", false), ("Merge", true)], notes);
    fields.skip(&["type"]);
    if let Some(mut metadata) = fields.object("metadata", notes) {
        for name in ["annotations", "labels"] {
            let path = metadata.path(name);
            for (key, text) in metadata.texts(name, notes) {
                parse(text, format!("{path}[{key}]"), &mut BTreeSet::new(), notes);
            }
        }
        metadata.skip(&["finalizers"]);
        metadata.close(notes);
    }
    let path = fields.path("data");
    let mut data = BTreeMap::new();
    for (key, text) in fields.texts("data", notes) {
        parse(text, format!("{path}[{key}]"), heavy, notes);
        data.insert(key.to_owned(), text.to_owned());
    }
    let mut from = Vec::new();
    for placed in fields.list("templateFrom", notes) {
        from.extend(sources(placed, heavy, notes));
    }
    let makes_keys = fields.has("data") || fields.has("templateFrom");
    fields.close(notes);
    makes_keys.then_some(TargetTemplate {
        merge: merge.unwrap_or_default(),
        from,
        data,
    })
}

/// The texts of an item of `templateFrom`, in External Secrets' order.
fn sources(
    placed: Placed<'_>,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) -> Vec<TemplateSource> {
    let Some(mut fields) = Fields::of(placed, notes) else {
        return Vec::new();
    };
    let target = fields.text("target", notes).unwrap_or("Data");
    let is_data = target.eq_ignore_ascii_case("data");
    if !is_data
        && !["annotations", "labels"]
            .iter()
            .any(|name| target.eq_ignore_ascii_case(name))
    {
        notes.refuse(
            fields.path("target"),
            target,
            "must be Data, Annotations or Labels",
        );
    }
    let decodings = [
        ("None", Decoding::None),
        ("Base64", Decoding::Base64),
        ("Base64URL", Decoding::Base64Url),
        ("Auto", Decoding::Auto),
    ];
    let decode = fields.choice("valuesDecodingStrategy", &decodings, notes);
    let decode = decode.unwrap_or_default();
    let mut sources = Vec::new();
    if let Some(config_map) = fields.object("configMap", notes) {
        sources.extend(of_config_map(config_map, decode, notes));
    }
    fields.unserved(
        "secret",
        "templates from a Secret are not given to pods: put the text into a ConfigMap of the namespace",
        notes,
    );
    if let Some(text) = fields.text("literal", notes) {
        parse(text, fields.path("literal"), heavy, notes);
        sources.push(TemplateSource {
            text: TemplateText::Literal(text.to_owned()),
            scope: Scope::KeysAndValues,
            decode,
        });
    }
    fields.close(notes);
    // Labels and annotations mean nothing for files.
    if is_data { sources } else { Vec::new() }
}

fn of_config_map(
    mut fields: Fields<'_>,
    decode: Decoding,
    notes: &mut Notes,
) -> Vec<TemplateSource> {
    let name = fields.required("name", notes).unwrap_or_default();
    let mut sources = Vec::new();
    for placed in fields.list("items", notes) {
        let Some(mut item) = Fields::of(placed, notes) else {
            continue;
        };
        let key = item.required("key", notes);
        let scopes = [
            ("Values", Scope::Values),
            ("KeysAndValues", Scope::KeysAndValues),
        ];
        let scope = item.choice("templateAs", &scopes, notes);
        item.close(notes);
        if let (Some(key), Some(scope)) = (key, scope) {
            sources.push(TemplateSource {
                text: TemplateText::ConfigMap {
                    name: name.to_owned(),
                    key: key.to_owned(),
                },
                scope,
                decode,
            });
        }
    }
    fields.close(notes);
    sources
}

/// Parses a template's text; `heavy` gets the functions that need the full refresher.
pub(super) fn parse(
    text: &str,
    path: String,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) {
    let spec = TemplateSpec {
        text: text.to_owned(),
        functions: FunctionTable::ExternalSecrets,
        missing_key: MissingKey::Error,
        delimiters: ("{{".to_owned(), "}}".to_owned()),
    };
    match Template::parse(&spec) {
        Ok(template) => {
            let uses = template.uses();
            if !uses.volatile.is_empty() {
                let names: Vec<_> = uses.volatile.iter().copied().collect();
                let message = format!(
                    "{} gives another result each time: the files change whenever a secret does",
                    names.join(", ")
                );
                notes.warn(&path, message);
            }
            heavy.extend(uses.heavy);
        }
        Err(error) => notes.say(path, error.to_string()),
    }
}
