//! Certificates, with the real refresher and real time.

use std::thread;
use std::time::Duration;

use freshet::dev_vault::Fault;
use serde_json::{Value, json};

use super::issued::Issued;
use super::pod::{Pod, generation};

const FILES: [(&str, &str, &str); 2] = [
    ("a", "web", "pem pki/issue/web?common_name=web.shop.svc"),
    (
        "a",
        "all.pem",
        "pem-bundle pki/issue/web?common_name=web.shop.svc",
    ),
];
const HOST: &str = "web.shop.svc";
const ISSUE: &str = "pki/issue/web";

fn write(pod: &Pod, path: &str, body: Value) {
    pod.vault.write(path, &body).expect(path);
}

/// A pod whose certificates live for `ttl`.
fn pod_with(files: &[(&str, &str, &str)], ttl: &str) -> Pod {
    let pod = Pod::new(files);
    write(&pod, "sys/mounts/pki", json!({"type": "pki"}));
    write(
        &pod,
        "pki/root/generate/internal",
        json!({"common_name": "one"}),
    );
    let role = json!({"allowed_domains": "shop.svc", "ttl": ttl});
    write(&pod, "pki/roles/web", role);
    let policy = json!({"path": {
        "pki/issue/web": {"capabilities": ["update"]},
        "secret/data/*": {"capabilities": ["read"]},
    }});
    let policy = json!({"policy": policy.to_string()});
    write(&pod, "sys/policies/acl/app", policy);
    pod
}

fn running(ttl: &str) -> Pod {
    let mut pod = pod_with(&FILES, ttl);
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    pod
}

#[track_caller]
fn served(pod: &Pod) -> Issued {
    let (directory, bundle) = (
        Issued::of_directory(pod, "a/web"),
        Issued::of_bundle(&pod.file("a/all.pem").expect("a bundle")),
    );
    directory.check(HOST);
    bundle.check(HOST);
    assert_eq!(directory.leaf(), bundle.leaf(), "one certificate for both");
    directory
}

#[test]
fn a_server_and_its_clients_take_what_is_served() {
    let pod = running("1h");
    served(&pod);
    assert_eq!(pod.count(ISSUE), 1);
    let chain = pod.file("a/web/chain.crt").expect("a chain");
    assert_eq!(Some(chain), pod.file("a/web/ca.crt"), "a root alone");
    let log = pod.text("log");
    assert!(!log.contains("PRIVATE KEY"), "{log}");
    let status = pod.status();
    let ends = &status["mounts"][0]["secrets"][0]["ends"];
    assert!(ends.is_string(), "{status:#}");
}

#[test]
fn another_ca_means_another_certificate_at_the_next_look() {
    let pod = running("1h");
    let first = served(&pod).leaf().clone();
    write(
        &pod,
        "pki/root/rotate/internal",
        json!({"common_name": "two"}),
    );
    write(&pod, "pki/root/replace", json!({"default": "next"}));
    pod.wait_until("another certificate", || {
        *Issued::of_directory(&pod, "a/web").leaf() != first
    });
    served(&pod);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(pod.count(ISSUE), 2, "once");
}

#[test]
fn a_short_life_is_followed_by_the_next_in_time() {
    let pod = running("6s");
    let first = served(&pod).leaf().clone();
    for _ in 0..80 {
        // The files may be switched between two looks at them.
        Issued::of_bundle(&pod.file("a/all.pem").expect("a bundle")).check(HOST);
        thread::sleep(Duration::from_millis(100));
    }
    assert_ne!(*served(&pod).leaf(), first);
    assert!(pod.count(ISSUE) <= 4, "{}", pod.count(ISSUE));
}

#[test]
fn a_killed_refresher_goes_on_with_the_same_certificate() {
    let mut pod = running("1h");
    let before = generation(&pod, "a");
    for sealed in [false, true] {
        pod.kill();
        if sealed {
            pod.vault.order(Fault::Sealed);
        }
        pod.start(&[]);
        pod.wait_until("ready", || pod.is_ready());
        thread::sleep(Duration::from_secs(1));
        assert_eq!(generation(&pod, "a"), before);
    }
    pod.vault.heal();
    pod.put("secret/data/db", json!({"password": "two"}));
    pod.wait_until("fresh", || pod.status()["mounts"][0]["state"] == "fresh");
    assert_eq!(generation(&pod, "a"), before);
    assert_eq!(pod.count(ISSUE), 1);
}

#[test]
fn kill_9_at_any_time_costs_at_most_one_which_is_told() {
    let mut pod = pod_with(&FILES, "1h");
    for kill in 0..40 {
        let slow = Fault::Slow(Duration::from_millis(30));
        pod.vault.order_for(ISSUE, 1, slow);
        if kill % 10 == 9 {
            write(
                &pod,
                "pki/root/rotate/internal",
                json!({"common_name": "next"}),
            );
            write(&pod, "pki/root/replace", json!({"default": "next"}));
        }
        pod.start(&[]);
        thread::sleep(Duration::from_millis(7 * (kill % 12)));
        pod.kill();
    }
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    pod.wait_until("fresh", || pod.status()["mounts"][0]["state"] == "fresh");
    served(&pod);
    let told = pod
        .text("log")
        .matches("killed while Vault may have been")
        .count();
    // One to begin with, and one for each CA.
    let issued = pod.count(ISSUE);
    assert!(issued <= 5 + told, "{issued} issued, {told} told");
}

#[test]
fn the_full_refresher_writes_pkcs12() {
    let files = [(
        "a",
        "web.p12",
        "pkcs12 pki/issue/web?common_name=web.shop.svc",
    )];
    let mut pod = pod_with(&files, "1h");
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    let store = std::fs::read(pod.path("mounts/a/web.p12")).expect("a store");
    let store = p12_keystore::Pkcs12Archive::from_pkcs12(&store, "").expect("a PKCS#12");
    assert_eq!((store.keys.len(), store.certs.len()), (1, 2));
}

#[test]
fn a_template_names_the_same_request() {
    let template = r#"{{ (secret "pki/issue/web" "common_name=web.shop.svc").certificate }}"#;
    let files = [FILES[0], ("b", "copy", template)];
    let mut pod = pod_with(&files, "1h");
    pod.start(&[]);
    pod.wait_until("ready", || pod.is_ready());
    let sent = pod.file("a/web/tls.crt").expect("a certificate");
    let copy = pod.file("b/copy").expect("a copy");
    assert_eq!(sent.trim(), copy.trim());
    assert_eq!(pod.count(ISSUE), 1);
}

#[test]
fn a_refusal_says_what_mends_it() {
    let mut pod = pod_with(&FILES, "1h");
    let role = json!({"allowed_domains": "other.svc"});
    write(&pod, "pki/roles/web", role);
    pod.start(&[]);
    pod.wait_until("a reason", || {
        pod.text("termination-log")
            .contains("not allowed by this role")
    });
    let policy = json!({"path": {"pki/issue/other": {"capabilities": ["update"]}}});
    let policy = json!({"policy": policy.to_string()});
    write(&pod, "sys/policies/acl/app", policy);
    let missing = r#"path "pki/issue/web" { capabilities = ["update"] }"#;
    pod.wait_until("the policy", || {
        pod.text("termination-log").contains(missing)
    });
}
