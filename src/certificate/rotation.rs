//! When a certificate is issued, trusted, served and forgotten: the state machine of the self-managed
//! mode.
//!
//! What is true is written in one Secret, the [`Certificates`]: the pair that every replica serves,
//! perhaps the next one, and the CAs of pairs that were served before. A rotation is three changes of
//! it, each a compare-and-swap:
//!
//! 1. The next pair is put beside the one that is served, and its CA into the bundle.
//! 2. When the bundle has been seen complete for [`Policy::publish_delay`], and every API server
//!    knows it therefore, the next pair becomes the one that is served. Both CAs stay trusted.
//! 3. When that has been so for [`Policy::retire_delay`], and no replica serves the old pair
//!    therefore, the old CA is dropped.
//!
//! So every pair that some replica serves is trusted by every API server, at every moment. Three
//! rules keep it so when programs stop anywhere between two steps, and when two of them believe to
//! be the leader:
//!
//! - A pass reads the webhook configuration first and the Secret after it, and ends within the
//!   publish delay; a write is refused when what it replaces has changed since. Then a bundle is never
//!   computed from a Secret older than the bundle that it replaces.
//! - The delays are measured by whoever waits, from what it has seen itself. A crash makes the wait
//!   longer, and neither a crash nor a clock that is wrong makes it shorter; nothing is to be stored.
//! - A lost or unreadable Secret is made anew from what is still known: the pair that this replica
//!   serves stays the served one, and whatever the configuration trusts stays trusted, until a new
//!   pair has gone the way above. So to delete the Secret is to ask for a rotation now.

use std::sync::Arc;
use std::time::Duration;

use super::authority::Authority;
use super::identity::Identity;
use super::policy::Policy;

/// What the Secret holds. One of `serving` and `next` is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates {
    /// What every replica serves; none before the first CA is trusted.
    pub serving: Option<Arc<Identity>>,
    /// What will be served when every API server trusts it.
    pub next: Option<Arc<Identity>>,
    /// CAs of pairs that were served before, newest first.
    pub retired: Vec<Authority>,
}

impl Certificates {
    /// The CAs that the API servers have to trust: newest first, each once.
    pub fn trusted(&self) -> Vec<Authority> {
        let pairs = [&self.next, &self.serving].into_iter().flatten();
        let all = pairs.map(|pair| pair.authority()).chain(&self.retired);
        let mut trusted: Vec<Authority> = Vec::new();
        for authority in all {
            if !trusted.contains(authority) {
                trusted.push(authority.clone());
            }
        }
        trusted
    }
}

/// The Secret, as it was read.
#[derive(Debug)]
pub enum Stored {
    /// It does not exist.
    Missing,
    /// It exists, but its content cannot be used.
    Unusable,
    /// It is in order; the version changes with each write.
    Held {
        /// The object's `resourceVersion`.
        version: String,
        /// Its content.
        certificates: Certificates,
    },
}

/// The webhook configuration, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Changes when the entries do.
    pub revision: String,
    /// The bundle of each entry that calls our Service. None at all: nobody calls us.
    pub bundles: Vec<Vec<Authority>>,
}

/// What one pass has seen.
#[derive(Debug)]
pub struct View<'a> {
    /// The configuration, read first.
    pub registration: &'a Registration,
    /// The Secret, read after it.
    pub stored: &'a Stored,
    /// What this replica serves.
    pub own: Option<&'a Arc<Identity>>,
    /// Whether this replica holds the lease.
    pub leading: bool,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The time on a clock that never jumps, after both were read.
    pub at: Duration,
}

/// What to do next; after everything but [`Step::Rest`] comes another pass at once.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the Secret. Whoever is first wins.
    Create(Certificates),
    /// Replace the content that was read.
    Replace(Certificates, Change),
    /// Write this bundle into the entries that were read.
    Publish {
        /// The CAs, newest first.
        bundle: Vec<Authority>,
        /// The CA of the served pair was not in it: somebody else's change is undone.
        repair: bool,
    },
    /// Nothing for that long, unless something changes.
    Rest(Duration),
}

/// What a [`Step::Replace`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A pair is issued.
    Issue,
    /// The next pair is served from now on.
    Promote,
    /// What was served before is no longer trusted.
    Retire,
}

/// A replica looks by itself that often, should a watch be silent.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// CAs that a new Secret takes over from the configuration, at most: were it deleted again and again,
/// the bundle would grow without end.
const ADOPTED: usize = 8;

/// The decisions of one replica.
#[derive(Debug)]
pub struct Rotation {
    policy: Policy,
    settled: Option<Settled>,
}

/// Since when Secret and bundle agree.
#[derive(Debug, PartialEq, Eq)]
struct Settled {
    version: String,
    revision: String,
    since: Duration,
}

impl Rotation {
    /// A replica that has seen nothing yet.
    pub fn new(policy: Policy) -> Self {
        let settled = None;
        Self { policy, settled }
    }

