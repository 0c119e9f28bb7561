//! A process takes over from the one before it, and leaves what the next one needs.

use std::collections::BTreeMap;

use super::credential::Credential;
use super::engine::Engine;
use super::event::{Action, Now, TokenId};
use super::memory::{
    self, CertificateToKeep, KnownCertificate, KnownLease, LeaseToKeep, Memory, NotAMemory, Writer,
};
use super::mount_state::MountState;
use super::notice::Notice;
use super::secret_state::SecretState;
use crate::spec::{Profile, SecretRef};

impl Engine {
    /// Takes over what an earlier process remembered ([`Action::Remember`]); its tokens have to be
    /// known to the shell under the same numbers. Before any event.
    ///
    /// # Errors
    /// When `json` is no memory; nothing is taken over then.
    pub fn recall(&mut self, json: &[u8], now: Now) -> Result<(), NotAMemory> {
        let recalled = memory::recall(json, now)?;
        self.sessions
            .recall(&recalled.tokens, now.elapsed, self.options.grace);
        self.orphans = recalled.issuing;
        self.notifications
            .recall(&recalled.untold, now.elapsed, &mut self.rng);
        self.untold = recalled.untold;
        for known in recalled.leases {
            let KnownLease { secret, data, .. } = known;
            let credential = Credential::recalled(
                known.lease,
                known.token,
                known.granted,
                (known.end, now.elapsed),
                known.renewable,
            );
            match data {
                Some(data) => {
                    let state = SecretState::recalled(data, credential, now.elapsed);
                    self.recalled.insert(secret, state);
                }
                None => self.retired_leases.replaced(&secret, credential),
            }
        }
        for known in recalled.certificates {
            let KnownCertificate {
                secret,
                certificate,
                data,
            } = known;
            let state = SecretState::recalled_certificate(data, certificate, now.elapsed);
            self.recalled.insert(secret, state);
        }
        Ok(())
    }

    /// The tokens that it counts on, and whose they are.
    pub fn tokens(&self) -> Vec<(TokenId, Option<Profile>)> {
        let known = self.sessions.known();
        known.map(|token| (token.id, token.profile)).collect()
    }

    /// Says what may have been left behind, once.
    pub(super) fn tell_orphans(&mut self, out: &mut Vec<Action>) {
        let orphans = std::mem::take(&mut self.orphans).into_iter();
        out.extend(orphans.map(|secret| Action::Tell(Notice::CredentialOrphaned { secret })));
    }

    /// What was recalled and turned out not to be needed any more is given back.
    pub(super) fn forget_recalled(&mut self) {
        let settled = self.mounts.iter().all(MountState::is_settled);
        if self.recalled.is_empty() || !self.followed || !settled {
            return;
        }
        for (secret, state) in std::mem::take(&mut self.recalled) {
            if let Some(credential) = state.into_credential() {
                self.retired_leases.replaced(&secret, credential);
            }
        }
        self.memorable = true;
    }

    /// Remembers what has changed, before anything else is done.
    pub(super) fn remember(&mut self, now: Now, out: &mut Vec<Action>) {
        if self.is_ending() {
            return;
        }
        // What is being written has switched, as far as the next process can know.
        let switching = self.mounts.iter().filter_map(MountState::switching);
        let untold = self
            .notifications
            .unfinished(&switching.collect::<Vec<_>>());
        let untold_changed = self.untold != untold;
        self.untold = untold;
        let changed = std::mem::take(&mut self.memorable) || untold_changed;
        if changed && self.options.keeps_leases {
            out.insert(0, Action::Remember(self.memory(now)));
        }
    }

    /// What is left to be remembered when all tokens are revoked: certificates stay good.
    pub(super) fn unrevoked(&self) -> Memory {
        let mut writer = Writer::new(self.time());
        writer.untold(&self.untold);
        self.write_certificates(&mut writer);
        writer.finish()
    }

    fn write_certificates(&self, writer: &mut Writer) {
        let known = self.secrets.iter().chain(&self.recalled);
        let mut certificates = known
            .filter_map(|(secret, state)| {
                // A token is more than its data, and is made anew.
                let data = state.data().filter(|data| data.auth.is_none())?;
                Some(CertificateToKeep {
                    secret,
                    certificate: state.certificate()?,
                    data: &data.data,
                })
            })
            .peekable();
        if certificates.peek().is_some() {
            writer.certificates(certificates);
        }
    }

    fn memory(&self, now: Now) -> Memory {
        let mut writer = Writer::new(now);
        writer.issuing(&self.issuing);
        let in_use = kept(&self.secrets).chain(kept(&self.recalled));
        let retired = self.retired_leases.iter().map(|retired| LeaseToKeep {
            secret: &retired.secret,
            lease: &retired.lease,
            token: retired.token,
            granted: Default::default(),
            end: retired.end,
            renewable: false,
            data: None,
        });
        let leases: Vec<_> = in_use.chain(retired).collect();
        if !leases.is_empty() || !self.issuing.is_empty() {
            writer.tokens(self.sessions.known());
            writer.leases(leases.into_iter());
        }
        writer.untold(&self.untold);
        self.write_certificates(&mut writer);
        writer.finish()
    }
}

fn kept(secrets: &BTreeMap<SecretRef, SecretState>) -> impl Iterator<Item = LeaseToKeep<'_>> {
    secrets.iter().filter_map(|(secret, state)| {
        let credential = state.credential()?;
        Some(LeaseToKeep {
            secret,
            lease: &credential.lease,
            token: credential.token,
            granted: credential.granted,
            end: credential.end,
            renewable: credential.renewable,
            data: state.data().map(|data| &data.data),
        })
    })
}
