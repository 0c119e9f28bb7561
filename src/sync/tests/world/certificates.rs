//! The certificates of that Vault: each has a key that is called as its number.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::vault::Vault;
use super::{at, secs};
use crate::secret::{SecretMap, SecretValue, VaultSecret};
use crate::spec::SecretRef;
use crate::sync::{Action, Event};
use crate::vault::Authority;

/// A PKI engine, which issues whatever is asked for.
pub(in crate::sync::tests) struct Pki {
    /// The number of the CA.
    pub(in crate::sync::tests) authority: usize,
    pub(in crate::sync::tests) life: Duration,
    /// How far its clock is ahead of the pod's; `behind` when it is not.
    pub(in crate::sync::tests) ahead: Duration,
    pub(in crate::sync::tests) behind: Duration,
    /// When which certificate ends, by the name of its key.
    pub(in crate::sync::tests) issued: BTreeMap<String, Duration>,
    /// Whether answers hold something else.
    pub(in crate::sync::tests) is_strange: bool,
    key: KeyPair,
}

impl Vault {
    pub(super) fn answer_of_request(&mut self, action: &Action, now: Duration) -> Event {
        match action {
            Action::CheckAuthority(_, _, secret) => {
                let result = self.check(&format!("see {}", secret.path), None, now);
                let authority = result.map(|()| self.pki.authority());
                Event::AuthorityChecked(secret.clone(), authority)
            }
            Action::Read(id, _, secret) => {
                let result = self.check(&format!("read {secret}"), Some(*id), now);
                let issued = result.map(|()| {
                    let issued = self.pki.issue(secret, now);
                    let lease = self.make_lease(secret.path.as_str(), *id, now);
                    VaultSecret { lease, ..issued }
                });
                Event::Read(secret.clone(), issued)
            }
            _ => panic!("no request: {action:?}"),
        }
    }
}

impl Pki {
    pub(super) fn new() -> Self {
        Self {
            authority: 1,
            life: secs(3600),
            ahead: Duration::ZERO,
            behind: Duration::ZERO,
            issued: BTreeMap::new(),
            is_strange: false,
            key: KeyPair::generate().expect("a key"),
        }
    }

    fn authority(&self) -> Authority {
        Authority::of([format!("CA {}", self.authority).as_str()])
    }

    fn issue(&mut self, secret: &SecretRef, now: Duration) -> VaultSecret {
        let key = format!("key {} of {}", self.issued.len() + 1, secret.path);
        self.issued.insert(key.clone(), now + self.life);
        let text = |text: String| SecretValue::String(text.into());
        let data = match self.is_strange {
            true => SecretMap::from([("signature".to_owned(), text("x".to_owned()))]),
            false => SecretMap::from([
                ("certificate".to_owned(), text(self.certificate(now))),
                ("private_key".to_owned(), text(key)),
                (
                    "issuing_ca".to_owned(),
                    text(format!("CA {}", self.authority)),
                ),
            ]),
        };
        VaultSecret {
            data,
            version: None,
            lease: None,
            ..VaultSecret::default()
        }
    }

    fn certificate(&self, now: Duration) -> String {
        let mut params = CertificateParams::new(["web".to_owned()]).expect("a name");
        let wall = at(now + self.ahead).wall.duration_since(UNIX_EPOCH);
        let wall = date_time_ymd(1970, 1, 1) + (wall.expect("after 1970") - self.behind);
        params.not_before = wall - secs(30);
        params.not_after = wall + self.life;
        params.self_signed(&self.key).expect("signed").pem()
    }
}
