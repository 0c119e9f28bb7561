//! How long to wait after a failure: longer each time, up to a bound, never at the same moment as
//! the neighbours, never before the server's own hint.

use std::time::Duration;

use fastrand::Rng;

/// The wait after the first failure, before jitter.
const FIRST: Duration = Duration::from_secs(1);

/// A server's hint beyond this is cut: a mistaken `Retry-After` must not silence a pod for a day.
const LONGEST_HINT: Duration = Duration::from_secs(600);

/// Counts failures in a row and answers how long to wait.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Something succeeded: the next failure is a first one again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure and answers how long to wait: between half and all of a second doubled
    /// with each failure and bounded by `longest`. With a `hint` (`Retry-After`) at least that, and
    /// up to as much again as without it, because everybody was told the same.
    pub(crate) fn fail(
        &mut self,
        longest: Duration,
        hint: Option<Duration>,
        rng: &mut Rng,
    ) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(20));
        self.failures = self.failures.saturating_add(1);
        let bound = doubled.min(longest);
        match hint.map(|hint| hint.min(LONGEST_HINT)) {
            None => between(bound / 2, bound, rng),
            Some(hint) => between(hint, hint.saturating_add(bound), rng),
        }
    }
}

/// A length between two, evenly distributed.
pub(crate) fn between(least: Duration, most: Duration, rng: &mut Rng) -> Duration {
    least + most.saturating_sub(least).mul_f64(rng.f64())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use fastrand::Rng;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(60);

    #[test]
    fn waits_double_up_to_the_bound_and_start_anew_after_a_success() {
        let (mut backoff, mut rng) = (Backoff::default(), Rng::with_seed(1));
        for bound in [1, 2, 4, 8, 16, 32, 60, 60] {
            let bound = Duration::from_secs(bound);
            let wait = backoff.fail(LONGEST, None, &mut rng);
            assert!((bound / 2..=bound).contains(&wait), "{wait:?} of {bound:?}");
        }
        backoff.reset();
        assert!(backoff.fail(LONGEST, None, &mut rng) <= FIRST);
    }

    proptest! {
        #[test]
        fn a_wait_keeps_to_its_bounds(seed: u64, failures in 0u32..200, hint in proptest::option::of(0u64..100_000)) {
            let (mut backoff, mut rng) = (Backoff { failures }, Rng::with_seed(seed));
            let hint = hint.map(Duration::from_secs);
            let wait = backoff.fail(LONGEST, hint, &mut rng);
            prop_assert!(wait >= hint.map_or(FIRST / 2, |hint| hint.min(LONGEST_HINT)));
            prop_assert!(wait <= LONGEST + hint.unwrap_or_default().min(LONGEST_HINT));
        }
    }
}
