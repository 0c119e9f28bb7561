//! Freshet on a real cluster: pods of a Deployment get their files, and the files follow Vault.

use serde_json::{Value, json};

use crate::support::figures::figure;
use crate::support::namespace::{ENABLED, Namespace};
use crate::support::{app, freshet, vault};

#[test]
fn a_rotation_reaches_the_files_within_the_interval_and_nothing_restarts() {
    freshet::install();
    let namespace = Namespace::new("injected", &[ENABLED]);
    let role = namespace.name.clone();
    vault::allow(&role, &namespace.name, "default");
    vault::put(
        &format!("secret/{role}/db"),
        &["user=app", "password=marker-one"],
    );
    vault::put(&format!("secret/{role}/api"), &["token=marker-token"]);
    let app = App { namespace };
    app.deploy();
    assert_eq!(app.file("password"), "marker-one");
    assert_eq!(app.file("token"), "marker-token");
    assert_eq!(app.settings()["password"], "marker-one");
    assert_eq!(app.settings()["user"], "app");

    let before = app.process();
    vault::put(
        &format!("secret/{role}/db"),
        &["user=app", "password=marker-two"],
    );
    let written: u64 = app.look(&["date", "+%s"]).parse().expect("seconds");
    app.namespace
        .wait_for("the new password", || match app.file("password") {
            new if new == "marker-two" => Ok(()),
            old => Err(old),
        });
    assert_eq!(app.settings()["password"], "marker-two");
    let arrived: u64 = app
        .look(&["stat", "-L", "-c", "%Y", "/secrets/..data"])
        .parse()
        .expect("seconds");
    let late = arrived.saturating_sub(written);
    figure(
        &format!("rotation in Vault to the file, looking every {INTERVAL} s"),
        late as f64,
        "s",
        &format!("<= {}", INTERVAL + 1),
    );
    assert!(late <= INTERVAL + 1, "the new password took {late} s");
    assert_eq!(
        app.process(),
        before,
        "the same process in the same container"
    );
}

/// Seconds between two looks at Vault.
const INTERVAL: u64 = 5;

/// A Deployment of one pod that reads three files.
struct App {
    namespace: Namespace,
}

impl App {
    #[track_caller]
    fn deploy(&self) {
        let role = &self.namespace.name;
        // The files are there before it starts, or it would end.
        let script = "cat /secrets/password && exec sleep 3600";
        let mut template = app::template(&self.namespace, script);
        template["metadata"]["annotations"] = json!({
            "freshet.dev/inject": "true",
            "freshet.dev/role": role,
            "freshet.dev/refresh-interval": format!("{INTERVAL}s"),
            "freshet.dev/secret-password": format!("secret/{role}/db#password"),
            "freshet.dev/secret-token": format!("secret/{role}/api#token"),
            "freshet.dev/secret-settings": format!("secret/{role}/db"),
        });
        self.namespace.apply(&app::deployment(&template));
        self.namespace.wait_for_deployment("app");
    }

    /// What a command in the application's container prints.
    #[track_caller]
    fn look(&self, command: &[&str]) -> String {
        self.namespace.look("deployment/app", "app", command)
    }

    #[track_caller]
    fn file(&self, name: &str) -> String {
        self.look(&["cat", &format!("/secrets/{name}")])
    }

    #[track_caller]
    fn settings(&self) -> Value {
        serde_json::from_str(&self.file("settings")).expect("JSON")
    }

    /// Which process of which container runs: neither may change.
    #[track_caller]
    fn process(&self) -> (String, String) {
        let container = self.namespace.run(&[
            "get",
            "pods",
            "--output=jsonpath={.items[*].status.containerStatuses[*].containerID}",
        ]);
        let stat = self.look(&["cat", "/proc/1/stat"]);
        // The 22nd field: when it started.
        let started = stat.split(' ').nth(21).expect("a start time").to_owned();
        (container, started)
    }
}
