//! The entries of `data` and `dataFrom`.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Fields, Notes, Placed};
use super::manifest::{StoreRef, store_ref};
use super::rewrite::{regexp, rewrite};
use crate::spec::target::{Conversion, Decoding, KeyRules, NullBytes, Selection};
use crate::spec::{KvPart, Property};

/// An entry, before its store says where its keys lie.
#[derive(Debug)]
pub(super) struct RawEntry {
    pub(super) path: String,
    /// The store of this entry alone.
    pub(super) store: Option<StoreRef>,
    pub(super) take: RawTake,
    pub(super) decode: Decoding,
    pub(super) null_bytes: NullBytes,
}

/// What is taken, by the keys of `remoteRef`.
#[derive(Debug)]
pub(super) enum RawTake {
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
pub(super) struct Remote {
    pub(super) path: String,
    pub(super) key: String,
    pub(super) property: Option<Property>,
    pub(super) version: Option<u64>,
    pub(super) part: KvPart,
}

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

impl RawEntry {
    /// The key of an item of `data`.
    pub(super) fn key(&self) -> Option<&str> {
        match &self.take {
            RawTake::Value { key, .. } => Some(key),
            RawTake::Extract { .. } | RawTake::Find { .. } => None,
        }
    }
}
