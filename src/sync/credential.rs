//! A credential that Vault made for this pod alone: how long it lives, and what keeps it alive.

use std::time::Duration;

use fastrand::Rng;

use super::event::TokenId;
use super::schedule::{first_renewal, next_renewal, replacement};
use super::secret_state::Step;
use crate::secret::{Lease, LeaseId};
use crate::vault::LeaseTerm;

/// A credential in use. It dies with its lease, and with the token that it was read with.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) lease: LeaseId,
    pub(crate) token: TokenId,
    /// `None` of one of an earlier process.
    issued: Option<Duration>,
    /// What it was given at first; a renewal that gives less has met the maximal life.
    pub(crate) granted: Duration,
    /// `None` is not known to end.
    pub(crate) end: Option<Duration>,
    pub(crate) renewable: bool,
    upkeep: Upkeep,
    /// Vault does not know the lease any more.
    gone: bool,
    /// The policies do not allow to look the lease up.
    hidden: bool,
}

/// What keeps the files' credential alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upkeep {
    Nothing,
    Renew(Duration),
    /// Make a new one: this one cannot be renewed, or not for long.
    Replace(Duration),
}

/// What a new credential is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// How long an old credential shall live beside its successor.
    pub(crate) grace: Duration,
    /// How long the one before it could live at most, once that is known.
    pub(crate) longest: Option<Duration>,
}

/// When a question was sent, and the time of its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) sent: Duration,
    pub(crate) now: Duration,
}

/// Vault counts in whole seconds, so one less means nothing.
const A_SECOND: Duration = Duration::from_secs(1);

/// Nothing is made more often than this, however short-lived.
const SHORTEST: Duration = Duration::from_secs(1);

impl Credential {
    /// The credential of an answer with `lease`. It lives from when it was asked for, since nobody
    /// knows when in between Vault made it.
    pub(crate) fn new(
        lease: &Lease,
        token: TokenId,
        Exchange { sent, now }: Exchange,
        terms: Terms,
        rng: &mut Rng,
    ) -> Self {
        let mut credential = Self {
            lease: lease.id.clone(),
            token,
            issued: Some(sent),
            granted: lease.duration,
            end: (!lease.duration.is_zero()).then(|| sent + lease.duration),
            renewable: lease.renewable,
            upkeep: Upkeep::Nothing,
            gone: false,
            hidden: false,
        };
        if let Some(left) = credential.left(now) {
            let renewal = first_renewal(left, rng).max(SHORTEST);
            credential.plan(now, left, renewal, terms, rng);
        }
        credential
    }

    /// One of an earlier process.
    pub(crate) fn recalled(
        lease: LeaseId,
        token: TokenId,
        granted: Duration,
        (end, now): (Option<Duration>, Duration),
        renewable: bool,
    ) -> Self {
        let at = end.map(|end| now + end.saturating_sub(now) * 2 / 3);
        Self {
            lease,
            token,
            issued: None,
            granted,
            end,
            renewable,
            upkeep: match at {
                None => Upkeep::Nothing,
                Some(at) if renewable => Upkeep::Renew(at),
                Some(at) => Upkeep::Replace(at),
            },
            gone: false,
            hidden: false,
        }
    }

    /// Plans the next renewal, or the successor where one cannot be had or comes too late.
    fn plan(
        &mut self,
        now: Duration,
        left: Duration,
        renewal: Duration,
        terms: Terms,
        rng: &mut Rng,
    ) {
        if !self.renewable {
            let wait = replacement(left, terms.grace, rng).max(SHORTEST);
            self.upkeep = Upkeep::Replace(now + wait);
            return;
        }
        let last = self
            .issued
            .zip(terms.longest)
            .map(|(issued, longest)| issued + replacement_at_most(longest, terms.grace));
        self.upkeep = match last {
            Some(last) if last <= now + renewal => Upkeep::Replace(last.max(now)),
            _ => Upkeep::Renew(now + renewal),
        };
    }

