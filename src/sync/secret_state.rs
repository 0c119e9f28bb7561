//! One secret: what was read last, what is being asked, when it is asked next.

mod glance;
mod upkeep;

use std::time::{Duration, SystemTime};

use fastrand::Rng;

use super::backoff::Backoff;
use super::certificate::Certificate;
use super::credential::{Credential, Exchange};
use super::event::{Now, TokenId};
use super::notice::Notice;
use super::session::hint;
use crate::secret::VaultSecret;
use crate::spec::{Access, SecretRef};
use crate::vault::{Authority, Class, VaultError};

pub(crate) use self::glance::Glance;

/// A secret that some file needs.
#[derive(Debug)]
pub(crate) struct SecretState {
    phase: Phase,
    data: Option<VaultSecret>,
    /// What keeps the data alive, where Vault made it for this pod.
    credential: Option<Credential>,
    /// The same of a certificate without a lease.
    certificate: Option<Certificate>,
    /// The CA that was looked up for the next certificate, and whether it could be seen.
    seen: Option<Option<Authority>>,
    /// How long a credential can live at most, once one has met that end.
    longest: Option<Duration>,
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
    /// The next round, or what its credential needs.
    Resting,
    /// Its own time: a first look, a repeated attempt.
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
    /// Nothing: it cannot be served here.
    Refused,
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
    /// May the credential live on?
    RenewLease,
    /// Does the credential still live?
    CheckLease,
    /// By which CA are certificates issued?
    CheckAuthority,
}

/// What a read brought.
pub(crate) struct Receipt {
    /// Whether it is new.
    pub(crate) changed: bool,
    pub(crate) notice: Option<Notice>,
    /// The credential that it replaces.
    pub(crate) replaced: Option<Credential>,
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
            credential: None,
            certificate: None,
            seen: None,
            longest: None,
            doubted: None,
            failure: None,
            backoff: Backoff::default(),
            again: false,
            confirmed: None,
        }
    }

    /// There is nothing to be asked.
    pub(crate) fn rest(&mut self) {
        self.phase = Phase::Resting;
    }

    /// It cannot be served here, for good.
    pub(crate) fn refuse(&mut self, message: String) {
        self.phase = Phase::Refused;
        self.failure = Some(Failure {
            class: Class::Invalid,
            message,
        });
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
            Phase::Resting | Phase::AwaitingToken | Phase::Refused => false,
        };
        soon && self.failure.is_none()
    }

    /// Look now, whatever was planned.
    pub(crate) fn look(&mut self, now: Duration) {
        if let Some(credential) = &mut self.credential {
            credential.show();
        }
        match self.phase {
            Phase::Asking { .. } => self.again = true,
            Phase::AwaitingToken | Phase::Refused => {}
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

    /// Vault confirms that the data is current.
    pub(crate) fn confirm(&mut self, secret: &SecretRef, now: Now) -> Option<Notice> {
        self.doubted = None;
        self.succeed(secret, now)
    }

    /// Takes what was read with `token`, which was asked for at `sent`.
    pub(crate) fn receive(
        &mut self,
        secret: &SecretRef,
        data: VaultSecret,
        (token, sent, grace): (TokenId, Duration, Duration),
        now: Now,
        rng: &mut Rng,
    ) -> Receipt {
        if self.goes_back(&data) {
            return Receipt {
                changed: false,
                notice: self.succeed(secret, now),
                replaced: None,
            };
        }
        let exchange = Exchange {
            sent,
            now: now.elapsed,
        };
        let terms = self.terms(grace);
        let credential = data
            .lease
            .as_ref()
            .map(|lease| Credential::new(lease, token, exchange, terms, rng));
        let replaced = std::mem::replace(&mut self.credential, credential);
        let seen = self.seen.take().flatten();
        self.certificate = match secret.is_request() && data.lease.is_none() {
            true => Certificate::new(&data.data, seen, now, rng).or_else(|| {
                let may_be_endless = secret.access == Access::Write;
                may_be_endless.then(|| Certificate::endless(&data, now, rng))
            }),
            false => None,
        };
        let changed = self.data.as_ref().is_none_or(|old| {
            old.version != data.version
                || old.data != data.data
                || old.absent != data.absent
                || old.metadata != data.metadata
                || old.auth != data.auth
        });
        let version = data.version;
        self.data = Some(data);
        let recovered = self.succeed(secret, now);
        let notice = changed.then(|| Notice::SecretChanged {
            secret: secret.clone(),
            version,
        });
        Receipt {
            changed,
            notice: notice.or(recovered),
            replaced,
        }
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
        let mut retry = self.backoff.fail(longest, hint(error), rng);
        if let Some(left) = self.left(now) {
            // A third of what is left, again and again, but never a busy loop.
            retry = retry.min((left / 3).max(SHORTEST_RETRY));
        }
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

/// What nears its end is not chased more often than this.
const SHORTEST_RETRY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;
