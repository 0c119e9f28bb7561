//! Why a pod cannot start, in one text.

use std::collections::BTreeSet;

use super::{Freshness, SecretStatus, Status, TokenStatus, class_name};
use crate::spec::layout::WAITING_FOR_VAULT;
use crate::vault::Class;

/// Why the pod cannot start, the cause before its effects; where no more is wrong than that Vault does
/// not answer, it begins with [`WAITING_FOR_VAULT`].
pub(super) fn reason(status: &Status, logins: &[Class]) -> String {
    let mut reasons = Vec::new();
    reasons.extend(
        status
            .spec_refused
            .iter()
            .map(|message| format!("annotation {}: {message}", crate::spec::ANNOTATION)),
    );
    reasons.extend(status.token.message.clone());
    reasons.extend(status.profiles.iter().filter_map(|(profile, token)| {
        let message = token.message.as_ref()?;
        Some(format!("profile {profile}: {message}"))
    }));
    reasons.extend(status.service_account_token.message.clone());
    for mount in &status.mounts {
        let own = mount
            .message
            .iter()
            .map(|message| format!("{}: {message}", mount.mount_path));
        reasons.extend(own);
        for message in mount.secrets.iter().filter_map(SecretStatus::reason) {
            if !reasons.contains(&message) {
                reasons.push(message);
            }
        }
    }
    if reasons.is_empty() {
        reasons.push(awaited(status));
    }
    let reasons = reasons.join("; ");
    match is_vaults_silence(status, logins) {
        true => format!("{WAITING_FOR_VAULT}{reasons}"),
        false => reasons,
    }
}

/// Whether Vault does not answer, or asks to come again later, and nothing else is wrong.
fn is_vaults_silence(status: &Status, logins: &[Class]) -> bool {
    const SILENT: [&str; 2] = ["unavailable", "rate_limited"];
    let secrets = status.mounts.iter().flat_map(|mount| &mount.secrets);
    let logins = logins.iter().copied().map(class_name);
    let classes: Vec<_> = logins
        .chain(secrets.filter_map(|secret| secret.class))
        .collect();
    status.spec_refused.is_none()
        && status.service_account_token.message.is_none()
        && status.mounts.iter().all(|mount| mount.message.is_none())
        && !classes.is_empty()
        && classes.iter().all(|class| SILENT.contains(class))
}

/// What has not failed and has not come either.
fn awaited(status: &Status) -> String {
    let secrets: BTreeSet<_> = status
        .mounts
        .iter()
        .flat_map(|mount| &mount.secrets)
        .filter(|secret| secret.state == Freshness::Waiting)
        .map(|secret| secret.secret.as_str())
        .collect();
    if status.mounts.is_empty() {
        "the SyncSpec is not read yet".to_owned()
    } else if secrets.is_empty() {
        "the files are not written yet".to_owned()
    } else if tokens(status).any(|token| token.used && !token.present) {
        "Vault has not answered the login yet".to_owned()
    } else {
        let secrets: Vec<_> = secrets.into_iter().collect();
        format!("Vault has not answered yet for {}", secrets.join(", "))
    }
}

/// The tokens of all logins.
fn tokens(status: &Status) -> impl Iterator<Item = &TokenStatus> {
    std::iter::once(&status.token).chain(status.profiles.values())
}

impl SecretStatus {
    /// Why the last look failed, where the message does not say with whose login.
    fn reason(&self) -> Option<String> {
        let message = self.message.as_ref()?;
        Some(match &self.profile {
            Some(profile) => format!("profile {profile}: {message}"),
            None => message.clone(),
        })
    }
}
