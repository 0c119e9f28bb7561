//! Which names of a mount hold something else than before: only their switch is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::payload::Payload;
use crate::spec::Mount;

/// A mark of what each name of a mount holds: equal marks mean equal content.
///
/// It is kept in memory alone, so a hash that an attacker could invert would tell him nothing that
/// is not beside it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Fingerprints(BTreeMap<String, u64>);

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Fingerprints {
    /// Those of the files of `mount`, which were rendered to `payload`.
    pub(super) fn of(mount: &Mount, payload: &Payload) -> Self {
        let marks = mount.files.iter().map(|file| {
            let mut hasher = DefaultHasher::new();
            for (path, written) in payload.iter() {
                let content = written.content.expose();
                if mount.environment {
                    variable(content, file.path.as_str()).hash(&mut hasher);
                } else if *path == file.path || path.conflicts_with(&file.path) {
                    (path, written.mode.bits(), content).hash(&mut hasher);
                }
            }
            (file.name.to_string(), hasher.finish())
        });
        Self(marks.collect())
    }

    /// The names whose content is not as in `before`; all, where nobody knows that.
    pub(super) fn changed_since(&self, before: Option<&Self>) -> BTreeSet<String> {
        let marks = self.0.iter();
        let changed = marks
            .filter(|(name, mark)| before.is_none_or(|before| before.0.get(*name) != Some(*mark)));
        changed.map(|(name, _)| name.clone()).collect()
    }
}

/// The value of a variable in the file of all.
fn variable<'c>(content: &'c [u8], name: &str) -> Option<&'c [u8]> {
    let mut all = content.split(|byte| *byte == 0);
    all.find_map(|text| text.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}
