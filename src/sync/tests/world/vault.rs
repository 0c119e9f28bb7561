//! A Vault that answers in virtual time: tokens and one KV mount.

use std::collections::BTreeMap;
use std::time::Duration;

use super::certificates::Pki;
use super::leases::{LeaseEntry, text};
use super::secs;
use crate::secret::{SecretValue, VaultSecret};
use crate::spec::{Profile, SecretRef};
use crate::sync::{Action, Event, TokenId};
use crate::vault::{Class, Engine as Kv, SecretsMount, TokenLease, VaultError};

/// A Vault with one KV mount, `secret`, and faults to order.
pub(in crate::sync::tests) struct Vault {
    /// Version and value of key `password` by path.
    pub(in crate::sync::tests) secrets: BTreeMap<String, (u64, String)>,
    pub(in crate::sync::tests) engine: Kv,
    /// The life of a token, its renewals included; `None` is without end.
    pub(in crate::sync::tests) max_life: Option<Duration>,
    pub(in crate::sync::tests) life: Duration,
    pub(in crate::sync::tests) renewable: bool,
    /// The answer to every request, while set.
    pub(in crate::sync::tests) outage: Option<VaultError>,
    /// The same for what one login asks alone, by its profile.
    pub(in crate::sync::tests) outages: BTreeMap<Option<Profile>, VaultError>,
    /// Answers by the words of the log, e.g. `read secret/db`.
    pub(in crate::sync::tests) faults: BTreeMap<String, VaultError>,
    /// Makes a credential at each read below `secret/creds`, which lives for so long, and with renewals for
    /// so long at most.
    pub(in crate::sync::tests) lease: Option<(Duration, Duration)>,
    pub(in crate::sync::tests) lease_renewable: bool,
    /// The leases that were given: for which credential, with which token, from when, until when.
    pub(in crate::sync::tests) leases: BTreeMap<String, LeaseEntry>,
    pub(super) made: usize,
    /// Answers requests.
    pub(in crate::sync::tests) pki: Pki,
    /// What a revoked token is answered with.
    pub(in crate::sync::tests) refusal: Class,
    pub(super) tokens: BTreeMap<TokenId, (Duration, Duration)>,
    /// Whose each token is.
    owners: BTreeMap<TokenId, Option<Profile>>,
    /// Whose request is being answered.
    asking: Option<Profile>,
}

impl Vault {
    /// One with `secret/db` and `secret/api`, and paths for credentials.
    pub(super) fn new() -> Self {
        let secret = |path: &str, value: &str| (path.to_owned(), (1, value.to_owned()));
        Self {
            secrets: BTreeMap::from([
                secret("secret/db", "one"),
                secret("secret/api", "key"),
                secret("secret/creds", "app"),
                secret("secret/creds2", "other"),
            ]),
            engine: Kv::KvV2,
            max_life: None,
            life: secs(3600),
            renewable: true,
            outage: None,
            outages: BTreeMap::new(),
            faults: BTreeMap::new(),
            lease: None,
            lease_renewable: true,
            leases: BTreeMap::new(),
            made: 0,
            pki: Pki::new(),
            refusal: Class::TokenInvalid,
            tokens: BTreeMap::new(),
            owners: BTreeMap::new(),
            asking: None,
        }
    }

    pub(super) fn answer(&mut self, action: &Action, now: Duration) -> Event {
        self.asking = self.owner(action);
        match action {
            Action::LogIn(id, profile) => {
                let words = format!("login{}", suffix(profile.as_ref()));
                let result = self.check(&words, None, now).map(|()| {
                    self.owners.insert(*id, profile.clone());
                    self.tokens.insert(*id, (now, now + self.life));
                    self.lease(self.life)
                });
                Event::LoggedIn(*id, result)
            }
            Action::Renew(id) => {
                let result = self.check("renew", Some(*id), now).map(|()| {
                    let (issued, _) = self.tokens[id];
                    let left = self.max_life.map(|max| (issued + max).saturating_sub(now));
                    let life = self.life.min(left.unwrap_or(self.life));
                    self.tokens.insert(*id, (issued, now + life));
                    self.lease(life)
                });
                Event::Renewed(*id, result)
            }
            Action::Revoke(id) => {
                let result = self.check("revoke", Some(*id), now);
                if self.outage.is_none() && !self.outages.contains_key(&self.asking) {
                    self.tokens.remove(id);
                }
                Event::Revoked(*id, result)
            }
            Action::LookUp(id, secret) => {
                let result = self.check(&format!("look up {secret}"), Some(*id), now);
                let mount = secret.path.as_str().split('/').next().unwrap_or_default();
                let mount = SecretsMount {
                    path: mount.parse().expect("a mount"),
                    engine: self.engine,
                };
                Event::LookedUp(secret.clone(), result.map(|()| mount))
            }
            Action::CheckVersion(id, _, secret) => {
                let result = self.check(&format!("version {secret}"), Some(*id), now);
                let found = result.and_then(|()| self.find(secret));
                Event::CheckedVersion(secret.clone(), found.map(|(version, _)| version))
            }
            Action::CheckAuthority(..) => self.answer_of_request(action, now),
            Action::Read(_, _, secret) if secret.is_request() => {
                self.answer_of_request(action, now)
            }
            Action::Read(id, _, secret) => {
                let result = self.check(&format!("read {secret}"), Some(*id), now);
                let found = result.and_then(|()| self.find(secret));
                let found = found.map(|found| {
                    let is_dynamic = secret.path.as_str().starts_with("secret/creds");
                    self.secret(found, (*id, now), is_dynamic)
                });
                Event::Read(secret.clone(), found)
            }
            Action::RenewLease(..) | Action::CheckLease(..) | Action::RevokeLease(..) => {
                self.answer_of_lease(action, now)
            }
            _ => panic!("not for Vault: {action:?}"),
        }
    }

