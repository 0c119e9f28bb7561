//! How tokens that are no longer used go: after a while, because something may still hang on them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Attempt, Retired, Session};
use crate::sync::event::{Action, TokenId};
use crate::sync::notice::Notice;
use crate::vault::VaultError;

impl Session {
    /// Whether every token was revoked that was to be.
    pub(crate) fn has_revoked_all(&self) -> bool {
        !self.left_behind
    }

    /// Whether there is a token that is to be revoked, or that is just being issued.
    pub(crate) fn is_busy(&self) -> bool {
        !self.retired.is_empty() || matches!(self.attempt, Attempt::Under(_))
    }

    /// Credentials of files hang on the tokens `bound`: those are not revoked before `grace` has
    /// passed since they no longer did, and their successors come `overlap` before the end.
    pub(crate) fn bind(
        &mut self,
        bound: &BTreeSet<TokenId>,
        now: Duration,
        (grace, overlap): (Duration, Duration),
    ) {
        self.lead = match bound.is_empty() {
            true => Duration::ZERO,
            false => overlap,
        };
        for retired in &mut self.retired {
            if let Some(revoke) = &mut retired.revoke
                && bound.contains(&retired.token)
            {
                *revoke = now + grace;
            }
        }
    }

    /// Takes the answer to a revocation.
    pub(crate) fn revoked(
        &mut self,
        token: TokenId,
        result: Result<(), VaultError>,
        out: &mut Vec<Action>,
    ) {
        self.retired.retain(|retired| retired.token != token);
        if let Err(error) = result {
            self.left_behind = true;
            out.push(self.tell(Notice::RevocationFailed {
                message: error.to_string(),
            }));
        }
    }

    /// Revokes every token: the program ends.
    pub(crate) fn revoke_all(&mut self, out: &mut Vec<Action>) {
        self.retired
            .extend(self.current.take().map(|login| Retired {
                token: login.token,
                revoke: Some(Duration::ZERO),
            }));
        for retired in &mut self.retired {
            if retired.revoke.take().is_some() {
                out.push(Action::Revoke(retired.token));
            }
        }
    }
}
