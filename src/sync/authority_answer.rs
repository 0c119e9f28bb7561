//! What Vault's answers about the CA of certificates mean, and what is made on request at all.

use super::engine::Engine;
use super::event::{Action, Now};
use super::notice::Notice;
use super::secret_state::{Glance, Step};
use crate::spec::SecretRef;
use crate::vault::{Authority, Class, VaultError};

impl Engine {
    /// The answer to [`Action::CheckAuthority`]. Everybody may see the CA, so it says nothing about
    /// the token; and where it cannot be seen, certificates live by their time alone.
    pub(super) fn authority_checked(
        &mut self,
        secret: &SecretRef,
        result: Result<Authority, VaultError>,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let Some((token, _)) = self.asked(secret, Step::CheckAuthority) else {
            return;
        };
        let authority = match result {
            Ok(authority) => Some(authority),
            Err(error) => match error.class() {
                Class::Denied | Class::NotFound | Class::Invalid => {
                    if let Some(login) = self.sessions.login(secret) {
                        login.mounts.forget_metadata(&secret.path);
                    }
                    None
                }
                Class::TokenInvalid => return self.lost(secret, token, out),
                Class::RateLimited(_) | Class::Unavailable => {
                    return self.failed(secret, &error, out);
                }
            },
        };
        let Some(state) = self.secrets.get_mut(secret) else {
            return;
        };
        match state.glance(authority, self.now) {
            Glance::Good { news } => {
                self.memorable |= news;
                out.extend(state.confirm(secret, now).map(Action::Tell));
            }
            Glance::Issue { changed } => {
                state.repeat(self.now);
                if changed {
                    out.push(Action::Tell(Notice::AuthorityChanged {
                        secret: secret.clone(),
                    }));
                }
            }
        }
    }

    /// What was made on request has an end that nobody knows: it would never be replaced, or at
    /// every look.
    pub(super) fn refuse_endless(&mut self, secret: &SecretRef) {
        if let Some(state) = self.secrets.get_mut(secret) {
            state.refuse(format!(
                "{secret}: the answer has neither a lease nor a certificate, so nobody knows when it \
                 ends: only requests that make dynamic secrets or certificates are served"
            ));
        }
    }
}
