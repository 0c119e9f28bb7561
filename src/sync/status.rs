//! How things stand, for `status`, health and metrics: names, paths, versions and times, never a
//! value.

mod reason;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use self::reason::reason;
use super::engine::{Engine, interval_of};
use super::event::Now;
use super::mount_state::MountState;
use super::notification::NotificationStatus;
use super::secret_state::{Phase, SecretState};
use super::session::Session;
use super::timestamp::Timestamp;
use crate::spec::{Profile, SecretRef};
use crate::vault::Class;

/// The whole refresher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Whether every mount has a complete generation.
    pub ready: bool,
    /// Why not.
    pub reason: Option<String>,
    /// What is wrong with the newest SyncSpec; the one before it is followed.
    pub spec_refused: Option<String>,
    /// The Vault token of the pod's own login.
    pub token: TokenStatus,
    /// The Vault tokens of the profiles that are in use.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, TokenStatus>,
    /// The token that the kubelet issues.
    pub service_account_token: ServiceAccountTokenStatus,
    /// The mounts, in the order of the SyncSpec.
    pub mounts: Vec<MountStatus>,
    /// How the application is told of a switch, and what came of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<NotificationStatus>,
}

/// A Vault token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenStatus {
    /// Whether there is one.
    pub present: bool,
    /// Whether secrets are read with it, or a file holds it.
    pub used: bool,
    /// When it expires; nothing where it never does.
    pub expires: Option<Timestamp>,
    /// When it is renewed or replaced, or the next login is tried.
    pub next: Option<Timestamp>,
    /// Why the last login failed.
    pub message: Option<String>,
}

/// The projected service-account token that logs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountTokenStatus {
    /// When it expires, as far as it says so.
    pub expires: Option<Timestamp>,
    /// What is wrong with it.
    pub message: Option<String>,
}

/// How current something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// As Vault has it, as of the last look.
    Fresh,
    /// The last good content, while looking fails.
    Stale,
    /// There is no content, and looking fails.
    Failing,
    /// There is no content yet.
    Waiting,
}

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MountStatus {
    /// The volume.
    pub volume: String,
    /// Where the application sees it.
    pub mount_path: String,
    /// How current its files are.
    pub state: Freshness,
    /// The last moment at which its files were known to be current, when they no longer are.
    pub stale_since: Option<Timestamp>,
    /// Why its files cannot be made or written.
    pub message: Option<String>,
    /// When readers last got to see something new from this process.
    pub written: Option<Timestamp>,
    /// The secrets that its files are made of.
    pub secrets: Vec<SecretStatus>,
}

/// One secret of one mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretStatus {
    /// Its path and pinned version.
    pub secret: String,
    /// The profile that it is read with; `None` is the pod's own login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The `<name>`s of the annotations, and the targets of ExternalSecrets, that name it; none for
    /// what a template or a `find` asked for.
    pub names: BTreeSet<String>,
    /// How current it is.
    pub state: Freshness,
    /// The last moment at which it was known to be current, when it no longer is.
    pub stale_since: Option<Timestamp>,
    /// The class of the failure.
    pub class: Option<&'static str>,
    /// Why the last look failed.
    pub message: Option<String>,
    /// The version of a KV v2 secret.
    pub version: Option<u64>,
    /// When the credential or certificate ends that Vault made for this pod.
    pub ends: Option<Timestamp>,
    /// When it is looked at next; nothing while an answer is awaited.
    pub next_look: Option<Timestamp>,
}

impl Engine {
    /// How things stand at `now`.
    pub fn status(&self, now: Now) -> Status {
        let ready = self.is_ready();
        let mut status = Status {
            ready,
            reason: None,
            spec_refused: self.spec_error.clone(),
            token: TokenStatus::default(),
            profiles: BTreeMap::new(),
            service_account_token: self.service_account_token_status(now),
            mounts: self
                .mounts
                .iter()
                .map(|mount| self.mount_status(mount, now))
                .collect(),
            notifications: self.notifications.status(|at| moment(at, now)),
        };
        for (profile, session) in self.sessions.iter() {
            let token = self.token_status((profile, session), now);
            match profile {
                None => status.token = token,
                Some(profile) if token.used || token.present => {
                    status.profiles.insert(profile.to_string(), token);
                }
                Some(_) => {}
            }
        }
        let sessions = self.sessions.iter();
        let failures = sessions.filter_map(|(_, session)| session.failure());
        let logins: Vec<_> = failures.map(|(error, _)| error.class()).collect();
        status.reason = (!ready).then(|| reason(&status, &logins));
        status
    }

