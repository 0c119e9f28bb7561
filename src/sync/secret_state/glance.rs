//! A look at the CA that certificates are issued by.

use std::time::Duration;

use super::SecretState;
use crate::sync::certificate::{Certificate, Sight};
use crate::vault::Authority;

/// What a secret needs after a look at the CA.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Glance {
    /// Nothing: its certificate stays. There may be `news` about it to be remembered.
    Good { news: bool },
    /// A certificate; one that stands may have to go because the CA has `changed`.
    Issue { changed: bool },
}

impl SecretState {
    /// Whether a certificate is to be issued now, or there is none.
    pub(crate) fn needs_certificate(&self, now: Duration) -> bool {
        let certificate = self.certificate.as_ref();
        certificate.is_none_or(|certificate| certificate.is_due(now))
    }

    /// Whether the CA was looked up for the certificate that is to be issued.
    pub(crate) fn has_seen_authority(&self) -> bool {
        self.seen.is_some()
    }

    /// The engine shows `authority`, or nothing.
    pub(crate) fn glance(&mut self, authority: Option<Authority>, now: Duration) -> Glance {
        let seen = match (&mut self.certificate, &authority) {
            (Some(certificate), Some(authority)) if !certificate.is_due(now) => {
                certificate.see(authority, now)
            }
            (Some(certificate), None) if !certificate.is_due(now) => Sight::Same,
            _ => {
                self.seen = Some(authority);
                return Glance::Issue { changed: false };
            }
        };
        match seen {
            Sight::Same => Glance::Good { news: false },
            Sight::First => Glance::Good { news: true },
            Sight::Another => {
                self.seen = Some(authority);
                Glance::Issue { changed: true }
            }
        }
    }

    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }
}
