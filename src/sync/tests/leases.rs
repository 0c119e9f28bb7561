//! Dynamic secrets: one credential for a pod and path, alive as long as a file holds it, and given
//! back soon after that.

use std::time::Duration;

use proptest::prelude::*;

use super::world::{MINUTE, World, fault, secs, spec};
use crate::sync::{Event, Freshness, Notice, Options};
use crate::vault::{Class, Engine};

const FILES: [(&str, &str, &str); 2] = [
    ("a", "db", "secret/creds#password"),
    ("b", "copy", "secret/creds#password"),
];

const GRACE: Duration = Duration::from_secs(30);

/// A pod with a credential, and a Vault whose credentials live for `life`, with renewals `longest`.
fn pod(seed: u64, life: Duration, longest: Duration) -> World {
    pod_with(seed, life, longest, |_| {})
}

fn pod_with(
    seed: u64,
    life: Duration,
    longest: Duration,
    change: impl FnOnce(&mut Options),
) -> World {
    let mut world = World::with(seed, change);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((life, longest));
    world.follow(spec("1m", &FILES), secs(1));
    world
}

fn credential(world: &World) -> String {
    world.file("a", "db").expect("a credential").to_owned()
}

/// Lets `time` pass, and holds that the credential of the files lives at each moment. Answers the
/// most credentials that lived at a time.
fn watch(world: &mut World, time: Duration) -> usize {
    let end = world.now + time;
    let mut most = 0;
    while world.now < end {
        world.run(secs(1) / 2);
        let live = world.vault.live_credentials(world.now);
        most = most.max(live.len());
        for file in [world.file("a", "db"), world.file("b", "copy")] {
            let file = file.expect("a credential");
            assert!(live.contains(file), "{file:?} at {:?}: {live:?}", world.now);
        }
    }
    most
}

#[test]
fn a_lease_is_renewed_while_it_can_be_and_the_credential_stays() {
    let mut world = pod(1, MINUTE * 10, MINUTE * 60 * 24);
    let first = credential(&world);
    assert_eq!(watch(&mut world, MINUTE * 60 * 6), 1);
    assert_eq!(credential(&world), first);
    assert_eq!(
        (world.count("read secret/creds"), world.writes),
        (1, 2),
        "one for both files"
    );
    let renewals = world.count("renew secret/creds");
    assert!((50..=62).contains(&renewals), "{renewals} in six hours");
}

#[test]
fn before_its_longest_life_ends_it_gets_a_successor_and_is_given_back_after_the_grace() {
    let mut world = pod(2, MINUTE * 10, MINUTE * 60);
    let first = credential(&world);
    while credential(&world) == first {
        world.run(secs(1));
    }
    assert!(world.now < MINUTE * 60 - GRACE, "{:?}", world.now);
    assert!(world.now > MINUTE * 45, "{:?}", world.now);
    world.run(GRACE - secs(2));
    assert_eq!(world.vault.live_credentials(world.now).len(), 2);
    world.run(secs(3));
    assert_eq!(world.vault.live_credentials(world.now).len(), 1);
    assert_eq!(world.count("revoke secret/creds"), 1);
    assert_eq!(watch(&mut world, MINUTE * 60 * 12), 2);
    assert_eq!(world.vault.good_tokens(world.now), 1);
}

#[test]
fn fifty_pods_with_leases_of_20_s_and_a_longest_life_of_60_s_hold_a_live_credential_always() {
    for seed in 0..50 {
        let mut world = pod(seed, secs(20), secs(60));
        let most = watch(&mut world, MINUTE * 5);
        assert!(most <= 2, "{most}: one, and the one before it in its grace");
        let made = world.count("read secret/creds");
        assert!((6..=11).contains(&made), "{made} in five minutes");
    }
}

#[test]
fn a_lease_that_cannot_be_renewed_gets_a_successor_in_time() {
    let mut world = pod(3, MINUTE * 10, MINUTE * 10);
    world.vault.lease_renewable = false;
    world.vault.leases.clear();
    world.run(MINUTE * 2);
    assert_eq!(watch(&mut world, MINUTE * 60 * 2), 2);
    let made = world.count("read secret/creds");
    assert!((18..=24).contains(&made), "{made}");
    assert_eq!(world.count("renew secret/creds"), 0);
}

