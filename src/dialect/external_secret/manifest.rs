//! An ExternalSecret of `external-secrets.io/v1` or `v1beta1`: what is fetched, what is made of it,
//! and how often.

use std::collections::BTreeSet;

use serde_json::Value;

use super::entry::{self, RawEntry};
use super::fields::{Fields, Notes};
use super::template;
use crate::spec::GoDuration;
use crate::spec::target::{TargetTemplate, TemplateText};

/// An ExternalSecret, as far as it could be read.
#[derive(Debug)]
pub struct Manifest {
    pub(super) name: String,
    /// The name of the Secret.
    pub(super) target: String,
    /// `spec.secretStoreRef`.
    pub(super) store: Option<StoreRef>,
    /// Zero looks once.
    pub(super) interval: GoDuration,
    /// Any new value means: look now.
    pub(super) revision: Option<String>,
    /// Whether secrets that are missing are left out (`deletionPolicy`).
    pub(super) skips_missing: bool,
    pub(super) entries: Vec<RawEntry>,
    pub(super) template: Option<TargetTemplate>,
    /// What it needs of the full refresher.
    pub(super) heavy: BTreeSet<&'static str>,
    pub(super) notes: Notes,
}

/// A reference to a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StoreRef {
    pub(super) path: String,
    pub(super) cluster: bool,
    pub(super) name: String,
}

impl StoreRef {
    /// The kind of the store.
    pub(super) fn kind(&self) -> &'static str {
        match self.cluster {
            true => "ClusterSecretStore",
            false => "SecretStore",
        }
    }
}

/// What External Secrets takes when nothing is said.
const DEFAULT_INTERVAL: GoDuration = GoDuration::from_secs(3600);

/// The annotation that makes External Secrets look now.
const FORCE_SYNC: &str = "external-secrets.io/force-sync";
const FORCE_SYNC_SHORT: &str = "force-sync";

#[derive(Clone, Copy, PartialEq, Eq)]
enum RefreshPolicy {
    Periodic,
    CreatedOnce,
    OnChange,
}

