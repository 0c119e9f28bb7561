//! The whole way: an annotated pod goes through the API server, its refresher logs in to Vault with
//! a real token of its service account, and the files follow what is written to Vault.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::api_server::ApiServer;
use crate::support::http;
use crate::support::pod::{RunningPod, refresher_pid};
use crate::support::process::{Process, free_port};
use crate::support::trust::{kubernetes_auth, role};
use crate::support::vault_server::{ROOT_TOKEN, Vault};
use crate::support::webhook::{ENABLED, Webhook, own_label};

#[test]
fn a_new_value_in_vault_reaches_the_files_and_nothing_restarts() {
    let port = free_port();
    let option = format!("--refresher-metrics-port={port}");
    let webhook = Webhook::own(ApiServer::shared(), "whole-way-webhook", &[&option]);
    let mut way = Way::prepare_with(
        (&webhook, own_label("whole-way-webhook")),
        "whole-way",
        &[("freshet.dev/refresh-interval", "1s")],
    );
    way.metrics = Some(format!("127.0.0.1:{port}"));
    way.wait_for_start();
    let refresher = refresher_pid(&way.refresher);
    way.put("marker-two");
    way.wait_for_files("marker-two");
    assert_eq!(refresher_pid(&way.refresher), refresher, "the same process");
    assert!(
        way.pod.post_start("freshet").status.success(),
        "a complete pod is ready at once"
    );
    way.no_secret_is_told();
}

#[test]
fn a_read_that_is_denied_keeps_the_last_good_files_until_it_is_allowed() {
    let way = Way::start("denied-later");
    way.allow(&[]);
    way.put("marker-two");
    let word = || way.refresher.log().contains("denied").then_some(());
    way.refresher.wait_for("a word about it in the log", word);
    way.check_files("marker-one");
    way.allow(&["read"]);
    way.wait_for_files("marker-two");
    way.no_secret_is_told();
}

#[test]
fn the_annotation_refresh_means_now() {
    let mut way = Way::start_every("refresh-now", "1h");
    way.put("marker-two");
    let annotation = "freshet.dev/refresh=1";
    way.api.run(
        &["annotate", "-n", &way.namespace, "pod", "app", annotation],
        "",
    );
    way.pod.refresh(way.api);
    way.wait_for_files("marker-two");
}

#[test]
fn sigterm_ends_the_refresher_in_order_and_leaves_the_files() {
    let way = Way::start("ended");
    let id = refresher_pid(&way.refresher).to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(sent.is_ok_and(|sent| sent.success()), "kill {id}");
    let code = way.refresher.wait_for_end();
    assert_eq!(code, Some(0), "{}", way.refresher.log());
    way.check_files("marker-one");
    way.no_secret_is_told();
}

#[test]
fn a_pod_with_once_has_its_files_when_the_init_container_ends() {
    let way = Way::prepare("once", &[("freshet.dev/once", "true")]);
    let code = way.refresher.wait_for_end();
    assert_eq!(code, Some(0), "{}", way.refresher.log());
    way.check_files("marker-one");
}

#[test]
fn a_role_that_vault_does_not_know_stands_in_the_termination_message() {
    let way = Way::prepare("no-role", &[("freshet.dev/role", "nobody")]);
    way.refresher.wait_for("the termination message", || {
        let words = way.pod.last_words();
        (words.contains("nobody") && words.contains("no-role")).then_some(())
    });
    assert!(!way.pod.volume("freshet-secrets").join("password").exists());
    way.no_secret_is_told();
}

/// A pod that came through the API server, and its running refresher.
struct Way<'a> {
    webhook: &'a Webhook,
    api: &'static ApiServer,
    vault: &'static Vault,
    name: String,
    namespace: String,
    pod: RunningPod,
    refresher: Process,
    /// Where the refresher's `/metrics` and `/status` are, when it serves them.
    metrics: Option<String>,
}

impl<'a> Way<'a> {
    /// One that looks at Vault every second, and whose application may start.
    #[track_caller]
    fn start(name: &str) -> Self {
        Self::start_every(name, "1s")
    }

    #[track_caller]
    fn start_every(name: &str, interval: &str) -> Self {
        let way = Self::prepare(name, &[("freshet.dev/refresh-interval", interval)]);
        way.wait_for_start();
        way
    }

