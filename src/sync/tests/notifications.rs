//! The application is told of each switch: once, soon, and not in vain.

use std::time::Duration;

use super::world::{MINUTE, World, secs, spec};
use crate::spec::Mount;
use crate::sync::Event;

type File = (&'static str, &'static str, &'static str);

const FILES: [File; 3] = [
    ("a", "db", "secret/db#password"),
    ("a", "api", "secret/api#password"),
    ("b", "other", "secret/db#password"),
];

/// A pod whose files are there, looked at every ten seconds.
fn pod(seed: u64, on_change: &[&str]) -> World {
    let mut world = World::with(seed, |options| {
        let all = on_change.iter().map(|text| text.parse().expect("a way"));
        options.on_change = all.collect();
    });
    world.follow(spec("10s", &FILES), MINUTE);
    assert_eq!(world.told, [], "nobody is told of the first files");
    world
}

/// What was told since.
fn told(world: &mut World) -> Vec<String> {
    world.told.drain(..).map(|(_, action)| action).collect()
}

#[test]
fn one_switch_is_told_once_however_many_files_and_volumes_it_concerns() {
    let mut world = pod(1, &["signal:HUP", "http:GET http://localhost/"]);
    world.put("secret/db", "two");
    world.put("secret/api", "two");
    world.run(MINUTE);
    assert_eq!(
        told(&mut world),
        ["signal:HUP", "http:GET http://localhost:80/"]
    );
    world.run(MINUTE * 10);
    assert_eq!(told(&mut world), [""; 0], "nothing has changed");
    world.put("secret/db", "three");
    world.run(MINUTE);
    assert_eq!(told(&mut world).len(), 2);
    let status = world.status().notifications;
    assert_eq!(status[0].on_change, "signal:HUP");
    assert!(status[0].last.is_some() && status[0].message.is_none() && status[0].next.is_none());
}

#[test]
fn a_name_is_told_of_its_own_change_alone() {
    let mut world = pod(2, &["api=signal:HUP", "other=signal:USR1"]);
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(told(&mut world), ["signal:USR1"]);
    world.put("secret/api", "two");
    world.run(MINUTE);
    assert_eq!(told(&mut world), ["signal:HUP"]);
}

#[test]
fn a_variable_is_told_of_its_own_change_alone() {
    let mut world = World::with(3, |options| {
        options.on_change = vec!["api=signal:HUP".parse().expect("a way")];
    });
    let mut spec = spec("10s", &FILES[..2]);
    let environment = |mount: Mount| Mount {
        environment: true,
        ..mount
    };
    spec.mounts = spec.mounts.into_iter().map(environment).collect();
    world.follow(spec, MINUTE);
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(told(&mut world), [""; 0]);
    world.put("secret/api", "two");
    world.run(MINUTE);
    assert_eq!(told(&mut world), ["signal:HUP"]);
}

#[test]
fn a_switch_is_told_a_moment_after_the_last_and_not_put_off_for_ever() {
    let mut world = pod(4, &["signal:HUP"]);
    let start = world.now;
    for value in 0..30 {
        world.put("secret/db", &format!("value {value}"));
        world.feed(Event::LookNow);
        world.run(Duration::from_millis(500));
    }
    world.run(MINUTE);
    let times: Vec<_> = world.told.iter().map(|(at, _)| *at - start).collect();
    let [first, second] = times.as_slice() else {
        panic!("{times:?}");
    };
    assert!(secs(9) < *first && *first < secs(12), "{first:?}");
    assert!(secs(15) < *second && *second < secs(17), "{second:?}");
}

#[test]
fn a_switch_while_the_application_is_being_told_is_told_afterwards() {
    let mut world = pod(5, &["signal:HUP"]);
    world.hearing = secs(20);
    for value in ["two", "three", "four"] {
        world.put("secret/db", value);
        world.feed(Event::LookNow);
        world.run(secs(5));
    }
    assert_eq!(world.told.len(), 1);
    world.run(MINUTE * 2);
    assert_eq!(told(&mut world).len(), 2);
}

#[test]
fn what_fails_is_tried_again_for_some_minutes_and_at_the_next_switch() {
    let mut world = pod(6, &["http:POST http://localhost/"]);
    world.ear = Err("nobody listens".to_owned());
    world.put("secret/db", "two");
    world.run(MINUTE);
    let tried = told(&mut world).len();
    assert!((4..8).contains(&tried), "{tried}");
    let status = world.status().notifications;
    assert_eq!(status[0].message.as_deref(), Some("nobody listens"));
    assert!(status[0].next.is_some());
    world.run(MINUTE * 30);
    let later = told(&mut world);
    assert_eq!(later.len() + tried, 10);
    assert!(
        later.iter().all(|told| told.ends_with(" again")),
        "{later:?}"
    );
    let notices: Vec<_> = world.notices.iter().map(ToString::to_string).collect();
    let failures = notices
        .iter()
        .filter(|text| text.contains("nobody listens"));
    let failures: Vec<_> = failures.collect();
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(failures[1].contains("not tried again before the next change"));

    world.ear = Ok(());
    world.put("secret/db", "three");
    world.run(MINUTE);
    assert_eq!(told(&mut world), ["http:POST http://localhost:80/"]);
    assert_eq!(world.status().notifications[0].message, None);
}

#[test]
fn restarts_of_replicas_are_spread() {
    let delays: Vec<_> = (0..100)
        .map(|seed| {
            let mut world = pod(seed, &["restart:60s"]);
            world.put("secret/db", "two");
            world.feed(Event::LookNow);
            let start = world.now;
            world.run(MINUTE * 2);
            assert_eq!(world.told.len(), 1);
            world.told[0].0 - start
        })
        .collect();
    let within = |from: u64, to: u64| {
        let within = delays
            .iter()
            .filter(|at| secs(from) <= **at && **at < secs(to));
        within.count()
    };
    assert_eq!(within(1, 63), 100, "{delays:?}");
    assert!(
        within(1, 21) > 15 && within(21, 41) > 15 && within(41, 63) > 15,
        "{delays:?}"
    );
}

#[test]
fn a_refresher_that_starts_again_tells_what_changed_meanwhile() {
    let volume = |name: &str| (name.parse().expect("a volume"), true);
    for (before, want) in [("one", 0), ("old", 1)] {
        let mut world = World::with(7, |options| {
            options.on_change = vec!["db=signal:HUP".parse().expect("a way")];
            options.volumes = [volume("a"), volume("b")].into();
        });
        let files = [("db".to_owned(), before.to_owned())];
        world.files.insert("a".to_owned(), files.into());
        world.follow(spec("10s", &FILES[..1]), MINUTE);
        assert_eq!(told(&mut world).len(), want, "{before}");
    }
}

#[test]
fn names_that_ask_for_the_same_are_told_once() {
    let mut world = pod(8, &["db=signal:HUP", "api=signal:HUP", "other=signal:USR1"]);
    world.put("secret/db", "two");
    world.put("secret/api", "two");
    world.run(MINUTE);
    assert_eq!(told(&mut world), ["signal:HUP", "signal:USR1"]);
    let status = world.status().notifications;
    assert_eq!(status[0].on_change, "api,db=signal:HUP");

    let mut world = pod(9, &["api=signal:HUP", "signal:HUP"]);
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(told(&mut world), ["signal:HUP"]);
    assert_eq!(world.status().notifications[0].on_change, "signal:HUP");
}

#[test]
fn one_restart_is_all_that_wait() {
    for seed in 0..20 {
        let mut world = pod(seed, &["restart:60s", "db=restart:10s", "signal:HUP"]);
        world.put("secret/db", "two");
        world.run(MINUTE * 3);
        let mut told = told(&mut world);
        told.sort();
        assert!(told.remove(0).starts_with("restart:"), "{told:?}");
        assert_eq!(told, ["signal:HUP"]);
        world.put("secret/api", "two");
        world.run(MINUTE * 3);
        assert_eq!(self::told(&mut world).len(), 2);
    }
}

#[test]
fn a_switch_while_what_failed_waits_is_told_to_all_at_once() {
    let mut world = pod(10, &["signal:HUP"]);
    world.ear = Err("nobody listens".to_owned());
    world.put("secret/db", "two");
    world.run(MINUTE * 3);
    assert!(told(&mut world).len() > 5, "the pauses are long by now");
    world.ear = Ok(());
    world.put("secret/db", "three");
    world.feed(Event::LookNow);
    world.run(secs(2));
    assert_eq!(told(&mut world), ["signal:HUP"]);
    world.run(MINUTE * 10);
    assert_eq!(told(&mut world), [""; 0]);
}

#[test]
fn what_a_process_that_is_killed_did_not_tell_the_next_one_tells() {
    for kill in 0..12 {
        let mut world = pod(11, &["signal:HUP", "api=http:GET http://localhost/"]);
        world.hearing = secs(5);
        world.put("secret/db", "two");
        world.kill_after(kill);
        world.feed(Event::LookNow);
        world.run(secs(3));
        world.restart();
        world.follow(spec("10s", &FILES), MINUTE * 2);
        assert_eq!(world.file("a", "db"), Some("two"));
        let told = told(&mut world);
        let signals = told.iter().filter(|told| *told == "signal:HUP").count();
        assert!((1..=2).contains(&signals), "{kill}: {told:?}");
        world.restart();
        world.follow(spec("10s", &FILES), MINUTE * 2);
        assert_eq!(self::told(&mut world), [""; 0], "{kill}");
    }
}

/// A pod with a dynamic credential in `a/db`, and a static secret in `b/other`.
fn dynamic(on_change: &str) -> World {
    let mut world = World::with(12, |options| {
        options.on_change = vec![on_change.parse().expect("a way")];
    });
    world.vault.engine = crate::vault::Engine::Plain;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60));
    let files = [
        ("a", "db", "secret/creds#password"),
        ("b", "other", "secret/db#password"),
    ];
    world.follow(spec("10s", &files), MINUTE);
    world
}

