//! Looking at Vault: how often, in how many requests, and when files are written.

use super::world::{MINUTE, World, secs, spec};
use crate::sync::{Event, Freshness};
use crate::vault::Engine as Kv;

#[test]
fn the_first_sync_is_a_login_a_look_up_and_a_read() {
    let mut world = World::new(1);
    let reason = |world: &World| world.status().reason.unwrap_or_default();
    assert_eq!(reason(&world), "the SyncSpec is not read yet");
    world.follow(spec("1m", &[("a", "db", "secret/db#password")]), secs(0));
    assert_eq!(reason(&world), "Vault has not answered the login yet");
    world.run(world.latency);
    assert_eq!(reason(&world), "Vault has not answered yet for secret/db");
    assert!(!world.engine.is_ready());
    world.run(MINUTE / 200);
    assert_eq!(reason(&world), "");
    assert_eq!(
        world.requests(),
        ["login", "look up secret/db", "read secret/db"]
    );
    assert_eq!(world.file("a", "db"), Some("one"));
    assert!(world.engine.is_ready());
}

#[test]
fn an_unchanged_secret_is_one_version_check_a_round_and_no_write() {
    let mut world = World::new(2);
    world.follow(spec("1m", &[("a", "db", "secret/db#password")]), MINUTE);
    world.requests();
    world.run(MINUTE * 60);
    let requests = world.requests();
    assert!((60..=67).contains(&requests.len()), "{}", requests.len());
    let expected = |request: &String| request == "version secret/db" || request == "renew";
    assert!(requests.iter().all(expected), "{requests:?}");
    assert_eq!(world.writes, 1);
}

#[test]
fn a_new_version_is_read_and_written_within_the_interval() {
    let mut world = World::new(3);
    world.follow(spec("1m", &[("a", "db", "secret/db#password")]), MINUTE);
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(world.file("a", "db"), Some("two"));
    assert_eq!(world.writes, 2);
    let status = world.status();
    assert_eq!(status.mounts[0].secrets[0].version, Some(2));
    assert_eq!(status.mounts[0].state, Freshness::Fresh);
}

#[test]
fn kv_v1_is_read_at_each_round() {
    let mut world = World::new(4);
    world.vault.engine = Kv::Plain;
    world.follow(spec("1m", &[("a", "db", "secret/db#password")]), MINUTE * 5);
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(world.count("version secret/db"), 0);
    assert_eq!(world.file("a", "db"), Some("two"));
}

#[test]
fn two_names_for_one_path_are_one_read_and_mounts_are_looked_up_once() {
    let mut world = World::new(5);
    let files = [
        ("a", "db", "secret/db#password"),
        ("a", "copy", "secret/db"),
        ("b", "other", "secret/db#password"),
        ("b", "api", "secret/api#password"),
    ];
    world.follow(spec("1m", &files), secs(1) / 2);
    assert_eq!(world.count("read secret/db"), 1);
    let look_ups = |world: &World| {
        let log = world.log.iter();
        log.filter(|(_, words)| words.starts_with("look up"))
            .count()
    };
    assert_eq!(look_ups(&world), 1);
    world.run(MINUTE * 30);
    assert_eq!(look_ups(&world), 1, "once for a login");
    assert_eq!(world.writes, 2);
}

#[test]
fn what_changed_together_is_written_together() {
    let mut world = World::new(6);
    let files = [
        ("a", "db", "secret/db#password"),
        ("a", "api", "secret/api#password"),
    ];
    world.follow(spec("1m", &files), MINUTE);
    assert_eq!(world.writes, 1);
    for round in 0..10 {
        world.put("secret/db", &format!("db {round}"));
        world.put("secret/api", &format!("api {round}"));
        world.run(MINUTE);
    }
    assert_eq!(world.writes, 11, "never one without the other");
}

#[test]
fn a_pinned_version_is_read_once() {
    let mut world = World::new(7);
    let files = [("a", "db", "secret/db?version=1#password")];
    world.follow(spec("1m", &files), MINUTE * 60);
    assert_eq!(world.count("read secret/db?version=1"), 1);
    assert_eq!(world.count("version secret/db?version=1"), 0);
}

