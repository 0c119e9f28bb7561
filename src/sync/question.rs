//! What is asked of Vault next.

use std::collections::BTreeMap;
use std::time::Duration;

use super::engine::Engine;
use super::event::{Action, TokenId};
use super::login::Login;
use super::mount_table::Knowledge;
use super::secret_state::{Phase, SecretState, Step};
use crate::secret::VaultSecret;
use crate::spec::{Access, KvPart, Profile, SecretRef};
use crate::vault::{self, SecretsMount};

impl Engine {
    /// Asks for the secrets that are due, the longest overdue first.
    pub(super) fn ask(&mut self, out: &mut Vec<Action>) {
        let now = self.time();
        let mut asked = self.asked_by_login();
        let mut due: Vec<_> = self
            .secrets
            .iter_mut()
            .filter_map(|(secret, state)| match state.phase() {
                Phase::Due(at) if at <= self.now => Some((at, secret, state)),
                _ => None,
            })
            .collect();
        due.sort_by_key(|(at, _, _)| *at);
        for (_, secret, state) in due {
            let asked = asked.entry(secret.profile.clone()).or_default();
            if *asked >= self.options.requests || !self.sessions.can_ask(secret, self.now) {
                continue;
            }
            let Some(login) = self.sessions.login(secret) else {
                continue;
            };
            let token = login.token;
            let step = match of_credential(state, secret, self.now, token, out) {
                OfCredential::Asked(step) => step,
                OfCredential::Nothing => {
                    state.rest();
                    continue;
                }
                OfCredential::Look => match login.mounts.of(secret) {
                    Knowledge::Awaited => continue,
                    Knowledge::Guess(_) if is_careful(secret) => look_up(login, secret, out),
                    Knowledge::Nothing => look_up(login, secret, out),
                    Knowledge::Mount(mount) | Knowledge::Guess(mount) => {
                        let is_visible = login.mounts.has_metadata(&secret.path);
                        let Some(step) = of_mount(state, secret, (&mount, is_visible), self.now)
                        else {
                            out.extend(state.confirm(secret, now).map(Action::Tell));
                            continue;
                        };
                        if step == Step::Read && may_issue(state, secret, &mount) {
                            let same_login = |one: &SecretRef| one.profile == secret.profile;
                            if self.issuing.iter().any(same_login) {
                                continue;
                            }
                            self.issuing.insert(secret.clone());
                            self.memorable = true;
                        }
                        let request = match step {
                            Step::CheckVersion => Action::CheckVersion,
                            Step::CheckAuthority => Action::CheckAuthority,
                            _ => Action::Read,
                        };
                        out.push(request(token, mount, secret.clone()));
                        step
                    }
                },
            };
            state.ask(step, token, self.now);
            *asked += 1;
        }
    }

    /// How many secrets of each login are being asked for: a server that does not answer shall hold up
    /// its own alone.
    fn asked_by_login(&self) -> BTreeMap<Option<Profile>, usize> {
        let mut asked = BTreeMap::new();
        let asking = self.secrets.iter();
        for (secret, _) in asking.filter(|(_, state)| state.is_asking()) {
            *asked.entry(secret.profile.clone()).or_default() += 1;
        }
        asked
    }
}

/// Whether its engine has to be known: what may be written over must not be guessed. consul-template
/// writes where nobody says which engine it is, e.g. to an auth method.
pub(super) fn is_careful(secret: &SecretRef) -> bool {
    secret.is_request() && secret.access == Access::Command
}

fn look_up(login: &mut Login, secret: &SecretRef, out: &mut Vec<Action>) -> Step {
    login.mounts.ask(&secret.path);
    out.push(Action::LookUp(login.token, secret.clone()));
    Step::LookUp
}

/// What is asked of the engine at `mount`, which may show what it makes secrets of; `None` where
/// nothing is to be found out.
fn of_mount(
    state: &SecretState,
    secret: &SecretRef,
    (mount, is_visible): (&SecretsMount, bool),
    now: Duration,
) -> Option<Step> {
    if secret.is_request() {
        let is_visible = is_visible && mount.engine == vault::Engine::Pki;
        return match (state.needs_certificate(now), is_visible) {
            (true, true) if !state.has_seen_authority() => Some(Step::CheckAuthority),
            (true, _) => Some(Step::Read),
            (false, true) => Some(Step::CheckAuthority),
            (false, false) => None,
        };
    }
    match is_visible && is_versioned(state, secret, mount) {
        true => Some(Step::CheckVersion),
        false => Some(Step::Read),
    }
}

/// What a credential needs.
enum OfCredential {
    /// This was asked.
    Asked(Step),
    /// Nothing that may be asked.
    Nothing,
    /// There is none, or it needs a successor.
    Look,
}

fn of_credential(
    state: &SecretState,
    secret: &SecretRef,
    now: Duration,
    token: TokenId,
    out: &mut Vec<Action>,
) -> OfCredential {
    let Some(credential) = state.credential() else {
        return OfCredential::Look;
    };
    let (secret, lease) = (secret.clone(), credential.lease.clone());
    match credential.step(now, token) {
        Some(Step::RenewLease) => {
            out.push(Action::RenewLease(token, secret, lease));
            OfCredential::Asked(Step::RenewLease)
        }
        Some(Step::CheckLease) => {
            out.push(Action::CheckLease(token, secret, lease));
            OfCredential::Asked(Step::CheckLease)
        }
        Some(_) => OfCredential::Look,
        None => OfCredential::Nothing,
    }
}

/// Whether the version of a secret says whether it has changed.
fn is_versioned(state: &SecretState, secret: &SecretRef, mount: &SecretsMount) -> bool {
    mount.engine == vault::Engine::KvV2
        && secret.part() == KvPart::Data
        && secret.version.is_none()
        && state.data().is_some_and(|data| data.version.is_some())
}

/// Whether a read may make a credential, as far as is known.
fn may_issue(state: &SecretState, secret: &SecretRef, mount: &SecretsMount) -> bool {
    let issues = |data: &VaultSecret| data.lease.is_some();
    let may = matches!(mount.engine, vault::Engine::Plain | vault::Engine::Pki);
    secret.is_request() || (may && state.data().is_none_or(issues))
}
