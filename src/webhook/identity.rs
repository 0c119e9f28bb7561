//! Who this replica is, and what time it is.

use std::io;
use std::time::SystemTime;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::spec::ObjectName;

/// Where a pod finds the name of its namespace.
const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// The namespace of the pod that this is.
///
/// # Errors
/// When there is no such file.
pub(super) fn own_namespace() -> io::Result<ObjectName> {
    let text = std::fs::read_to_string(NAMESPACE);
    let text =
        text.map_err(|reason| io::Error::new(reason.kind(), format!("{NAMESPACE}: {reason}")))?;
    text.trim().parse().map_err(io::Error::other)
}

/// The pod's name, and something that a second process of that name does not have.
pub(super) fn holder() -> String {
    let mut random = [0; 8];
    // Without it a replica started anew is taken for the one before, which is gone.
    let _ = SystemRandom::new().fill(&mut random);
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    format!("{host}_{:016x}", u64::from_be_bytes(random))
}

/// The time.
pub(super) fn seconds_since_1970() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
