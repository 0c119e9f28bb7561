//! `find`: every secret below a folder whose name or metadata fits.
//!
//! One rendering asks for as much as it knows to be needed: the list of a folder, then those of its
//! folders, then what fits. Each is a secret like any other from then on, looked at in every round,
//! so secrets that come and go are found.

use std::collections::{BTreeMap, BTreeSet};

use super::error::TargetReason;
use super::value::{self, Keys};
use crate::secret::{SecretMap, SecretValue, VaultSecret};
use crate::spec::target::Selection;
use crate::spec::{Invalid, SecretRef, StorePath};
use crate::sync::render::Lookup;
use crate::template::GoRegex;

/// A `find`, its expression compiled.
#[derive(Debug)]
pub(super) struct Finder {
    folder: SecretRef,
    prefix: String,
    place: StorePath,
    select: Select,
}

#[derive(Debug)]
enum Select {
    Name(GoRegex),
    Tags(BTreeMap<String, String>),
}

impl Finder {
    pub(super) fn new(
        folder: &SecretRef,
        prefix: &str,
        place: &StorePath,
        select: &Selection,
    ) -> Result<Self, TargetReason> {
        Ok(Self {
            folder: folder.clone(),
            prefix: prefix.to_owned(),
            place: place.clone(),
            select: match select {
                Selection::Name(pattern) => Select::Name(
                    GoRegex::new(pattern.as_bytes())
                        .map_err(|fault| TargetReason::regex(&fault))?,
                ),
                Selection::Tags(tags) => Select::Tags(tags.clone()),
            },
        })
    }

    /// What lies below the folder is read with the login of the folder.
    fn as_folder(&self, source: SecretRef) -> SecretRef {
        SecretRef {
            profile: self.folder.profile.clone(),
            ..source
        }
    }

    /// The list of the folder.
    pub(super) fn folder(&self) -> &SecretRef {
        &self.folder
    }

    /// The secrets by name, as JSON. What is needed first goes to `needs`, and the result counts
    /// only when that stays empty.
    pub(super) fn find(
        &self,
        lookup: Lookup<'_>,
        needs: &mut BTreeSet<SecretRef>,
    ) -> Result<Keys, TargetReason> {
        let mut keys = Keys::new();
        for name in self.names(lookup, needs)? {
            if !self.fits(&name, lookup, needs)? {
                continue;
            }
            // A secret that was deleted since, or whose newest version is, is left out.
            let source = self.place.data(&name, true).map_err(not_a_path(&name))?;
            let source = self.as_folder(source);
            if let Some(secret) = needed(&source, lookup, needs)
                && !secret.absent
            {
                keys.insert(name, value::value(&source, None, &secret.data)?);
            }
        }
        Ok(keys)
    }

    /// The names of all secrets below the folder, each with what makes it a key.
    fn names(
        &self,
        lookup: Lookup<'_>,
        needs: &mut BTreeSet<SecretRef>,
    ) -> Result<Vec<String>, TargetReason> {
        let mut names = Vec::new();
        let mut folders = vec![(self.folder.clone(), self.prefix.clone())];
        while let Some((folder, prefix)) = folders.pop() {
            let Some(list) = needed(&folder, lookup, needs).filter(|list| !list.absent) else {
                continue;
            };
            for name in
                listed(&list.data).ok_or_else(|| TargetReason::NotAList(folder.path.to_string()))?
            {
                match name.strip_suffix('/') {
                    None => names.push(format!("{prefix}{name}")),
                    Some(inner) => {
                        let path = format!("{}/{inner}", folder.path);
                        let inner = SecretRef {
                            path: path.parse().map_err(not_a_path(&path))?,
                            ..folder.clone()
                        };
                        folders.push((inner, format!("{prefix}{name}")));
                    }
                }
            }
        }
        Ok(names)
    }

    fn fits(
        &self,
        name: &str,
        lookup: Lookup<'_>,
        needs: &mut BTreeSet<SecretRef>,
    ) -> Result<bool, TargetReason> {
        let tags = match &self.select {
            Select::Name(pattern) => return Ok(pattern.is_match(name.as_bytes())),
            Select::Tags(tags) => tags,
        };
        let source = self.place.metadata(name, false).map_err(not_a_path(name))?;
        let source = self.as_folder(source);
        let Some(secret) = needed(&source, lookup, needs) else {
            return Ok(false);
        };
        Ok(tags.iter().all(|(tag, wanted)| {
            let found = secret.data.get(tag).map(SecretValue::to_bytes);
            found.is_some_and(|found| found.expose() == wanted.as_bytes())
        }))
    }
}

/// The secret, or a note that it is needed.
pub(super) fn needed<'a>(
    source: &SecretRef,
    lookup: Lookup<'a>,
    needs: &mut BTreeSet<SecretRef>,
) -> Option<&'a VaultSecret> {
    let found = lookup(source);
    if found.is_none() {
        needs.insert(source.clone());
    }
    found
}

fn listed(list: &SecretMap) -> Option<Vec<String>> {
    let Some(SecretValue::List(names)) = list.get("keys") else {
        // Go reads an absent list as an empty one.
        return list.get("keys").is_none().then(Vec::new);
    };
    let name = |name: &SecretValue| match name {
        SecretValue::String(name) => String::from_utf8(name.expose().to_vec()).ok(),
        _ => None,
    };
    names.iter().map(name).collect()
}

fn not_a_path(name: &str) -> impl FnOnce(Invalid) -> TargetReason {
    let name = name.to_owned();
    move |invalid| TargetReason::NotAPath(name, invalid.to_string())
}