    fn token_status(
        &self,
        (profile, session): (&Option<Profile>, &Session),
        now: Now,
    ) -> TokenStatus {
        let failure = session.failure();
        let retry = failure.and_then(|(_, at)| at);
        TokenStatus {
            present: session.token().is_some(),
            used: self.serves_with(profile),
            expires: session.expires().flatten().map(|at| moment(at, now)),
            next: retry
                .or_else(|| session.next_upkeep())
                .map(|at| moment(at, now)),
            message: failure.map(|(error, _)| error.to_string()),
        }
    }

    fn service_account_token_status(&self, now: Now) -> ServiceAccountTokenStatus {
        let expires = self.service_account_token_expires;
        let message = expires.filter(|at| *at <= now.wall).map(|at| {
            format!(
                "the service-account token expired at {} and was not replaced: the kubelet may not reach the API server; the Vault token is renewed without it, but no login is possible",
                Timestamp(at)
            )
        });
        ServiceAccountTokenStatus {
            expires: expires.map(Timestamp),
            message,
        }
    }

    fn mount_status(&self, mount: &MountState, now: Now) -> MountStatus {
        let secrets: Vec<_> = mount
            .inputs()
            .iter()
            .filter_map(|secret| {
                let state = self.secrets.get(secret)?;
                Some(self.secret_status(secret, state, mount, now))
            })
            .collect();
        let failing = |state: Freshness| matches!(state, Freshness::Stale | Freshness::Failing);
        let troubled =
            mount.failure().is_some() || secrets.iter().any(|secret| failing(secret.state));
        let state = match (mount.is_complete(), troubled) {
            (true, true) => Freshness::Stale,
            (true, false) => Freshness::Fresh,
            (false, true) => Freshness::Failing,
            (false, false) => Freshness::Waiting,
        };
        let oldest = secrets.iter().filter_map(|secret| secret.stale_since).min();
        let since = oldest.unwrap_or_else(|| Timestamp(mount.written().unwrap_or(self.started)));
        MountStatus {
            volume: mount.volume().to_string(),
            mount_path: mount.spec().mount_path.to_string(),
            state,
            stale_since: (state == Freshness::Stale).then_some(since),
            message: mount.failure().map(str::to_owned),
            written: mount.written().map(Timestamp),
            secrets,
        }
    }

    fn secret_status(
        &self,
        secret: &SecretRef,
        state: &SecretState,
        mount: &MountState,
        now: Now,
    ) -> SecretStatus {
        // Without a token no secret can be looked at, whatever its own last look said.
        let cut_off = self.sessions.cuts_off(secret);
        let troubled = state.failure().is_some() || cut_off;
        let freshness = match (state.data().is_some(), troubled) {
            (true, true) => Freshness::Stale,
            (true, false) => Freshness::Fresh,
            (false, true) => Freshness::Failing,
            (false, false) => Freshness::Waiting,
        };
        let since = Timestamp(state.confirmed().unwrap_or(self.started));
        SecretStatus {
            secret: secret.to_string(),
            profile: secret.profile.as_ref().map(Profile::to_string),
            names: mount.names(secret),
            state: freshness,
            stale_since: troubled.then_some(since),
            class: state.failure().map(|failure| class_name(failure.class)),
            message: state.failure().map(|failure| failure.message.clone()),
            version: state.data().and_then(|data| data.version),
            ends: state
                .left(now.elapsed)
                .map(|left| moment(now.elapsed + left, now)),
            next_look: match state.phase() {
                Phase::Due(at) => Some(at),
                Phase::Resting if secret.version.is_none() => {
                    let interval = interval_of(secret, &self.mounts, self.interval);
                    interval.and_then(|interval| self.rounds.at(interval))
                }
                Phase::Asking { .. } | Phase::AwaitingToken | Phase::Refused | Phase::Resting => {
                    None
                }
            }
            .map(|at| moment(at, now)),
        }
    }
}

/// The name of a class in status and metrics.
pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::Denied => "denied",
        Class::TokenInvalid => "token_invalid",
        Class::NotFound => "not_found",
        Class::RateLimited(_) => "rate_limited",
        Class::Unavailable => "unavailable",
        Class::Invalid => "invalid",
    }
}

/// A time of the engine as a time of day.
fn moment(at: Duration, now: Now) -> Timestamp {
    let wall = match at.checked_sub(now.elapsed) {
        Some(ahead) => now.wall.checked_add(ahead),
        None => now.wall.checked_sub(now.elapsed.saturating_sub(at)),
    };
    Timestamp(wall.unwrap_or(SystemTime::UNIX_EPOCH))
}
