//! What keeps the data of a secret alive, and when that wants something.

use std::time::Duration;

use super::{Phase, SecretState};
use crate::secret::VaultSecret;
use crate::spec::SecretRef;
use crate::sync::credential::{Credential, Terms};
use crate::sync::event::TokenId;

impl SecretState {
    /// A secret that an earlier process read: it is looked at at once.
    pub(crate) fn recalled(data: VaultSecret, credential: Credential, now: Duration) -> Self {
        Self {
            data: Some(data),
            credential: Some(credential),
            ..Self::new(now)
        }
    }

    pub(crate) fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    pub(crate) fn credential_mut(&mut self) -> Option<&mut Credential> {
        self.credential.as_mut()
    }

    /// How long the credential lives yet, as far as it is known to end.
    pub(super) fn left(&self, now: Duration) -> Option<Duration> {
        self.credential.as_ref()?.left(now)
    }

    /// Nobody needs the secret any more.
    pub(crate) fn into_credential(self) -> Option<Credential> {
        self.credential
    }

    /// What its credentials are held to.
    pub(crate) fn terms(&self, grace: Duration) -> Terms {
        Terms {
            grace,
            longest: self.longest,
        }
    }

    /// A credential can live for so long at most.
    pub(crate) fn met_its_end(&mut self, longest: Duration) {
        self.longest = Some(longest);
    }

    /// When it wants something of its own; a round may come before.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Due(at) => Some(at),
            Phase::Resting => self.credential.as_ref()?.deadline(),
            _ => None,
        }
    }

    /// Its credential may need something by now, for instance because `token` is a new one.
    pub(crate) fn wake(&mut self, now: Duration, token: Option<TokenId>) {
        let Some(credential) = self.credential.as_ref() else {
            return;
        };
        let is_due = credential.deadline().is_some_and(|at| at <= now);
        let moves = token.is_some_and(|token| token != credential.token);
        if self.phase == Phase::Resting && (is_due || moves) {
            self.phase = Phase::Due(now);
        }
    }

    /// The round has come. A failing secret keeps its own time; a version of its own never changes,
    /// and of a credential it is only asked whether it lives, where that may be asked.
    pub(crate) fn join_round(&mut self, secret: &SecretRef, now: Duration) {
        let credential = self.credential.as_ref();
        let changes = match credential {
            Some(credential) => credential.can_be_checked(),
            None => secret.version.is_none(),
        };
        if self.phase == Phase::Resting && changes {
            self.phase = Phase::Due(now);
        }
    }
}