#[test]
fn nothing_else_makes_a_new_credential() {
    let mut world = pod(4, MINUTE * 60, MINUTE * 60 * 24);
    let files = [&FILES[..], &[("a", "api", "secret/api#password")]].concat();
    world.follow(spec("1m", &files), MINUTE);
    world.put("secret/api", "changed");
    world.run(MINUTE * 2);
    assert_eq!(world.file("a", "api"), Some("changed"));
    world.feed(Event::LookNow);
    world.run(MINUTE);
    world.follow(spec("5m", &FILES), MINUTE * 10);
    assert_eq!(world.count("read secret/creds"), 1);
    assert!(world.count("check secret/creds") > 3, "but it is looked at");
}

#[test]
fn a_lease_that_an_operator_revokes_is_replaced_at_the_next_look() {
    let mut world = pod(5, MINUTE * 60, MINUTE * 60 * 24);
    let first = credential(&world);
    world.vault.leases.clear();
    world.run(MINUTE + secs(1));
    assert_ne!(credential(&world), first);
    watch(&mut world, MINUTE * 10);
    let lost = |notice: &Notice| matches!(notice, Notice::LeaseLost { .. });
    assert!(world.notices.iter().any(lost), "{:?}", world.notices);
}

#[test]
fn what_hangs_on_a_token_moves_to_the_next_one_before_the_old_one_ends() {
    for life in [secs(60), MINUTE * 20] {
        let mut world = pod(6, MINUTE * 60, MINUTE * 60 * 24);
        world.vault.revoke_all();
        world.vault.life = life;
        world.vault.max_life = Some(life * 2);
        world.run(MINUTE * 3);
        let most = watch(&mut world, MINUTE * 60);
        assert!(most <= 2, "{most}");
        assert!(world.count("login") > 1);
        assert_eq!(
            world.count("revoke secret/creds"),
            0,
            "they go with their token"
        );
    }
}

#[test]
fn a_lost_token_takes_its_credentials_along() {
    let mut world = pod(7, MINUTE * 60, MINUTE * 60 * 24);
    world.vault.revoke_all();
    world.run(MINUTE + secs(1));
    watch(&mut world, MINUTE * 5);
    assert_eq!(world.count("login"), 2);
}

#[test]
fn after_an_outage_longer_than_the_lease_there_is_one_new_credential() {
    let mut world = pod(8, MINUTE * 5, MINUTE * 60);
    let first = credential(&world);
    world.vault.outage = Some(fault(Class::Unavailable, "no answer"));
    world.run(MINUTE * 20);
    assert_eq!(credential(&world), first, "the last good files stay");
    let status = world.status();
    assert_eq!(status.mounts[0].state, Freshness::Stale);
    world.vault.outage = None;
    world.requests();
    world.run(MINUTE * 2);
    assert_eq!(world.count("read secret/creds"), 1);
    watch(&mut world, MINUTE * 5);
}

#[test]
fn a_renewal_that_fails_for_a_while_is_repeated_and_keeps_the_credential() {
    let mut world = pod(9, MINUTE * 10, MINUTE * 60 * 24);
    let first = credential(&world);
    for class in [Class::Unavailable, Class::Invalid] {
        let error = fault(class, "the database is down");
        world
            .vault
            .faults
            .insert("renew secret/creds".to_owned(), error);
        world.run(MINUTE * 8);
        world.vault.faults.clear();
        world.run(MINUTE);
        assert_eq!(credential(&world), first);
    }
    watch(&mut world, MINUTE * 30);
}

#[test]
fn policies_that_allow_nothing_but_the_read_are_enough() {
    let mut world = pod(10, MINUTE * 10, MINUTE * 60 * 24);
    for verb in ["renew", "check", "revoke"] {
        let error = fault(Class::Denied, "permission denied");
        world
            .vault
            .faults
            .insert(format!("{verb} secret/creds"), error);
    }
    assert_eq!(
        watch(&mut world, MINUTE * 60),
        2,
        "the old one ends by itself"
    );
    let checks = world.count("check secret/creds");
    let made = world.count("read secret/creds");
    assert!((6..=12).contains(&made), "{made}");
    assert!(
        checks <= made * 2,
        "{checks} for {made}: once for each, and once the token is proved"
    );
    let refusals = world.notices.iter();
    let refusals = refusals.filter(|notice| matches!(notice, Notice::LeaseRevocationFailed { .. }));
    assert_eq!(refusals.count(), 1, "told once");
}

#[test]
fn full_volumes_keep_the_credential_that_the_application_still_reads() {
    let mut world = pod(11, MINUTE * 10, MINUTE * 30);
    let first = credential(&world);
    world.full = true;
    world.run(MINUTE * 28);
    assert_eq!(credential(&world), first);
    assert!(
        world.count("read secret/creds") > 1,
        "its successor is made"
    );
    assert_eq!(world.count("revoke secret/creds"), 0);
    assert!(world.vault.live_credentials(world.now).contains(&first));
    world.full = false;
    world.run(MINUTE);
    assert_ne!(credential(&world), first);
    watch(&mut world, MINUTE * 5);
}

