//! Tokens that outlive the process: those that are known, for the next one, and those of an earlier
//! one.

use std::time::Duration;

use super::{Retired, Session};
use crate::sync::login::Login;
use crate::sync::memory::KnownToken;

impl Session {
    /// Takes over a token of an earlier process.
    pub(crate) fn recall(&mut self, token: &KnownToken, now: Duration, grace: Duration) {
        if token.expires.is_some_and(|end| end <= now) {
            return;
        }
        match token.current {
            true => self.current = Some(Login::recalled(token, now)),
            false => self.retired.push(Retired {
                token: token.id,
                revoke: Some(now + grace),
            }),
        }
    }

    /// All tokens that are good, as far as is known.
    pub(crate) fn known(&self) -> impl Iterator<Item = KnownToken> {
        let current = self.current.iter().map(|login| KnownToken {
            id: login.token,
            profile: self.profile.clone(),
            granted: login.granted,
            expires: login.expires,
            renewable: login.renewable,
            current: true,
        });
        let retired = self.retired.iter().map(|retired| KnownToken {
            id: retired.token,
            profile: self.profile.clone(),
            granted: Duration::ZERO,
            expires: None,
            renewable: false,
            current: false,
        });
        current.chain(retired)
    }
}
