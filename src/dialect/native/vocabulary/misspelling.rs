//! A word that is no key, and the key that was meant.

use super::{Arity, PREFIX, PROFILE_PREFIX, ROWS, families, of_profile, settings};
use crate::dialect::suggest;
use crate::spec::Profile;

/// What stands after [`PREFIX`] and is no key of ours.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::dialect::native) struct NotAKey<'a>(pub(super) &'a str);

impl NotAKey<'_> {
    /// What is wrong with it, and which key was most likely meant.
    pub(in crate::dialect::native) fn clause(&self) -> String {
        let word = self.0;
        for row in families() {
            if word == row.name || Some(word) == row.name.strip_suffix('-') {
                let example = row.key.annotation(row.example_name());
                return format!("must end in a name, e.g. {example}");
            }
            if let Some(Err(invalid)) = word.strip_prefix(row.name).map(|name| row.member(name)) {
                return format!("the name after {PREFIX}{} {invalid}", row.name);
            }
        }
        if let Some((row, profile)) = of_profile(word)
            && let (Some(setting), Err(invalid)) = (row.profile, profile.parse::<Profile>())
        {
            let name = setting.name;
            return format!("what stands between {PREFIX}{PROFILE_PREFIX} and -{name} {invalid}");
        }
        match nearest(word) {
            Some(key) => format!("unknown: did you mean {PREFIX}{key}?"),
            None => "unknown: `freshet lint --help` names all the keys".to_owned(),
        }
    }
}

/// The key that was most likely meant, without the prefix.
fn nearest(word: &str) -> Option<String> {
    alias_of(word).or_else(|| {
        ROWS.iter()
            .filter(|row| row.arity != Arity::Ours)
            .filter_map(|row| {
                let is_member = |name: &str| row.member(name).is_ok();
                suggest::misspelling(word, row.name, &['-', '_', '.'], is_member)
            })
            .chain(misspelt_setting(word))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, key)| key)
    })
}

fn alias_of(word: &str) -> Option<String> {
    ROWS.iter().find_map(|row| {
        row.aliases.iter().find_map(|alias| match row.is_family() {
            true => word
                .strip_prefix(alias)
                .filter(|name| row.member(name).is_ok())
                .map(|name| format!("{}{name}", row.name)),
            false => (word == *alias).then(|| row.name.to_owned()),
        })
    })
}

/// How far `word` is from a setting of a profile. Every hyphen may be the one after the profile, and
/// what others call the pod's setting is near.
fn misspelt_setting(word: &str) -> Option<(usize, String)> {
    let rest = word.strip_prefix(PROFILE_PREFIX)?;
    let splits = rest.match_indices(['-', '_', '.']);
    let near = splits.filter_map(|(at, _)| {
        let profile: Profile = rest[..at].parse().ok()?;
        let given = &rest[at + 1..];
        let settings = settings().filter_map(|(row, setting)| {
            let of_pod = |alias: &str| alias.strip_prefix(PROFILE_PREFIX) == Some(given);
            let aliases = row.aliases.iter();
            let mut aliases = aliases.filter(|alias| **alias == given || of_pod(alias));
            let near = match aliases.next() {
                Some(_) => 0,
                None => suggest::distance_within(given, setting.name)?,
            };
            Some((near, format!("{PROFILE_PREFIX}{profile}-{}", setting.name)))
        });
        settings.min_by_key(|(distance, _)| *distance)
    });
    near.min_by_key(|(distance, _)| *distance)
}