/// Runs until the credential has a successor; answers the old one.
fn replaced(world: &mut World) -> String {
    let credential = |world: &World| world.file("a", "db").expect("a credential").to_owned();
    let old = credential(world);
    while credential(world) == old {
        world.run(Duration::from_millis(100));
    }
    old
}

#[test]
fn an_old_credential_lives_for_its_grace_after_the_application_was_told() {
    for (on_change, troubled) in [
        ("signal:HUP", false),
        ("signal:HUP", true),
        ("restart:2m", false),
        ("db=restart:2m", false),
    ] {
        let mut world = dynamic(on_change);
        world.hearing = secs(20);
        if troubled {
            world.ear = Err("nobody listens".to_owned());
        }
        let old = replaced(&mut world);
        let switched = world.now;
        let mut heard = None;
        while world.vault.live_credentials(world.now).contains(&old) {
            world.run(Duration::from_millis(100));
            if world.now > switched + MINUTE {
                world.ear = Ok(());
            }
            let status = &world.status().notifications[0];
            if status.last.is_some() && status.message.is_none() {
                heard.get_or_insert(world.now);
            }
        }
        let heard = heard.expect("told before the old one ended");
        let lived = world.now - heard;
        let grace = secs(29)..secs(31);
        assert!(
            grace.contains(&lived),
            "{on_change}: {lived:?} after it was told"
        );
    }
}

#[test]
fn an_old_credential_does_not_wait_for_what_is_told_of_other_files() {
    let mut world = dynamic("other=signal:HUP");
    world.ear = Err("nobody listens".to_owned());
    let old = replaced(&mut world);
    world.put("secret/db", "two");
    world.run(secs(35));
    assert!(world.told.len() > 1, "{:?}", world.told);
    assert!(!world.vault.live_credentials(world.now).contains(&old));
}