    /// What to do about what was seen; `issue` makes a new pair where one is needed.
    ///
    /// # Errors
    /// When a pair cannot be made.
    pub fn decide<E>(
        &mut self,
        view: &View<'_>,
        issue: impl FnOnce() -> Result<Identity, E>,
    ) -> Result<Step, E> {
        let registration = view.registration;
        let (version, held) = match view.stored {
            Stored::Missing => {
                return Ok(Step::Create(self.begin(view, issue()?)));
            }
            Stored::Unusable if view.leading => {
                let begun = self.begin(view, issue()?);
                return Ok(Step::Replace(begun, Change::Issue));
            }
            Stored::Unusable => return Ok(Step::Rest(LOOK_AGAIN)),
            Stored::Held {
                version,
                certificates,
            } => (version, certificates),
        };
        let trusted = held.trusted();
        let complete = registration.bundles.iter().all(|bundle| *bundle == trusted);
        let waited = self.settled_for(view.at, version, registration, complete);
        if !view.leading {
            return Ok(Step::Rest(LOOK_AGAIN));
        }
        if self.needs_another(held, view.now) {
            let mut begun = held.clone();
            begun.next = Some(Arc::new(issue()?));
            return Ok(Step::Replace(begun, Change::Issue));
        }
        if !complete {
            let lacks = |authority| {
                let mut bundles = registration.bundles.iter();
                bundles.any(|bundle| !bundle.contains(authority))
            };
            let repair = held
                .serving
                .as_ref()
                .is_some_and(|it| lacks(it.authority()));
            return Ok(Step::Publish {
                bundle: trusted,
                repair,
            });
        }
        Ok(self.proceed(held, waited, view.now))
    }

    /// The first content of a Secret: what is served and trusted stays so, beside a new pair.
    fn begin(&self, view: &View<'_>, new: Identity) -> Certificates {
        let mut own = view.own.cloned();
        own = own.filter(|own| self.policy.works(own, view.now));
        let alive = |authority: &&Authority| authority.not_after() > view.now;
        let retired = view.registration.bundles.iter().flatten().filter(alive);
        let mut begun = Certificates {
            serving: own,
            next: Some(Arc::new(new)),
            retired: retired.cloned().collect(),
        };
        // Each once, and none that the pairs bring along.
        let pairs = [&begun.next, &begun.serving].into_iter().flatten().count();
        begun.retired = begun.trusted().split_off(pairs);
        begun.retired.truncate(ADOPTED);
        begun
    }

    /// How long Secret and bundle have been as they are now, in agreement.
    fn settled_for(
        &mut self,
        at: Duration,
        version: &str,
        registration: &Registration,
        complete: bool,
    ) -> Duration {
        let same = |settled: &Settled| {
            settled.version == version && settled.revision == registration.revision
        };
        if !complete {
            self.settled = None;
        } else if !self.settled.as_ref().is_some_and(same) {
            self.settled = Some(Settled {
                version: version.to_owned(),
                revision: registration.revision.clone(),
                since: at,
            });
        }
        let since = self.settled.as_ref().map(|settled| settled.since);
        since.map_or(Duration::ZERO, |since| at.saturating_sub(since))
    }

    fn needs_another(&self, held: &Certificates, now: i64) -> bool {
        let due = |identity: &Arc<Identity>| self.policy.is_due(identity, now);
        match (&held.next, &held.serving) {
            (Some(next), _) => due(next),
            (None, serving) => serving.as_ref().is_none_or(due),
        }
    }

    /// The next step when Secret and bundle have agreed for `waited`.
    fn proceed(&self, held: &Certificates, waited: Duration, now: i64) -> Step {
        let mut then = held.clone();
        if let Some(next) = then.next.take() {
            let served = held.serving.as_ref();
            let works = served.is_some_and(|served| self.policy.works(served, now));
            // Where no API server can trust anybody, there is nothing to wait for.
            let nothing_trusted = !works && held.retired.is_empty();
            let delay = self.policy.publish_delay();
            if !nothing_trusted && waited < delay {
                return Step::Rest(delay - waited);
            }
            let replaced = then.serving.replace(next);
            let replaced = replaced.map(|identity| identity.authority().clone());
            then.retired.splice(0..0, replaced);
            return Step::Replace(then, Change::Promote);
        }
        let delay = self.policy.retire_delay();
        if !then.retired.is_empty() {
            if waited < delay {
                return Step::Rest((delay - waited).min(LOOK_AGAIN));
            }
            then.retired.clear();
            return Step::Replace(then, Change::Retire);
        }
        let due_in = then
            .serving
            .map_or(0, |serving| serving.not_after() - self.policy.third() - now);
        Step::Rest(Duration::from_secs(u64::try_from(due_in).unwrap_or(0)).min(LOOK_AGAIN))
    }
}

#[cfg(test)]
mod tests;
