//! What Vault's answers about secrets mean.

use std::time::Duration;

use super::certificate::holds_certificate;
use super::engine::Engine;
use super::event::{Action, Now, TokenId};
use super::mount_table::{Alternative, Knowledge};
use super::question::is_careful;
use super::secret_state::{Phase, Step};
use super::session::Verdict;
use crate::secret::VaultSecret;
use crate::spec::{Access, SecretRef};
use crate::vault::{Class, SecretsMount, TokenLease, VaultError};

impl Engine {
    /// The answer to [`Action::LookUp`].
    pub(super) fn looked_up(
        &mut self,
        secret: &SecretRef,
        result: Result<SecretsMount, VaultError>,
        out: &mut Vec<Action>,
    ) {
        let path = &secret.path;
        let asked = self.asked(secret, Step::LookUp);
        if let Some(login) = self.sessions.login(secret) {
            match &result {
                Ok(mount) => login.mounts.learn(path, mount.clone()),
                Err(_) => login.mounts.give_up(path),
            }
        }
        let Some((token, sent)) = asked else {
            return;
        };
        match result {
            Ok(_) => self.proved(secret, token),
            Err(error) => match error.class() {
                Class::NotFound if is_careful(secret) => self.failed(secret, &error, out),
                Class::Denied if is_careful(secret) => {
                    if self.is_policy(secret, (token, sent), out) {
                        self.failed(secret, &error, out);
                    }
                }
                Class::NotFound => self.guess(secret, error),
                // If the token is what is refused, the read that follows finds out.
                Class::Denied => self.guess(secret, error),
                Class::TokenInvalid => self.lost(secret, token, out),
                _ => self.failed(secret, &error, out),
            },
        }
    }

    /// The answer to [`Action::CheckVersion`].
    pub(super) fn checked_version(
        &mut self,
        secret: &SecretRef,
        result: Result<u64, VaultError>,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let Some((token, _)) = self.asked(secret, Step::CheckVersion) else {
            return;
        };
        match result {
            Ok(version) => {
                self.sessions.prove(secret, token, self.now);
                let Some(state) = self.secrets.get_mut(secret) else {
                    return;
                };
                if state.data().and_then(|data| data.version) == Some(version) {
                    out.extend(state.confirm(secret, now).map(Action::Tell));
                } else {
                    self.ask_for_data(secret, out);
                }
            }
            Err(error) => match error.class() {
                Class::NotFound | Class::Invalid => self.ask_for_data(secret, out),
                // If the token is what is refused, the read that follows finds out.
                Class::Denied => {
                    if let Some(login) = self.sessions.login(secret) {
                        login.mounts.forget_metadata(&secret.path);
                    }
                    self.ask_for_data(secret, out);
                }
                Class::TokenInvalid => self.lost(secret, token, out),
                Class::RateLimited(_) | Class::Unavailable => self.failed(secret, &error, out),
            },
        }
    }

    /// The answer to [`Action::Read`].
    pub(super) fn read(
        &mut self,
        secret: &SecretRef,
        result: Result<VaultSecret, VaultError>,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        self.memorable |= self.issuing.remove(secret);
        let Some((token, sent)) = self.asked(secret, Step::Read) else {
            return self.unwanted(secret, result);
        };
        match result {
            Ok(data) => {
                self.sessions.prove(secret, token, self.now);
                self.received(secret, data, (token, sent), now, out);
            }
            Err(error) => match error.class() {
                Class::Denied => match self.sessions.denied(secret, (token, sent), out) {
                    Verdict::Policy => self.guess_again_or_fail(secret, &error, out),
                    Verdict::Outdated => self.repeat(secret),
                    Verdict::Asking => {
                        if let Some(state) = self.secrets.get_mut(secret) {
                            state.await_token();
                        }
                    }
                },
                Class::TokenInvalid => self.lost(secret, token, out),
                Class::NotFound => {
                    self.sessions.prove(secret, token, self.now);
                    match secret.is_optional() {
                        true => {
                            self.received(secret, VaultSecret::absent(), (token, sent), now, out);
                        }
                        false => self.guess_again_or_fail(secret, &error, out),
                    }
                }
                _ => self.failed(secret, &error, out),
            },
        }
    }

    fn received(
        &mut self,
        secret: &SecretRef,
        data: VaultSecret,
        (token, sent): (TokenId, Duration),
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let Some(state) = self.secrets.get_mut(secret) else {
            return;
        };
        let options = &self.options;
        let is_kept = options.keeps_leases || options.leaves_leases;
        if data.lease.is_some() && !is_kept {
            return self.refuse_lease(secret);
        }
        let is_endless = data.lease.is_none() && !holds_certificate(&data.data);
        let has_an_end = secret.access != Access::Write;
        if secret.is_request() && has_an_end && is_endless {
            return self.refuse_endless(secret);
        }
        let asked = (token, sent, self.options.overlap());
        let receipt = state.receive(secret, data, asked, now, &mut self.rng);
        out.extend(receipt.notice.map(Action::Tell));
        if let Some(credential) = receipt.replaced {
            self.retired_leases.replaced(secret, credential);
        }
        if receipt.changed {
            for mount in &mut self.mounts {
                mount.touch(secret);
            }
        }
    }

