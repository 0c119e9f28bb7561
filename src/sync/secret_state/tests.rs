//! One secret, and what Vault answers for it.

use std::collections::BTreeMap;

use super::*;
use crate::secret::SecretValue;

fn state() -> (SecretRef, SecretState, Rng) {
    let secret = "secret/db".parse().expect("a reference");
    (secret, SecretState::new(Duration::ZERO), Rng::with_seed(3))
}

fn now() -> Now {
    Now {
        elapsed: Duration::from_secs(9),
        wall: SystemTime::UNIX_EPOCH,
    }
}

fn version(version: u64) -> VaultSecret {
    let value = SecretValue::String(format!("v{version}").into());
    VaultSecret {
        data: BTreeMap::from([("password".to_owned(), value)]),
        version: Some(version),
        lease: None,
        ..VaultSecret::default()
    }
}

#[test]
fn an_older_version_is_believed_when_it_is_seen_twice() {
    let (secret, mut state, mut rng) = state();
    let asked = (TokenId(1), Duration::ZERO, Duration::ZERO);
    let mut receive = |data| {
        let receipt = state.receive(&secret, data, asked, now(), &mut rng);
        receipt.changed
    };
    assert!(receive(version(7)));
    assert!(!receive(version(6)), "a standby that lags");
    assert!(!receive(version(7)));
    assert!(!receive(version(1)));
    assert!(receive(version(1)), "deleted and made anew");
}

#[test]
fn the_same_failure_is_told_once() {
    let (secret, mut state, mut rng) = state();
    let mut fail = |message: &str| {
        let error = VaultError::new(Class::Unavailable, message);
        let times = (Duration::ZERO, Duration::from_secs(8));
        state.fail(&secret, &error, times, &mut rng).is_some()
    };
    assert!(fail("sealed"));
    assert!(!fail("sealed"));
    assert!(fail("unreachable"));
}
