//! One refresher, two Vaults and three logins.

use std::time::{Duration, SystemTime};

use freshet::dev_vault::Fault;
use serde_json::{Value, json};

use super::leases::offer_users;
use super::pod::{Pod, get, spec};

const FILES: [(&str, &str, &str); 3] = [
    ("a", "own", "secret/db#password"),
    ("a", "admin", "admin:secret/root#password"),
    ("b", "eu", "eu:secret/db#password"),
];

/// A pod, and another Vault that its service account may log in to, with a token of another audience.
struct Two {
    pod: Pod,
    eu: Pod,
}

impl Two {
    fn new(files: &[(&str, &str, &str)]) -> Self {
        let pod = Pod::new(files);
        let eu = Pod::new(&[]);
        let write = |vault: &Pod, path: &str, body: Value| {
            vault.vault.write(path, &body).expect(path);
        };
        let keys = json!({"pem_keys": pod.public_key_pem()});
        write(&eu, "auth/kubernetes/config", keys);
        eu.role(json!({"audience": "eu"}));
        eu.put("secret/data/db", json!({"password": "one of eu"}));
        pod.project_token_at(
            "token/token-eu",
            ("eu", Duration::from_secs(600)),
            SystemTime::now(),
        );
        let paths = ["secret/data/root", "secret/metadata/root"];
        let rules = paths.map(|path| (path.to_owned(), json!({"capabilities": ["read"]})));
        let rules = json!({"path": Value::Object(rules.into_iter().collect())});
        let policy = json!({"policy": rules.to_string()});
        write(&pod, "sys/policies/acl/admin", policy);
        let role = json!({
            "bound_service_account_names": "app", "bound_service_account_namespaces": "shop",
            "audience": "vault", "policies": "admin", "ttl": "1h",
        });
        write(&pod, "auth/kubernetes/role/admin", role);
        pod.policy(&["secret/data/db", "secret/metadata/db"]);
        pod.put("secret/data/root", json!({"password": "of the admin"}));
        Self { pod, eu }
    }

    /// The options of the profiles `admin` and `eu`, and `more`.
    fn options(&self, more: &[&str]) -> Vec<String> {
        let token = self.pod.path("token/token-eu");
        let options = [
            "--profile=admin".to_owned(),
            format!("--vault-address=http://{}", self.pod.address),
            "--role=admin".to_owned(),
            "--audience=vault".to_owned(),
            "--profile=eu".to_owned(),
            format!("--vault-address=http://{}", self.eu.address),
            "--vault-namespace=team-eu".to_owned(),
            "--role=app".to_owned(),
            "--audience=eu".to_owned(),
            format!("--token-file={}", token.display()),
        ];
        let more = more.iter().map(|option| (*option).to_owned());
        options.into_iter().chain(more).collect()
    }

    fn start(&mut self, more: &[&str]) {
        let options = self.options(more);
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        self.pod.start(&options);
    }

    fn running(more: &[&str]) -> Self {
        let mut two = Self::new(&FILES);
        two.start(more);
        two.pod.wait_until("ready", || two.pod.is_ready());
        two
    }
}

