//! An AppRole's ids that Vault has refused are not sent again and again: after five refusals Vault
//! locks a role id for 15 minutes (user lockout, on by default), and with it every pod that logs in by
//! the same one.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::login_files::LoginFiles;
use crate::vault::{Class, LoginCredentials, VaultError};

/// Vault counts the refusals of so long: at this pace one pod never locks anybody.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How often the files are looked at meanwhile.
const POLL: Duration = Duration::from_secs(1);

/// The ids that were refused last, and until when they are kept back.
#[derive(Debug, Default)]
pub(crate) struct RefusedIds(RefCell<Option<(LoginCredentials, Instant)>>);

impl RefusedIds {
    /// What `files` hold, once it may be sent: at once, unless it is what was refused.
    ///
    /// # Errors
    /// When a file cannot be read; the text names it.
    pub(crate) async fn wait_for_others(
        &self,
        files: &LoginFiles,
    ) -> Result<LoginCredentials, String> {
        let mut told = false;
        loop {
            let credentials = files.read()?;
            if !self.holds(&credentials, Instant::now()) {
                return Ok(credentials);
            }
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(
                    "the same role id and secret id are not sent again for 15 min, or Vault would lock \
                     the role id for all pods; new ones are sent as soon as they are there"
                );
            }
            sleep(POLL).await;
        }
    }

    /// Takes note of how a login with `credentials` went.
    pub(crate) fn note(&self, credentials: LoginCredentials, error: Option<&VaultError>) {
        let is_refused = error.is_some_and(|error| error.class() == Class::Denied);
        let has_ids = matches!(credentials, LoginCredentials::AppRole { .. });
        let until = Instant::now() + PATIENCE;
        self.0
            .replace((is_refused && has_ids).then_some((credentials, until)));
    }

    fn holds(&self, credentials: &LoginCredentials, now: Instant) -> bool {
        let refused = self.0.borrow();
        let refused = refused.as_ref();
        refused.is_some_and(|(refused, until)| refused == credentials && now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(secret_id: &str) -> LoginCredentials {
        LoginCredentials::AppRole {
            role_id: "app".to_owned().into(),
            secret_id: Some(secret_id.to_owned().into()),
        }
    }

    #[test]
    fn refused_ids_are_kept_back_until_they_are_others_or_time_has_passed() {
        let refused = RefusedIds::default();
        let (now, later) = (Instant::now(), Instant::now() + 2 * PATIENCE);
        assert!(!refused.holds(&ids("one"), now));
        let denied = VaultError::new(Class::Denied, "no");
        refused.note(ids("one"), Some(&denied));
        assert!(refused.holds(&ids("one"), now));
        assert!(!refused.holds(&ids("two"), now) && !refused.holds(&ids("one"), later));
        refused.note(ids("one"), None);
        assert!(!refused.holds(&ids("one"), now));
    }

    #[test]
    fn an_outage_and_another_method_keep_nothing_back() {
        let refused = RefusedIds::default();
        let now = Instant::now();
        let away = VaultError::new(Class::Unavailable, "away");
        refused.note(ids("one"), Some(&away));
        assert!(!refused.holds(&ids("one"), now));
        let denied = VaultError::new(Class::Denied, "no");
        let token = || LoginCredentials::ServiceAccountToken("a.b.c".to_owned().into());
        refused.note(token(), Some(&denied));
        assert!(!refused.holds(&token(), now));
    }
}
