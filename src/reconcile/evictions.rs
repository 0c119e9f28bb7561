//! When a pod may be evicted that was made before its ExternalSecret was known.
//!
//! Its owner makes it again, and the new one is injected. Where that does not help (a replica that
//! knows the ExternalSecret not yet, a webhook that is not asked) the next attempt for the same owner
//! comes later and later. All pods that were there when an attempt began belong to it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::pod::{Owner, Phase, Pod};

/// What was done for each owner. Times are on a clock that never jumps.
#[derive(Debug, Default)]
pub struct Evictions {
    /// By the owner's uid.
    attempts: BTreeMap<String, Attempt>,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    began: Duration,
    number: u32,
}

/// After a pod was found: until then every replica knows what the one that found it knows.
const SETTLED: Duration = Duration::from_secs(2);
/// Between the first attempt for an owner and the second.
const FIRST_DELAY: Duration = Duration::from_secs(10);
const LAST_DELAY: Duration = Duration::from_secs(600);
/// An owner that had no attempt for so long begins anew.
const FORGOTTEN: Duration = Duration::from_secs(3600);

impl Evictions {
    /// Whether a pod is one that its owner makes again; a Job counts its pods, so of Jobs only when
    /// that is asked for. A pod that runs is never taken away.
    pub fn may(pod: &Pod, jobs_too: bool) -> bool {
        let owner = pod.owner.as_ref();
        pod.phase == Phase::Pending
            && !pod.is_leaving
            && pod.refresher.is_none()
            && owner.is_some_and(|owner| match owner.kind.as_str() {
                "Node" => false,
                "Job" => jobs_too,
                _ => true,
            })
    }

    /// When a pod of this owner may be evicted that was first found at `found`.
    pub fn due(&self, owner: &Owner, found: Duration) -> Duration {
        let settled = found + SETTLED;
        match self.attempts.get(&owner.uid) {
            Some(attempt) if found > attempt.began => {
                settled.max(attempt.began + delay(attempt.number))
            }
            _ => settled,
        }
    }

    /// A pod of this owner that was first found at `found` was evicted, or that was refused.
    pub fn tried(&mut self, owner: &Owner, found: Duration, now: Duration) {
        self.attempts
            .retain(|_, attempt| now.saturating_sub(attempt.began) < FORGOTTEN);
        let attempt = self.attempts.entry(owner.uid.clone());
        let attempt = attempt.or_insert(Attempt {
            began: now,
            number: 1,
        });
        if found > attempt.began {
            attempt.began = now;
            attempt.number += 1;
        }
    }
}

fn delay(number: u32) -> Duration {
    let doubled = FIRST_DELAY.saturating_mul(1 << number.saturating_sub(1).min(16));
    doubled.min(LAST_DELAY)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn owner() -> Owner {
        Owner {
            kind: "ReplicaSet".to_owned(),
            uid: "1".to_owned(),
        }
    }

    #[track_caller]
    fn check(evictions: &Evictions, found: u64, want: u64) {
        assert_eq!(evictions.due(&owner(), seconds(found)), seconds(want));
    }

    #[test]
    fn all_pods_of_an_attempt_go_at_once_and_the_next_attempt_waits() {
        let mut evictions = Evictions::default();
        check(&evictions, 100, 102);
        for now in [102, 103] {
            evictions.tried(&owner(), seconds(100), seconds(now));
        }
        check(&evictions, 100, 102);
        // Made again, and not injected again.
        check(&evictions, 103, 112);
        evictions.tried(&owner(), seconds(103), seconds(112));
        check(&evictions, 113, 132);
        evictions.tried(&owner(), seconds(113), seconds(132));
        check(&evictions, 133, 172);
        let other = Owner {
            uid: "2".to_owned(),
            ..owner()
        };
        assert_eq!(evictions.due(&other, seconds(133)), seconds(135));
    }

    #[test]
    fn the_delay_has_an_end_and_what_is_long_past_is_forgotten() {
        let mut evictions = Evictions::default();
        let mut now = 0;
        for _ in 0..40 {
            evictions.tried(&owner(), seconds(now), seconds(now));
            now += 700;
        }
        check(&evictions, now, now.max(now - 700 + 600) + 2);
        let other = Owner {
            uid: "2".to_owned(),
            ..owner()
        };
        evictions.tried(&other, seconds(now + 4000), seconds(now + 4000));
        assert_eq!(evictions.attempts.len(), 1);
    }

    #[track_caller]
    fn check_may(changes: serde_json::Value, jobs_too: bool, want: bool) {
        let mut pod = json!({
            "metadata": { "name": "app", "ownerReferences": [
                { "kind": "ReplicaSet", "uid": "1", "controller": true },
            ]},
            "spec": { "containers": [] },
            "status": { "phase": "Pending" },
        });
        for (pointer, value) in changes.as_object().expect("changes") {
            let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
            pod.pointer_mut(parent).expect("a parent")[field] = value.clone();
        }
        assert_eq!(Evictions::may(&Pod::of(&pod), jobs_too), want, "{changes}");
    }

    #[test]
    fn only_pending_pods_that_come_again_are_evicted() {
        let owned = |kind: &str| json!([{ "kind": kind, "uid": "1", "controller": true }]);
        let owner = "/metadata/ownerReferences";
        check_may(json!({}), false, true);
        check_may(json!({ owner: owned("StatefulSet") }), false, true);
        check_may(json!({ owner: owned("Job") }), false, false);
        check_may(json!({ owner: owned("Job") }), true, true);
        check_may(json!({ owner: owned("Node") }), true, false);
        check_may(json!({ owner: [] }), true, false);
        check_may(
            json!({ owner: [{ "kind": "App", "uid": "1" }] }),
            true,
            false,
        );
        check_may(json!({ "/status/phase": "Running" }), true, false);
        check_may(json!({ "/status/phase": "Failed" }), true, false);
        check_may(json!({ "/metadata/deletionTimestamp": "now" }), true, false);
        let refresher = json!([{ "name": "freshet", "args": ["run", "--vault-address=a"] }]);
        check_may(json!({ "/spec/initContainers": refresher }), true, false);
    }
}
