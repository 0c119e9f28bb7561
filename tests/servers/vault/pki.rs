//! The refresher with certificates of a real PKI engine.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::issued::Issued;
use super::pod::{Pod, generation};
use crate::support::vault_server::Vault;

const HOST: &str = "web.shop.svc";

/// A pod whose certificates come from the engine at `name`, as do its policy and its login.
struct Web {
    name: &'static str,
    pod: Pod,
}

impl Web {
    /// With a root that issues by itself.
    fn new(name: &'static str, ttl: &str) -> Self {
        let vault = Vault::shared();
        engine(name);
        let root = json!({"common_name": "one", "key_type": "ec", "ttl": "8000h"});
        vault.write(&format!("{name}/root/generate/internal"), &root);
        Self::start(name, ttl)
    }

    /// The engine is there, and knows its CA.
    fn start(name: &'static str, ttl: &str) -> Self {
        let vault = Vault::shared();
        let role = json!({
            "allowed_domains": ["shop.svc"], "allow_subdomains": true, "key_type": "ec",
        });
        vault.write(&format!("{name}/roles/web"), &role);
        let source = format!("{name}/issue/web?common_name={HOST}&ttl={ttl}");
        let (pem, bundle) = (format!("pem {source}"), format!("pem-bundle {source}"));
        let files = [
            ("a", "web", pem.as_str()),
            ("a", "all.pem", bundle.as_str()),
        ];
        let pod = Pod::beside(&files, vault.address.clone());
        vault.write(&format!("sys/auth/{name}"), &json!({"type": "jwt"}));
        let keys = json!({"jwt_validation_pubkeys": [pod.public_key_pem()]});
        vault.write(&format!("auth/{name}/config"), &keys);
        let role = json!({
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
            "bound_subject": "system:serviceaccount:shop:app", "token_policies": [name],
        });
        vault.write(&format!("auth/{name}/role/app"), &role);
        let policy = format!("path \"{name}/issue/web\" {{ capabilities = [\"update\"] }}");
        let policy = json!({"policy": policy});
        vault.write(&format!("sys/policies/acl/{name}"), &policy);
        let mut web = Self { name, pod };
        web.run();
        web
    }

    fn run(&mut self) {
        let path = format!("--auth-path={}", self.name);
        self.pod.start(&["--auth-type=jwt", &path]);
        self.pod.wait_until("ready", || self.pod.is_ready());
    }

    /// What is served; both forms of it are the same and good.
    #[track_caller]
    fn served(&self) -> Issued {
        let directory = Issued::of_directory(&self.pod, "a/web");
        let bundle = self.pod.file("a/all.pem").expect("a bundle");
        let bundle = Issued::of_bundle(&bundle);
        directory.check(HOST);
        bundle.check(HOST);
        assert_eq!(directory.leaf(), bundle.leaf(), "one certificate for both");
        directory
    }

    /// How many certificates the engine keeps, its own among them.
    fn kept(&self) -> usize {
        let reply = Vault::shared().api("LIST", &format!("{}/certs", self.name), &Value::Null);
        reply.json()["data"]["keys"].as_array().map_or(0, Vec::len)
    }
}

fn engine(name: &str) {
    let vault = Vault::shared();
    let mount = json!({"type": "pki", "config": {"max_lease_ttl": "8760h"}});
    vault.write(&format!("sys/mounts/{name}"), &mount);
}

#[test]
fn a_server_and_its_clients_take_what_is_served() {
    let web = Web::new("pki-served", "1h");
    web.served();
    assert_eq!(web.kept(), 2, "the root and one more");
    let root = web.pod.file("a/web/ca.crt").expect("a CA");
    assert_eq!(web.pod.file("a/web/chain.crt"), Some(root));
    assert!(!web.pod.text("log").contains("PRIVATE KEY"));
}

#[test]
fn another_ca_means_another_certificate_at_the_next_look() {
    let web = Web::new("pki-rotated", "1h");
    let first = web.served().leaf().clone();
    let root = json!({"common_name": "two", "key_type": "ec", "ttl": "8000h"});
    let vault = Vault::shared();
    vault.write("pki-rotated/root/rotate/internal", &root);
    vault.write("pki-rotated/root/replace", &json!({"default": "next"}));
    web.pod.wait_until("another certificate", || {
        *Issued::of_directory(&web.pod, "a/web").leaf() != first
    });
    web.served();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(web.kept(), 4, "two roots and two more");
}

#[test]
fn a_restart_makes_no_new_one_and_writes_nothing() {
    let mut web = Web::new("pki-restarted", "1h");
    let before = generation(&web.pod, "a");
    for _ in 0..3 {
        web.pod.kill();
        web.run();
        thread::sleep(Duration::from_millis(1500));
    }
    assert_eq!(web.pod.terminate().code(), Some(0));
    web.run();
    let fresh = || web.pod.status()["mounts"][0]["state"] == "fresh";
    web.pod.wait_until("fresh", fresh);
    assert_eq!(generation(&web.pod, "a"), before);
    assert_eq!(web.kept(), 2);
}

#[test]
fn a_short_life_is_followed_by_the_next_in_time() {
    let web = Web::new("pki-short", "6s");
    let first = web.served().leaf().clone();
    for _ in 0..80 {
        Issued::of_bundle(&web.pod.file("a/all.pem").expect("a bundle")).check(HOST);
        thread::sleep(Duration::from_millis(100));
    }
    assert_ne!(*web.served().leaf(), first);
}

#[test]
fn an_intermediate_is_sent_and_the_root_is_not() {
    let vault = Vault::shared();
    engine("pki-root");
    let root = json!({"common_name": "root", "key_type": "ec", "ttl": "8000h"});
    let root = vault.write("pki-root/root/generate/internal", &root);
    engine("pki-between");
    let asked = json!({"common_name": "between", "key_type": "ec"});
    let asked = vault.write("pki-between/intermediate/generate/internal", &asked);
    let csr = json!({"csr": asked["data"]["csr"], "ttl": "4000h", "format": "pem"});
    let signed = vault.write("pki-root/root/sign-intermediate", &csr);
    let text = |reply: &Value| {
        reply["data"]["certificate"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let chain = format!("{}\n{}", text(&signed), text(&root));
    vault.write(
        "pki-between/intermediate/set-signed",
        &json!({"certificate": chain}),
    );
    let web = Web::start("pki-between", "1h");
    assert_eq!(web.served().chain.len(), 2, "leaf and intermediate");
    let root = text(&root);
    let ca = web.pod.file("a/web/ca.crt").expect("a CA");
    assert_eq!(ca.trim(), root.trim());
    let above = web.pod.file("a/web/chain.crt").expect("a chain");
    assert_eq!(above.matches("BEGIN CERTIFICATE").count(), 2);
}
