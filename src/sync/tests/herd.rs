//! Ten thousand refreshers that start in the same second.

use std::time::Duration;

use super::world::{World, secs, spec};

const PODS: u64 = 10_000;

/// The requests of each second, of all pods together.
fn requests_by_second(
    pods: u64,
    files: &[(&str, &str, &str)],
    life: Duration,
    interval: &str,
    seconds: usize,
) -> Vec<usize> {
    let mut counts = vec![0; seconds];
    // Each pod alone: they share nothing but Vault, whose answers do not depend on the others.
    for pod in 0..pods {
        let mut world = World::with(pod, |options| {
            options.profiles.extend("eu".parse());
        });
        world.vault.life = life;
        world.follow(spec(interval, files), secs(seconds as u64));
        for (at, _) in &world.log {
            if let Some(count) = counts.get_mut(at.as_secs() as usize) {
                *count += 1;
            }
        }
    }
    counts
}

#[track_caller]
fn check(life: Duration, interval: &str, seconds: usize, rounds_from: usize) {
    let files = [("a", "db", "secret/db#password")];
    let counts = requests_by_second(PODS, &files, life, interval, seconds);
    check_counts(counts, 3 * PODS as usize, seconds, rounds_from);
}

#[track_caller]
fn check_counts(mut counts: Vec<usize>, first_sync: usize, seconds: usize, rounds_from: usize) {
    assert!(counts[0] >= first_sync, "login, look-up and read of each");
    counts[0] -= first_sync;
    let steady: usize = counts[rounds_from..].iter().sum::<usize>() / (seconds - rounds_from);
    let worst = counts.iter().max().copied().unwrap_or_default();
    assert!(
        worst <= 2 * steady,
        "{worst} requests in one second, {steady} on average"
    );
}

#[test]
fn vault_sees_no_more_than_twice_the_steady_rate_in_any_second_after_the_first_sync() {
    check(secs(3600), "1m", 300, 60);
}

#[test]
fn the_logins_of_one_pod_do_not_meet_either() {
    let files = [
        ("a", "db", "secret/db#password"),
        ("b", "db", "eu:secret/db#password"),
    ];
    let counts = requests_by_second(PODS, &files, secs(240), "1m", 240);
    check_counts(counts, 6 * PODS as usize, 240, 60);
}

#[test]
fn renewals_do_not_make_a_herd_of_their_own() {
    check(secs(240), "5m", 900, 300);
}
