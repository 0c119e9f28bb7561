//! Certificates: one for a pod and request, replaced in time, and by nothing else.

use std::time::Duration;

use proptest::prelude::*;

use super::world::{MINUTE, World, fault, secs, spec};
use crate::sync::{Event, Freshness, Notice, Options};
use crate::vault::{Class, Engine};

const FILES: [(&str, &str, &str); 3] = [
    (
        "a",
        "key",
        "pki/issue/web?common_name=web&ttl=1h#private_key",
    ),
    ("a", "ca", "pki/issue/web?ttl=1h&common_name=web#issuing_ca"),
    ("b", "all", "pki/issue/web?common_name=web&ttl=1h"),
];
const ISSUE: &str = "read pki/issue/web?common_name=web&ttl=1h";
const SEE: &str = "see pki/issue/web";

/// A pod with a certificate that lives for `life`.
fn pod(seed: u64, life: Duration) -> World {
    pod_with(seed, life, |_| {})
}

fn pod_with(seed: u64, life: Duration, change: impl FnOnce(&mut Options)) -> World {
    let mut world = World::with(seed, change);
    world.vault.engine = Engine::Pki;
    world.vault.pki.life = life;
    world.follow(spec("1m", &FILES), secs(1));
    world
}

fn restart(world: &mut World) {
    world.restart();
    world.feed(Event::Spec(Ok(spec("1m", &FILES))));
}

fn key(world: &World) -> String {
    world.file("a", "key").expect("a key").to_owned()
}

/// The certificate of the files is good, and the same in all of them.
#[track_caller]
fn check(world: &World) {
    let key = key(world);
    let end = world.vault.pki.issued[&key];
    assert!(end > world.now, "{key} ended at {end:?}: {:?}", world.now);
    let all = world.file("b", "all").expect("a certificate");
    assert!(all.contains(&key), "{key}: {all}");
}

fn watch(world: &mut World, time: Duration) {
    let end = world.now + time;
    while world.now < end {
        world.run(secs(5));
        check(world);
    }
}

fn orphans(world: &World) -> usize {
    let orphaned = |notice: &&Notice| matches!(notice, Notice::CredentialOrphaned { .. });
    world.notices.iter().filter(orphaned).count()
}

#[test]
fn it_is_issued_once_for_all_files_and_again_at_two_thirds_of_its_life() {
    let mut world = pod(1, MINUTE * 60);
    let first = key(&world);
    assert_eq!((world.count(ISSUE), world.writes), (1, 2));
    let ends = world.status().mounts[0].secrets[0].ends;
    let left = ends
        .expect("an end")
        .0
        .duration_since(super::world::at(world.now).wall);
    let left = left.expect("ahead");
    assert!(left > MINUTE * 59 && left <= MINUTE * 60, "{left:?}");
    world.run(MINUTE * 35);
    assert_eq!(key(&world), first);
    world.run(MINUTE * 6);
    assert_ne!(key(&world), first);
    watch(&mut world, MINUTE * 60 * 10);
    let issued = world.count(ISSUE);
    assert!((15..=19).contains(&issued), "{issued} in eleven hours");
    assert_eq!(world.writes, 2 * issued, "one switch of each volume");
}

#[test]
fn pods_that_start_together_do_not_come_back_together() {
    let successor = |seed| {
        let mut world = pod(seed, MINUTE * 60);
        world.run(MINUTE * 45);
        let mut issues = world.log.iter().filter(|(_, words)| words == ISSUE);
        issues.nth(1).expect("a second one").0
    };
    let times: std::collections::BTreeSet<_> = (0..20).map(successor).collect();
    let width = *times.last().expect("times") - *times.first().expect("times");
    assert!(width > MINUTE * 2, "{times:?}");
}

#[test]
fn nothing_else_makes_a_new_one() {
    let mut world = pod(2, MINUTE * 60 * 24);
    world
        .vault
        .secrets
        .insert("pki/other".to_owned(), (1, "x".to_owned()));
    let files = [&FILES[..], &[("a", "other", "pki/other#password")]].concat();
    world.follow(spec("1m", &files), MINUTE);
    world.put("pki/other", "changed");
    world.run(MINUTE * 2);
    assert_eq!(world.file("a", "other"), Some("changed"));
    world.feed(Event::LookNow);
    world.run(MINUTE);
    world.vault.revoke_all();
    world.follow(spec("5m", &FILES), MINUTE * 60);
    assert_eq!(world.count(ISSUE), 1);
    assert!(world.count(SEE) > 10, "but its CA is looked at");
}

