//! How the application is told of a change of one file or variable.

use std::str::FromStr;

use super::vocabulary::Key;
use super::{PodValues, Sorted, files};
use crate::dialect::findings::{Findings, at, listed};
use crate::dialect::suggest;
use crate::spec::{ChangeAction, Invalid, OnChange};

/// What these annotations may ask for.
pub(super) struct Told(ChangeAction);

impl Told {
    /// The same for any change.
    pub(super) fn of_any(self) -> OnChange {
        OnChange {
            name: None,
            action: self.0,
        }
    }
}

impl FromStr for Told {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.parse()? {
            // What those name lies in no container that this dialect could know.
            ChangeAction::Processes(_) | ChangeAction::Run(_) => Err(ChangeAction::accepted()),
            action => Ok(Self(action)),
        }
    }
}

/// Those that name a file or a variable, in the order of the names.
pub(super) fn read(sorted: &Sorted<'_>, findings: &mut Findings) -> Vec<OnChange> {
    let files = sorted.files.iter();
    let files = files.filter(|(_, values)| files::has_content(values));
    let variables = sorted.variables.keys().map(|name| name.as_str());
    let known: Vec<_> = files
        .map(|(name, _)| name.as_str())
        .chain(variables)
        .collect();
    let mut read = Vec::new();
    for (name, text) in &sorted.on_change {
        let key = Key::NamedOnChange.annotation(name.as_str());
        if !known.contains(&name.as_str()) {
            let meant = suggest::closest(name.as_str(), known.iter().copied());
            let hint = match meant {
                Some(meant) => format!(": did you mean {}?", Key::NamedOnChange.annotation(meant)),
                None if known.is_empty() => String::new(),
                None => format!("; the names are {}", listed(&known)),
            };
            let message = format!("there is neither a file nor a variable of this name{hint}");
            findings.problem(at(&key).say(message));
        }
        read.extend(findings.value(&key, text).map(|Told(action)| OnChange {
            name: Some(name.clone()),
            action,
        }));
    }
    read
}

/// Files that are fetched once never switch.
pub(super) fn doubt_once(pod: &PodValues<'_>, named: &[OnChange], findings: &mut Findings) {
    if pod.get(&Key::Once) != Some(&"true") {
        return;
    }
    let all = pod.contains_key(&Key::OnChange).then_some("");
    let names = named.iter().filter_map(|on_change| on_change.name.as_ref());
    let named = names.map(|name| Key::NamedOnChange.annotation(name.as_str()));
    let keys = all
        .map(|_| Key::OnChange.annotation(""))
        .into_iter()
        .chain(named);
    for key in keys {
        findings.warn(at(&key).say("has no effect: freshet.dev/once fetches the files once"));
    }
}
