//! Credentials that were replaced: each lives for a while beside its successor, because the
//! application may still use it, and is then revoked.

use std::collections::BTreeSet;
use std::time::Duration;

use super::credential::Credential;
use super::engine::Engine;
use super::event::{Action, TokenId};
use super::mount_state::MountState;
use super::notice::Notice;
use crate::secret::LeaseId;
use crate::spec::{Profile, SecretRef};
use crate::vault::{Class, VaultError};

/// All of them, in the order in which they were replaced.
#[derive(Debug, Default)]
pub(crate) struct RetiredLeases {
    leases: Vec<RetiredLease>,
    /// A refused revocation is told once.
    refused: bool,
}

/// A credential that no new file holds.
#[derive(Debug)]
pub(crate) struct RetiredLease {
    pub(crate) secret: SecretRef,
    pub(crate) lease: LeaseId,
    pub(crate) token: TokenId,
    pub(crate) end: Option<Duration>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The files with its successor are not written yet, or the application was not told of them.
    InUse,
    /// It may still be in use until then.
    Until(Duration),
    /// Vault is asked to revoke it.
    Revoking,
}

impl RetiredLeases {
    /// `credential` was replaced; the files may still hold it.
    pub(crate) fn replaced(&mut self, secret: &SecretRef, credential: Credential) {
        self.add(secret, credential, Phase::InUse);
    }

    /// `credential` never got into a file.
    pub(crate) fn unused(&mut self, secret: &SecretRef, credential: Credential, now: Duration) {
        self.add(secret, credential, Phase::Until(now));
    }

    fn add(&mut self, secret: &SecretRef, credential: Credential, phase: Phase) {
        let Credential {
            lease, token, end, ..
        } = credential;
        self.leases.push(RetiredLease {
            secret: secret.clone(),
            lease,
            token,
            end,
            phase,
        });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &RetiredLease> {
        self.leases.iter()
    }

    /// The tokens of `profile` that must live because credentials that may still be in use hang on
    /// them.
    fn tokens_in_use(&self, profile: &Option<Profile>) -> impl Iterator<Item = TokenId> {
        let in_use = self.leases.iter();
        in_use
            .filter(move |lease| lease.phase == Phase::InUse && lease.secret.profile == *profile)
            .map(|lease| lease.token)
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let times = self.leases.iter().filter_map(|lease| match lease.phase {
            Phase::Until(at) => Some(at),
            Phase::InUse => lease.end,
            Phase::Revoking => None,
        });
        times.min()
    }

    /// Counts the time of grace from when the files were switched and the application was told, and
    /// revokes with the `token` in use what has had its time. What hangs on another token is revoked
    /// with that one. Answers whether anything changed.
    pub(crate) fn tick(
        &mut self,
        (now, grace): (Duration, Duration),
        token: impl Fn(&SecretRef) -> Option<TokenId>,
        is_told: impl Fn(&SecretRef) -> bool,
        out: &mut Vec<Action>,
    ) -> bool {
        let before = self.leases.len();
        for lease in &mut self.leases {
            if lease.phase == Phase::InUse && is_told(&lease.secret) {
                lease.phase = Phase::Until(now + grace);
            }
        }
        self.leases.retain(|lease| {
            let is_over = lease.end.is_some_and(|end| end <= now);
            let dies_otherwise =
                lease.phase != Phase::InUse && token(&lease.secret) != Some(lease.token);
            lease.phase == Phase::Revoking || !(is_over || dies_otherwise)
        });
        for lease in &mut self.leases {
            if let Phase::Until(at) = lease.phase
                && at <= now
                && let Some(token) = token(&lease.secret)
            {
                lease.phase = Phase::Revoking;
                let (secret, lease) = (lease.secret.clone(), lease.lease.clone());
                out.push(Action::RevokeLease(token, secret, lease));
            }
        }
        self.leases.len() != before
    }

    /// Takes the answer to a revocation.
    pub(crate) fn revoked(
        &mut self,
        lease: &LeaseId,
        result: Result<(), VaultError>,
        out: &mut Vec<Action>,
    ) {
        let mut revoked = self
            .leases
            .extract_if(.., |retired| retired.lease == *lease);
        let profile = revoked.next().and_then(|retired| retired.secret.profile);
        drop(revoked);
        let Err(error) = result else {
            return;
        };
        let refused = error.class() == Class::Denied;
        if !(refused && std::mem::replace(&mut self.refused, true)) {
            let message = error.to_string();
            let notice = Notice::LeaseRevocationFailed { message };
            out.push(Action::Tell(notice.of(profile.as_ref())));
        }
    }
}

impl Engine {
    /// Gives back the credentials that have had their time.
    pub(super) fn retire_leases(&mut self, out: &mut Vec<Action>) {
        let token = |secret: &SecretRef| self.sessions.token(secret);
        let times = (self.now, self.options.grace);
        let (mounts, notifications) = (&self.mounts, &self.notifications);
        let is_told = |secret: &SecretRef| {
            let users = mounts
                .iter()
                .filter(|mount| mount.inputs().contains(secret));
            let names = users.clone().flat_map(MountState::all_names).collect();
            users.clone().all(MountState::is_settled) && !notifications.awaits(&names)
        };
        self.memorable |= self.retired_leases.tick(times, token, is_told, out);
    }

    /// The tokens of `profile` that credentials in use hang on.
    pub(super) fn bound(&self, profile: &Option<Profile>) -> BTreeSet<TokenId> {
        let states = self.secrets.iter().chain(&self.recalled);
        let credentials = states
            .filter(|(secret, _)| secret.profile == *profile)
            .filter_map(|(_, state)| state.credential());
        let in_use = credentials.map(|credential| credential.token);
        let retired = self.retired_leases.tokens_in_use(profile);
        in_use.chain(retired).collect()
    }
}
