//! Which changes are told as Events: each once, and never so many that they hide others.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

/// Something that is worth an Event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Whether something is wrong.
    pub is_warning: bool,
    /// In one word, as Kubernetes writes reasons.
    pub reason: &'static str,
    /// What was done, in one word.
    pub action: &'static str,
    /// For people.
    pub note: String,
    /// What makes the same words news, such as the version of what they are about.
    pub version: String,
}

impl Announcement {
    /// The same for the same words about the same object, whoever says them.
    pub fn fingerprint(&self, uid: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (uid, self.reason, &self.note, &self.version).hash(&mut hasher);
        hasher.finish()
    }
}

/// What was told last of each object, and how many Events there may be.
#[derive(Debug)]
pub struct Announcements {
    /// By the object's uid.
    told: BTreeMap<String, u64>,
    /// Events that may be told at once.
    left: u32,
    since: Duration,
}

/// Events in a row.
const BURST: u32 = 50;
/// The time in which one more is allowed.
const PACE: Duration = Duration::from_secs(2);

impl Default for Announcements {
    fn default() -> Self {
        Self {
            told: BTreeMap::new(),
            left: BURST,
            since: Duration::ZERO,
        }
    }
}

impl Announcements {
    /// Whether to tell it: it is not what was told last of this object, and there were not too many.
    pub fn take(&mut self, uid: &str, what: &Announcement, now: Duration) -> bool {
        let fingerprint = what.fingerprint(uid);
        if self.told.get(uid) == Some(&fingerprint) {
            return false;
        }
        let more = now.saturating_sub(self.since).as_secs() / PACE.as_secs();
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(more).min(BURST);
        self.since += PACE * more.min(1 << 20);
        if self.left == BURST {
            self.since = now;
        }
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.told.insert(uid.to_owned(), fingerprint);
        true
    }

    /// The object is as it should be, or gone: what was told of it is news when it comes again.
    pub fn forget(&mut self, uid: &str) {
        self.told.remove(uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(note: &str) -> Announcement {
        Announcement {
            is_warning: true,
            reason: "NotInjected",
            action: "Injecting",
            note: note.to_owned(),
            version: String::new(),
        }
    }

    #[test]
    fn the_same_is_told_once_until_it_is_over() {
        let mut told = Announcements::default();
        let now = Duration::from_secs(100);
        assert!(told.take("1", &note("a"), now));
        assert!(!told.take("1", &note("a"), now));
        assert!(told.take("2", &note("a"), now));
        assert!(told.take("1", &note("b"), now));
        assert!(told.take("1", &note("a"), now));
        told.forget("1");
        assert!(told.take("1", &note("a"), now));
    }

    #[test]
    fn many_in_a_row_end_and_go_on_slowly() {
        let mut told = Announcements::default();
        let mut taken = |from: u32, at: u64| {
            (from..from + 1000)
                .filter(|uid| told.take(&uid.to_string(), &note("a"), Duration::from_secs(at)))
                .count()
        };
        assert_eq!(taken(0, 100), 50);
        assert_eq!(taken(1000, 101), 0);
        assert_eq!(taken(2000, 105), 2);
        assert_eq!(taken(3000, 106), 1);
        assert_eq!(taken(4000, 10_000), 50);
    }
}