    /// The application may start: the hook has ended, and the files are complete.
    #[track_caller]
    fn wait_for_start(&self) {
        let hook = self.pod.post_start("freshet");
        assert!(hook.status.success(), "{hook:?}\n{}", self.refresher.log());
        self.check_files("marker-one");
        let file = self.pod.volume("freshet-secrets").join("password");
        let mode = fs::metadata(file).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o444);
    }

    /// Auth mount, role, policy, secret and namespace are called `name`.
    #[track_caller]
    fn prepare(name: &str, annotations: &[(&str, &str)]) -> Self {
        Self::prepare_with((Webhook::shared(), ENABLED), name, annotations)
    }

    #[track_caller]
    fn prepare_with(
        (webhook, label): (&'a Webhook, (&str, &str)),
        name: &str,
        annotations: &[(&str, &str)],
    ) -> Self {
        let (api, vault) = (ApiServer::shared(), Vault::shared());
        let namespace = api.namespace(name, &[label]);
        kubernetes_auth(vault, api, name);
        role(vault, name, &namespace);
        let mut object = pod(name, &namespace);
        for (key, value) in annotations {
            object["metadata"]["annotations"][*key] = json!(value);
        }
        let secret = format!("secret/{name}/db");
        vault.command(&["kv", "put", &secret, "user=app", "password=marker-one"]);
        allow(vault, name, &["read"]);
        let pod = RunningPod::new(api, &api.create(&object));
        Self {
            api,
            vault,
            name: name.to_owned(),
            namespace,
            refresher: pod.start("freshet"),
            pod,
            metrics: None,
            webhook,
        }
    }

    #[track_caller]
    fn put(&self, password: &str) {
        let (secret, password) = (
            format!("secret/{}/db", self.name),
            format!("password={password}"),
        );
        self.vault
            .command(&["kv", "put", &secret, "user=app", &password]);
    }

    #[track_caller]
    fn allow(&self, capabilities: &[&str]) {
        allow(self.vault, &self.name, capabilities);
    }

    #[track_caller]
    fn wait_for_files(&self, password: &str) {
        let arrived = || (self.file("password") == password).then_some(());
        self.refresher
            .wait_for("the new value in the files", arrived);
        self.check_files(password);
    }

    #[track_caller]
    fn check_files(&self, password: &str) {
        assert_eq!(self.file("password"), password, "{}", self.refresher.log());
        assert_eq!(self.file("db/url"), format!("postgres://app:{password}@db"));
    }

    fn file(&self, name: &str) -> String {
        let path = self.pod.volume("freshet-secrets").join(name);
        fs::read_to_string(path).unwrap_or_else(|error| format!("{name}: {error}"))
    }

    /// Searches all that anyone but the application can read.
    #[track_caller]
    fn no_secret_is_told(&self) {
        let status = self.pod.exec("freshet", &["/freshet-refresher", "status"]);
        let served = self.metrics.iter().flat_map(|address| {
            ["/metrics", "/status", "/healthz"].map(|path| {
                let reply = http::request(address, "GET", path, &[], "").expect("an answer");
                assert_eq!(reply.status, 200, "{path}: {}", reply.body);
                reply.body
            })
        });
        let mut told = vec![
            self.refresher.log(),
            self.pod.last_words(),
            String::from_utf8_lossy(&status.stdout).into_owned(),
            self.webhook.process.log(),
            self.webhook.metrics(),
            self.api.get(&self.namespace, "pod", "app").to_string(),
        ];
        told.extend(served);
        let token = self.pod.volume("freshet-token").join("token");
        let token = fs::read_to_string(token).expect("the token");
        for secret in ["marker-one", "marker-two", "hvs.", ROOT_TOKEN, token.trim()] {
            for text in &told {
                assert!(!text.contains(secret), "{secret} stands in {text}");
            }
        }
    }
}

fn pod(name: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "app",
            "namespace": namespace,
            "annotations": {
                "freshet.dev/inject": "true",
                "freshet.dev/role": name,
                "freshet.dev/auth-path": name,
                "freshet.dev/secret-password": format!("secret/{name}/db#password"),
                "freshet.dev/mode-password": "0444",
                "freshet.dev/secret-url": format!("secret/{name}/db"),
                "freshet.dev/template-url": "postgres://{{ .user }}:{{ .password }}@db",
                "freshet.dev/file-url": "db/url",
            },
        },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    })
}

fn allow(vault: &Vault, name: &str, capabilities: &[&str]) {
    // `deny` wins over the nothing that an empty list would mean.
    let rule =
        json!({ "capabilities": if capabilities.is_empty() { &["deny"] } else { capabilities } });
    let path = |part: &str| format!("secret/{part}/{name}/*");
    let policy = json!({ "path": { path("data"): rule, path("metadata"): rule } });
    let path = format!("sys/policies/acl/{name}");
    vault.write(&path, &json!({ "policy": policy.to_string() }));
}
