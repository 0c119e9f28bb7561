//! What Vault's answers about leases mean.

use std::time::Duration;

use super::credential::{Credential, Exchange};
use super::engine::Engine;
use super::event::{Action, Now, TokenId};
use super::notice::Notice;
use super::secret_state::Step;
use super::session::Verdict;
use crate::secret::VaultSecret;
use crate::spec::SecretRef;
use crate::vault::{Class, LeaseTerm, VaultError};

impl Engine {
    /// The answer to [`Action::RenewLease`].
    pub(super) fn lease_renewed(
        &mut self,
        secret: &SecretRef,
        result: Result<LeaseTerm, VaultError>,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let Some((token, sent)) = self.asked(secret, Step::RenewLease) else {
            return;
        };
        let error = match result {
            Ok(term) => return self.lease_extended(secret, term, (token, sent), now, out),
            Err(error) => error,
        };
        if error.class() == Class::Denied && self.is_policy(secret, (token, sent), out) {
            let overlap = self.options.overlap();
            if let Some(state) = self.secrets.get_mut(secret)
                && let Some(credential) = state.credential_mut()
            {
                credential.cannot_be_renewed(self.now, overlap, &mut self.rng);
                self.memorable = true;
                out.push(Action::Tell(Notice::RenewalFailed {
                    message: error.to_string(),
                }));
                out.extend(state.confirm(secret, now).map(Action::Tell));
            }
        } else {
            self.lease_trouble(secret, token, &error, out);
        }
    }

    fn lease_extended(
        &mut self,
        secret: &SecretRef,
        term: LeaseTerm,
        (token, sent): (TokenId, Duration),
        now: Now,
        out: &mut Vec<Action>,
    ) {
        self.sessions.prove(secret, token, self.now);
        let Some(state) = self.secrets.get_mut(secret) else {
            return;
        };
        let terms = state.terms(self.options.overlap());
        let Some(credential) = state.credential_mut() else {
            return;
        };
        let exchange = Exchange {
            sent,
            now: self.now,
        };
        let longest = credential.renewed(term, exchange, terms, &mut self.rng);
        let left = credential.left(self.now).unwrap_or_default();
        let nears_its_end = credential.nears_its_end();
        self.memorable = true;
        if let Some(longest) = longest {
            state.met_its_end(longest);
        }
        if nears_its_end {
            let secret = secret.clone();
            out.push(Action::Tell(Notice::LeaseNearsItsEnd { secret, left }));
        }
        out.extend(state.confirm(secret, now).map(Action::Tell));
    }

    /// The answer to [`Action::CheckLease`].
    pub(super) fn lease_checked(
        &mut self,
        secret: &SecretRef,
        result: Result<LeaseTerm, VaultError>,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let Some((token, sent)) = self.asked(secret, Step::CheckLease) else {
            return;
        };
        let exchange = Exchange {
            sent,
            now: self.now,
        };
        let error = match result {
            Ok(term) => {
                self.sessions.prove(secret, token, self.now);
                if let Some(state) = self.secrets.get_mut(secret) {
                    if let Some(credential) = state.credential_mut() {
                        credential.checked(term, exchange, &mut self.rng);
                    }
                    out.extend(state.confirm(secret, now).map(Action::Tell));
                }
                return;
            }
            Err(error) => error,
        };
        if error.class() == Class::Denied && self.is_policy(secret, (token, sent), out) {
            if let Some(state) = self.secrets.get_mut(secret) {
                if let Some(credential) = state.credential_mut() {
                    credential.hide();
                }
                out.extend(state.confirm(secret, now).map(Action::Tell));
            }
        } else {
            self.lease_trouble(secret, token, &error, out);
        }
    }

    /// Whether a denial is the policies' and not the token's; otherwise the question is repeated
    /// once that is known.
    pub(super) fn is_policy(
        &mut self,
        secret: &SecretRef,
        (token, sent): (TokenId, Duration),
        out: &mut Vec<Action>,
    ) -> bool {
        match self.sessions.denied(secret, (token, sent), out) {
            Verdict::Policy => return true,
            Verdict::Outdated => self.repeat(secret),
            Verdict::Asking => {
                if let Some(state) = self.secrets.get_mut(secret) {
                    state.await_token();
                }
            }
        }
        false
    }

    fn lease_trouble(
        &mut self,
        secret: &SecretRef,
        token: TokenId,
        error: &VaultError,
        out: &mut Vec<Action>,
    ) {
        match error.class() {
            // Whether it is the token is being found out.
            Class::Denied => {}
            Class::TokenInvalid => self.lost(secret, token, out),
            Class::NotFound => {
                self.sessions.prove(secret, token, self.now);
                if let Some(state) = self.secrets.get_mut(secret) {
                    if let Some(credential) = state.credential_mut() {
                        credential.is_gone();
                    }
                    state.repeat(self.now);
                    out.push(Action::Tell(Notice::LeaseLost {
                        secret: secret.clone(),
                        message: error.to_string(),
                    }));
                }
            }
            // The engine behind the lease may fail for a while.
            Class::Invalid | Class::Unavailable | Class::RateLimited(_) => {
                self.failed(secret, error, out);
            }
        }
    }

    /// An init container ends and leaves nobody to renew a lease: the credential is given back.
    pub(super) fn refuse_lease(&mut self, secret: &SecretRef) {
        self.options.revoke_on_shutdown = true;
        self.hopeless = true;
        if let Some(state) = self.secrets.get_mut(secret) {
            state.refuse(format!(
                "{secret} is a dynamic secret: its lease has to be renewed, and an init container \
                 ends: take the annotation freshet.dev/once away"
            ));
        }
    }

    /// A credential came for a secret that nobody needs any more, or twice.
    pub(super) fn unwanted(&mut self, secret: &SecretRef, result: Result<VaultSecret, VaultError>) {
        let lease = result.ok().and_then(|data| data.lease);
        let token = self.sessions.token(secret);
        if let (Some(lease), Some(token)) = (lease, token) {
            let exchange = Exchange {
                sent: self.now,
                now: self.now,
            };
            let terms = super::credential::Terms {
                grace: Duration::ZERO,
                longest: None,
            };
            let credential = Credential::new(&lease, token, exchange, terms, &mut self.rng);
            self.retired_leases.unused(secret, credential, self.now);
        }
    }
}
