//! Mounts of ExternalSecrets: their own rhythm, secrets that may be absent, pods that may start
//! without them, texts of ConfigMaps.

use serde_json::{Value, json};

use super::world::{MINUTE, World, fault, secs};
use crate::spec::SyncSpec;
use crate::sync::{ConfigMaps, Event};
use crate::vault::Class;

/// A mount of volume `volume` with one key, `password` of the secret at `source`.
fn mount(volume: &str, source: &str) -> Value {
    let entry = json!({"take": {"extract": {"source": source}}});
    let target = json!({"name": "db", "entries": [entry], "mode": "0644"});
    json!({"volume": volume, "mountPath": format!("/{volume}"), "targets": [target]})
}

/// The mount with these fields more.
fn with(mut mount: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        mount[name] = value.clone();
    }
    mount
}

fn spec(interval: &str, mounts: &[Value]) -> SyncSpec {
    let json = json!({"version": 1, "refreshInterval": interval, "mounts": mounts});
    SyncSpec::from_annotation(&json.to_string()).expect("a SyncSpec")
}

#[test]
fn a_declared_engine_is_not_looked_up() {
    let mut world = World::new(1);
    world.follow(spec("1m", &[mount("a", "secret/db?kv=2")]), secs(1));
    assert_eq!(world.requests(), ["login", "read secret/db"]);
    assert_eq!(world.file("a", "password"), Some("one"));
    world.put("secret/db", "two");
    world.run(MINUTE);
    assert_eq!(world.requests(), ["version secret/db", "read secret/db"]);
    assert_eq!(world.file("a", "password"), Some("two"));
}

#[test]
fn an_interval_of_zero_looks_once_and_again_when_it_is_asked_to() {
    let once = with(
        mount("a", "secret/db?kv=2"),
        json!({"refreshInterval": "0s"}),
    );
    let mut world = World::new(2);
    world.follow(spec("1m", std::slice::from_ref(&once)), secs(1));
    world.requests();
    world.run(MINUTE * 300);
    assert_eq!(
        world
            .requests()
            .iter()
            .filter(|words| words.contains("secret"))
            .count(),
        0
    );
    world.put("secret/db", "two");
    world.feed(Event::LookNow);
    world.run(secs(1));
    assert_eq!(world.file("a", "password"), Some("two"));
}

#[test]
fn a_new_revision_means_now() {
    let revised = |revision: &str| {
        let fields = json!({"refreshInterval": "0s", "revision": revision});
        spec("1m", &[with(mount("a", "secret/db?kv=2"), fields)])
    };
    let mut world = World::new(3);
    world.follow(revised("1"), MINUTE);
    world.put("secret/db", "two");
    world.follow(revised("1"), MINUTE);
    assert_eq!(world.file("a", "password"), Some("one"));
    world.follow(revised("2"), secs(1));
    assert_eq!(world.file("a", "password"), Some("two"));
}

#[test]
fn each_mount_has_its_own_rhythm_and_a_shared_secret_the_faster_one() {
    let often = with(
        mount("a", "secret/db?kv=2"),
        json!({"refreshInterval": "1m"}),
    );
    let seldom = with(
        mount("b", "secret/api?kv=2"),
        json!({"refreshInterval": "10m"}),
    );
    let mut world = World::new(4);
    world.follow(spec("5m", &[often.clone(), seldom]), secs(1));
    world.requests();
    world.run(MINUTE * 60);
    let looks = (
        world.count("version secret/db"),
        world.count("version secret/api"),
    );
    assert!(
        (60..=68).contains(&looks.0) && (6..=8).contains(&looks.1),
        "{looks:?}"
    );
    let shared = with(
        mount("b", "secret/db?kv=2"),
        json!({"refreshInterval": "10m"}),
    );
    let mut world = World::new(4);
    world.follow(spec("5m", &[often, shared]), secs(1));
    world.requests();
    world.run(MINUTE * 60);
    let looks = world.count("version secret/db");
    assert!((60..=68).contains(&looks), "{looks}");
}

#[test]
fn a_secret_that_may_be_absent_comes_and_goes() {
    let mut world = World::new(5);
    world.follow(
        spec("1m", &[mount("a", "secret/new?kv=2&optional")]),
        secs(1),
    );
    assert!(world.engine.is_ready(), "{:?}", world.status());
    assert_eq!(world.file("a", "password"), None);
    world.put("secret/new", "here");
    world.run(MINUTE);
    assert_eq!(world.file("a", "password"), Some("here"));
    world.vault.secrets.remove("secret/new");
    world.run(MINUTE * 2);
    assert_eq!(world.file("a", "password"), None);
    let mut world = World::new(5);
    world.follow(spec("1m", &[mount("a", "secret/new?kv=2")]), MINUTE);
    assert!(!world.engine.is_ready());
}

#[test]
fn a_pod_starts_without_what_is_optional_once_it_is_known_to_fail() {
    let optional = with(mount("a", "secret/db?kv=2"), json!({"optional": true}));
    let mut world = World::new(6);
    let denied = fault(Class::Denied, "no");
    world
        .vault
        .faults
        .insert("read secret/db".to_owned(), denied);
    world.feed(Event::Spec(Ok(spec(
        "1m",
        &[optional.clone(), mount("b", "secret/api?kv=2")],
    ))));
    assert!(!world.engine.is_ready(), "nothing is known yet");
    world.run(secs(20));
    assert!(world.engine.is_ready(), "{:?}", world.status());
    assert_eq!(world.file("b", "password"), Some("key"));
    world.vault.faults.clear();
    world.run(MINUTE * 5);
    assert_eq!(world.file("a", "password"), Some("one"));

    let mut world = World::new(6);
    world.vault.outage = Some(fault(Class::Unavailable, "down"));
    world.follow(spec("1m", &[optional]), secs(1));
    assert!(world.engine.is_ready(), "an outage does not hold it either");
}

#[test]
fn texts_of_config_maps_are_followed() {
    let text = json!({"text": {"configMap": {"name": "conf", "key": "app"}}, "scope": "values"});
    let mut target = mount("a", "secret/db?kv=2");
    target["targets"][0]["template"] = json!({"from": [text]});
    let config_maps = |text: &str| {
        let key = ("conf".to_owned(), "app".to_owned());
        Event::ConfigMaps(ConfigMaps::from([(key, text.to_owned())]))
    };
    let mut world = World::new(7);
    world.follow(spec("1h", &[target.clone()]), secs(1));
    assert!(
        world
            .status()
            .reason
            .is_some_and(|reason| reason.contains("ConfigMap conf"))
    );
    world.feed(config_maps("pw={{ .password }}"));
    assert_eq!(world.file("a", "app"), Some("pw=one"));
    world.feed(config_maps("password={{ .password }}"));
    assert_eq!(world.file("a", "app"), Some("password=one"));
    world.feed(config_maps("{{"));
    assert_eq!(
        world.file("a", "app"),
        Some("password=one"),
        "the last good one stays"
    );
    // A mount that is new takes them over, too.
    target["mountPath"] = json!("/other");
    world.feed(config_maps("again={{ .password }}"));
    world.follow(spec("1h", &[target]), secs(1));
    assert_eq!(world.file("a", "app"), Some("again=one"));
}
