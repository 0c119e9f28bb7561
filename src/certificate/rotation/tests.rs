mod cases;
mod interleaving;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::certificate::PemPair;
use crate::spec::GoDuration;

const NAME: &str = "freshet.freshet.svc";
/// A life of an hour: 30 s to publish, 600 s to retire, due after 2400 s.
const HOUR: i64 = 3600;

fn policy() -> Policy {
    let lifetime = GoDuration::from_secs(3600).try_into();
    Policy {
        name: NAME.to_owned(),
        lifetime: lifetime.expect("an hour is accepted"),
    }
}

/// A pair without cryptography; two with the same number are the same.
fn identity(number: u32, not_after: i64) -> Identity {
    let authority = Authority::new(number.to_be_bytes().to_vec(), not_after + HOUR);
    let pem = PemPair::new(number.to_string().into_bytes(), Vec::new());
    Identity::new(authority, pem, not_after, vec![NAME.to_owned()])
}

fn arc(number: u32, not_after: i64) -> Arc<Identity> {
    Arc::new(identity(number, not_after))
}

fn authority(number: u32) -> Authority {
    identity(number, HOUR).authority().clone()
}
