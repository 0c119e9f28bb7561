//! What fails: all of Vault, one path, one file; and what must not follow from it.

use super::world::{MINUTE, World, fault, secs, spec};
use crate::sync::{Event, Freshness, Timestamp};
use crate::vault::Class;

const FILES: [(&str, &str, &str); 2] = [
    ("a", "db", "secret/db#password"),
    ("b", "api", "secret/api#password"),
];

#[test]
fn an_outage_leaves_the_last_good_files_and_shows_since_when() {
    let mut world = World::new(1);
    world.follow(spec("1m", &FILES), MINUTE * 10);
    let before = world.now;
    world.vault.outage = Some(fault(Class::Unavailable, "Vault is sealed"));
    world.run(MINUTE * 30);
    assert_eq!(world.file("a", "db"), Some("one"));
    assert!(world.engine.is_ready(), "a running pod stays ready");
    let mount = &world.status().mounts[0];
    assert_eq!(mount.state, Freshness::Stale);
    let since = mount.stale_since.expect("since when");
    assert!(
        since <= Timestamp(super::world::at(before).wall)
            && since >= Timestamp(super::world::at(before - MINUTE).wall)
    );
    assert_eq!(mount.secrets[0].class, Some("unavailable"));

    world.put("secret/db", "two");
    world.vault.outage = None;
    world.run(MINUTE * 2);
    assert_eq!(world.file("a", "db"), Some("two"));
    assert_eq!(world.status().mounts[0].state, Freshness::Fresh);
}

#[test]
fn an_outage_asks_no_more_of_vault_than_ordinary_work() {
    let mut world = World::new(2);
    world.follow(spec("1m", &FILES), MINUTE * 10);
    world.vault.outage = Some(fault(Class::Unavailable, "connection refused"));
    world.run(MINUTE * 10);
    world.requests();
    world.run(MINUTE * 60);
    let requests = world.requests();
    assert!(requests.len() < 2 * 2 * 60 + 120, "{}", requests.len());
}

#[test]
fn at_the_gate_an_outage_blocks_the_start_and_its_end_is_noticed_within_seconds() {
    let mut world = World::new(3);
    world.vault.outage = Some(fault(Class::Unavailable, "cannot reach Vault"));
    world.follow(spec("1m", &FILES), MINUTE * 10);
    assert!(!world.engine.is_ready());
    let reason = world.status().reason;
    assert_eq!(
        reason.as_deref(),
        Some("waiting for Vault: cannot reach Vault")
    );
    world.vault.outage = None;
    world.run(secs(9));
    assert!(world.engine.is_ready());
}

#[test]
fn retry_after_is_honoured_for_429_and_503() {
    let mut world = World::new(4);
    world.follow(spec("10s", &FILES), MINUTE);
    world.vault.outage = Some(fault(
        Class::RateLimited(Some(secs(40))),
        "too many requests",
    ));
    world.requests();
    world.run(secs(10));
    assert!(!world.log.is_empty());
    let first = world.log[0].0;
    world.run(MINUTE);
    let gaps = world
        .log
        .iter()
        .filter(|(at, _)| *at > first + secs(1) && *at < first + secs(40));
    assert_eq!(gaps.count(), 0, "{:?}", world.log);
    assert!(world.log.iter().any(|(at, _)| *at >= first + secs(40)));
}

#[test]
fn a_denied_path_beside_good_ones_changes_nothing_for_them() {
    let mut world = World::new(5);
    world.vault.faults.insert(
        "read secret/db".to_owned(),
        fault(Class::Denied, "no policy for secret/db"),
    );
    world.follow(spec("1m", &FILES), MINUTE * 30);
    assert_eq!(world.file("b", "api"), Some("key"));
    assert_eq!(world.file("a", "db"), None);
    assert_eq!(world.count("read secret/api"), 1, "not fetched again");
    let checks = world.count("version secret/api");
    assert!((29..=34).contains(&checks), "{checks}");
    assert_eq!(world.count("login"), 1, "the token is not to blame");
    assert!(!world.engine.is_ready());
    assert_eq!(
        world.status().reason.as_deref(),
        Some("no policy for secret/db")
    );

    world.vault.faults.clear();
    world.run(secs(9));
    assert!(
        world.engine.is_ready(),
        "a policy that is mended is noticed"
    );
}

#[test]
fn a_denied_metadata_path_is_remembered_for_the_login() {
    let mut world = World::new(6);
    world.vault.faults.insert(
        "version secret/db".to_owned(),
        fault(Class::Denied, "no metadata"),
    );
    world.follow(spec("1m", &FILES), MINUTE * 20);
    assert_eq!(world.count("version secret/db"), 1);
    assert!(world.count("read secret/db") >= 19);
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(world.file("a", "db"), Some("two"));
    assert_eq!(world.status().mounts[0].state, Freshness::Fresh);
}

