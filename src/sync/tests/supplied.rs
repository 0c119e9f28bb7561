//! Files that are made of what the shell supplies: the token of the login, and template files.

use super::world::{MINUTE, World, fault, secs, spec};
use crate::spec::TemplatePath;
use crate::sync::{Event, Notice, TemplateFiles};
use crate::vault::Class;

const TOKEN: [(&str, &str, &str); 1] = [("a", "token", "token")];
const TEMPLATE: [(&str, &str, &str); 1] = [("a", "app", "/templates/app")];

fn templates(text: Result<&str, &str>) -> Event {
    let path: TemplatePath = "/templates/app".parse().expect("a path");
    let text = text.map(str::to_owned).map_err(str::to_owned);
    Event::TemplateFiles(TemplateFiles::from([(path, text)]))
}

#[test]
fn the_token_of_the_login_is_a_file_without_any_secret() {
    let mut world = World::new(1);
    world.follow(spec("1m", &TOKEN), secs(5));
    assert_eq!(world.file("a", "token"), Some("token-1"));
    assert_eq!(world.requests(), ["login"]);
}

#[test]
fn a_new_login_rewrites_the_token_and_until_then_the_old_one_stays() {
    let mut world = World::new(2);
    world.vault.max_life = Some(MINUTE * 90);
    world.follow(spec("1m", &TOKEN), secs(5));
    world.run(MINUTE * 100);
    let logins = world.count("login");
    assert!(logins > 1, "the first token has ended");
    let newest = format!("token-{logins}");
    assert_eq!(world.file("a", "token"), Some(newest.as_str()));
    assert_eq!(world.writes, logins, "once for each login");
    world.vault.outage = Some(fault(Class::Unavailable, "away"));
    world.run(MINUTE * 300);
    assert!(world.notices.contains(&Notice::TokenLost));
    assert_eq!(world.file("a", "token"), Some(newest.as_str()));
}

#[test]
fn a_token_file_added_later_holds_the_token_in_use() {
    let mut world = World::new(3);
    world.follow(spec("1m", &[("b", "db", "secret/db#password")]), secs(5));
    let both = [("a", "token", "token"), ("b", "db", "secret/db#password")];
    world.follow(spec("1m", &both), secs(5));
    assert_eq!(world.file("a", "token"), Some("token-1"));
    assert_eq!(world.count("login"), 1);
}

#[test]
fn the_token_is_in_no_notice_and_no_status() {
    let mut world = World::new(4);
    world.follow(spec("1m", &TOKEN), MINUTE);
    let event = Event::Token(
        crate::sync::TokenId(1),
        crate::secret::SecretBytes::from("token-1".to_owned()),
    );
    let shown = format!(
        "{:?}{:?}{:?}{event:?}",
        world.engine,
        world.status(),
        world.notices
    );
    assert!(!shown.contains("token-1"), "{shown}");
}

#[test]
fn a_template_file_is_rendered_and_again_when_it_changes() {
    let mut world = World::new(5);
    let text = "{{ with secret \"secret/db\" }}{{ .Data.data.password }}{{ end }}";
    world.feed(templates(Ok(text)));
    world.follow(spec("1m", &TEMPLATE), secs(5));
    assert_eq!(world.file("a", "app"), Some("one"));
    world.feed(templates(Ok(
        "[{{ with secret \"secret/api\" }}{{ .Data.data.password }}{{ end }}]",
    )));
    world.run(secs(5));
    assert_eq!(world.file("a", "app"), Some("[key]"));
    world.requests();
    world.run(MINUTE * 2);
    assert_eq!(world.count("version secret/db"), 0, "nobody needs it now");
    assert!(world.count("version secret/api") > 0);
}

#[test]
fn a_template_file_that_is_no_template_says_where_and_leaves_the_file() {
    let mut world = World::new(6);
    world.feed(templates(Ok("{{ 1 }}")));
    world.follow(spec("1m", &TEMPLATE), secs(5));
    assert_eq!(world.file("a", "app"), Some("1"));
    for (text, clause) in [
        (
            Ok("{{ 1 }}\n{{ nope }}"),
            "template file /templates/app: template:2:4",
        ),
        (
            Err("is not UTF-8"),
            "template file /templates/app: is not UTF-8",
        ),
    ] {
        world.feed(templates(text));
        world.run(secs(5));
        assert_eq!(world.file("a", "app"), Some("1"));
        let told = world.notices.last().expect("a notice").to_string();
        assert!(told.contains(clause), "{told}");
    }
    world.feed(templates(Ok("{{ 2 }}")));
    world.run(secs(5));
    assert_eq!(world.file("a", "app"), Some("2"));
}

#[test]
fn a_template_file_that_stays_is_not_rendered_when_another_one_changes() {
    let mut world = World::new(8);
    world.feed(templates(Ok("{{ timestamp \"unix\" }}")));
    world.follow(spec("1m", &TEMPLATE), secs(5));
    let first = world.file("a", "app").map(str::to_owned);
    world.run(MINUTE);
    world.feed(templates(Ok("{{ timestamp \"unix\" }}")));
    world.run(secs(5));
    assert_eq!(world.file("a", "app"), first.as_deref());
    assert_eq!(world.writes, 1);
}

#[test]
fn what_was_not_supplied_yet_is_awaited() {
    let mut world = World::new(7);
    world.follow(spec("1m", &TEMPLATE), MINUTE);
    assert_eq!(world.file("a", "app"), None);
    assert!(!world.engine.is_ready());
    world.feed(templates(Ok("text")));
    world.run(secs(5));
    assert_eq!(world.file("a", "app"), Some("text"));
}
