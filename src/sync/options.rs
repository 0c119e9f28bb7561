//! What the engine is told once, at its beginning.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::notification::longest_delay;
use crate::spec::{OnChange, Profile, SecretRef, VolumeName};

/// What the engine is told once.
#[derive(Clone, Debug)]
pub struct Options {
    /// The volumes that may be written, and whether each holds a complete generation already.
    pub volumes: BTreeMap<VolumeName, bool>,
    /// The logins beside the pod's own.
    pub profiles: BTreeSet<Profile>,
    /// Revoke the Vault tokens at the end.
    pub revoke_on_shutdown: bool,
    /// How many secrets of one login are asked for at the same time.
    pub requests: usize,
    /// How long a credential or token that was replaced stays valid for what still uses it.
    pub grace: Duration,
    /// Whether there will be somebody to renew leases.
    pub keeps_leases: bool,
    /// Whether a lease that nobody will renew is left to live as long as Vault lets it.
    pub leaves_leases: bool,
    /// How the application is told that its files have switched.
    pub on_change: Vec<OnChange>,
    /// Fills a buffer with random bytes fit for keys: templates make passwords and keys of them.
    pub random: fn(&mut [u8]),
}

impl Options {
    /// The usual ones, for these volumes.
    pub fn new(volumes: BTreeMap<VolumeName, bool>, random: fn(&mut [u8])) -> Self {
        Self {
            volumes,
            profiles: BTreeSet::new(),
            revoke_on_shutdown: false,
            requests: 4,
            grace: Duration::from_secs(30),
            keeps_leases: true,
            leaves_leases: false,
            on_change: Vec::new(),
            random,
        }
    }

    /// Why `secret` cannot be read in this pod, where its profile is none of the pod's.
    pub(super) fn stranger(&self, secret: &SecretRef) -> Option<String> {
        let profile = secret.profile.as_ref()?;
        if self.profiles.contains(profile) {
            return None;
        }
        let known: Vec<_> = self.profiles.iter().map(Profile::as_str).collect();
        let known = match known.is_empty() {
            true => "no profiles".to_owned(),
            false => format!("the profiles {}", known.join(", ")),
        };
        Some(format!(
            "{secret}: there is no profile {profile}: this pod has {known}, and only a new pod can have another \
             one; a path that begins so itself is written /{profile}:{}",
            secret.path
        ))
    }

    /// How long a credential lives beside its successor, where there is room for it: the application
    /// may be told of that only after a while, and the grace begins then.
    pub(super) fn overlap(&self) -> Duration {
        let ways = self.on_change.iter();
        let until_told = ways.map(|way| longest_delay(&way.action)).max();
        self.grace + until_told.unwrap_or_default()
    }
}
