//! Points in time as Vault writes them (RFC 3339, UTC).

use std::time::{SystemTime, UNIX_EPOCH};

use crate::calendar::Civil;

/// `2026-01-02T03:04:05.678901234Z`.
pub(super) fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    format!("{}.{:09}Z", Civil::at(seconds), since.subsec_nanos())
}

/// Whole seconds since 1970.
pub(super) fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_are_written_to_the_nanosecond() {
        let time = UNIX_EPOCH + Duration::new(1_795_488_928, 7);
        assert_eq!(rfc3339(time), "2026-11-24T02:55:28.000000007Z");
    }
}