#[test]
fn another_ca_means_another_certificate_at_the_next_look() {
    let mut world = pod(3, MINUTE * 60 * 24);
    let first = key(&world);
    world.vault.pki.authority = 2;
    world.run(MINUTE + secs(1));
    assert_ne!(key(&world), first);
    assert_eq!(world.file("a", "ca"), Some("CA 2"));
    world.run(MINUTE * 60);
    assert_eq!(world.count(ISSUE), 2, "once");
    let changed = |notice: &Notice| matches!(notice, Notice::AuthorityChanged { .. });
    assert!(world.notices.iter().any(changed), "{:?}", world.notices);
}

#[test]
fn another_ca_is_noticed_after_a_restart_too() {
    let mut world = pod(4, MINUTE * 60 * 24);
    world.restart();
    world.vault.pki.authority = 2;
    world.feed(Event::Spec(Ok(spec("1m", &FILES))));
    world.run(secs(5));
    assert_eq!(world.file("a", "ca"), Some("CA 2"));
}

#[test]
fn another_request_means_another_certificate() {
    let mut world = pod(5, MINUTE * 60 * 24);
    let other = [("a", "key", "pki/issue/web?common_name=other#private_key")];
    world.follow(spec("1m", &other), secs(2));
    assert_eq!(world.count("read pki/issue/web?common_name=other"), 1);
    assert_eq!(key(&world), "key 2 of pki/issue/web");
    let memory = world.memory.as_ref().expect("a memory");
    let memory = String::from_utf8_lossy(memory.expose()).into_owned();
    assert!(!memory.contains("key 1 of"), "the one before is forgotten");
}

#[test]
fn a_restart_makes_no_new_one_and_writes_nothing() {
    let mut world = pod(6, MINUTE * 60);
    let before = world.files.clone();
    for _ in 0..7 {
        restart(&mut world);
        world.run(MINUTE * 5);
        assert_eq!(world.files, before);
    }
    assert_eq!((world.count(ISSUE), world.writes), (1, 2));
    restart(&mut world);
    watch(&mut world, MINUTE * 60 * 3);
    assert_eq!(orphans(&world), 0);
}

#[test]
fn a_restart_without_vault_keeps_it_and_goes_on_later() {
    let mut world = pod(7, MINUTE * 60);
    let first = key(&world);
    world.vault.outage = Some(fault(Class::Unavailable, "no answer"));
    restart(&mut world);
    world.run(MINUTE * 50);
    assert_eq!(key(&world), first);
    assert_eq!(world.status().mounts[0].state, Freshness::Stale);
    world.vault.outage = None;
    world.run(MINUTE * 5);
    assert_ne!(key(&world), first);
    watch(&mut world, MINUTE * 60);
}

#[test]
fn an_end_that_revokes_the_token_keeps_the_certificate() {
    let change = |options: &mut Options| options.revoke_on_shutdown = true;
    let mut world = pod_with(8, MINUTE * 60, change);
    world.feed(Event::Shutdown);
    world.run(secs(1));
    assert!(world.exited);
    restart(&mut world);
    world.run(MINUTE);
    check(&world);
    assert_eq!(world.count(ISSUE), 1);
}

#[test]
fn an_init_container_has_one_issued_too() {
    let world = pod_with(9, MINUTE * 60, |options| options.keeps_leases = false);
    assert!(world.status().ready);
    check(&world);
}

#[test]
fn where_the_ca_cannot_be_seen_it_lives_by_its_time_alone() {
    let mut world = World::new(10);
    world.vault.engine = Engine::Pki;
    let error = fault(Class::NotFound, "no such path");
    world.vault.faults.insert(SEE.to_owned(), error);
    world.follow(spec("1m", &FILES), secs(1));
    watch(&mut world, MINUTE * 60 * 3);
    let issued = world.count(ISSUE);
    assert!((4..=6).contains(&issued), "{issued}");
    assert_eq!(world.count(SEE), 1);
}

