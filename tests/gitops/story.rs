//! The README's section about GitOps, line by line: from an empty cluster to a page, and a new password
//! on it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::application::Application;
use crate::git::Repository;
use crate::support::figures::{figure, median};
use crate::support::kubectl::{self, get, output};
use crate::support::measured::check_within;
use crate::support::namespace::Namespace;
use crate::support::readme::Readme;
use crate::support::restore::restoring;
use crate::support::{freshet, vault};
use crate::{browser, example, freshet_here, nowhere, registry};

/// The namespace of the README's application.
const NAMESPACE: &str = "shop";

/// Seconds until a new password is on the page: the refresh interval of the example, and two.
const ROTATED: f64 = 15.0 + 2.0;

/// What the README's first password is, and what comes after it.
const FIRST: &str = "first-Kq7vTz3XwB";
const SECOND: &str = "second-Hn5cRy8LdM";

#[test]
fn a_commit_becomes_a_page_and_a_new_password_is_on_it_and_nowhere_else() {
    freshet_here::install();
    let _alone = Namespace::alone("story", &[]);
    let repository = Repository::new(NAMESPACE);
    let readme = Readme::section("GitOps")
        .with("https://git.example/team/shop.git", &repository.url())
        .with("../shop", &repository.tree())
        .with(
            "REGISTRY/credentials-page:0.1.0",
            &registry::image_of_the_page(),
        );
    restoring(freshet_here::upgrade, || {
        empty();
        deploy(&readme, &repository);
    });
    let application = Application::named(NAMESPACE);
    let (before, synced) = (processes(), application.last_sync());
    rotate(&readme);
    assert_eq!(processes(), before, "same pod, same process");
    readme.run("by-namespace", NAMESPACE);
    check_narrow();
    assert_eq!(
        readme.blocks(),
        8,
        "every block of the section has been run"
    );

    let status = application.refresh();
    let (sync, health) = (&status["sync"]["status"], &status["health"]["status"]);
    assert_eq!((sync, health), (&json!("Synced"), &json!("Healthy")));
    assert_eq!(application.last_sync(), synced, "nothing was there to sync");
    nowhere::check(&repository, &[FIRST, SECOND]);
    application.delete();
    kubectl::run(&["delete", "namespace", NAMESPACE, "--wait=false"]);
}

/// From an empty cluster to the page.
#[track_caller]
fn deploy(readme: &Readme, repository: &Repository) {
    let run = |with: &str| readme.run(with, NAMESPACE);
    let start = Instant::now();
    run("helm upgrade");
    run("vault write auth/kubernetes/role/demo");
    run(FIRST);
    run("git -C ../shop push");
    let committed = Instant::now();
    run("kind: Application");
    Application::named(NAMESPACE).wait_until_healthy(&repository.head());
    let healthy = committed.elapsed().as_secs_f64();
    figure(
        "GitOps: Application to Synced and Healthy",
        healthy,
        "s",
        "",
    );
    check_within("GitOps: empty cluster to Synced and Healthy", start, 180);
    check_credentials(&run("kubectl get --raw"), FIRST, 0);
    check_page("first", FIRST);
}

/// The README's new password, and more of them.
#[track_caller]
fn rotate(readme: &Readme) {
    let rotated = Instant::now();
    readme.run(SECOND, NAMESPACE);
    check_rotation(rotated, SECOND, 1);
    check_page("rotated", SECOND);
    rotate_again();
}

/// As it was before anybody came.
#[track_caller]
fn empty() {
    freshet::helm(&["uninstall", "freshet", "--wait"]);
    // The certificate goes with the namespace.
    kubectl::run(&["delete", "namespace", freshet::NAMESPACE]);
    vault::vault(&["auth", "disable", "kubernetes"]);
    vault::vault(&["kv", "metadata", "delete", "secret/mysql_credentials"]);
}

