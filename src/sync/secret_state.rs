//! One secret: what was read last, what is being asked, when it is asked next.

use std::time::{Duration, SystemTime};

use fastrand::Rng;

use super::backoff::Backoff;
use super::event::{Notice, Now, TokenId};
use super::schedule::next_renewal;
use super::session::hint;
use crate::secret::VaultSecret;
use crate::spec::SecretRef;
use crate::vault::{Class, VaultError};

/// A secret that some file needs.
#[derive(Debug)]
pub(crate) struct SecretState {
    phase: Phase,
    data: Option<VaultSecret>,
    /// A version lower than ours that was seen once.
    doubted: Option<u64>,
    failure: Option<Failure>,
    backoff: Backoff,
    /// Somebody asked to look while an answer was under way, which may be older than the wish.
    again: bool,
    /// The last time at which Vault confirmed or changed the data.
    confirmed: Option<SystemTime>,
}

/// What a secret is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The next round.
    Resting,
    /// Its own time: a first look, a repeated attempt, the end of a lease.
    Due(Duration),
    /// An answer.
    Asking {
        /// What was asked.
        step: Step,
        /// With which token.
        token: TokenId,
        /// When.
        sent: Duration,
    },
    /// Whether the token is still good.
    AwaitingToken,
}

/// The steps of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Which secrets engine?
    LookUp,
    /// Which version?
    CheckVersion,
    /// The data.
    Read,
}

/// Why the last look failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) class: Class,
    pub(crate) message: String,
}

