//! Argo CD, the registry and the browser themselves, without Freshet: what the other tests take for
//! granted.

use crate::application::{Application, Apply, Wanted};
use crate::git::Repository;
use crate::support::kubectl::run;
use crate::support::namespace::Namespace;
use crate::{browser, example};

#[test]
fn a_commit_becomes_a_pod_whose_page_shows_a_secret_that_was_made_by_hand() {
    let name = "smoke";
    let _peace = Namespace::new(name, &[]);
    let repository = Repository::new(name);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: mysql-credentials}\nstringData:\n  credentials: |\n    db_con=\"by\"\n    db_user=\"hand\"\n    db_password=\"made\"\n";
    let files: Vec<_> = ["deployment.yaml", "service.yaml"]
        .map(|name| (format!("app/{name}"), example::file(name)))
        .into_iter()
        .chain([("app/secret.yaml".to_owned(), secret.to_owned())])
        .collect();
    let revision = repository.push("Deploy", &files);
    let application = Application::create(&Wanted::app(name, &repository, Apply::ClientSide));
    application.wait_until_healthy(&revision);
    let page = example::page(name, name);
    assert_eq!(browser::text(&page, "password"), Some("made"), "{page}");
    assert_eq!(browser::text(&page, "state"), Some("ready"), "{page}");
    application.delete();
    run(&["delete", "namespace", name, "--wait=false"]);
}
