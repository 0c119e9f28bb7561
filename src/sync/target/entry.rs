//! One entry of `data` or `dataFrom`: what it takes from Vault, and its steps in External Secrets'
//! order.

use std::collections::BTreeSet;

use super::error::{TargetError, TargetReason};
use super::find::{Finder, needed};
use super::key;
use super::rewrite::{Step, Stop};
use super::value::{self, Keys};
use crate::spec::target::{Conversion, Decoding, Entry, KeyRules, NullBytes, Take};
use crate::spec::{Property, SecretRef};
use crate::sync::render::Lookup;
use crate::template::Context;

/// An entry, its expressions and templates parsed.
#[derive(Debug)]
pub(super) struct Taker {
    source: Source,
    decode: Decoding,
    null_bytes: NullBytes,
}

#[derive(Debug)]
enum Source {
    Value {
        key: String,
        source: SecretRef,
        property: Option<Property>,
    },
    Extract {
        source: SecretRef,
        property: Option<Property>,
        steps: Steps,
    },
    Find {
        finder: Finder,
        steps: Steps,
    },
}

/// What becomes of the keys.
#[derive(Debug)]
struct Steps {
    rewrite: Vec<Step>,
    convert: Conversion,
}

impl Taker {
    pub(super) fn new(entry: &Entry) -> Result<Self, TargetError> {
        let source = match &entry.take {
            Take::Value {
                key,
                source,
                property,
            } => Source::Value {
                key: key.clone(),
                source: source.clone(),
                property: property.clone(),
            },
            Take::Extract {
                source,
                property,
                keys,
            } => Source::Extract {
                source: source.clone(),
                property: property.clone(),
                steps: Steps::new(keys).map_err(|reason| reason.at(format!("extract {source}")))?,
            },
            Take::Find {
                folder,
                prefix,
                place,
                select,
                keys,
            } => {
                let at = |reason: TargetReason| reason.at(format!("find in {}", folder.path));
                Source::Find {
                    finder: Finder::new(folder, prefix, place, select).map_err(at)?,
                    steps: Steps::new(keys).map_err(at)?,
                }
            }
        };
        Ok(Self {
            source,
            decode: entry.decode,
            null_bytes: entry.null_bytes,
        })
    }

    /// The secret that is needed whatever is in it.
    pub(super) fn input(&self) -> &SecretRef {
        match &self.source {
            Source::Value { source, .. } | Source::Extract { source, .. } => source,
            Source::Find { finder, .. } => finder.folder(),
        }
    }

    /// The keys of the entry. What is needed first goes to `needs`, and the result counts only when
    /// that stays empty. A secret that may be absent, and is, gives none.
    pub(super) fn take(
        &self,
        lookup: Lookup<'_>,
        context: &mut Context<'_>,
        needs: &mut BTreeSet<SecretRef>,
    ) -> Result<Keys, TargetError> {
        let (place, keys) = match &self.source {
            Source::Value {
                key,
                source,
                property,
            } => {
                let Some(secret) = needed(source, lookup, needs).filter(|found| !found.absent)
                else {
                    return Ok(Keys::new());
                };
                let value = value::value(source, property.as_ref(), &secret.data);
                (
                    key.clone(),
                    value.map(|value| Keys::from([(key.clone(), value)])),
                )
            }
            Source::Extract {
                source,
                property,
                steps,
            } => {
                let Some(secret) = needed(source, lookup, needs).filter(|found| !found.absent)
                else {
                    return Ok(Keys::new());
                };
                let keys = value::extracted(source, property.as_ref(), &secret.data);
                let keys = keys.and_then(|keys| steps.apply(keys, context, needs));
                (format!("extract {source}"), keys)
            }
            Source::Find { finder, steps } => {
                let keys = finder.find(lookup, needs);
                let keys = match needs.is_empty() {
                    true => keys.and_then(|keys| steps.apply(keys, context, needs)),
                    false => keys,
                };
                (format!("find in {}", finder.folder().path), keys)
            }
        };
        let keys = keys.map_err(|reason| reason.at(place))?;
        let decode = |(name, value)| match key::decoded(value, self.decode, self.null_bytes) {
            Ok(value) => Ok((name, value)),
            Err(reason) => Err(reason.at(name)),
        };
        keys.into_iter().map(decode).collect()
    }
}

impl Steps {
    fn new(rules: &KeyRules) -> Result<Self, TargetReason> {
        let rewrite = rules.rewrite.iter().map(Step::new);
        Ok(Self {
            rewrite: rewrite.collect::<Result<_, _>>()?,
            convert: rules.convert,
        })
    }

    fn apply(
        &self,
        mut keys: Keys,
        context: &mut Context<'_>,
        needs: &mut BTreeSet<SecretRef>,
    ) -> Result<Keys, TargetReason> {
        for step in &self.rewrite {
            keys = match step.apply(keys, context) {
                Ok(keys) => keys,
                Err(Stop::Wrong(reason)) => return Err(reason),
                Err(Stop::Needs(more)) => {
                    needs.extend(more);
                    return Ok(Keys::new());
                }
            };
        }
        if self.rewrite.is_empty() {
            keys = key::converted(keys, self.convert)?;
        }
        key::checked(keys)
    }
}
