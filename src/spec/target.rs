//! What an ExternalSecret makes: a map of keys to bytes, and which of them are files of a volume.
//!
//! A target is a pipeline. Its entries are fetched in order, later ones overriding the keys of
//! earlier ones; a template may make other keys of the whole; the projection says where they lie.
//! Everything is in the terms of External Secrets, whose semantics it has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::file::{FileMode, FilePath};
use super::property::Property;
use super::secret_ref::SecretRef;
use super::store_path::StorePath;

/// One Secret that is not there: its keys, and the files made of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetSpec {
    /// The name of the Secret (`target.name`), for messages.
    pub name: String,
    /// What is fetched: `dataFrom`, then `data`.
    pub entries: Vec<Entry>,
    /// What is made of it; without a template the keys are as they were fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TargetTemplate>,
    /// The mode of the files that name none.
    pub mode: FileMode,
    /// The files, where the pod names them (`items`); `None` is a file for each key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// Whether an item may name a key that is not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub optional: bool,
    /// What the files are called where they are variables and no items name them (`envFrom`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<VariableNames>,
}

impl TargetSpec {
    /// Every reference to a secret in it.
    pub fn secrets_mut(&mut self) -> impl Iterator<Item = &mut SecretRef> {
        self.entries.iter_mut().map(Entry::secret_mut)
    }
}

impl Entry {
    /// The secret that it names, or the list of its folder.
    pub fn secret_mut(&mut self) -> &mut SecretRef {
        match &mut self.take {
            Take::Value { source, .. } | Take::Extract { source, .. } => source,
            Take::Find { folder, .. } => folder,
        }
    }
}

/// How the keys of a Secret become variables. A key that can be no variable's name is left out, as
/// kubelet does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VariableNames {
    /// What stands before each key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The variables that are given otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// One key as a file: an item of a Secret volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    /// The key.
    pub key: String,
    /// The file below the mount directory.
    pub path: FilePath,
    /// Its mode, where it is not the volume's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<FileMode>,
}

/// One entry of `data` or `dataFrom`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// What is taken from Vault, and under which keys.
    pub take: Take,
    /// How the values are decoded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decode: Decoding,
    /// Whether a value may hold a NUL byte.
    #[serde(default, skip_serializing_if = "is_default")]
    pub null_bytes: NullBytes,
}

/// What an entry takes from Vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Take {
    /// One value, under one key (`data`).
    Value {
        /// The key of the target.
        key: String,
        /// The secret.
        source: SecretRef,
        /// The part of it; without one all of it, as JSON.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        property: Option<Property>,
    },
    /// Every key of an object (`dataFrom.extract`).
    Extract {
        /// The secret.
        source: SecretRef,
        /// The object in it; without one the whole secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        property: Option<Property>,
        /// What becomes of the keys.
        #[serde(default, skip_serializing_if = "is_default")]
        keys: KeyRules,
    },
    /// Every secret below a folder that fits, as JSON under its name (`dataFrom.find`).
    Find {
        /// The list of the folder.
        folder: SecretRef,
        /// What stands before the names in the list to make the key of a secret, e.g. `team/`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        prefix: String,
        /// How a key becomes a path.
        place: StorePath,
        /// Which secrets.
        select: Selection,
        /// What becomes of the keys.
        #[serde(default, skip_serializing_if = "is_default")]
        keys: KeyRules,
    },
}

/// Which of the secrets that were found are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Selection {
    /// Those whose name matches Go's regular expression anywhere.
    Name(String),
    /// Those whose metadata has these values.
    Tags(BTreeMap<String, String>),
}

/// What becomes of the keys of an object or of found secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRules {
    /// Carried out in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Rewrite>,
    /// What replaces characters that no key may have; not used where there is a rewrite.
    #[serde(default, skip_serializing_if = "is_default")]
    pub convert: Conversion,
}

/// One step of `rewrite`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Rewrite {
    /// Replaces what Go's regular expression matches in each key.
    Regexp {
        /// The expression.
        source: String,
        /// The replacement, with `$1` and `${name}`.
        target: String,
    },
    /// A Go template makes each key of `.value`.
    Transform(String),
    /// Joins the values, which are JSON objects.
    Merge(MergeRule),
}

/// How JSON objects are joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MergeRule {
    /// The key of the joined object, beside the others; `None` replaces all keys by the object's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// The keys whose values win, the last one most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority: Vec<String>,
    /// Whether a key of `priority` may be absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority_optional: bool,
    /// Whether two objects may have the same key.
    #[serde(default, skip_serializing_if = "is_default")]
    pub conflicts: Conflicts,
}

/// What happens when two objects have the same key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Conflicts {
    /// It is an error.
    #[default]
    Error,
    /// The later object wins.
    Ignore,
}

/// What makes the keys of a target out of what was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetTemplate {
    /// Whether the fetched keys stay beside those of the template (`mergePolicy: Merge`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub merge: bool,
    /// `templateFrom`, in order; later texts override earlier ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<TemplateSource>,
    /// `data`: a template for each key, which override the rest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}

/// A text of `templateFrom`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateSource {
    /// The text, or where it is.
    pub text: TemplateText,
    /// What the rendered text is.
    pub scope: Scope,
    /// How the rendered values are decoded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decode: Decoding,
}

/// The text of a template, or where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum TemplateText {
    /// The text.
    Literal(String),
    /// A key of a ConfigMap that is mounted in the refresher.
    ConfigMap {
        /// Its name.
        name: String,
        /// Its key.
        key: String,
    },
}

/// What a rendered text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// The value of the key of the same name as the ConfigMap's.
    Values,
    /// YAML: keys and their values.
    KeysAndValues,
}

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            #[default]
            $($(#[$variant_doc])* $variant,)+
        }
    };
}

choices! {
    /// `decodingStrategy`, in External Secrets' own words.
    Decoding {
        /// As they are.
        None,
        /// Base64 of RFC 4648 §4, padded.
        Base64,
        /// Base64 of RFC 4648 §5, padded.
        #[serde(rename = "Base64URL")]
        Base64Url,
        /// Whichever of the two it is; else as they are.
        Auto,
    }
}

choices! {
    /// `conversionStrategy`, in External Secrets' own words.
    Conversion {
        /// An underscore.
        Default,
        /// `_U` and the code in hexadecimal digits, then `_`.
        Unicode,
    }
}

choices! {
    /// `nullBytePolicy`, in External Secrets' own words.
    NullBytes {
        /// They are values like any other.
        Ignore,
        /// A value that holds one is an error.
        Fail,
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
