//! Credentials of several logins, which a restart takes over and a kill leaves one of behind at most.

use proptest::prelude::*;

use super::{profile, world};
use crate::sync::Notice;
use crate::sync::tests::world::{MINUTE, World, secs, spec};
use crate::vault::Engine;

const DYNAMIC: [(&str, &str, &str); 2] = [
    ("a", "db", "secret/creds#password"),
    ("b", "eu", "eu:secret/creds#password"),
];

fn dynamic(seed: u64) -> World {
    let mut world = world(seed);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60));
    world.follow(spec("1m", &DYNAMIC), secs(5));
    world
}

#[track_caller]
fn check(world: &World) {
    world.check_credentials(&DYNAMIC);
}

#[test]
fn a_restart_takes_over_the_credentials_of_every_login() {
    let mut world = dynamic(10);
    let before = world.files.clone();
    for _ in 0..3 {
        world.restart();
        world.follow(spec("1m", &DYNAMIC), MINUTE * 3);
        assert_eq!(world.files, before);
        check(&world);
    }
    assert_eq!((world.count("login"), world.count("login eu")), (1, 1));
    // The one whose token has died meanwhile logs in anew, with a number of its own.
    world.restart();
    world.vault.revoke_of(&profile("eu"));
    world.follow(spec("1m", &DYNAMIC), MINUTE * 3);
    check(&world);
    assert_eq!((world.count("login"), world.count("login eu")), (1, 2));
    assert_eq!(world.file("a", "db"), Some(before["a"]["db"].as_str()));
    assert_eq!(world.vault.live_credentials(world.now).len(), 2);
}

#[test]
fn what_an_earlier_release_remembered_is_taken_over() {
    let mut world = dynamic(11);
    let memory = world.memory.take().expect("a memory");
    let text = String::from_utf8(memory.expose().to_vec()).expect("text");
    let older = text.replacen(",\"tokens\"", ",\"issuing\":\"secret/x\",\"tokens\"", 1);
    world.memory = Some(older.into());
    world.restart();
    world.follow(spec("1m", &DYNAMIC), MINUTE);
    check(&world);
    assert_eq!(world.count("login"), 1);
    let orphaned = |notice: &Notice| matches!(notice, Notice::CredentialOrphaned { .. });
    assert!(world.notices.iter().any(orphaned));
}

#[test]
fn a_profile_that_is_no_longer_used_gives_its_credential_back() {
    let mut world = dynamic(12);
    world.follow(spec("1m", &DYNAMIC[..1]), MINUTE);
    assert_eq!(world.count("revoke eu:secret/creds"), 1);
    assert_eq!(world.vault.live_credentials(world.now).len(), 1);
}

#[test]
fn a_token_near_its_end_lives_on_for_credentials_of_its_own_login_alone() {
    let mut world = world(13);
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60 * 24));
    world.vault.max_life = Some(MINUTE * 30);
    world.vault.life = MINUTE * 20;
    world.follow(spec("1m", &DYNAMIC), secs(5));
    for _ in 0..120 {
        world.run(MINUTE);
        check(&world);
    }
    assert!(
        !world
            .notices
            .iter()
            .any(|notice| notice.to_string().contains("no longer accepts"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn kills_leave_at_most_one_credential_of_each_login_behind(
        seed: u64,
        kills in prop::collection::vec((0usize..30, 1u64..400), 1..16),
    ) {
        let mut world = dynamic(seed);
        world.vault.max_life = Some(MINUTE * 40);
        world.vault.life = MINUTE * 20;
        for (actions, seconds) in kills {
            world.kill_after(actions);
            world.run(secs(seconds));
            world.restart();
            world.follow(spec("1m", &DYNAMIC), secs(1));
        }
        world.run(MINUTE + secs(30));
        check(&world);
        let orphaned = |notice: &&Notice| matches!(notice, Notice::CredentialOrphaned { .. });
        let orphans = world.notices.iter().filter(orphaned).count();
        let live = world.vault.live_credentials(world.now).len();
        prop_assert!(live <= 2 + 2 + orphans, "{live}, {orphans} told");
        world.run(MINUTE * 60 * 2);
        check(&world);
        prop_assert!(world.vault.live_credentials(world.now).len() <= 4);
    }
}
