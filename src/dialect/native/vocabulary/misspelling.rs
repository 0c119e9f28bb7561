//! A word that is no key, and the key that was meant.

use super::{Arity, PREFIX, ROWS, families};
use crate::dialect::suggest;

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
