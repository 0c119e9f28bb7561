//! When to look and when to renew: the arithmetic of time, with the jitter that keeps ten thousand
//! pods, started in the same second, from meeting at Vault ever again.

use std::time::Duration;

use fastrand::Rng;

use super::backoff::between;

/// A shorter refresh interval is taken as this one.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(500);

/// While a pod waits at its gate, Vault's return shall be noticed within seconds.
const LONGEST_WAIT_AT_THE_GATE: Duration = Duration::from_secs(8);

/// A secret that fails is asked for at least this often.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The time from the first look to the second: anywhere within the interval, so that pods that
/// started together are spread over it from then on.
pub(crate) fn first_round(interval: Duration, rng: &mut Rng) -> Duration {
    let interval = interval.max(SHORTEST_INTERVAL);
    between(interval / 100, interval, rng)
}

/// The time from one look to the next: the interval or up to a tenth less.
pub(crate) fn next_round(interval: Duration, rng: &mut Rng) -> Duration {
    let interval = interval.max(SHORTEST_INTERVAL);
    between(interval.mul_f64(0.9), interval, rng)
}

/// The longest wait between two attempts: with the pod at its gate a few seconds; later about the
/// refresh interval, so that an outage asks no more of Vault than ordinary work does.
pub(crate) fn longest_wait(interval: Duration, at_the_gate: bool) -> Duration {
    if at_the_gate {
        LONGEST_WAIT_AT_THE_GATE
    } else {
        interval.clamp(LONGEST_WAIT_AT_THE_GATE, LONGEST_WAIT)
    }
}

/// When to renew a token for the first time: between a quarter and two thirds of its life. The
/// width is what spreads pods that logged in together: a narrow window around two thirds would be
/// the next stampede.
pub(crate) fn first_renewal(life: Duration, rng: &mut Rng) -> Duration {
    between(life / 4, two_thirds(life), rng)
}

/// When to renew a token or lease again, or to replace one that cannot be renewed: at two thirds
/// of its life or up to a tenth of that earlier.
pub(crate) fn next_renewal(life: Duration, rng: &mut Rng) -> Duration {
    between(two_thirds(life).mul_f64(0.9), two_thirds(life), rng)
}

/// When to make the successor of what cannot be renewed and lives for `left` yet: as late as a
/// renewal, but so that both live for `grace` where there is room for it.
pub(crate) fn replacement(left: Duration, grace: Duration, rng: &mut Rng) -> Duration {
    let with_grace = left.saturating_sub(grace).max(left / 3);
    next_renewal(left, rng).min(with_grace)
}

fn two_thirds(life: Duration) -> Duration {
    life * 2 / 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use fastrand::Rng;

    use super::*;

    proptest! {
        #[test]
        fn a_look_is_never_later_than_the_interval(seed: u64, millis in 500u64..100_000_000) {
            let (interval, mut rng) = (Duration::from_millis(millis), Rng::with_seed(seed));
            prop_assert!(first_round(interval, &mut rng) <= interval);
            let next = next_round(interval, &mut rng);
            prop_assert!(next <= interval && next >= interval.mul_f64(0.899));
        }

        #[test]
        fn a_renewal_leaves_a_third_of_the_life_for_failures(seed: u64, millis in 1u64..10_000_000_000) {
            let (life, mut rng) = (Duration::from_millis(millis), Rng::with_seed(seed));
            for at in [first_renewal(life, &mut rng), next_renewal(life, &mut rng)] {
                prop_assert!(at <= life * 2 / 3 && at >= life / 5);
            }
        }
    }

    #[test]
    fn no_interval_makes_a_busy_loop() {
        let mut rng = Rng::with_seed(7);
        assert!(next_round(Duration::ZERO, &mut rng) >= Duration::from_millis(450));
        assert!(first_round(Duration::ZERO, &mut rng) > Duration::ZERO);
    }

    #[test]
    fn an_outage_is_no_harder_on_vault_than_ordinary_work() {
        let secs = Duration::from_secs;
        assert_eq!(longest_wait(secs(60), false), secs(60));
        assert_eq!(longest_wait(secs(1), false), secs(8));
        assert_eq!(longest_wait(secs(86_400), false), secs(300));
        assert_eq!(longest_wait(secs(86_400), true), secs(8));
    }
}
