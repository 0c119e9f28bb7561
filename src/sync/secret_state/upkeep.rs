//! What keeps the data of a secret alive, and when that wants something.

use std::time::Duration;

use super::{Phase, SecretState};
use crate::secret::VaultSecret;
use crate::spec::SecretRef;
use crate::sync::certificate::Certificate;
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

    /// One of an earlier process: it is looked at at once.
    pub(crate) fn recalled_certificate(
        data: VaultSecret,
        certificate: Certificate,
        now: Duration,
    ) -> Self {
        Self {
            data: Some(data),
            certificate: Some(certificate),
            ..Self::new(now)
        }
    }

    /// How long the credential or certificate is good yet, as far as it is known to end.
    pub(crate) fn left(&self, now: Duration) -> Option<Duration> {
        match &self.credential {
            Some(credential) => credential.left(now),
            None => self.certificate.as_ref()?.left(now),
        }
    }

    /// When the credential or certificate wants something.
    fn upkeep(&self) -> Option<Duration> {
        match &self.credential {
            Some(credential) => credential.deadline(),
            None => Some(self.certificate.as_ref()?.replace),
        }
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
            Phase::Resting => self.upkeep(),
            _ => None,
        }
    }

    /// Its credential or certificate may need something by now, for instance because `token` is a
    /// new one.
    pub(crate) fn wake(&mut self, now: Duration, token: Option<TokenId>) {
        let is_due = self.upkeep().is_some_and(|at| at <= now);
        let bound = self.credential.as_ref().map(|credential| credential.token);
        let moves = bound.is_some() && token.is_some() && token != bound;
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