#[test]
fn each_secret_comes_from_its_own_server_and_with_its_own_role() {
    let two = Two::running(&["--metrics-address=127.0.0.1:0"]);
    let Two { pod, eu } = &two;
    assert_eq!(pod.file("a/own").as_deref(), Some("one"));
    assert_eq!(pod.file("a/admin").as_deref(), Some("of the admin"));
    assert_eq!(pod.file("b/eu").as_deref(), Some("one of eu"));
    assert_eq!(pod.count("auth/kubernetes/login"), 2, "of two roles");
    assert_eq!(eu.count("auth/kubernetes/login"), 1);
    let namespaces = |pod: &Pod| {
        let requests = pod.vault.requests().into_iter();
        let namespaces = requests.map(|request| request.namespace);
        namespaces.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(namespaces(eu), [Some("team-eu".to_owned())].into());
    assert_eq!(namespaces(pod), [None].into());
    let refused = |pod: &Pod| {
        let mut requests = pod.vault.requests().into_iter();
        requests.any(|request| request.status == Some(403))
    };
    assert!(!refused(pod) && !refused(eu), "no token goes astray");

    let status = pod.status();
    let profiles = status["profiles"].as_object().expect("profiles");
    assert_eq!(profiles.keys().collect::<Vec<_>>(), ["admin", "eu"]);
    assert_eq!(status["mounts"][1]["secrets"][0]["profile"], "eu");
    let text = String::from_utf8(pod.ask(&["status"]).stdout).expect("text");
    assert!(
        text.contains("\nVault token of profile eu: expires 20"),
        "{text}"
    );
    assert!(text.contains("  eu:secret/db: fresh"), "{text}");
    let log = pod.text("log");
    let (_, rest) = log
        .split_once("serving metrics and health on ")
        .expect("the address");
    let metrics = get(rest.lines().next().expect("a line"), "/metrics");
    for line in [
        "freshet_refresher_vault_requests_total{operation=\"login\",result=\"ok\",profile=\"eu\"} 1",
        "freshet_refresher_vault_token{profile=\"eu\"} 1",
        "freshet_refresher_vault_token{} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[test]
fn an_outage_of_one_vault_is_none_of_the_other() {
    let two = Two::running(&[]);
    let Two { pod, eu } = &two;
    eu.vault.order(Fault::Sealed);
    let state = |mount: usize| pod.status()["mounts"][mount]["state"].clone();
    pod.wait_until("stale", || state(1) == "stale");
    pod.put("secret/data/db", json!({"password": "two"}));
    eu.put("secret/data/db", json!({"password": "two of eu"}));
    pod.wait_for_file("a/own", "two");
    assert_eq!(state(0), "fresh");
    assert_eq!(pod.file("b/eu").as_deref(), Some("one of eu"));
    let log = pod.text("log");
    assert!(log.contains("secret eu:secret/db: "), "{log}");
    eu.vault.heal();
    pod.wait_for_file("b/eu", "two of eu");
}

#[test]
fn a_login_that_is_refused_is_told_with_its_profile_and_holds_up_its_own_mount() {
    let mut two = Two::new(&FILES);
    two.eu.role(json!({"audience": "other"}));
    two.start(&[]);
    let Two { pod, eu } = &two;
    pod.wait_for_file("a/own", "one");
    pod.wait_until("the reason", || {
        let words = pod.text("termination-log");
        words.contains("profile eu: ") && words.contains("auth/kubernetes")
    });
    assert!(!pod.is_ready());
    eu.role(json!({"audience": "eu"}));
    pod.wait_until("ready", || pod.is_ready());
}

#[test]
fn a_profile_that_nothing_names_is_never_asked_for_and_one_that_a_new_spec_names_is() {
    let mut two = Two::new(&FILES[..1]);
    two.start(&[]);
    let Two { pod, eu } = &two;
    pod.wait_for_file("a/own", "one");
    assert_eq!(eu.vault.requests().len(), 0);
    pod.set_spec(&spec("1s", &[("a", "own", "eu:secret/db#password")]));
    pod.wait_for_file("a/own", "one of eu");
    pod.set_spec(&spec("1s", &[("a", "own", "asia:secret/db#password")]));
    let told = "asia:secret/db: there is no profile asia: this pod has the profiles admin, eu";
    pod.wait_until(told, || pod.text("log").contains(told));
    assert_eq!(pod.file("a/own").as_deref(), Some("one of eu"));
}

#[test]
fn at_the_end_every_vault_takes_its_token_back() {
    let mut two = Two::running(&["--revoke-on-shutdown"]);
    assert_eq!(two.pod.terminate().code(), Some(0));
    assert_eq!(two.pod.count("auth/token/revoke-self"), 2);
    assert_eq!(two.eu.count("auth/token/revoke-self"), 1);
}

#[test]
fn an_init_container_has_its_profiles_too() {
    let two = Two::new(&FILES);
    let options = two.options(&[]);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let output = two.pod.once(&options);
    assert!(output.status.success(), "{}", two.pod.text("log"));
    assert_eq!(two.pod.file("b/eu").as_deref(), Some("one of eu"));
}

#[test]
fn a_killed_refresher_takes_up_the_credentials_of_both() {
    let files = [
        ("a", "user", "database/creds/app#username"),
        ("b", "user", "eu:database/creds/app#username"),
    ];
    let mut two = Two::new(&files);
    for vault in [&two.pod.vault, &two.eu.vault] {
        offer_users(vault, ("1h", "24h"));
    }
    two.start(&[]);
    two.pod.wait_until("ready", || two.pod.is_ready());
    let users = |two: &Two| ["a/user", "b/user"].map(|file| two.pod.file(file).expect("a user"));
    let before = users(&two);
    for _ in 0..3 {
        two.pod.kill();
        two.start(&[]);
        let fresh = || {
            let mounts = two.pod.status()["mounts"].clone();
            mounts.as_array().is_some_and(|mounts| {
                !mounts.is_empty() && mounts.iter().all(|mount| mount["state"] == "fresh")
            })
        };
        two.pod.wait_until("fresh", fresh);
        assert_eq!(users(&two), before);
    }
    let [own, eu] = &before;
    assert_eq!(two.pod.vault.database_users(), [own.clone()].into());
    assert_eq!(two.eu.vault.database_users(), [eu.clone()].into());
    let logins = |pod: &Pod| pod.count("auth/kubernetes/login");
    assert_eq!((logins(&two.pod), logins(&two.eu)), (1, 1));
}
