//! Whatever goes wrong in whatever order: no busy loop, nothing lost, the same for the same seed.

use std::time::Duration;

use proptest::prelude::*;

use super::world::{MINUTE, World, fault, secs, spec};
use crate::sync::Event;
use crate::vault::Class;

const FILES: [(&str, &str, &str); 3] = [
    ("a", "db", "secret/db#password"),
    ("a", "api", "secret/api#password"),
    ("b", "copy", "secret/db"),
];

/// Something that happens to a running pod.
#[derive(Clone, Debug)]
enum Turn {
    Wait(u64),
    Put(u8),
    Outage(u8),
    Fault(&'static str, u8),
    Mend,
    Revoke,
    Full(bool),
    LookNow,
    Slow(u64),
    Respec(bool),
}

fn turn() -> impl Strategy<Value = Turn> {
    let request = prop::sample::select(vec![
        "login",
        "renew",
        "revoke",
        "look up secret/db",
        "look up secret/api",
        "version secret/db",
        "version secret/api",
        "read secret/db",
        "read secret/api",
    ]);
    prop_oneof![
        4 => (1u64..5_000).prop_map(Turn::Wait),
        2 => any::<u8>().prop_map(Turn::Put),
        1 => any::<u8>().prop_map(Turn::Outage),
        3 => (request, any::<u8>()).prop_map(|(request, class)| Turn::Fault(request, class)),
        2 => Just(Turn::Mend),
        1 => Just(Turn::Revoke),
        1 => any::<bool>().prop_map(Turn::Full),
        1 => Just(Turn::LookNow),
        1 => (1u64..20_000).prop_map(Turn::Slow),
        1 => any::<bool>().prop_map(Turn::Respec),
    ]
}

fn class(index: u8) -> Class {
    match index % 7 {
        0 => Class::Denied,
        1 => Class::TokenInvalid,
        2 => Class::NotFound,
        3 => Class::RateLimited(None),
        4 => Class::RateLimited(Some(secs(u64::from(index)))),
        5 => Class::Invalid,
        _ => Class::Unavailable,
    }
}

fn take(world: &mut World, turn: &Turn) {
    match turn {
        Turn::Wait(seconds) => world.run(secs(*seconds)),
        Turn::Put(value) => world.put("secret/db", &format!("value {value}")),
        Turn::Outage(index) => world.vault.outage = Some(fault(class(*index), "outage")),
        Turn::Fault(request, index) => {
            let error = fault(class(*index), "fault");
            world.vault.faults.insert((*request).to_owned(), error);
        }
        Turn::Mend => {
            world.vault.outage = None;
            world.vault.faults.clear();
        }
        Turn::Revoke => world.vault.revoke_all(),
        Turn::Full(full) => world.full = *full,
        Turn::LookNow => world.feed(Event::LookNow),
        Turn::Slow(millis) => world.latency = Duration::from_millis(*millis),
        Turn::Respec(all) => {
            let files = if *all { &FILES[..] } else { &FILES[..1] };
            world.feed(Event::Spec(Ok(spec("1m", files))));
        }
    }
}

fn play(seed: u64, life: u64, max_life: Option<u64>, turns: &[Turn]) -> World {
    let mut world = World::new(seed);
    world.vault.life = secs(life);
    world.vault.max_life = max_life.map(|max| secs(max.max(life)));
    world.follow(spec("1m", &FILES), Duration::ZERO);
    for turn in turns {
        take(&mut world, turn);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nobody_is_stormed(
        seed: u64,
        life in 30u64..20_000,
        max_life in proptest::option::of(60u64..40_000),
        turns in prop::collection::vec(turn(), 0..24),
    ) {
        let mut world = play(seed, life, max_life, &turns);
        // Two looks, a renewal and what belongs to a login, for each second of a storm.
        let rate = world.log.len() as f64 / (world.now.as_secs_f64() + 10.0);
        prop_assert!(rate < 8.0, "{rate} requests a second");

        // All is mended: within the longest wait (a hint of at most ten minutes, and as much again
        // as without it) every file is as Vault has it.
        take(&mut world, &Turn::Mend);
        take(&mut world, &Turn::Full(false));
        take(&mut world, &Turn::Respec(true));
        world.latency = Duration::from_millis(2);
        world.put("secret/db", "the end");
        world.run(MINUTE * 12);
        prop_assert_eq!(world.file("a", "db"), Some("the end"));
        prop_assert_eq!(world.file("b", "copy"), Some(r#"{"password":"the end"}"#));
        let status = world.status();
        prop_assert!(status.ready && status.mounts.iter().all(|mount| mount.stale_since.is_none()), "{status:?}");
    }

    #[test]
    fn with_a_healthy_vault_the_token_never_expires(
        seed: u64,
        life in 5u64..10_000,
        max_life in proptest::option::of(10u64..20_000),
        renewable: bool,
    ) {
        let mut world = World::new(seed);
        world.vault.life = secs(life);
        world.vault.max_life = max_life.map(|max| secs(max.max(life)));
        world.vault.renewable = renewable;
        world.follow(spec("1m", &FILES), secs(life * 20));
        prop_assert!(!world.notices.contains(&crate::sync::Notice::TokenLost));
        let upkeep = world.count("login") + world.count("renew");
        prop_assert!(upkeep <= 20 * 6 + 4, "{upkeep} in twenty lives");
    }

    #[test]
    fn the_same_seed_gives_the_same_life(seed: u64, turns in prop::collection::vec(turn(), 0..12)) {
        let (one, other) = (play(seed, 600, Some(3_600), &turns), play(seed, 600, Some(3_600), &turns));
        prop_assert_eq!(one.log, other.log);
        prop_assert_eq!(one.files, other.files);
    }
}