#[test]
fn a_secret_that_nobody_needs_any_more_is_given_back() {
    let mut world = pod(12, MINUTE * 60, MINUTE * 60 * 24);
    world.follow(spec("1m", &[("a", "api", "secret/api#password")]), MINUTE);
    assert_eq!(world.vault.live_credentials(world.now).len(), 0);
    assert_eq!(world.count("revoke secret/creds"), 1);
}

#[test]
fn one_that_comes_when_nobody_needs_it_any_more_is_given_back() {
    let mut world = World::new(13);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 60, MINUTE * 60));
    world.latency = secs(1);
    world.follow(spec("1m", &FILES), secs(2) + secs(1) / 2);
    assert_eq!(world.count("read secret/creds"), 1, "under way");
    world.follow(spec("1m", &[("a", "api", "secret/api#password")]), MINUTE);
    assert_eq!(world.vault.live_credentials(world.now).len(), 0);
}

#[test]
fn credentials_are_made_one_after_the_other() {
    let mut world = World::new(14);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 60, MINUTE * 60));
    world.latency = secs(1);
    let files = [
        ("a", "one", "secret/creds#password"),
        ("a", "two", "secret/creds2#password"),
    ];
    world.follow(spec("1m", &files), secs(10));
    let at = |words: &str| {
        let mut log = world.log.iter();
        log.find(|(_, logged)| logged == words).expect("asked").0
    };
    let (one, two) = (at("read secret/creds"), at("read secret/creds2"));
    assert_eq!(one.abs_diff(two), secs(1));
    assert!(world.file("a", "two").is_some());
}

#[test]
fn at_the_end_nothing_is_left_when_that_is_asked_for() {
    for asked in [false, true] {
        let change = |options: &mut Options| options.revoke_on_shutdown = asked;
        let mut world = pod_with(15, MINUTE * 60, MINUTE * 60, change);
        world.feed(Event::Shutdown);
        world.run(secs(1));
        assert!(world.exited);
        let left = world.vault.live_credentials(world.now).len();
        assert_eq!(left, usize::from(!asked));
    }
}

#[test]
fn an_init_container_refuses_what_it_cannot_renew_and_leaves_nothing_behind() {
    let mut world = World::with(16, |options| options.keeps_leases = false);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 60, MINUTE * 60));
    world.follow(spec("1m", &FILES), MINUTE * 5);
    assert_eq!(world.count("read secret/creds"), 1, "never again");
    assert!(world.engine.is_hopeless());
    let reason = world.status().reason.expect("a reason");
    assert!(
        reason.contains("secret/creds is a dynamic secret"),
        "{reason}"
    );
    world.feed(Event::Shutdown);
    world.run(secs(1));
    assert_eq!(world.vault.live_credentials(world.now).len(), 0);
}

#[test]
fn an_init_container_may_leave_a_lease_to_live() {
    let mut world = World::with(16, |options| {
        options.keeps_leases = false;
        options.leaves_leases = true;
    });
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 60, MINUTE * 60));
    world.follow(spec("1m", &FILES), MINUTE);
    assert!(!world.engine.is_hopeless());
    assert!(world.file("a", "db").is_some());
    world.feed(Event::Shutdown);
    world.run(secs(1));
    assert_eq!(world.vault.live_credentials(world.now).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn with_a_healthy_vault_no_file_holds_a_dead_credential(
        seed: u64,
        life in 6u64..4_000,
        lives in 1u64..8,
        token_life in 20u64..10_000,
        token_lives in proptest::option::of(1u64..5),
        renewable: bool,
        token_renewable: bool,
    ) {
        let mut world = World::new(seed);
        world.vault.engine = Engine::Plain;
        world.vault.lease = Some((secs(life), secs(life * lives)));
        world.vault.lease_renewable = renewable;
        world.vault.life = secs(token_life);
        world.vault.max_life = token_lives.map(|lives| secs(token_life * lives));
        world.vault.renewable = token_renewable;
        world.follow(spec("1m", &FILES), secs(1));
        watch(&mut world, secs(life.min(600) * 10));
        let rate = world.log.len() as f64 / (world.now.as_secs_f64() + 10.0);
        prop_assert!(rate < 3.0, "{rate} requests a second");
    }
}
