//! Several logins in one pod: each secret with its own, and no trouble of one is another's.

mod credentials;

use std::collections::BTreeSet;

use super::world::{MINUTE, World, fault, secs, spec};
use crate::spec::Profile;
use crate::sync::{Event, Freshness, Notice, TemplateFiles};
use crate::vault::{Class, Engine};

const FILES: [(&str, &str, &str); 2] = [
    ("a", "db", "secret/db#password"),
    ("b", "eu", "eu:secret/db#password"),
];

fn profile(name: &str) -> Option<Profile> {
    Some(name.parse().expect("a profile"))
}

/// A pod with the profiles `eu` and `us`.
fn world(seed: u64) -> World {
    World::with(seed, |options| {
        options.profiles = ["eu", "us"].into_iter().filter_map(profile).collect();
    })
}

#[test]
fn a_secret_is_read_with_its_own_login_and_a_profile_that_nothing_uses_never_logs_in() {
    let mut world = world(1);
    world.follow(spec("1m", &FILES), secs(5));
    assert_eq!(world.file("b", "eu"), Some("one"));
    let requests: BTreeSet<_> = world.requests().into_iter().collect();
    let want = [
        "login",
        "login eu",
        "look up eu:secret/db",
        "look up secret/db",
        "read eu:secret/db",
        "read secret/db",
    ];
    assert_eq!(requests, want.map(str::to_owned).into());
    let status = world.status();
    assert!(status.profiles["eu"].present && !status.profiles.contains_key("us"));
    let told = world.notices.iter().map(Notice::to_string);
    let told: Vec<_> = told.filter(|notice| notice.contains("logged in")).collect();
    let life = "logged in to Vault, the token lives for 3600.0s";
    assert_eq!(told, [life.to_owned(), format!("profile eu: {life}")]);
}

#[test]
fn a_pod_whose_secrets_are_all_of_a_profile_makes_no_other_login() {
    let mut world = world(2);
    world.follow(spec("1m", &FILES[1..]), MINUTE * 60 * 3);
    assert_eq!((world.count("login"), world.count("login eu")), (0, 1));
    assert!(world.count("renew eu") > 1, "it is kept alive");
    assert!(!world.status().token.used);
}

#[test]
fn an_outage_of_one_server_leaves_the_others_secrets_current() {
    let mut world = world(3);
    world.follow(spec("1m", &FILES), MINUTE * 5);
    let outage = fault(Class::Unavailable, "connection refused");
    world.vault.outages.insert(profile("eu"), outage);
    world.run(MINUTE * 60 * 3);
    world.put("secret/db", "two");
    world.requests();
    world.run(MINUTE * 10);
    assert_eq!(world.file("a", "db"), Some("two"));
    assert_eq!(world.file("b", "eu"), Some("one"), "the last good one");
    assert!((9..=12).contains(&world.count("version secret/db")));
    let status = world.status();
    assert_eq!(status.mounts[0].state, Freshness::Fresh);
    assert_eq!(status.mounts[1].state, Freshness::Stale);
    assert_eq!(status.token.message, None);
    let message = status.profiles["eu"].message.as_deref();
    assert_eq!(message, Some("connection refused"));

    world.vault.outages.clear();
    world.run(MINUTE * 2);
    assert_eq!(world.file("b", "eu"), Some("two"));
}

#[test]
fn in_one_directory_too_a_secret_that_cannot_be_read_keeps_no_other_from_changing() {
    let mut world = world(14);
    let both = [("a", "db", FILES[0].2), ("a", "eu", FILES[1].2)];
    world.follow(spec("1m", &both), MINUTE * 5);
    let outage = fault(Class::Unavailable, "connection refused");
    world.vault.outages.insert(profile("eu"), outage);
    world.run(MINUTE * 60 * 3);
    world.put("secret/db", "two");
    world.run(MINUTE * 2);
    assert_eq!(world.file("a", "db"), Some("two"));
    assert_eq!(world.file("a", "eu"), Some("one"), "the last good one");
}

#[test]
fn a_token_file_holds_the_token_of_the_pods_own_login() {
    let mut world = world(15);
    let files = [("a", "token", "token"), FILES[1]];
    world.follow(spec("1m", &files), MINUTE);
    let logins: Vec<_> = world.requests();
    let logins = logins.iter().filter(|words| words.starts_with("login"));
    assert_eq!(logins.collect::<Vec<_>>(), ["login", "login eu"]);
    assert_eq!(world.file("a", "token"), Some("token-1"));
    assert!(world.status().token.used);
    world.vault.revoke_of(&profile("eu"));
    world.put("secret/db", "two");
    world.run(MINUTE * 2);
    assert_eq!(world.count("login eu"), 1);
    assert_eq!(world.file("b", "eu"), Some("two"));
    assert_eq!(world.file("a", "token"), Some("token-1"));
    // A directory that comes later holds the same one.
    let files = [("b", "token", "token"), ("b", "eu", FILES[1].2)];
    world.follow(spec("1m", &files), MINUTE);
    assert_eq!(world.file("b", "token"), Some("token-1"));
}

#[test]
fn in_paths_of_vault_agent_a_colon_is_a_colon() {
    let mut world = world(16);
    let text = "{{ with secret \"eu:secret/db\" }}{{ .Data.data.password }}{{ end }}";
    let path = "/templates/app".parse().expect("a path");
    let files = TemplateFiles::from([(path, Ok(text.to_owned()))]);
    world.feed(Event::TemplateFiles(files));
    world.put("eu:secret/db", "of the path");
    world.follow(spec("1m", &[("a", "app", "/templates/app")]), MINUTE);
    assert_eq!(world.file("a", "app"), Some("of the path"));
    assert_eq!((world.count("login"), world.count("login eu")), (1, 0));
}

