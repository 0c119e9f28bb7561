//! A certificate that Vault issued for this pod alone, without a lease: its own end is all that it
//! lives by. What else Vault makes without a lease, e.g. by encryption, need not have an end.

use std::time::Duration;

use fastrand::Rng;

use super::event::Now;
use super::schedule::next_renewal;
use super::x509::X509;
use crate::secret::{SecretMap, SecretValue, VaultSecret};
use crate::vault::Authority;

/// A certificate in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// When it ends.
    pub(crate) end: Duration,
    /// When it gets its successor.
    pub(crate) replace: Duration,
    /// The CA that the engine showed before it was issued, as far as it could be seen. Another one
    /// now means that the certificate is to be replaced; whether it is the one that has signed does
    /// not matter, for a role may name an issuer of its own.
    pub(crate) authority: Option<Authority>,
}

/// What a look at the CA has told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The certificate's.
    Same,
    /// The first that could be seen.
    First,
    /// Another one.
    Another,
}

/// Whether there is a certificate in `data`.
pub(crate) fn holds_certificate(data: &SecretMap) -> bool {
    parsed(data).is_some()
}

fn parsed(data: &SecretMap) -> Option<X509> {
    match data.get("certificate")? {
        SecretValue::String(pem) => X509::parse(pem.expose()),
        _ => None,
    }
}

/// None is issued more often than this, however short-lived.
const SHORTEST: Duration = Duration::from_secs(1);

/// Longer than any pod lives, and little enough to be added to a time.
const AGES: Duration = Duration::from_secs(10 * 365 * 86_400);

/// How long a token, or the secret id of an AppRole, says that it lives.
fn life(secret: &VaultSecret) -> Option<Duration> {
    let auth = secret.auth.as_ref();
    let named = auth.and_then(|auth| auth.get("lease_duration"));
    let seconds = match named.or_else(|| secret.data.get("secret_id_ttl"))? {
        SecretValue::Number(text) => std::str::from_utf8(text.expose()).ok()?.parse().ok()?,
        _ => 0,
    };
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

impl Certificate {
    /// The one in `data`, which has just come; `None` where there is none.
    ///
    /// It gets its successor at two thirds of what is left of its life, and a clock that goes wrong
    /// does not make that more often than a tenth of its whole life.
    pub(crate) fn new(
        data: &SecretMap,
        authority: Option<Authority>,
        now: Now,
        rng: &mut Rng,
    ) -> Option<Self> {
        let x509 = parsed(data)?;
        let since = |start| x509.not_after.duration_since(start).unwrap_or_default();
        let whole = since(x509.not_before);
        let left = since(now.wall).min(whole);
        let wait = next_renewal(left, rng).max(whole / 10).max(SHORTEST);
        Some(Self {
            end: now.elapsed + left,
            replace: now.elapsed + wait,
            authority,
        })
    }

    /// What is in `secret` beside a certificate: made once, unless it says how long it lives.
    pub(crate) fn endless(secret: &VaultSecret, now: Now, rng: &mut Rng) -> Self {
        let (left, wait) = match life(secret) {
            Some(left) => (left, next_renewal(left, rng).max(SHORTEST)),
            None => (AGES, AGES),
        };
        Self {
            end: now.elapsed + left,
            replace: now.elapsed + wait,
            authority: None,
        }
    }

    /// Whether it is time for its successor.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        self.replace <= now
    }

    /// How long it is good yet; `None` is without end.
    pub(crate) fn left(&self, now: Duration) -> Option<Duration> {
        let left = self.end.saturating_sub(now);
        (left < AGES / 2).then_some(left)
    }

    /// The engine shows `authority` now.
    pub(crate) fn see(&mut self, authority: &Authority, now: Duration) -> Sight {
        match &self.authority {
            Some(known) if known == authority => Sight::Same,
            Some(_) => {
                self.replace = now;
                Sight::Another
            }
            None => {
                self.authority = Some(authority.clone());
                Sight::First
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// When its successor comes, of how long it lives.
    fn endless(secret: &VaultSecret) -> (Option<Duration>, Duration) {
        let now = Now {
            elapsed: Duration::from_secs(10),
            wall: SystemTime::UNIX_EPOCH,
        };
        let made = Certificate::endless(secret, now, &mut Rng::with_seed(1));
        (made.left(now.elapsed), made.replace - now.elapsed)
    }

    fn map(json: &str) -> SecretMap {
        match SecretValue::from_json(json) {
            Ok(SecretValue::Map(map)) => map,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_says_how_long_it_lives_is_made_anew_in_time_and_the_rest_never() {
        let hour = Duration::from_secs(3600);
        let token = VaultSecret {
            auth: Some(map(r#"{"client_token":"x","lease_duration":3600}"#)),
            ..VaultSecret::default()
        };
        let secret_id = VaultSecret {
            data: map(r#"{"secret_id":"x","secret_id_ttl":3600}"#),
            ..VaultSecret::default()
        };
        for secret in [token, secret_id] {
            let (left, replace) = endless(&secret);
            assert_eq!(left, Some(hour));
            assert!(replace > hour / 2 && replace < hour, "{replace:?}");
        }
        for data in [
            r#"{"signature":"x"}"#,
            r#"{"secret_id":"x","secret_id_ttl":0}"#,
        ] {
            let secret = VaultSecret {
                data: map(data),
                ..VaultSecret::default()
            };
            assert_eq!(endless(&secret), (None, AGES));
        }
    }
}