    /// Whose login asks for `action`; a secret is asked for by its own alone. Nobody's where it is not
    /// for Vault.
    pub(super) fn owner(&self, action: &Action) -> Option<Profile> {
        let (id, secret) = match action {
            Action::LogIn(_, profile) => return profile.clone(),
            Action::Renew(id) | Action::Revoke(id) => (id, None),
            Action::LookUp(id, secret)
            | Action::CheckVersion(id, _, secret)
            | Action::Read(id, _, secret)
            | Action::CheckAuthority(id, _, secret)
            | Action::RenewLease(id, secret, _)
            | Action::CheckLease(id, secret, _)
            | Action::RevokeLease(id, secret, _) => (id, Some(secret)),
            _ => return None,
        };
        let owner = self.owners.get(id).expect("a token that was issued");
        if let Some(secret) = secret {
            assert_eq!(*owner, secret.profile, "{secret} with the token of another");
        }
        owner.clone()
    }

    /// Takes the tokens of one login out of the world.
    pub(in crate::sync::tests) fn revoke_of(&mut self, profile: &Option<Profile>) {
        let owners = &self.owners;
        self.tokens.retain(|id, _| owners.get(id) != Some(profile));
    }

    /// Takes a token out of the world.
    pub(in crate::sync::tests) fn revoke_all(&mut self) {
        self.tokens.clear();
    }

    /// How many tokens are good.
    pub(in crate::sync::tests) fn good_tokens(&self, now: Duration) -> usize {
        self.tokens.values().filter(|(_, end)| *end > now).count()
    }

    fn lease(&self, duration: Duration) -> TokenLease {
        TokenLease {
            duration,
            renewable: self.renewable,
        }
    }

    pub(super) fn check(
        &self,
        request: &str,
        token: Option<TokenId>,
        now: Duration,
    ) -> Result<(), VaultError> {
        let of_login = self.outages.get(&self.asking);
        let outage = self.outage.as_ref().or(of_login);
        if let Some(error) = outage.or_else(|| self.faults.get(request)) {
            return Err(error.clone());
        }
        let good = |token| self.tokens.get(&token).is_some_and(|(_, end)| *end > now);
        match token.is_none_or(good) {
            true => Ok(()),
            false => Err(VaultError::new(self.refusal, "permission denied")),
        }
    }

    fn find(&self, secret: &SecretRef) -> Result<(u64, String), VaultError> {
        let missing = || VaultError::new(Class::NotFound, "no such secret");
        let found = self.secrets.get(secret.path.as_str());
        found.cloned().ok_or_else(missing)
    }

    /// A secret as it was written, or a credential that is named by its lease.
    fn secret(
        &mut self,
        (version, value): (u64, String),
        (token, now): (TokenId, Duration),
        is_dynamic: bool,
    ) -> VaultSecret {
        let lease = match is_dynamic {
            true => self.make_lease(&value, token, now),
            false => None,
        };
        let value = lease.as_ref().map_or(value, |lease| text(&lease.id));
        VaultSecret {
            data: BTreeMap::from([("password".to_owned(), SecretValue::String(value.into()))]),
            version: (self.engine == Kv::KvV2).then_some(version),
            lease,
            ..VaultSecret::default()
        }
    }
}

/// What the log says of a login beside the pod's own.
pub(super) fn suffix(profile: Option<&Profile>) -> String {
    profile.map_or_else(String::new, |profile| format!(" {profile}"))
}
