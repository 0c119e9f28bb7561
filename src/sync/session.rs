//! One login: a token in use, perhaps one being fetched, and those that wait to be revoked.

mod recall;
mod revocation;

use std::time::Duration;

use fastrand::Rng;

use super::backoff::Backoff;
use super::event::{Action, TokenId};
use super::login::{BETWEEN_LOGINS, Login, Upkeep};
use super::notice::Notice;
use super::schedule::next_renewal;
use crate::spec::Profile;
use crate::vault::{Class, TokenLease, VaultError};

/// All that concerns the tokens of one login.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Whose it is, for messages; `None` is the pod's own.
    profile: Option<Profile>,
    current: Option<Login>,
    attempt: Attempt,
    retired: Vec<Retired>,
    backoff: Backoff,
    /// Until when the server asked to be left alone.
    pause: Duration,
    /// Why there is no token, or no new one.
    failure: Option<VaultError>,
    /// How long before its end a token shall have a successor.
    lead: Duration,
    /// A token could not be revoked.
    left_behind: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Attempt {
    #[default]
    Idle,
    At(Duration),
    Under(TokenId),
}

/// A token that requests in flight may still use.
#[derive(Debug)]
struct Retired {
    token: TokenId,
    /// `None` while the revocation is under way.
    revoke: Option<Duration>,
}

/// What a denied request says about the token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Vault accepted the token since the request was sent: the policies say no.
    Policy,
    /// It is not known whether the token is still good: Vault is being asked.
    Asking,
    /// Another token is in use by now.
    Outdated,
}