    /// The answer to [`Action::Renew`], which some secrets may have waited for.
    pub(super) fn renewed(
        &mut self,
        token: TokenId,
        result: Result<TokenLease, VaultError>,
        out: &mut Vec<Action>,
    ) {
        let unknown = result
            .as_ref()
            .err()
            .filter(|error| matches!(error.class(), Class::Unavailable | Class::RateLimited(_)))
            .cloned();
        let times = (self.now, self.longest_wait());
        let Some(session) = self.sessions.holder(token) else {
            return self.stop_waiting();
        };
        let profile = session.profile().clone();
        session.renewed(token, result, times, &mut self.rng, out);
        let waiting = |secret: &SecretRef, phase: Phase| {
            secret.profile == profile && phase == Phase::AwaitingToken
        };
        let waiting: Vec<_> = self
            .secrets
            .iter_mut()
            .filter(|(secret, state)| waiting(secret, state.phase()))
            .map(|(secret, state)| {
                state.repeat(self.now);
                secret.clone()
            })
            .collect();
        if let Some(error) = unknown {
            for secret in waiting {
                self.failed(&secret, &error, out);
            }
        }
    }

    /// Nobody knows any more which login a token was of: whoever waits for one asks again.
    fn stop_waiting(&mut self) {
        for state in self.secrets.values_mut() {
            if state.phase() == Phase::AwaitingToken {
                state.repeat(self.now);
            }
        }
    }

    pub(super) fn asked(&self, secret: &SecretRef, step: Step) -> Option<(TokenId, Duration)> {
        self.secrets.get(secret)?.asked(step)
    }

    /// The step succeeded: go on with the next one.
    fn proved(&mut self, secret: &SecretRef, token: TokenId) {
        self.sessions.prove(secret, token, self.now);
        self.repeat(secret);
    }

    pub(super) fn repeat(&mut self, secret: &SecretRef) {
        if let Some(state) = self.secrets.get_mut(secret) {
            state.repeat(self.now);
        }
    }

    fn guess(&mut self, secret: &SecretRef, denial: VaultError) {
        if let Some(login) = self.sessions.login(secret) {
            login.mounts.guess(secret, denial);
        }
        self.repeat(secret);
    }

    fn guess_again_or_fail(
        &mut self,
        secret: &SecretRef,
        error: &VaultError,
        out: &mut Vec<Action>,
    ) {
        let login = self.sessions.login(secret);
        let alternative = login.map(|login| login.mounts.guess_again(secret, error));
        match alternative.unwrap_or(Alternative::None) {
            Alternative::Guess => self.repeat(secret),
            Alternative::Exhausted(denial) => self.failed(secret, &denial, out),
            Alternative::None => self.failed(secret, error, out),
        }
    }

    /// Goes from the version check to the data, without checking again.
    fn ask_for_data(&mut self, secret: &SecretRef, out: &mut Vec<Action>) {
        let mount = self
            .sessions
            .login(secret)
            .map(|login| (login.token, login.mounts.of(secret)));
        let Some(state) = self.secrets.get_mut(secret) else {
            return;
        };
        match mount {
            Some((token, Knowledge::Mount(mount) | Knowledge::Guess(mount))) => {
                state.ask(Step::Read, token, self.now);
                out.push(Action::Read(token, mount, secret.clone()));
            }
            _ => state.repeat(self.now),
        }
    }

    /// Vault does not know the token any more: ask again with another one.
    pub(super) fn lost(&mut self, secret: &SecretRef, token: TokenId, out: &mut Vec<Action>) {
        let times = (self.now, self.longest_wait());
        self.sessions.lose(secret, token, times, &mut self.rng, out);
        self.repeat(secret);
    }

    pub(super) fn failed(&mut self, secret: &SecretRef, error: &VaultError, out: &mut Vec<Action>) {
        if let Class::RateLimited(Some(wait)) = error.class()
            && let Some(session) = self.sessions.of_mut(secret)
        {
            session.pause(wait, self.now);
        }
        let times = (self.now, self.longest_wait());
        if let Some(state) = self.secrets.get_mut(secret) {
            let notice = state.fail(secret, error, times, &mut self.rng);
            out.extend(notice.map(Action::Tell));
        }
    }
}
