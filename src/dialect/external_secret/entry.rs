//! The entries of `data` and `dataFrom`.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Fields, Notes, Placed};
use super::manifest::{StoreRef, store_ref};
use crate::spec::target::{
    Conflicts, Conversion, Decoding, Entry, KeyRules, MergeRule, NullBytes, Rewrite, Selection,
    Take,
};
use crate::spec::{
    FunctionTable, Invalid, KvPart, MissingKey, Property, SecretRef, StorePath, TemplateSpec,
};
use crate::template::{GoRegex, Template};

/// An entry, before its store says where its keys lie.
#[derive(Debug)]
pub(super) struct RawEntry {
    pub(super) path: String,
    /// The store of this entry alone.
    pub(super) store: Option<StoreRef>,
    take: RawTake,
    decode: Decoding,
    null_bytes: NullBytes,
}

#[derive(Debug)]
enum RawTake {
    Value {
        key: String,
        remote: Remote,
    },
    Extract {
        remote: Remote,
        keys: KeyRules,
    },
    Find {
        folder: String,
        path: String,
        select: Selection,
        keys: KeyRules,
    },
}

/// A `remoteRef`, or what an `extract` has of it.
#[derive(Debug)]
struct Remote {
    path: String,
    key: String,
    property: Option<Property>,
    version: Option<u64>,
    part: KvPart,
}

/// Regular expressions are compiled by the full refresher alone.
const REGEXP: &str = "regular expressions in dataFrom";

const DECODINGS: [(&str, Decoding); 4] = [
    ("None", Decoding::None),
    ("Base64", Decoding::Base64),
    ("Base64URL", Decoding::Base64Url),
    ("Auto", Decoding::Auto),
];

const CONVERSIONS: [(&str, Conversion); 2] = [
    ("Default", Conversion::Default),
    ("Unicode", Conversion::Unicode),
];

/// Reads an item of `data`.
pub(super) fn of_data(placed: Placed<'_>, notes: &mut Notes) -> Option<RawEntry> {
    let mut fields = Fields::of(placed, notes)?;
    let key = fields.required("secretKey", notes);
    if let Some(key) = key
        && !is_secret_key(key)
    {
        notes.refuse(
            fields.path("secretKey"),
            key,
            "must be letters, digits, \"-\", \"_\" and \".\", at most 253, and not begin with \"..\"",
        );
    }
    let store = source_ref(&mut fields, notes);
    let remote = fields.object("remoteRef", notes);
    if remote.is_none() && !fields.has("sourceRef") {
        notes.say(fields.path("remoteRef"), "missing");
    }
    let path = fields.own_path().to_owned();
    fields.close(notes);
    let mut remote = remote?;
    let (decode, null_bytes) = value_rules(&mut remote, notes);
    // It has no effect on a single key, in External Secrets neither.
    let _ = remote.choice("conversionStrategy", &CONVERSIONS, notes);
    let remote = self::remote(remote, notes)?;
    Some(RawEntry {
        path,
        store,
        take: RawTake::Value {
            key: key?.to_owned(),
            remote,
        },
        decode: decode?,
        null_bytes: null_bytes?,
    })
}

/// Reads an item of `dataFrom`.
pub(super) fn of_data_from(
    placed: Placed<'_>,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) -> Option<RawEntry> {
    let mut fields = Fields::of(placed, notes)?;
    let store = source_ref(&mut fields, notes);
    let rewrite = rewrite(&mut fields, heavy, notes);
    let extract = fields.object("extract", notes);
    let find = fields.object("find", notes);
    let path = fields.own_path().to_owned();
    let generated = fields.has("sourceRef") && store.is_none();
    fields.close(notes);
    let (mut of, is_find) = match (extract, find) {
        (Some(extract), None) => (extract, false),
        (None, Some(find)) => (find, true),
        (None, None) if generated => return None,
        _ => {
            notes.say(path, "must have either extract or find");
            return None;
        }
    };
    let (decode, null_bytes) = value_rules(&mut of, notes);
    let convert = of.choice("conversionStrategy", &CONVERSIONS, notes);
    let keys = KeyRules {
        rewrite,
        convert: convert.unwrap_or_default(),
    };
    let take = match is_find {
        false => RawTake::Extract {
            remote: remote(of, notes)?,
            keys,
        },
        true => self::find(of, keys, heavy, notes)?,
    };
    Some(RawEntry {
        path,
        store,
        take,
        decode: decode?,
        null_bytes: null_bytes?,
    })
}

fn value_rules(
    fields: &mut Fields<'_>,
    notes: &mut Notes,
) -> (Option<Decoding>, Option<NullBytes>) {
    let policies = [("Ignore", NullBytes::Ignore), ("Fail", NullBytes::Fail)];
    (
        fields.choice("decodingStrategy", &DECODINGS, notes),
        fields.choice("nullBytePolicy", &policies, notes),
    )
}

/// The key rule of the resource's schema, and that of a Secret's keys.
fn is_secret_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=253).contains(&key.len())
        && key.bytes().all(allowed)
        && key != "."
        && !key.starts_with("..")
}

