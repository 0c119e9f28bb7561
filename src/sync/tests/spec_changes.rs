//! A SyncSpec that changes while the pod runs.

use super::world::{MINUTE, World, secs, spec};
use crate::spec::Invalid;
use crate::sync::Event;

const DB: (&str, &str, &str) = ("a", "db", "secret/db#password");
const API: (&str, &str, &str) = ("b", "api", "secret/api#password");

#[test]
fn only_what_changed_is_fetched() {
    let mut world = World::new(1);
    world.follow(spec("1h", &[DB]), MINUTE);
    world.requests();
    world.follow(spec("1h", &[DB, API]), secs(1));
    assert_eq!(world.requests(), ["read secret/api"]);
    assert_eq!(world.file("b", "api"), Some("key"));
    assert_eq!(world.writes, 2);
}

#[test]
fn another_format_or_mode_of_the_same_secret_fetches_nothing() {
    let mut world = World::new(2);
    world.follow(spec("1h", &[DB]), MINUTE);
    world.requests();
    world.follow(spec("1h", &[("a", "db", "secret/db")]), secs(1));
    assert_eq!(world.requests(), [""; 0]);
    assert_eq!(world.file("a", "db"), Some(r#"{"password":"one"}"#));
}

#[test]
fn what_is_no_longer_named_is_no_longer_fetched() {
    let mut world = World::new(3);
    world.follow(spec("1m", &[DB, API]), MINUTE);
    world.follow(spec("1m", &[DB]), secs(1));
    world.requests();
    world.run(MINUTE * 5);
    assert!(
        world
            .requests()
            .iter()
            .all(|request| !request.contains("api"))
    );
    assert_eq!(world.file("b", "api"), Some("key"), "its file stays");
}

#[test]
fn a_bad_spec_keeps_the_last_good_one_and_reports() {
    let mut world = World::new(4);
    world.follow(spec("1m", &[DB]), MINUTE);
    let elsewhere = ("elsewhere", "x", "secret/db#password");
    for bad in [
        Err(Invalid::new("unknown field `owner`")),
        Ok(spec("1m", &[elsewhere])),
    ] {
        world.feed(Event::Spec(bad));
        assert!(world.status().spec_refused.is_some());
        world.put("secret/db", "next");
        world.run(MINUTE);
        assert_eq!(world.file("a", "db"), Some("next"));
    }
    world.follow(spec("1m", &[DB]), secs(1));
    assert_eq!(world.status().spec_refused, None);
}

#[test]
fn a_first_spec_that_is_bad_is_the_reason_that_the_pod_waits_for() {
    let mut world = World::new(5);
    world.feed(Event::Spec(Err(Invalid::new("is empty"))));
    world.run(MINUTE);
    assert!(!world.engine.is_ready());
    let reason = world.status().reason.expect("a reason");
    assert_eq!(reason, "annotation freshet.dev/sync-spec: is empty");
    assert!(world.log.is_empty(), "nobody to ask for anything");
}

#[test]
fn a_shorter_interval_holds_from_now_on() {
    let mut world = World::new(6);
    world.follow(spec("24h", &[DB]), MINUTE);
    world.follow(spec("10s", &[DB]), secs(10));
    world.put("secret/db", "two");
    world.run(secs(10));
    assert_eq!(world.file("a", "db"), Some("two"));
}

#[test]
fn no_secret_no_login() {
    let mut world = World::new(7);
    world.follow(spec("1m", &[]), MINUTE * 60);
    assert!(world.engine.is_ready() && world.log.is_empty());
}