impl SecretState {
    /// A secret that is asked for at once.
    pub(crate) fn new(now: Duration) -> Self {
        Self {
            phase: Phase::Due(now),
            data: None,
            doubted: None,
            failure: None,
            backoff: Backoff::default(),
            again: false,
            confirmed: None,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn data(&self) -> Option<&VaultSecret> {
        self.data.as_ref()
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub(crate) fn confirmed(&self) -> Option<SystemTime> {
        self.confirmed
    }

    /// Whether `token` was asked for `step`, and when.
    pub(crate) fn asked(&self, step: Step) -> Option<(TokenId, Duration)> {
        match self.phase {
            Phase::Asking {
                step: asked,
                token,
                sent,
            } if asked == step => Some((token, sent)),
            _ => None,
        }
    }

    pub(crate) fn is_asking(&self) -> bool {
        matches!(self.phase, Phase::Asking { .. })
    }

    /// `step` is under way.
    pub(crate) fn ask(&mut self, step: Step, token: TokenId, sent: Duration) {
        self.phase = Phase::Asking { step, token, sent };
    }

    /// Whether an answer may soon change the data: it is asked for, or about to be.
    pub(crate) fn is_pending(&self, now: Duration, can_ask: bool) -> bool {
        let soon = match self.phase {
            Phase::Asking { .. } => true,
            Phase::Due(at) => can_ask && at <= now,
            Phase::Resting | Phase::AwaitingToken => false,
        };
        soon && self.failure.is_none()
    }

    /// Look now, whatever was planned.
    pub(crate) fn look(&mut self, now: Duration) {
        match self.phase {
            Phase::Asking { .. } => self.again = true,
            Phase::AwaitingToken => {}
            Phase::Resting | Phase::Due(_) => self.phase = Phase::Due(now),
        }
    }

    /// The answer under way is of no use: ask again.
    pub(crate) fn repeat(&mut self, now: Duration) {
        self.phase = Phase::Due(now);
    }

    /// Wait until it is known whether the token is good.
    pub(crate) fn await_token(&mut self) {
        self.phase = Phase::AwaitingToken;
    }

    /// The round has come. A failing secret keeps its own time, and so does one with a lease; a
    /// version of its own never changes.
    pub(crate) fn join_round(&mut self, secret: &SecretRef, now: Duration) {
        if self.phase == Phase::Resting && secret.version.is_none() {
            self.phase = Phase::Due(now);
        }
    }

    /// Vault confirms that the data is current.
    pub(crate) fn confirm(&mut self, secret: &SecretRef, now: Now) -> Option<Notice> {
        self.doubted = None;
        self.succeed(secret, now)
    }

    /// Takes what was read, and answers whether it is new and what to tell.
    pub(crate) fn receive(
        &mut self,
        secret: &SecretRef,
        data: VaultSecret,
        now: Now,
        rng: &mut Rng,
    ) -> (bool, Option<Notice>) {
        if self.goes_back(&data) {
            return (false, self.succeed(secret, now));
        }
        let lease = data.lease.as_ref().map(|lease| lease.duration);
        let changed = self.data.as_ref().is_none_or(|old| {
            old.version != data.version || old.data != data.data || old.absent != data.absent
        });
        let version = data.version;
        self.data = Some(data);
        let recovered = self.succeed(secret, now);
        // A read of a dynamic secret makes a new credential: not at each round, but before the lease
        // of this one ends. Renewing the lease instead would be decided here.
        if let Some(lease) = lease.filter(|lease| !lease.is_zero())
            && self.phase == Phase::Resting
        {
            self.phase = Phase::Due(now.elapsed + next_renewal(lease, rng).max(SHORTEST_LEASE));
        }
        let notice = changed.then(|| Notice::SecretChanged {
            secret: secret.clone(),
            version,
        });
        (changed, notice.or(recovered))
    }

    /// Whether `data` is older than what we have. A standby that lags answers so, and a secret that
    /// was deleted with all its versions and made anew: the second answer of the kind is believed.
    fn goes_back(&mut self, data: &VaultSecret) -> bool {
        let ours = self.data.as_ref().and_then(|data| data.version);
        let older = ours.is_some_and(|ours| data.version.is_some_and(|theirs| theirs < ours));
        let doubted = older && self.doubted != data.version;
        self.doubted = data.version.filter(|_| doubted);
        doubted
    }

    fn succeed(&mut self, secret: &SecretRef, now: Now) -> Option<Notice> {
        self.backoff.reset();
        self.confirmed = Some(now.wall);
        self.phase = match std::mem::take(&mut self.again) {
            true => Phase::Due(now.elapsed),
            false => Phase::Resting,
        };
        let failure = self.failure.take();
        failure.map(|_| Notice::SecretRecovered {
            secret: secret.clone(),
        })
    }

    /// The look failed: try again after a while. The data stays.
    pub(crate) fn fail(
        &mut self,
        secret: &SecretRef,
        error: &VaultError,
        (now, longest): (Duration, Duration),
        rng: &mut Rng,
    ) -> Option<Notice> {
        let retry = self.backoff.fail(longest, hint(error), rng);
        self.phase = Phase::Due(now + retry);
        let message = error.to_string();
        let known = self.failure.replace(Failure {
            class: error.class(),
            message: message.clone(),
        });
        let told = known.is_some_and(|known| known.message == message);
        (!told).then(|| Notice::SecretFailing {
            secret: secret.clone(),
            message,
            retry,
        })
    }
}

/// A lease that ends sooner is not chased.
const SHORTEST_LEASE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::secret::SecretValue;

    fn state() -> (SecretRef, SecretState, Rng) {
        let secret = "secret/db".parse().expect("a reference");
        (secret, SecretState::new(Duration::ZERO), Rng::with_seed(3))
    }

    fn now() -> Now {
        Now {
            elapsed: Duration::from_secs(9),
            wall: SystemTime::UNIX_EPOCH,
        }
    }

    fn version(version: u64) -> VaultSecret {
        let value = SecretValue::String(format!("v{version}").into());
        VaultSecret {
            data: BTreeMap::from([("password".to_owned(), value)]),
            version: Some(version),
            lease: None,
            absent: false,
        }
    }

    #[test]
    fn an_older_version_is_believed_when_it_is_seen_twice() {
        let (secret, mut state, mut rng) = state();
        let mut receive = |data| state.receive(&secret, data, now(), &mut rng).0;
        assert!(receive(version(7)));
        assert!(!receive(version(6)), "a standby that lags");
        assert!(!receive(version(7)));
        assert!(!receive(version(1)));
        assert!(receive(version(1)), "deleted and made anew");
    }

    #[test]
    fn the_same_failure_is_told_once() {
        let (secret, mut state, mut rng) = state();
        let mut fail = |message: &str| {
            let error = VaultError::new(Class::Unavailable, message);
            let times = (Duration::ZERO, Duration::from_secs(8));
            state.fail(&secret, &error, times, &mut rng).is_some()
        };
        assert!(fail("sealed"));
        assert!(!fail("sealed"));
        assert!(fail("unreachable"));
    }
}
