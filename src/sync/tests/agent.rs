//! What templates ask for as they do of Vault Agent.

use super::world::{MINUTE, World, secs, spec};
use crate::sync::{Event, TemplateFiles};

const TEMPLATE: [(&str, &str, &str); 1] = [("a", "app", "/templates/app")];

/// A pod with `text` for the template at `/templates/app`.
fn world(seed: u64, text: &str) -> World {
    let mut world = World::new(seed);
    supply(&mut world, text);
    world
}

fn supply(world: &mut World, text: &str) {
    let path = "/templates/app".parse().expect("a path");
    let files = TemplateFiles::from([(path, Ok(text.to_owned()))]);
    world.feed(Event::TemplateFiles(files));
}

#[test]
fn what_has_no_end_is_made_once_in_the_life_of_a_pod() {
    let text = r#"{{ with secret "transit/sign/a" "input=x" }}{{ .Data.signature }}{{ end }}"#;
    let mut world = world(1, text);
    world.vault.pki.is_strange = true;
    world.follow(spec("1m", &TEMPLATE), MINUTE * 60 * 24);
    assert_eq!(world.file("a", "app"), Some("x"));
    assert_eq!(world.count("read transit/sign/a?input=x"), 1);
    world.feed(Event::LookNow);
    world.run(MINUTE);
    assert_eq!(world.count("read transit/sign/a?input=x"), 1);
    let shown = format!("{:?}", world.status());
    assert!(shown.contains("ends: None"), "{shown}");
    world.restart();
    supply(&mut world, text);
    world.follow(spec("1m", &TEMPLATE), MINUTE * 10);
    assert_eq!(world.count("read transit/sign/a?input=x"), 1);
    assert_eq!(world.writes, 1);
}

#[test]
fn a_certificate_that_a_template_asks_for_gets_its_successor() {
    let text = r#"{{ with pkiCert "pki/issue/a" "common_name=a" }}{{ .Key }}{{ end }}"#;
    let mut world = world(2, text);
    world.follow(spec("1m", &TEMPLATE), secs(5));
    assert_eq!(world.file("a", "app"), Some("key 1 of pki/issue/a\n"));
    world.run(MINUTE * 60);
    assert_eq!(world.file("a", "app"), Some("key 2 of pki/issue/a\n"));
}

#[test]
fn one_secret_is_read_once_whoever_names_it() {
    let text = r#"{{ with secret "secret/db" }}{{ .Data.data.password }}{{ end }}"#;
    let mut world = world(3, text);
    let files = [TEMPLATE[0], ("a", "db", "secret/db#password")];
    world.follow(spec("1m", &files), secs(5));
    assert_eq!(world.file("a", "app"), Some("one"));
    assert_eq!(world.count("read secret/db"), 1);
}
