//! The leases of that Vault: each credential is called as its lease.

use std::collections::BTreeSet;
use std::time::Duration;

use super::secs;
use super::vault::Vault;
use crate::secret::{Lease, LeaseId};
use crate::sync::{Action, Event, TokenId};
use crate::vault::{Class, LeaseTerm, VaultError};

/// A lease of a credential.
pub(in crate::sync::tests) struct LeaseEntry {
    token: TokenId,
    issued: Duration,
    end: Duration,
}

impl Vault {
    /// A credential of the path whose value is `value`, where credentials are made.
    pub(super) fn make_lease(
        &mut self,
        value: &str,
        token: TokenId,
        now: Duration,
    ) -> Option<Lease> {
        let (duration, _) = self.lease?;
        self.made += 1;
        let id = format!("{value} {}", self.made);
        let entry = LeaseEntry {
            token,
            issued: now,
            end: now + duration,
        };
        self.leases.insert(id.clone(), entry);
        Some(Lease {
            id: id.into(),
            duration,
            renewable: self.lease_renewable,
        })
    }

    pub(super) fn answer_of_lease(&mut self, action: &Action, now: Duration) -> Event {
        match action {
            Action::RenewLease(id, secret, lease) => {
                let result = self.check(&format!("renew {secret}"), Some(*id), now);
                let term = result.and_then(|()| self.renew_lease(lease, now));
                Event::LeaseRenewed(secret.clone(), term)
            }
            Action::CheckLease(id, secret, lease) => {
                let result = self.check(&format!("check {secret}"), Some(*id), now);
                let term = result.and_then(|()| {
                    let left = self.live_lease(lease, now)?.end - now;
                    Ok(self.term(left))
                });
                Event::LeaseChecked(secret.clone(), term)
            }
            Action::RevokeLease(id, secret, lease) => {
                let result = self.check(&format!("revoke {secret}"), Some(*id), now);
                if result.is_ok() {
                    self.leases.remove(&text(lease));
                }
                Event::LeaseRevoked(lease.clone(), result)
            }
            _ => panic!("not of a lease: {action:?}"),
        }
    }

    fn renew_lease(&mut self, lease: &LeaseId, now: Duration) -> Result<LeaseTerm, VaultError> {
        let issued = self.live_lease(lease, now)?.issued;
        let (life, longest) = self.lease.expect("leases are on");
        let left = life.min((issued + longest).saturating_sub(now));
        let term = self.term(left);
        let entry = self.leases.get_mut(&text(lease)).expect("it lives");
        entry.end = now + left;
        Ok(term)
    }

    fn term(&self, duration: Duration) -> LeaseTerm {
        LeaseTerm {
            // As Vault counts.
            duration: secs(duration.as_secs()),
            renewable: self.lease_renewable,
        }
    }

    fn live_lease(&self, lease: &LeaseId, now: Duration) -> Result<&LeaseEntry, VaultError> {
        let entry = self.leases.get(&text(lease));
        let live = entry.filter(|entry| self.is_live(entry, now));
        live.ok_or_else(|| VaultError::new(Class::NotFound, "invalid lease"))
    }

    fn is_live(&self, entry: &LeaseEntry, now: Duration) -> bool {
        let token = self.tokens.get(&entry.token);
        entry.end > now && token.is_some_and(|(_, end)| *end > now)
    }

    /// The credentials that Vault would let in.
    pub(in crate::sync::tests) fn live_credentials(&self, now: Duration) -> BTreeSet<String> {
        let live = self
            .leases
            .iter()
            .filter(|(_, entry)| self.is_live(entry, now));
        live.map(|(name, _)| name.clone()).collect()
    }
}

pub(super) fn text(lease: &LeaseId) -> String {
    String::from_utf8_lossy(lease.expose()).into_owned()
}