    /// Takes the answer to a renewal. When Vault gave less than at first, [`nears_its_end`] is so
    /// from then on, and the answer is how long such a credential can live at most.
    ///
    /// [`nears_its_end`]: Self::nears_its_end
    pub(crate) fn renewed(
        &mut self,
        term: LeaseTerm,
        Exchange { sent, now }: Exchange,
        terms: Terms,
        rng: &mut Rng,
    ) -> Option<Duration> {
        let end = sent + term.duration;
        let left = end.saturating_sub(now);
        self.end = Some(end);
        self.renewable = term.renewable;
        if term.renewable && term.duration + A_SECOND >= self.granted {
            let renewal = next_renewal(left, rng).max(SHORTEST / 2);
            self.plan(now, left, renewal, terms, rng);
            return None;
        }
        let wait = next_renewal(left, rng).min(left.saturating_sub(terms.grace));
        self.upkeep = Upkeep::Replace(now + wait);
        self.issued.map(|issued| end.saturating_sub(issued))
    }

    /// Takes the answer to a look-up. Somebody may have shortened the lease.
    pub(crate) fn checked(
        &mut self,
        term: LeaseTerm,
        Exchange { sent, now }: Exchange,
        rng: &mut Rng,
    ) {
        let end = sent + term.duration;
        self.end = Some(end);
        let at = now + next_renewal(end.saturating_sub(now), rng);
        self.upkeep = match self.upkeep {
            Upkeep::Renew(planned) if planned > end => Upkeep::Renew(at),
            Upkeep::Replace(planned) if planned > end => Upkeep::Replace(at),
            planned => planned,
        };
    }

    /// The policies do not allow a renewal: what is left is all there is.
    pub(crate) fn cannot_be_renewed(&mut self, now: Duration, grace: Duration, rng: &mut Rng) {
        self.renewable = false;
        if let Some(left) = self.left(now) {
            let wait = next_renewal(left, rng).min(left.saturating_sub(grace));
            self.upkeep = Upkeep::Replace(now + wait);
        }
    }

    /// Whether it will not be renewed again.
    pub(crate) fn nears_its_end(&self) -> bool {
        matches!(self.upkeep, Upkeep::Replace(_))
    }

    /// Vault does not know the lease any more.
    pub(crate) fn is_gone(&mut self) {
        self.gone = true;
    }

    /// The policies do not allow to look it up.
    pub(crate) fn hide(&mut self) {
        self.hidden = true;
    }

    /// The policies may allow it by now.
    pub(crate) fn show(&mut self) {
        self.hidden = false;
    }

    pub(crate) fn can_be_checked(&self) -> bool {
        !self.hidden
    }

    /// How long it lives yet, as far as it is known to end.
    pub(crate) fn left(&self, now: Duration) -> Option<Duration> {
        self.end.map(|end| end.saturating_sub(now))
    }

    /// When there is something to be done for it.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.upkeep {
            Upkeep::Nothing => None,
            Upkeep::Renew(at) | Upkeep::Replace(at) => Some(at),
        }
    }

    /// What is asked next, with `token`; `None` where nothing is to be found out.
    pub(crate) fn step(&self, now: Duration, token: TokenId) -> Option<Step> {
        let is_over = self.gone || self.end.is_some_and(|end| end <= now);
        match self.upkeep {
            // What hangs on another token dies with that one.
            _ if is_over || self.token != token => Some(Step::Read),
            Upkeep::Replace(at) if at <= now => Some(Step::Read),
            Upkeep::Renew(at) if at <= now => Some(Step::RenewLease),
            _ => (!self.hidden).then_some(Step::CheckLease),
        }
    }
}

/// The age at which a credential that lives for `life` at most needs its successor.
fn replacement_at_most(life: Duration, grace: Duration) -> Duration {
    life.saturating_sub(grace).max(life / 3)
}
