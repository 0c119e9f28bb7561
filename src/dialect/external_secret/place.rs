//! Where in Vault an entry's keys lie, once its store is known.

use super::entry::{RawEntry, RawTake, Remote};
use super::fields::Notes;
use crate::spec::target::{Entry, Selection, Take};
use crate::spec::{Invalid, KvPart, SecretRef, StorePath};

impl RawEntry {
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