/// More rotations, so that the figure is no accident of where in the interval the first one fell.
#[track_caller]
fn rotate_again() {
    let mut seconds = Vec::new();
    for number in 2..6 {
        let password = format!("third-{number}");
        // Anywhere in the interval.
        std::thread::sleep(Duration::from_secs(number * 3 % 7));
        let start = Instant::now();
        vault::put(
            "secret/mysql_credentials",
            &[
                "url=jdbc:mysql://db/shop",
                "username=shop",
                &format!("password={password}"),
            ],
        );
        seconds.push(check_rotation(start, &password, number));
    }
    figure(
        "GitOps: new password to page, median",
        median(&seconds),
        "s",
        "",
    );
}

/// Waits until the page shows it; how many seconds it took.
#[track_caller]
fn check_rotation(start: Instant, password: &str, changes: u64) -> f64 {
    let shown = kubectl::wait_for(NAMESPACE, "the new password on the page", || {
        let shown = example::credentials(NAMESPACE)?;
        if shown["password"] == password {
            Ok(shown)
        } else {
            Err(shown["changes"].to_string())
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    figure(
        "GitOps: new password to page",
        seconds,
        "s",
        &format!("<= {ROTATED}"),
    );
    assert_eq!(shown["changes"], changes, "the process has seen each");
    assert!(seconds <= ROTATED, "it took {seconds:.1} s");
    seconds
}

#[track_caller]
fn check_credentials(shown: &str, password: &str, changes: u64) {
    let last = shown.lines().last().unwrap_or_default();
    let shown: Value =
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {shown}"));
    for (field, value) in [
        ("connection", json!("jdbc:mysql://db/shop")),
        ("user", json!("shop")),
        ("password", json!(password)),
        ("file", json!("/secrets/credentials")),
        ("changes", json!(changes)),
        ("problem", Value::Null),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
}

/// What a person sees, kept as a picture.
#[track_caller]
fn check_page(name: &str, password: &str) {
    let page = example::page(NAMESPACE, name);
    for (id, text) in [
        ("connection", "jdbc:mysql://db/shop"),
        ("user", "shop"),
        ("password", password),
        ("file", "/secrets/credentials"),
        ("state", "ready"),
    ] {
        assert_eq!(browser::text(&page, id), Some(text), "{id}: {page}");
    }
    assert!(
        browser::text(&page, "directory").is_some_and(|text| text.starts_with("/secrets/..")),
        "{page}"
    );
}

/// The pods, and the containers that run in them.
#[track_caller]
fn processes() -> Value {
    let pods = get(&["pods", "--namespace", NAMESPACE]);
    let pods = pods["items"].as_array().expect("pods");
    let all = pods.iter().map(|pod| {
        let containers = ["initContainerStatuses", "containerStatuses"].map(|field| {
            let all = pod["status"][field].as_array().cloned().unwrap_or_default();
            let all = all
                .iter()
                .map(|one| json!([one["name"], one["containerID"], one["restartCount"]]));
            all.collect::<Vec<_>>()
        });
        json!([pod["metadata"]["uid"], containers])
    });
    all.collect()
}

/// The README's policy lets a namespace read what is below its own name alone.
#[track_caller]
fn check_narrow() {
    for path in ["secret/shop/db", "secret/other/db"] {
        vault::put(path, &["password=narrow"]);
    }
    let token = kubectl::run(&["create", "token", "default", "--namespace", NAMESPACE]);
    let jwt = format!("jwt={}", token.trim());
    let login = [
        "write",
        "-field=token",
        "auth/kubernetes/login",
        "role=apps",
        &jwt,
    ];
    let token = vault::vault(&login);
    let read = |path: &str| {
        let script = "VAULT_TOKEN=$(cat) exec vault kv get -field=password \"$1\"";
        let mut shell = std::process::Command::new("sh");
        output(shell.args(["-c", script, "sh", path]), token.trim())
    };
    assert_eq!(read("secret/shop/db").stdout.trim(), "narrow");
    let denied = read("secret/other/db");
    assert!(
        !denied.ok && denied.stderr.contains("permission denied"),
        "{denied:?}"
    );
}
