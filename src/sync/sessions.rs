//! The sessions of all logins: the pod's own and those of its profiles. They share nothing but the
//! numbers of their tokens, so that an outage of one server, or a role that is refused, is felt by
//! its own secrets alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;

use super::engine::Engine;
use super::event::{Action, TokenId};
use super::login::Login;
use super::memory::KnownToken;
use super::mount_state::MountState;
use super::session::{Session, Verdict};
use crate::spec::{Profile, SecretRef};

/// One session for each login that the pod has, used or not.
#[derive(Debug)]
pub(crate) struct Sessions {
    by_profile: BTreeMap<Option<Profile>, Session>,
    /// How many logins there were: a token has the number of its login.
    logins: u64,
}

impl Sessions {
    /// Those of the pod's own login and of `profiles`.
    pub(crate) fn new(profiles: &BTreeSet<Profile>) -> Self {
        let named = profiles.iter().cloned().map(Some);
        let session = |profile: Option<Profile>| (profile.clone(), Session::new(profile));
        Self {
            by_profile: std::iter::once(None).chain(named).map(session).collect(),
            logins: 0,
        }
    }

    /// All of them, in the order of the profiles; the pod's own first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Option<Profile>, &Session)> {
        self.by_profile.iter()
    }

    /// The session that `secret` is read in; none where its profile is not the pod's.
    pub(crate) fn of(&self, secret: &SecretRef) -> Option<&Session> {
        self.by_profile.get(&secret.profile)
    }

    /// The same, to be changed.
    pub(crate) fn of_mut(&mut self, secret: &SecretRef) -> Option<&mut Session> {
        self.by_profile.get_mut(&secret.profile)
    }

    /// The token in use for `secret`, with what was found out with it.
    pub(crate) fn login(&mut self, secret: &SecretRef) -> Option<&mut Login> {
        self.of_mut(secret)?.login()
    }

    /// The token in use for `secret`.
    pub(crate) fn token(&self, secret: &SecretRef) -> Option<TokenId> {
        self.of(secret)?.token()
    }

    /// The token in use of the pod's own login.
    pub(crate) fn own_token(&self) -> Option<TokenId> {
        self.by_profile.get(&None)?.token()
    }

    /// The session that `token` is, or is to be, one of.
    pub(crate) fn holder(&mut self, token: TokenId) -> Option<&mut Session> {
        let mut all = self.by_profile.values_mut();
        all.find(|session| session.knows(token))
    }

    /// Whether `secret` may be asked for now.
    pub(crate) fn can_ask(&self, secret: &SecretRef, now: Duration) -> bool {
        let session = self.of(secret);
        session.is_some_and(|session| session.token().is_some() && !session.is_paused(now))
    }

    /// Whether there is no token for `secret`, and its login fails.
    pub(crate) fn cuts_off(&self, secret: &SecretRef) -> bool {
        let session = self.of(secret);
        session.is_some_and(|session| session.token().is_none() && session.failure().is_some())
    }

    /// Does what is due in the session of `profile`.
    pub(crate) fn tick(&mut self, profile: &Option<Profile>, now: Duration, out: &mut Vec<Action>) {
        if let Some(session) = self.by_profile.get_mut(profile) {
            session.tick(now, &mut self.logins, out);
        }
    }

    /// Credentials of files hang on the tokens `bound` of `profile`.
    pub(crate) fn bind(
        &mut self,
        profile: &Option<Profile>,
        bound: &BTreeSet<TokenId>,
        now: Duration,
        times: (Duration, Duration),
    ) {
        if let Some(session) = self.by_profile.get_mut(profile) {
            session.bind(bound, now, times);
        }
    }

    /// Vault answered a request for `secret` with success.
    pub(crate) fn prove(&mut self, secret: &SecretRef, token: TokenId, now: Duration) {
        if let Some(session) = self.of_mut(secret) {
            session.prove(token, now);
        }
    }

    /// A request for `secret` that was sent at `sent` was denied.
    pub(crate) fn denied(
        &mut self,
        secret: &SecretRef,
        (token, sent): (TokenId, Duration),
        out: &mut Vec<Action>,
    ) -> Verdict {
        let session = self.of_mut(secret);
        session.map_or(Verdict::Outdated, |session| {
            session.denied(token, sent, out)
        })
    }

    /// Vault does not accept the token that `secret` was asked for with.
    pub(crate) fn lose(
        &mut self,
        secret: &SecretRef,
        token: TokenId,
        times: (Duration, Duration),
        rng: &mut Rng,
        out: &mut Vec<Action>,
    ) {
        if let Some(session) = self.of_mut(secret) {
            session.lose(token, times, rng, out);
        }
    }

    /// Do not wait for the next attempt to log in, and ask anew what was denied.
    pub(crate) fn hurry(&mut self, now: Duration) {
        for session in self.by_profile.values_mut() {
            session.hurry(now);
            if let Some(login) = session.login() {
                login.mounts.forget_denials();
            }
        }
    }

    /// Takes over the tokens of an earlier process.
    pub(crate) fn recall(&mut self, tokens: &[KnownToken], now: Duration, grace: Duration) {
        for token in tokens {
            self.logins = self.logins.max(token.id.number());
            if let Some(session) = self.by_profile.get_mut(&token.profile) {
                session.recall(token, now, grace);
            }
        }
    }

    /// All tokens that are good, as far as is known.
    pub(crate) fn known(&self) -> impl Iterator<Item = KnownToken> {
        self.by_profile.values().flat_map(Session::known)
    }

    /// Whether there is a token that is to be revoked, or that is just being issued.
    pub(crate) fn is_busy(&self) -> bool {
        self.by_profile.values().any(Session::is_busy)
    }

    /// Whether every token was revoked that was to be.
    pub(crate) fn has_revoked_all(&self) -> bool {
        self.by_profile.values().all(Session::has_revoked_all)
    }

    /// Revokes every token: the program ends.
    pub(crate) fn revoke_all(&mut self, out: &mut Vec<Action>) {
        for session in self.by_profile.values_mut() {
            session.revoke_all(out);
        }
    }
}

impl Engine {
    /// Tells each session which of its tokens credentials of files hang on.
    pub(super) fn bind_sessions(&mut self) {
        let times = (self.options.grace, self.options.overlap());
        for profile in self.needed_logins() {
            let bound = self.bound(&profile);
            self.sessions.bind(&profile, &bound, self.now, times);
        }
    }

    /// Logs in, renews and revokes as it is due, for each login that is needed.
    pub(super) fn tick_sessions(&mut self, out: &mut Vec<Action>) {
        for profile in self.needed_logins() {
            self.sessions.tick(&profile, self.now, out);
        }
    }

    /// The logins that have or need a token, the pod's own first.
    fn needed_logins(&self) -> Vec<Option<Profile>> {
        let known = self.sessions.iter().map(|(profile, _)| profile);
        let needed = known.filter(|profile| self.needs_token(profile));
        needed.cloned().collect()
    }

    /// A login that nothing is served with is not made; one that is there is looked after.
    pub(super) fn needs_token(&self, profile: &Option<Profile>) -> bool {
        let mut sessions = self.sessions.iter();
        self.serves_with(profile)
            || sessions.any(|(known, session)| known == profile && session.token().is_some())
    }

    /// Whether a secret is read with the login, or a file holds its token.
    pub(super) fn serves_with(&self, profile: &Option<Profile>) -> bool {
        let mut secrets = self.secrets.keys();
        let holds = || profile.is_none() && self.mounts.iter().any(MountState::holds_token);
        secrets.any(|secret| secret.profile == *profile) || holds()
    }
}