#[test]
fn what_is_not_asked_for_any_more_has_not_failed() {
    let mut world = World::new(15);
    world.vault.engine = Engine::Plain;
    world.follow(spec("1m", &FILES), secs(1));
    restart(&mut world);
    world.vault.outage = Some(fault(Class::Unavailable, "no answer"));
    world.run(MINUTE * 2);
    assert_eq!(world.status().mounts[0].state, Freshness::Stale);
    world.vault.outage = None;
    world.run(MINUTE * 2);
    assert_eq!(world.status().mounts[0].state, Freshness::Fresh);
    assert_eq!(world.count(ISSUE), 1);
}

#[test]
fn a_failure_is_repeated_and_the_files_stay() {
    let mut world = pod(11, MINUTE * 60);
    let first = key(&world);
    let error = fault(Class::Invalid, "common name web not allowed by this role");
    world.vault.faults.insert(ISSUE.to_owned(), error);
    world.run(MINUTE * 50);
    assert_eq!(key(&world), first);
    assert!(world.count(ISSUE) < 30, "{}", world.count(ISSUE));
    let message = world.status().mounts[0].secrets[0].message.clone();
    let message = message.expect("a message");
    assert!(message.contains("not allowed by this role"), "{message}");
    world.vault.faults.clear();
    world.run(MINUTE * 5);
    watch(&mut world, MINUTE * 60);
}

#[test]
fn nothing_is_written_where_nobody_knows_what_engine_it_is() {
    let mut world = World::new(12);
    world.vault.engine = Engine::Pki;
    let error = fault(Class::Denied, "no look-ups");
    let look_up = "look up pki/issue/web?common_name=web&ttl=1h";
    world.vault.faults.insert(look_up.to_owned(), error);
    world.follow(spec("1m", &FILES), MINUTE * 5);
    assert_eq!(world.count(ISSUE), 0);
    let reason = world.status().reason.expect("a reason");
    assert!(reason.contains("no look-ups"), "{reason}");
}

#[test]
fn an_answer_that_nobody_knows_the_end_of_is_refused() {
    let mut world = World::new(13);
    world.vault.engine = Engine::Plain;
    world.vault.pki.is_strange = true;
    world.follow(spec("1m", &FILES), MINUTE * 60);
    assert_eq!(world.count(ISSUE), 1, "never again");
    let reason = world.status().reason.expect("a reason");
    assert!(
        reason.contains("neither a lease nor a certificate"),
        "{reason}"
    );
}

#[test]
fn what_has_a_lease_lives_by_it() {
    let mut world = World::new(16);
    world.vault.engine = Engine::Pki;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60));
    world.vault.pki.life = MINUTE * 60 * 24;
    world.follow(spec("1m", &FILES), secs(1));
    restart(&mut world);
    world.run(MINUTE * 30);
    assert_eq!((world.count(ISSUE), orphans(&world)), (1, 0));
    world.run(MINUTE * 60 * 5);
    check(&world);
    let issued = world.count(ISSUE);
    assert!(
        (6..=8).contains(&issued),
        "{issued} in five and a half hours"
    );
    assert_eq!(world.vault.live_credentials(world.now).len(), 1);
    world.vault.leases.clear();
    world.run(MINUTE + secs(1));
    assert_eq!(
        world.count(ISSUE),
        issued + 1,
        "one that was revoked is replaced"
    );
}

#[test]
fn clocks_that_differ_make_no_busy_loop() {
    for (ahead, behind) in [(0, 1), (1, 0)] {
        let mut world = World::new(14);
        world.vault.engine = Engine::Pki;
        world.vault.pki.ahead = MINUTE * 60 * 24 * ahead;
        world.vault.pki.behind = MINUTE * 60 * 24 * behind;
        world.follow(spec("1m", &FILES), MINUTE * 60 * 10);
        let issued = world.count(ISSUE);
        assert!((10..=110).contains(&issued), "{issued} in ten hours");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_kill_costs_at_most_one_which_is_told(
        seed: u64,
        kills in prop::collection::vec((0usize..24, 1u64..2_000), 1..16),
    ) {
        let mut world = pod(seed, MINUTE * 60);
        for (actions, seconds) in kills {
            world.kill_after(actions);
            world.run(secs(seconds));
            restart(&mut world);
            world.run(secs(1));
            check(&world);
        }
        let issued = world.vault.pki.issued.len();
        let used = 1 + world.now.as_secs() as usize / (36 * 60);
        prop_assert!(issued <= used + orphans(&world), "{issued}: {used}, {}", orphans(&world));
        watch(&mut world, MINUTE * 60 * 2);
    }
}
