//! Tokens: renewed in time, replaced in time, revoked when they are no longer used.

use super::world::{MINUTE, World, fault, secs, spec};
use crate::sync::{Event, Notice};
use crate::vault::Class;

const FILES: [(&str, &str, &str); 1] = [("a", "db", "secret/db#password")];

#[test]
fn a_token_is_renewed_before_it_expires_with_one_login_for_the_pod() {
    let mut world = World::new(1);
    world.follow(spec("1m", &FILES), MINUTE * 60 * 24);
    assert_eq!(world.count("login"), 1);
    let renewals = world.count("renew");
    assert!((36..=41).contains(&renewals), "{renewals} in 24 hours");
    assert!(!world.notices.contains(&Notice::TokenLost));
}

#[test]
fn when_a_renewal_gives_less_than_asked_log_in_again_before_the_end_and_revoke_the_old_token() {
    let mut world = World::new(2);
    world.vault.max_life = Some(MINUTE * 90);
    world.follow(spec("1m", &FILES), MINUTE * 60 * 24);
    assert!(
        !world.notices.contains(&Notice::TokenLost),
        "never without a token"
    );
    let logins = world.count("login");
    assert!((16..=24).contains(&logins), "{logins} in 24 hours");
    assert_eq!(
        world.count("revoke"),
        logins - 1,
        "each after the grace period"
    );
    assert_eq!(world.vault.good_tokens(world.now), 1);
    assert_eq!(world.writes, 1);
}

#[test]
fn a_token_that_cannot_be_renewed_is_replaced_before_it_expires() {
    let mut world = World::new(3);
    world.vault.renewable = false;
    world.follow(spec("1m", &FILES), MINUTE * 60 * 12);
    assert_eq!(world.count("renew"), 0);
    assert!(!world.notices.contains(&Notice::TokenLost));
    assert_eq!(world.vault.good_tokens(world.now), 1);
}

#[test]
fn a_revoked_token_is_replaced_and_the_secret_read_at_the_same_look() {
    for refusal in [Class::TokenInvalid, Class::Denied] {
        let mut world = World::new(4);
        world.vault.refusal = refusal;
        world.follow(spec("1m", &FILES), MINUTE * 3);
        world.vault.revoke_all();
        world.put("secret/db", "two");
        world.run(MINUTE);
        assert_eq!(world.file("a", "db"), Some("two"), "{refusal:?}");
        assert_eq!(world.count("login"), 2);
        assert!(world.status().mounts[0].stale_since.is_none());
    }
}

#[test]
fn a_server_that_issues_tokens_and_refuses_them_is_not_stormed() {
    let mut world = World::new(5);
    world.vault.faults.insert(
        "read secret/db".to_owned(),
        fault(Class::TokenInvalid, "invalid token"),
    );
    world.follow(spec("1m", &FILES), MINUTE * 10);
    let logins = world.count("login");
    assert!(
        (60..=200).contains(&logins),
        "{logins} at the gate, 8 s at most between two"
    );
}

#[test]
fn a_renewal_that_fails_is_repeated_before_the_token_expires() {
    let mut world = World::new(6);
    world.follow(spec("1h", &FILES), MINUTE);
    world
        .vault
        .faults
        .insert("renew".to_owned(), fault(Class::Unavailable, "no answer"));
    world.run(MINUTE * 50);
    assert!(world.count("renew") > 3);
    world.vault.faults.clear();
    world.run(MINUTE * 60);
    assert_eq!(world.count("login"), 1);
}

#[test]
fn after_an_outage_longer_than_the_tokens_life_there_is_one_new_login() {
    let mut world = World::new(7);
    world.follow(spec("1m", &FILES), MINUTE);
    world.vault.outage = Some(fault(Class::Unavailable, "no answer"));
    world.run(MINUTE * 120);
    assert_eq!(world.status().token.message.as_deref(), Some("no answer"));
    assert!(world.status().mounts[0].stale_since.is_some());
    world.vault.outage = None;
    world.requests();
    world.run(MINUTE * 2);
    assert_eq!(world.count("login"), 1);
    assert!(world.status().mounts[0].stale_since.is_none());
}

#[test]
fn the_token_is_revoked_at_the_end_only_when_asked_for() {
    for asked in [false, true] {
        let mut world = World::with(8, |options| options.revoke_on_shutdown = asked);
        world.follow(spec("1m", &FILES), MINUTE);
        world.feed(Event::Shutdown);
        assert_eq!(
            world.exited, !asked,
            "at once when nothing is to be revoked"
        );
        world.run(secs(1));
        assert!(world.exited);
        assert_eq!(world.count("revoke"), usize::from(asked));
        assert_eq!(world.vault.good_tokens(world.now), usize::from(!asked));
    }
}

#[test]
fn a_login_under_way_at_the_end_leaves_no_token_behind() {
    let mut world = World::with(9, |options| options.revoke_on_shutdown = true);
    world.follow(spec("1m", &FILES), secs(0));
    world.feed(Event::Shutdown);
    assert!(!world.exited);
    world.run(secs(1));
    assert!(world.exited);
    assert_eq!(world.vault.good_tokens(world.now), 0);
}