impl Manifest {
    /// Reads a manifest; of the object itself only annotations and spec are looked at.
    pub fn read(name: &str, manifest: &Value) -> Self {
        let mut notes = Notes::of(format!("ExternalSecret {name}"));
        let mut read = Self {
            name: name.to_owned(),
            target: name.to_owned(),
            store: None,
            interval: DEFAULT_INTERVAL,
            revision: revision(manifest),
            skips_missing: false,
            entries: Vec::new(),
            template: None,
            heavy: BTreeSet::new(),
            notes: Notes::default(),
        };
        let nothing = Value::Null;
        let spec = manifest.get("spec").unwrap_or(&nothing);
        if let Some(spec) = Fields::of((spec, "spec".to_owned()), &mut notes) {
            read.spec(spec, &mut notes);
        }
        read.notes = notes;
        read
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the Secret that it would make.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The stores that it names.
    pub(super) fn stores(&self) -> impl Iterator<Item = &StoreRef> {
        let own = self.entries.iter().filter_map(|entry| entry.store.as_ref());
        self.store.iter().chain(own)
    }

    /// The keys of ConfigMaps that hold templates, each with the ConfigMap's name.
    pub(super) fn config_map_keys(&self) -> impl Iterator<Item = (&str, &str)> {
        let sources = self.template.iter().flat_map(|template| &template.from);
        sources.filter_map(|source| match &source.text {
            TemplateText::ConfigMap { name, key } => Some((name.as_str(), key.as_str())),
            TemplateText::Literal(_) => None,
        })
    }

    fn spec(&mut self, mut spec: Fields<'_>, notes: &mut Notes) {
        let store = spec.object("secretStoreRef", notes);
        self.store = store.and_then(|fields| store_ref(fields, notes));
        self.interval(&mut spec, notes);
        if let Some(target) = spec.object("target", notes) {
            self.read_target(target, notes);
        }
        let mut entries = Vec::new();
        for placed in spec.list("dataFrom", notes) {
            entries.extend(entry::of_data_from(placed, &mut self.heavy, notes));
        }
        let mut keys = BTreeSet::new();
        for placed in spec.list("data", notes) {
            let Some(entry) = entry::of_data(placed, notes) else {
                continue;
            };
            if let Some(key) = entry.key()
                && !keys.insert(key.to_owned())
                && !self.skips_missing
            {
                notes.refuse(
                    format!("{}.secretKey", entry.path),
                    key,
                    "stands there twice",
                );
            }
            entries.push(entry);
        }
        if !spec.has("data") && !spec.has("dataFrom") {
            notes.say(
                "spec.data",
                "missing: either data or dataFrom should be specified",
            );
        }
        if !spec.has("secretStoreRef") && entries.iter().any(|entry| entry.store.is_none()) {
            notes.say("spec.secretStoreRef", "missing");
        }
        self.entries = entries;
        spec.close(notes);
    }

    fn interval(&mut self, spec: &mut Fields<'_>, notes: &mut Notes) {
        if let Some(interval) = spec.parsed::<GoDuration>("refreshInterval", notes) {
            self.interval = interval;
        }
        let policies = [
            ("Periodic", RefreshPolicy::Periodic),
            ("CreatedOnce", RefreshPolicy::CreatedOnce),
            ("OnChange", RefreshPolicy::OnChange),
        ];
        let policy = spec.choice("refreshPolicy", &policies, notes);
        if policy.is_some_and(|policy| policy != RefreshPolicy::Periodic) {
            self.interval = GoDuration::from_secs(0);
        }
        if policy == Some(RefreshPolicy::CreatedOnce) {
            self.revision = None;
        }
        spec.unserved(
            "syncWindows",
            "is not served: pods look at Vault at any time; leave the field out, or set refreshPolicy: OnChange",
            notes,
        );
    }

    fn read_target(&mut self, mut target: Fields<'_>, notes: &mut Notes) {
        if let Some(name) = target.text("name", notes) {
            self.target = name.to_owned();
        }
        match target.text("creationPolicy", notes) {
            None | Some("Owner" | "Orphan" | "None") => {}
            Some("CreateOrMerge") => notes.warn(
                target.path("creationPolicy"),
                "pods see the keys of this ExternalSecret alone, not what others put into the Secret",
            ),
            Some("Merge") => notes.refuse(
                target.path("creationPolicy"),
                "Merge",
                "the rest of the Secret comes from elsewhere and cannot be served: give the ExternalSecret a target of its own (creationPolicy: Owner), or leave its store to External Secrets",
            ),
            Some(other) => notes.refuse(
                target.path("creationPolicy"),
                other,
                "must be Owner, Orphan, Merge, None or CreateOrMerge",
            ),
        }
        let policies = [("Retain", false), ("Delete", true), ("Merge", true)];
        let skips = target.choice("deletionPolicy", &policies, notes);
        self.skips_missing = skips.unwrap_or_default();
        target.unserved(
            "manifest",
            "another object than a Secret is not served: leave the store to External Secrets",
            notes,
        );
        // Files are never immutable, and the last good ones stay.
        target.skip(&["immutable"]);
        if let Some(fields) = target.object("template", notes) {
            self.template = template::read(fields, &mut self.heavy, notes);
        }
        target.close(notes);
    }
}

/// A `secretStoreRef`, or a `storeRef` of an entry.
pub(super) fn store_ref(mut fields: Fields<'_>, notes: &mut Notes) -> Option<StoreRef> {
    let name = fields.required("name", notes);
    let kinds = [("SecretStore", false), ("ClusterSecretStore", true)];
    let cluster = fields.choice("kind", &kinds, notes);
    let path = fields.own_path().to_owned();
    fields.close(notes);
    Some(StoreRef {
        path,
        cluster: cluster?,
        name: name?.to_owned(),
    })
}

/// The value of the annotation that makes External Secrets look now.
pub fn revision(manifest: &Value) -> Option<String> {
    let annotations = manifest.pointer("/metadata/annotations")?;
    let found = [FORCE_SYNC, FORCE_SYNC_SHORT];
    let value = found.iter().find_map(|name| annotations.get(*name))?;
    value.as_str().map(str::to_owned)
}