fn source_ref(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<StoreRef> {
    let mut source = fields.object("sourceRef", notes)?;
    let store = source.object("storeRef", notes);
    for name in ["generatorRef", "generator"] {
        source.unserved(
            name,
            "generators are not run for pods: leave the store to External Secrets, or make the value with a template (randAlphaNum, genPrivateKey …)",
            notes,
        );
    }
    source.close(notes);
    store.and_then(|store| store_ref(store, notes))
}

fn remote(mut fields: Fields<'_>, notes: &mut Notes) -> Option<Remote> {
    let key = fields.required("key", notes);
    let property = fields.parsed("property", notes);
    let parts = [("None", KvPart::Data), ("Fetch", KvPart::Metadata)];
    let part = fields.choice("metadataPolicy", &parts, notes);
    let version = fields.text("version", notes).and_then(|text| {
        let version = text.parse().ok().filter(|version| *version > 0);
        if version.is_none() {
            notes.refuse(
                fields.path("version"),
                text,
                "must be the number of a version, e.g. 3",
            );
        }
        version
    });
    let path = fields.own_path().to_owned();
    fields.close(notes);
    Some(Remote {
        path,
        key: key?.to_owned(),
        property,
        version,
        part: part?,
    })
}

fn find(
    mut fields: Fields<'_>,
    keys: KeyRules,
    heavy: &mut BTreeSet<&'static str>,
    notes: &mut Notes,
) -> Option<RawTake> {
    let folder = fields.text("path", notes).unwrap_or_default().to_owned();
    let tags: BTreeMap<String, String> = fields
        .texts("tags", notes)
        .into_iter()
        .map(|(tag, value)| (tag.to_owned(), value.to_owned()))
        .collect();
    let path = fields.own_path().to_owned();
    let select = match fields.object("name", notes) {
        Some(mut name) => {
            let pattern = name.required("regexp", notes);
            if let Some(pattern) = pattern {
                regexp(pattern, name.path("regexp"), heavy, notes);
            }
            name.close(notes);
            Some(Selection::Name(pattern?.to_owned()))
        }
        None if fields.has("tags") => Some(Selection::Tags(tags)),
        None => {
            notes.say(&path, "must have either name or tags");
            None
        }
    };
    fields.close(notes);
    Some(RawTake::Find {
        folder,
        path,
        select: select?,
        keys,
    })
}

fn regexp(pattern: &str, path: String, heavy: &mut BTreeSet<&'static str>, notes: &mut Notes) {
    heavy.insert(REGEXP);
    if let Err(fault) = GoRegex::new(pattern.as_bytes()) {
        notes.refuse(path, pattern, fault.to_string());
    }
}

fn rewrite(
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

impl RawEntry {
    /// The key of an item of `data`.
    pub(super) fn key(&self) -> Option<&str> {
        match &self.take {
            RawTake::Value { key, .. } => Some(key),
            RawTake::Extract { .. } | RawTake::Find { .. } => None,
        }
    }

    /// The entry, with the places that `store` says.
    pub(super) fn resolved(
        &self,
        store: &StorePath,
        optional: bool,
        notes: &mut Notes,
    ) -> Option<Entry> {
        let take = match &self.take {
            RawTake::Value { key, remote } => Take::Value {
                key: key.clone(),
                source: remote.source(store, optional, notes)?,
                property: remote.property.clone(),
            },
            RawTake::Extract { remote, keys } => Take::Extract {
                source: remote.source(store, optional, notes)?,
                property: remote.property.clone(),
                keys: keys.clone(),
            },
            RawTake::Find {
                folder,
                path,
                select,
                keys,
            } => {
                if store.v1 && matches!(select, Selection::Tags(_)) {
                    notes.say(
                        format!("{path}.tags"),
                        "needs metadata, which only stores of version v2 have",
                    );
                }
                let folder = folder.trim_matches('/');
                let list = told(
                    store.list(folder, optional),
                    &format!("{path}.path"),
                    folder,
                    notes,
                );
                let slash = if folder.is_empty() { "" } else { "/" };
                Take::Find {
                    folder: list?,
                    prefix: format!("{folder}{slash}"),
                    place: store.clone(),
                    select: select.clone(),
                    keys: keys.clone(),
                }
            }
        };
        Some(Entry {
            take,
            decode: self.decode,
            null_bytes: self.null_bytes,
        })
    }
}

impl Remote {
    fn source(&self, store: &StorePath, optional: bool, notes: &mut Notes) -> Option<SecretRef> {
        let place = match self.part {
            KvPart::Metadata => store.metadata(&self.key, optional),
            _ => store.data(&self.key, optional),
        };
        if self.version.is_some() && store.v1 {
            notes.say(
                format!("{}.version", self.path),
                "needs versions, which only stores of version v2 have",
            );
        }
        let place = told(place, &format!("{}.key", self.path), &self.key, notes)?;
        Some(SecretRef {
            version: self.version.filter(|_| self.part == KvPart::Data),
            ..place
        })
    }
}

fn told(
    place: Result<SecretRef, Invalid>,
    path: &str,
    value: &str,
    notes: &mut Notes,
) -> Option<SecretRef> {
    match place {
        Ok(place) => Some(place),
        Err(invalid) => {
            notes.refuse(path, value, invalid.to_string());
            None
        }
    }
}
