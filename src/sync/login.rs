//! A token in use: how long it lives, what keeps it alive, and what was found out with it.

use std::time::Duration;

use fastrand::Rng;

use super::backoff::Backoff;
use super::event::TokenId;
use super::memory::KnownToken;
use super::mount_table::MountTable;
use super::notice::Notice;
use super::schedule::{first_renewal, next_renewal};
use crate::vault::TokenLease;

/// Two logins are at least this far apart, however short-lived the tokens.
pub(crate) const BETWEEN_LOGINS: Duration = Duration::from_secs(1);

/// A token that is lost sooner than this after its login is not replaced at once: a server that
/// issues tokens and refuses them must not be asked for one after the other.
const SETTLED: Duration = Duration::from_secs(10);

/// A token that was good so shortly before is believed to be so still.
const JUST: Duration = Duration::from_secs(5);

/// A token in use, and what was learned with it.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) token: TokenId,
    /// What the policies of this token let us find out.
    pub(crate) mounts: MountTable,
    /// What the login gave; a renewal that gives less has met the maximal life.
    pub(crate) granted: Duration,
    pub(crate) renewable: bool,
    /// `None` is never.
    pub(crate) expires: Option<Duration>,
    pub(crate) next: Upkeep,
    /// The last moment at which Vault accepted the token, as far as this process knows.
    pub(crate) proved: Option<Duration>,
    /// When it was issued.
    pub(crate) since: Duration,
    pub(crate) renewals: Backoff,
}

/// What keeps a token alive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Upkeep {
    Nothing,
    Renew(Duration),
    Renewing,
    /// Log in again: the token cannot be renewed, or not for long.
    Replace(Duration),
}

impl Login {
    pub(crate) fn new(token: TokenId, lease: TokenLease, now: Duration, rng: &mut Rng) -> Self {
        let life = lease.duration;
        let forever = life.is_zero();
        Self {
            token,
            mounts: MountTable::default(),
            granted: life,
            renewable: lease.renewable,
            expires: (!forever).then_some(now + life),
            next: match lease.renewable {
                _ if forever => Upkeep::Nothing,
                true => Upkeep::Renew(now + first_renewal(life, rng)),
                false => Upkeep::Replace(now + first_renewal(life, rng).max(BETWEEN_LOGINS)),
            },
            proved: Some(now),
            since: now,
            renewals: Backoff::default(),
        }
    }

    /// One of an earlier process. What it is worth is found out by a renewal, or by its first use.
    pub(crate) fn recalled(token: &KnownToken, now: Duration) -> Self {
        let left = token.expires.map(|end| end.saturating_sub(now));
        Self {
            token: token.id,
            mounts: MountTable::default(),
            granted: token.granted,
            expires: token.expires,
            next: match left {
                None => Upkeep::Nothing,
                Some(_) if token.renewable => Upkeep::Renew(now),
                Some(left) => Upkeep::Replace(now + (left / 2).max(BETWEEN_LOGINS)),
            },
            renewable: token.renewable,
            proved: None,
            since: now,
            renewals: Backoff::default(),
        }
    }

    /// Takes the answer to a renewal. Before the end of what cannot be renewed there shall be `lead`
    /// for what hangs on the token to move to another one.
    pub(crate) fn extend(
        &mut self,
        lease: TokenLease,
        (now, lead): (Duration, Duration),
        rng: &mut Rng,
    ) -> Option<Notice> {
        if self.expires.is_none() {
            self.next = Upkeep::Nothing;
            return None;
        }
        let life = lease.duration;
        self.expires = Some(now + life);
        let at = next_renewal(life, rng).max(BETWEEN_LOGINS / 2);
        // Vault counts in whole seconds, so one less means nothing.
        if lease.renewable && life + BETWEEN_LOGINS >= self.granted {
            self.next = Upkeep::Renew(now + at);
            None
        } else {
            let at = at.min(life.saturating_sub(lead).max(BETWEEN_LOGINS / 2));
            self.next = Upkeep::Replace(now + at);
            Some(Notice::TokenNearsItsEnd { replace: at })
        }
    }

    pub(crate) fn left(&self, now: Duration) -> Option<Duration> {
        self.expires.map(|end| end.saturating_sub(now))
    }

    pub(crate) fn has_settled(&self, now: Duration) -> bool {
        now >= self.since + SETTLED
    }

    /// Whether Vault accepted the token after `sent` or shortly before.
    pub(crate) fn was_good(&self, sent: Duration) -> bool {
        self.proved.is_some_and(|proved| proved + JUST >= sent)
    }

    pub(crate) fn is_over(&self, now: Duration) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}