#[test]
fn at_the_gate_a_refused_login_is_named_and_the_other_files_are_there() {
    let mut world = world(4);
    let refusal = fault(Class::Denied, "role \"app\" is unknown");
    world.vault.faults.insert("login eu".to_owned(), refusal);
    world.follow(spec("1m", &FILES), MINUTE);
    assert_eq!(world.file("a", "db"), Some("one"));
    assert!(!world.engine.is_ready());
    let reason = world.status().reason;
    assert_eq!(
        reason.as_deref(),
        Some("profile eu: role \"app\" is unknown")
    );
    assert_eq!(world.count("login"), 1);
}

#[test]
fn a_server_that_does_not_answer_holds_up_its_own_secrets_alone() {
    let mut world = world(5);
    let many: Vec<_> = (0..8)
        .map(|number| {
            (
                format!("eu{number}"),
                format!("eu:secret/db?version={number}1"),
            )
        })
        .chain([("db".to_owned(), "secret/creds#password".to_owned())])
        .collect();
    let files = many.iter();
    let files = files.map(|(name, path)| {
        let volume = if name == "db" { "a" } else { "b" };
        (volume, name.as_str(), path.as_str())
    });
    let mut files: Vec<_> = files.collect();
    files.push(("b", "creds", "eu:secret/creds#password"));
    world.vault.engine = Engine::Plain;
    world.vault.lease = Some((MINUTE * 10, MINUTE * 60));
    world.latencies.insert(profile("eu"), secs(30));
    world.follow(spec("1m", &files), secs(95));
    assert!(world.file("a", "db").is_some(), "within a second");
    let asked = |log: &str| log.contains("eu:");
    let asked: Vec<_> = world
        .requests()
        .into_iter()
        .filter(|log| asked(log))
        .collect();
    assert!(asked.len() <= 9, "at most four at a time: {asked:?}");
}

#[test]
fn a_pause_that_one_server_asks_for_is_not_kept_with_another() {
    let mut world = world(6);
    world.follow(spec("10s", &FILES), MINUTE);
    let busy = fault(Class::RateLimited(Some(secs(50))), "too many requests");
    world.vault.outages.insert(profile("eu"), busy);
    world.run(secs(11));
    world.requests();
    world.run(secs(38));
    assert_eq!(world.count("version eu:secret/db"), 0, "it is left alone");
    assert!(world.count("version secret/db") >= 3);
}

#[test]
fn a_token_that_is_revoked_is_replaced_for_its_own_login_alone() {
    for refusal in [Class::TokenInvalid, Class::Denied] {
        let mut world = world(7);
        world.vault.refusal = refusal;
        world.follow(spec("1m", &FILES), MINUTE * 3);
        world.vault.revoke_of(&profile("eu"));
        world.put("secret/db", "two");
        world.run(MINUTE);
        assert_eq!(world.file("b", "eu"), Some("two"), "{refusal:?}");
        assert_eq!((world.count("login"), world.count("login eu")), (1, 2));
    }
}

#[test]
fn at_the_end_every_token_is_revoked() {
    let mut world = World::with(8, |options| {
        options.profiles = ["eu", "us"].into_iter().filter_map(profile).collect();
        options.revoke_on_shutdown = true;
    });
    world.follow(spec("1m", &FILES), MINUTE);
    assert_eq!(world.vault.good_tokens(world.now), 2);
    world.feed(Event::Shutdown);
    assert!(!world.exited);
    world.run(secs(1));
    assert!(world.exited);
    assert_eq!((world.count("revoke"), world.count("revoke eu")), (1, 1));
    assert_eq!(world.vault.good_tokens(world.now), 0);
}

#[test]
fn a_profile_that_the_pod_has_not_is_refused_by_name() {
    let mut world = world(9);
    world.follow(spec("1m", &FILES), MINUTE);
    let other = [("a", "db", "asia:secret/db#password")];
    world.follow(spec("1m", &other), MINUTE);
    let refused = world.status().spec_refused;
    let want = "asia:secret/db: there is no profile asia: this pod has the profiles eu, us, and only a new pod can have another one; a path that begins so itself is written /asia:secret/db";
    assert_eq!(refused.as_deref(), Some(want));
    assert_eq!(
        world.file("a", "db"),
        Some("one"),
        "the one before it stays"
    );

    let template = [(
        "a",
        "db",
        r#"{{ with secret "asia:secret/db" }}{{ .password }}{{ end }}"#,
    )];
    world.follow(spec("1m", &template), MINUTE);
    let secret = &world.status().mounts[0].secrets[0];
    assert_eq!(secret.message.as_deref(), Some(want));
    let told = world.notices.iter().map(Notice::to_string);
    assert_eq!(told.filter(|told| told.ends_with(want)).count(), 2);
    let own = [(
        "a",
        "db",
        r#"{{ with secret "us:secret/db" }}{{ .password }}{{ end }}"#,
    )];
    world.follow(spec("1m", &own), MINUTE);
    assert_eq!(world.file("a", "db"), Some("one"));
    assert_eq!(world.count("login us"), 1, "a template may use it alone");
}