#[test]
fn a_denied_mount_look_up_is_remembered_for_the_login() {
    for engine in [crate::vault::Engine::KvV2, crate::vault::Engine::Plain] {
        let mut world = World::new(7);
        world.vault.engine = engine;
        world.vault.faults.insert(
            "look up secret/db".to_owned(),
            fault(Class::Denied, "no look-ups"),
        );
        world.follow(spec("1m", &FILES[..1]), MINUTE * 20);
        assert_eq!(world.count("look up secret/db"), 1);
        assert_eq!(world.file("a", "db"), Some("one"), "{engine:?}");
    }
}

#[test]
fn where_no_policy_allows_anything_the_look_up_says_why_and_a_mended_policy_is_noticed() {
    let mut world = World::new(13);
    for request in ["look up", "read"] {
        let denial = fault(Class::Denied, &format!("{request}: denied"));
        let request = format!("{request} secret/db");
        world.vault.faults.insert(request, denial);
    }
    world.follow(spec("1m", &FILES[..1]), MINUTE);
    assert_eq!(world.status().reason.as_deref(), Some("look up: denied"));
    assert_eq!(world.count("login"), 1);
    world.vault.faults.clear();
    world.run(secs(9));
    assert!(world.engine.is_ready());
}

#[test]
fn a_missing_secret_fails_alone_and_its_files_stay_when_it_is_deleted() {
    let mut world = World::new(8);
    world.follow(spec("1m", &FILES), MINUTE);
    world.vault.secrets.remove("secret/db");
    world.run(MINUTE * 10);
    assert_eq!(world.file("a", "db"), Some("one"));
    let status = world.status();
    assert_eq!(status.mounts[0].secrets[0].class, Some("not_found"));
    assert_eq!(status.mounts[1].state, Freshness::Fresh);
}

#[test]
fn one_failing_file_fetches_nothing_again_and_holds_up_no_other_mount() {
    let mut world = World::new(9);
    let files = [
        ("a", "db", "secret/db#user"),
        ("b", "api", "secret/api#password"),
    ];
    world.follow(spec("1m", &files), MINUTE * 10);
    assert_eq!(world.count("read secret/db"), 1);
    assert_eq!(world.count("read secret/api"), 1);
    assert_eq!(world.file("b", "api"), Some("key"));
    let mount = &world.status().mounts[0];
    assert_eq!(mount.state, Freshness::Failing);
    assert!(
        mount
            .message
            .as_ref()
            .is_some_and(|text| text.contains("user") && !text.contains("one"))
    );
}

#[test]
fn a_full_volume_is_tried_again_and_nothing_is_fetched_for_it() {
    let mut world = World::new(10);
    world.full = true;
    world.follow(spec("1m", &FILES[..1]), MINUTE * 5);
    assert!(!world.engine.is_ready());
    assert_eq!(world.count("read secret/db"), 1);
    world.full = false;
    world.run(secs(9));
    assert_eq!(world.file("a", "db"), Some("one"));
    assert!(world.status().mounts[0].message.is_none());
}

#[test]
fn version_from_the_reply_that_brought_the_data_never_from_the_metadata_check() {
    let mut world = World::new(11);
    world.follow(spec("1m", &FILES[..1]), MINUTE);
    world.put("secret/db", "two");
    world.put("secret/db", "three");
    world.run(MINUTE);
    // A standby that lags answers with what was there before.
    let newest = world
        .vault
        .secrets
        .insert("secret/db".to_owned(), (2, "two".to_owned()));
    world.run(MINUTE);
    assert_eq!(world.file("a", "db"), Some("three"), "never back and forth");
    assert_eq!(world.status().mounts[0].secrets[0].version, Some(3));
    world
        .vault
        .secrets
        .insert("secret/db".to_owned(), newest.expect("a version"));
    world.run(MINUTE * 5);
    assert_eq!(world.file("a", "db"), Some("three"));
    assert_eq!(world.writes, 2);
}

#[test]
fn an_expired_service_account_token_shows_in_the_status_while_renewal_carries_on() {
    let mut world = World::new(12);
    world.follow(spec("1m", &FILES), MINUTE);
    world.feed(Event::ServiceAccountToken {
        expires: Some(super::world::at(MINUTE * 10).wall),
    });
    assert_eq!(world.status().service_account_token.message, None);
    world.run(MINUTE * 180);
    let message = world
        .status()
        .service_account_token
        .message
        .expect("a message");
    assert!(message.contains("2026-01-01T00:10:00Z"), "{message}");
    assert_eq!(world.count("login"), 1);
    assert!(world.count("renew") > 3);
    assert_eq!(world.status().mounts[0].state, Freshness::Fresh);
}
