//! The injector's annotations of a pod, sorted by what they speak of, and their values as the
//! injector reads them.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::vocabulary::{self, Arity, Key, PREFIXES, look_up};
use crate::dialect::Problem;
use crate::dialect::findings::{Findings, at};
use crate::spec::Invalid;

/// An annotation: its whole key, as it stands on the pod, and its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

/// All of a pod's. A key that stands under both prefixes counts once, with the later prefix's value.
#[derive(Debug, Default)]
pub(super) struct Annotations<'a> {
    pod: BTreeMap<Key, Given<'a>>,
    families: BTreeMap<Key, BTreeMap<&'a str, Given<'a>>>,
    /// Keys that the injector would not look at.
    unknown: Vec<(&'a str, String)>,
}

impl<'a> Annotations<'a> {
    pub(super) fn sort(all: &'a BTreeMap<String, String>) -> Self {
        let mut sorted = Self::default();
        for prefix in PREFIXES {
            for (key, value) in all {
                let Some(word) = key.strip_prefix(prefix) else {
                    continue;
                };
                let given = Given { key, value };
                match look_up(word) {
                    None => sorted
                        .unknown
                        .push((key.as_str(), vocabulary::clause(prefix, word))),
                    Some((key, name)) if key.row().arity == Arity::Pod => {
                        debug_assert!(name.is_empty());
                        sorted.pod.insert(key, given);
                    }
                    Some((key, name)) => {
                        sorted.families.entry(key).or_default().insert(name, given);
                    }
                }
            }
        }
        sorted
    }

    pub(super) fn get(&self, key: Key) -> Option<Given<'a>> {
        self.pod.get(&key).copied()
    }

    /// The key of one secret or parameter.
    pub(super) fn of(&self, key: Key, name: &str) -> Option<Given<'a>> {
        self.families.get(&key)?.get(name).copied()
    }

    /// The members of a family, in the order of their names.
    pub(super) fn family(&self, key: Key) -> impl Iterator<Item = (&'a str, Given<'a>)> + '_ {
        let members = self.families.get(&key).into_iter().flatten();
        members.map(|(name, given)| (*name, *given))
    }

    /// The text of a key; an empty one is none.
    pub(super) fn text(&self, key: Key) -> Option<Given<'a>> {
        self.get(key).filter(|given| !given.value.is_empty())
    }

    /// The whole key: as it stands on the pod, or else as its documentation has it.
    pub(super) fn name(&self, key: Key) -> String {
        match self.get(key) {
            Some(given) => given.key.to_owned(),
            None => format!("{}{}", PREFIXES[0], key.row().name),
        }
    }

    /// The whole key of one secret or parameter.
    pub(super) fn name_of(&self, key: Key, name: &str) -> String {
        match self.of(key, name) {
            Some(given) => given.key.to_owned(),
            None => format!("{}{}{name}", PREFIXES[0], key.row().name),
        }
    }

    /// A warning for each key that means nothing.
    pub(super) fn unknown(&self) -> impl Iterator<Item = Problem> + '_ {
        let all = self.unknown.iter();
        all.map(|(key, clause)| at(key).say(clause.as_str()))
    }

    /// Any key that would do something, were injection on.
    pub(super) fn first(&self) -> Option<Given<'a>> {
        let pod = self.pod.iter().filter(|(key, _)| **key != Key::Status);
        let of_secrets = self.families.values().flat_map(BTreeMap::values);
        pod.map(|(_, given)| given)
            .chain(of_secrets)
            .next()
            .copied()
    }
}

impl Given<'_> {
    pub(super) fn say(&self, message: impl Into<String>) -> Problem {
        at(self.key).with(self.value, message)
    }

    /// The value, or a problem that says what is accepted.
    pub(super) fn parse<T: FromStr<Err = Invalid>>(&self, findings: &mut Findings) -> Option<T> {
        findings.value(self.key, self.value)
    }

    /// A boolean, in the words of Go's `strconv.ParseBool`; nothing at all is false.
    ///
    /// # Errors
    /// What is accepted.
    pub(super) fn truth(&self) -> Result<bool, Problem> {
        match self.value {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(self.say("must be \"true\" or \"false\"")),
        }
    }
}

/// Reads values, and keeps what is wrong with them.
pub(super) struct Reader<'r, 'a> {
    pub(super) given: &'r Annotations<'a>,
    pub(super) findings: &'r mut Findings,
}

impl Reader<'_, '_> {
    /// A boolean of the pod.
    pub(super) fn truth(&mut self, key: Key, default: bool) -> bool {
        let given = self.given.get(key);
        given.map_or(default, |given| self.decide(given.truth()))
    }

    /// A boolean of one secret; false without it.
    pub(super) fn truth_of(&mut self, key: Key, name: &str) -> bool {
        let given = self.given.of(key, name);
        given.is_some_and(|given| self.decide(given.truth()))
    }

    fn decide(&mut self, truth: Result<bool, Problem>) -> bool {
        truth.unwrap_or_else(|problem| {
            self.findings.problem(problem);
            false
        })
    }

    /// A value of the pod; an empty one is none.
    pub(super) fn value<T: FromStr<Err = Invalid>>(&mut self, key: Key) -> Option<T> {
        self.given.text(key)?.parse(self.findings)
    }

    /// A warning, where the key has a value.
    pub(super) fn doubt(&mut self, key: Key, message: &str) {
        if let Some(given) = self.given.text(key) {
            self.findings.warn(given.say(message));
        }
    }
}