#[test]
fn the_refresh_annotation_means_now() {
    let mut world = World::new(9);
    world.follow(spec("24h", &[("a", "db", "secret/db#password")]), MINUTE);
    world.put("secret/db", "two");
    world.feed(Event::LookNow);
    world.run(secs(1));
    assert_eq!(world.file("a", "db"), Some("two"));
}

#[test]
fn a_wish_to_look_is_not_lost_while_an_older_answer_is_under_way() {
    let mut world = World::new(10);
    world.follow(spec("24h", &[("a", "db", "secret/db#password")]), MINUTE);
    world.latency = secs(5);
    world.feed(Event::LookNow);
    world.run(secs(1));
    world.put("secret/db", "two");
    world.feed(Event::LookNow);
    world.run(secs(20));
    assert_eq!(world.file("a", "db"), Some("two"));
}

#[test]
fn a_restarted_refresher_is_ready_at_once_and_rewrites_nothing() {
    let mut world = World::with(11, |options| {
        options
            .volumes
            .values_mut()
            .for_each(|complete| *complete = true);
    });
    let old = [("db".to_owned(), "one".to_owned())];
    world.files.insert("a".to_owned(), old.into());
    world.follow(spec("1m", &[("a", "db", "secret/db#password")]), secs(0));
    assert!(world.engine.is_ready(), "before Vault has answered");
    world.run(MINUTE);
    assert_eq!(world.writes, 0);
    assert_eq!(world.status().mounts[0].state, Freshness::Fresh);
}

#[test]
fn a_template_asks_for_a_secret_whose_path_is_in_another_one() {
    let mut world = World::new(12);
    world.put("secret/db", "secret/api");
    let template = r#"{{ $path := (secret "secret/db").password }}{{ (secret $path).password }}"#;
    world.follow(spec("1m", &[("a", "conf", template)]), MINUTE);
    assert_eq!(world.file("a", "conf"), Some("key"));
    assert!(world.engine.is_ready());
    // Only what is still asked for is kept current.
    world.put("secret/other", "another key");
    world.put("secret/db", "secret/other");
    world.run(MINUTE * 2);
    assert_eq!(world.file("a", "conf"), Some("another key"));
    world.requests();
    world.run(MINUTE * 5);
    assert!(
        world
            .requests()
            .iter()
            .all(|request| !request.contains("api"))
    );
}

#[test]
fn a_template_that_asks_for_ever_more_secrets_is_stopped() {
    let mut world = World::new(13);
    for index in 0..40 {
        world.put(&format!("secret/{index}"), &format!("secret/{}", index + 1));
    }
    let chain = "{{ $p := \"secret/0\" }}{{ range $i := until 39 }}{{ $p = (secret $p).password }}{{ end }}{{ $p }}";
    world.follow(spec("1m", &[("a", "conf", chain)]), MINUTE * 5);
    let message = world.status().mounts[0].message.clone().expect("a message");
    assert!(message.contains("ever more secrets"), "{message}");
    assert!(world.log.len() < 200, "{}", world.log.len());
}

#[test]
fn what_differs_at_each_call_is_made_anew_only_when_an_input_has_changed() {
    let mut world = World::new(14);
    let template = r#"{{ (secret "secret/db").password }} {{ now | unixEpoch }}"#;
    world.follow(spec("1m", &[("a", "conf", template)]), MINUTE * 30);
    assert_eq!(world.writes, 1);
    let before = world.file("a", "conf").map(str::to_owned);
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(world.writes, 2);
    assert_ne!(world.file("a", "conf").map(str::to_owned), before);
}

#[test]
fn a_mount_without_files_is_complete() {
    let empty = || {
        let (volume, directory) = ("a".parse(), "/vault/secrets".parse());
        crate::spec::Mount::new(volume.expect("a volume"), directory.expect("a directory"))
    };
    for files in [&[][..], &[("b", "db", "secret/db#password")]] {
        let mut world = World::new(3);
        let mut spec = spec("1m", files);
        spec.mounts.insert(0, empty());
        world.follow(spec, MINUTE);
        assert!(world.engine.is_ready(), "{files:?}: {:?}", world.status());
        world.run(MINUTE * 3);
        assert!(world.engine.is_ready(), "{files:?}");
    }
}