/// However long a server asks to be left alone, other secrets are asked for after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Session {
    /// One without a token.
    pub(crate) fn new(profile: Option<Profile>) -> Self {
        Self {
            profile,
            ..Self::default()
        }
    }

    /// Whose it is.
    pub(crate) fn profile(&self) -> &Option<Profile> {
        &self.profile
    }

    /// The token in use, with what was found out with it.
    pub(crate) fn login(&mut self) -> Option<&mut Login> {
        self.current.as_mut()
    }

    /// The token in use.
    pub(crate) fn token(&self) -> Option<TokenId> {
        self.current.as_ref().map(|login| login.token)
    }

    /// Whether `token` is in use here, is being issued, or waits to be revoked.
    pub(crate) fn knows(&self, token: TokenId) -> bool {
        let mut retired = self.retired.iter();
        self.token() == Some(token)
            || self.attempt == Attempt::Under(token)
            || retired.any(|retired| retired.token == token)
    }

    /// The server asks everybody to wait.
    pub(crate) fn pause(&mut self, wait: Duration, now: Duration) {
        self.pause = self.pause.max(now + wait.min(LONGEST_PAUSE));
    }

    /// Whether the server is left alone for now.
    pub(crate) fn is_paused(&self, now: Duration) -> bool {
        self.pause > now
    }

    /// Until when it is.
    pub(crate) fn paused_until(&self) -> Duration {
        self.pause
    }

    fn tell(&self, notice: Notice) -> Action {
        Action::Tell(notice.of(self.profile.as_ref()))
    }

    /// When the token in use expires: `None` without a token, `Some(None)` is never.
    pub(crate) fn expires(&self) -> Option<Option<Duration>> {
        self.current.as_ref().map(|login| login.expires)
    }

    /// When the token in use is renewed or replaced next.
    pub(crate) fn next_upkeep(&self) -> Option<Duration> {
        match self.current.as_ref()?.next {
            Upkeep::Renew(at) | Upkeep::Replace(at) => Some(at),
            Upkeep::Nothing | Upkeep::Renewing => None,
        }
    }

    /// Why there is no token, or no new one, and when the next attempt is made.
    pub(crate) fn failure(&self) -> Option<(&VaultError, Option<Duration>)> {
        let at = match self.attempt {
            Attempt::At(at) => Some(at),
            _ => None,
        };
        self.failure.as_ref().map(|failure| (failure, at))
    }

    /// Do not wait for the next attempt to log in.
    pub(crate) fn hurry(&mut self, now: Duration) {
        if matches!(self.attempt, Attempt::At(_)) {
            self.attempt = Attempt::At(now);
        }
    }

    /// When [`tick`](Self::tick) has something to do, `tick` having just been called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let attempt = match self.attempt {
            Attempt::At(at) => Some(at),
            _ => None,
        };
        let login = self.current.iter().flat_map(|login| {
            let next = match login.next {
                Upkeep::Renew(at) => Some(at),
                Upkeep::Replace(at) if self.attempt == Attempt::Idle => Some(at),
                _ => None,
            };
            next.into_iter().chain(login.expires)
        });
        let retired = self.retired.iter().filter_map(|retired| retired.revoke);
        login.chain(attempt).chain(retired).min()
    }

    /// Does what is due: revocations, renewals, logins.
    ///
    /// A new login gets the number after `logins`.
    pub(crate) fn tick(&mut self, now: Duration, logins: &mut u64, out: &mut Vec<Action>) {
        for retired in &mut self.retired {
            if retired.revoke.is_some_and(|at| at <= now) {
                retired.revoke = None;
                out.push(Action::Revoke(retired.token));
            }
        }
        if let Some(login) = self.current.take_if(|login| login.is_over(now)) {
            out.push(Action::Forget(login.token));
            out.push(self.tell(Notice::TokenLost));
        }
        match &mut self.current {
            Some(login) => match login.next {
                Upkeep::Renew(at) if at <= now => {
                    login.next = Upkeep::Renewing;
                    out.push(Action::Renew(login.token));
                }
                Upkeep::Replace(at) if at <= now && self.attempt == Attempt::Idle => {
                    self.attempt = Attempt::At(now);
                }
                _ => {}
            },
            None if self.attempt == Attempt::Idle => self.attempt = Attempt::At(now),
            None => {}
        }
        if matches!(self.attempt, Attempt::At(at) if at <= now) {
            *logins += 1;
            let token = TokenId(*logins);
            self.attempt = Attempt::Under(token);
            out.push(Action::LogIn(token, self.profile.clone()));
        }
    }

    /// Takes the answer to a login. The token before it is revoked after `grace`, unless it
    /// expires by then.
    pub(crate) fn logged_in(
        &mut self,
        token: TokenId,
        result: Result<TokenLease, VaultError>,
        (now, grace, longest): (Duration, Duration, Duration),
        rng: &mut Rng,
        out: &mut Vec<Action>,
    ) {
        if self.attempt != Attempt::Under(token) {
            return;
        }
        let lease = match result {
            Ok(lease) => lease,
            Err(error) => {
                let retry = self.backoff.fail(longest, hint(&error), rng);
                self.attempt = Attempt::At(now + retry);
                out.push(self.tell(Notice::LoginFailed {
                    message: error.to_string(),
                    retry,
                }));
                self.failure = Some(error);
                return;
            }
        };
        self.failure = None;
        self.attempt = Attempt::Idle;
        let old = self.current.replace(Login::new(token, lease, now, rng));
        if let Some(old) = old {
            if old.expires.is_some_and(|end| end <= now + grace) {
                out.push(Action::Forget(old.token));
            } else {
                self.retired.push(Retired {
                    token: old.token,
                    revoke: Some(now + grace),
                });
            }
        }
        let life = (lease.duration > Duration::ZERO).then_some(lease.duration);
        out.push(self.tell(Notice::LoggedIn { life }));
    }

    /// Takes the answer to a renewal.
    pub(crate) fn renewed(
        &mut self,
        token: TokenId,
        result: Result<TokenLease, VaultError>,
        (now, longest): (Duration, Duration),
        rng: &mut Rng,
        out: &mut Vec<Action>,
    ) {
        let Some(login) = self.current.as_mut().filter(|login| login.token == token) else {
            return;
        };
        match result {
            Ok(lease) => {
                login.proved = Some(now);
                login.renewals.reset();
                let notice = login.extend(lease, (now, self.lead), rng);
                out.extend(notice.map(|notice| self.tell(notice)));
            }
            Err(error) => match error.class() {
                Class::Denied | Class::TokenInvalid => self.lose(token, (now, longest), rng, out),
                Class::Unavailable | Class::RateLimited(_) => {
                    let left = login.left(now).unwrap_or(longest);
                    let wait = login.renewals.fail(longest, hint(&error), rng);
                    // A third of what is left, again and again, but never a busy loop.
                    let wait = wait.min(left / 3).max(BETWEEN_LOGINS / 2);
                    login.next = Upkeep::Renew(now + wait);
                    out.push(self.tell(Notice::RenewalFailed {
                        message: error.to_string(),
                    }));
                }
                // Vault knows the token but will not extend it.
                Class::NotFound | Class::Invalid => {
                    login.proved = Some(now);
                    login.next = match login.left(now) {
                        Some(left) => Upkeep::Replace(now + next_renewal(left, rng)),
                        None => Upkeep::Nothing,
                    };
                }
            },
        }
    }

    /// Vault answered a request with success.
    pub(crate) fn prove(&mut self, token: TokenId, now: Duration) {
        if let Some(login) = self.current.as_mut().filter(|login| login.token == token) {
            login.proved = Some(now);
            if login.has_settled(now) {
                self.backoff.reset();
            }
        }
    }

    /// A request that was sent at `sent` was denied. Vault says the same of a token that was revoked
    /// and of a policy that does not allow the path, so where no other answer tells, the token is
    /// renewed to find out.
    pub(crate) fn denied(
        &mut self,
        token: TokenId,
        sent: Duration,
        out: &mut Vec<Action>,
    ) -> Verdict {
        let Some(login) = self.current.as_mut().filter(|login| login.token == token) else {
            return Verdict::Outdated;
        };
        if login.was_good(sent) {
            return Verdict::Policy;
        }
        if login.next != Upkeep::Renewing {
            login.next = Upkeep::Renewing;
            out.push(Action::Renew(token));
        }
        Verdict::Asking
    }

    /// Vault does not accept the token: log in again, at once when it was of use for a while.
    pub(crate) fn lose(
        &mut self,
        token: TokenId,
        (now, longest): (Duration, Duration),
        rng: &mut Rng,
        out: &mut Vec<Action>,
    ) {
        let Some(login) = self.current.take_if(|login| login.token == token) else {
            return;
        };
        out.push(Action::Forget(token));
        out.push(self.tell(Notice::TokenLost));
        if self.attempt == Attempt::Idle {
            let wait = match login.has_settled(now) {
                true => Duration::ZERO,
                false => self.backoff.fail(longest, None, rng),
            };
            self.attempt = Attempt::At(now + wait);
        }
    }
}

/// What the server asks us to wait.
pub(crate) fn hint(error: &VaultError) -> Option<Duration> {
    match error.class() {
        Class::RateLimited(wait) => wait,
        _ => None,
    }
}
