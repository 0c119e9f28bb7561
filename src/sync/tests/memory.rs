//! A refresher that is killed, at any time, and the one after it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::{MINUTE, World, fault, secs, spec};
use crate::sync::{Event, Notice};
use crate::vault::{Class, Engine};

const FILES: [(&str, &str, &str); 2] = [
    ("a", "db", "secret/creds#password"),
    ("b", "other", "secret/creds2#password"),
];

fn pod(seed: u64) -> World {
    let mut world = World::new(seed);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60));
    world.follow(spec("1m", &FILES), secs(5));
    world
}

fn restart(world: &mut World) {
    world.restart();
    world.feed(Event::Spec(Ok(spec("1m", &FILES))));
}

fn orphans(world: &World) -> usize {
    let orphaned = |notice: &&Notice| matches!(notice, Notice::CredentialOrphaned { .. });
    world.notices.iter().filter(orphaned).count()
}

#[track_caller]
fn check(world: &World) {
    world.check_credentials(&FILES);
}

#[test]
fn a_restart_makes_no_new_credential_and_writes_nothing() {
    let mut world = pod(1);
    let before = world.files.clone();
    for _ in 0..5 {
        restart(&mut world);
        world.run(MINUTE);
        assert_eq!(world.files, before);
        check(&world);
    }
    assert_eq!(world.count("login"), 1, "the token is taken over");
    assert_eq!(world.count("read secret/creds"), 1);
    assert_eq!((world.writes, orphans(&world)), (2, 0));
    world.run(MINUTE * 60 * 3);
    check(&world);
}

#[test]
fn what_died_meanwhile_is_made_anew() {
    for token_too in [false, true] {
        let mut world = pod(2);
        let before = world.files.clone();
        world.restart();
        match token_too {
            true => world.vault.revoke_all(),
            false => world.vault.leases.clear(),
        }
        world.feed(Event::Spec(Ok(spec("1m", &FILES))));
        world.run(secs(5));
        assert_ne!(world.files, before);
        check(&world);
        assert_eq!(world.vault.live_credentials(world.now).len(), 2);
    }
}

#[test]
fn one_that_outlived_its_end_while_nobody_ran_is_made_anew() {
    let mut world = pod(3);
    world.now += MINUTE * 60 * 24;
    restart(&mut world);
    world.run(secs(5));
    check(&world);
}

#[test]
fn without_vault_the_last_good_files_stay_and_it_goes_on_later() {
    let mut world = pod(4);
    let before = world.files.clone();
    world.vault.outage = Some(fault(Class::Unavailable, "no answer"));
    restart(&mut world);
    world.run(MINUTE);
    assert!(world.status().ready);
    assert_eq!(world.files, before);
    world.vault.outage = None;
    world.run(MINUTE);
    assert_eq!(world.files, before);
    check(&world);
    assert_eq!(world.count("read secret/creds"), 1);
}

#[test]
fn a_kill_while_vault_makes_a_credential_is_told_and_costs_that_one() {
    let mut world = World::new(5);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60));
    world.latency = secs(1);
    world.follow(spec("1m", &FILES), secs(2) + secs(1) / 2);
    assert_eq!(
        world.vault.live_credentials(world.now).len(),
        1,
        "under way"
    );
    restart(&mut world);
    world.run(secs(20));
    check(&world);
    assert_eq!(orphans(&world), 1);
    assert_eq!(world.vault.live_credentials(world.now).len(), 3);
}

#[test]
fn what_the_spec_no_longer_names_after_a_restart_is_given_back() {
    let mut world = pod(6);
    world.restart();
    world.feed(Event::Spec(Ok(spec("1m", &FILES[..1]))));
    world.run(MINUTE);
    assert_eq!(world.vault.live_credentials(world.now).len(), 1);
}

#[test]
fn after_an_end_that_revoked_everything_nothing_is_remembered() {
    let mut world = World::with(7, |options| options.revoke_on_shutdown = true);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60));
    world.follow(spec("1m", &FILES), secs(5));
    world.feed(Event::Shutdown);
    world.run(secs(1));
    assert!(world.exited);
    assert_eq!(world.vault.live_credentials(world.now).len(), 0);
    restart(&mut world);
    world.run(secs(5));
    check(&world);
    assert_eq!(orphans(&world), 0);
}

#[test]
fn a_pod_without_dynamic_secrets_leaves_nothing() {
    let mut world = World::new(8);
    let files = [("a", "db", "secret/db#password")];
    world.follow(spec("1m", &files), MINUTE * 60 * 3);
    assert!(world.memory.is_none());
}

/// The credentials that live and that no process will know any more.
fn unknown(world: &World) -> BTreeSet<String> {
    let memory = world.memory.as_ref().expect("a memory");
    let memory = String::from_utf8_lossy(memory.expose()).into_owned();
    let mut live = world.vault.live_credentials(world.now);
    live.retain(|name| !memory.contains(&format!("{name:?}")));
    live
}

#[test]
fn a_thousand_kills_between_any_two_steps_leave_at_most_one_behind_each() {
    let mut world = pod(9);
    let mut left = 0;
    for kill in 0..1_000_u64 {
        if kill % 4 == 3 {
            // So that credentials are made while it is killed.
            world.vault.leases.clear();
        }
        let before = unknown(&world);
        world.kill_after(usize::try_from(kill % 29).expect("small"));
        world.run(secs(40 + kill * 37 % 90));
        restart(&mut world);
        world.run(secs(2));
        check(&world);
        let new = unknown(&world).difference(&before).count();
        assert!(new <= 1, "{new} at kill {kill}");
        left += new;
        assert!(
            left <= orphans(&world),
            "{left} left, {} told",
            orphans(&world)
        );
    }
    assert!(left > 20, "kills hit the right moment: {left}");
    world.run(MINUTE * 60 * 2);
    check(&world);
    assert_eq!(unknown(&world).len(), 0, "they have ended");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_kill_leaves_at_most_one_behind_and_all_others_live_on(
        seed: u64,
        kills in prop::collection::vec((0usize..24, 1u64..400), 1..24),
    ) {
        let mut world = pod(seed);
        world.vault.max_life = Some(MINUTE * 40);
        world.vault.life = MINUTE * 20;
        let count = kills.len();
        for (actions, seconds) in kills {
            world.kill_after(actions);
            world.run(secs(seconds));
            restart(&mut world);
            world.run(secs(1));
        }
        // What was replaced is given back, what may be left is at most one for each kill: one that was
        // being made, or one that hangs on a token whose own revocation was cut off.
        world.run(MINUTE + secs(30));
        check(&world);
        let live = world.vault.live_credentials(world.now).len();
        prop_assert!(live <= 2 + count, "{live} after {count} kills");
        world.run(MINUTE * 60 * 2);
        check(&world);
        let live = world.vault.live_credentials(world.now).len();
        prop_assert!(live <= 4, "{live} when all that was left has ended");
    }
}
