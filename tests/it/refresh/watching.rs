//! A pod whose Vault is well: the first files, new ones, new wishes.

use std::net::TcpListener;

use serde_json::json;

use super::pod::{Pod, generation, get, spec};

const FILES: [(&str, &str, &str); 2] = [
    ("a", "password", "secret/db#password"),
    ("b", "api.json", "secret/api"),
];

#[test]
fn files_appear_and_follow_a_rotation() {
    let mut pod = Pod::new(&FILES);
    pod.start(&[]);
    pod.wait_for_file("a/password", "one");
    pod.wait_for_file("b/api.json", r#"{"key":"k-1"}"#);
    pod.wait_until("ready", || pod.is_ready());
    let other = generation(&pod, "b");
    pod.put("secret/data/db", json!({"user": "app", "password": "two"}));
    pod.wait_for_file("a/password", "two");
    assert_eq!(
        generation(&pod, "b"),
        other,
        "what has not changed is not rewritten"
    );
    assert_eq!(pod.count("auth/kubernetes/login"), 1);
    assert_eq!(pod.status()["mounts"][0]["secrets"][0]["version"], 2);
}

#[test]
fn an_unchanged_secret_costs_one_request_a_look_and_its_mount_is_looked_up_once() {
    let mut pod = Pod::new(&FILES[..1]);
    pod.start(&[]);
    pod.wait_until("three looks", || pod.count("secret/metadata/db") >= 3);
    assert_eq!(pod.count("secret/data/db"), 1);
    assert_eq!(pod.count("sys/internal/ui/mounts/secret/db"), 1);
}

#[test]
fn a_kv_version_1_engine_is_told_apart() {
    let mut pod = Pod::new(&[("a", "password", "old/db#password")]);
    pod.vault
        .write(
            "sys/mounts/old",
            &json!({"type": "kv", "options": {"version": "1"}}),
        )
        .expect("mounted");
    pod.vault
        .write("old/db", &json!({"password": "v1"}))
        .expect("written");
    pod.policy(&["old/*"]);
    pod.start(&[]);
    pod.wait_for_file("a/password", "v1");
}

#[test]
fn a_changed_spec_is_followed_and_a_bad_one_is_not() {
    let mut pod = Pod::new(&FILES[..1]);
    pod.start(&[]);
    pod.wait_for_file("a/password", "one");
    let first = generation(&pod, "a");
    pod.set_spec(&spec("1s", &FILES));
    pod.wait_for_file("b/api.json", r#"{"key":"k-1"}"#);
    assert_eq!(generation(&pod, "a"), first);
    assert_eq!(
        pod.count("secret/data/db"),
        1,
        "only what changed is fetched"
    );

    pod.set_spec(r#"{"version":1,"refreshInterval":"1s","mounts":[],"owner":"x"}"#);
    pod.wait_until("refused", || {
        pod.status()["specRefused"]
            .as_str()
            .is_some_and(|message| message.contains("owner"))
    });
    pod.put("secret/data/db", json!({"password": "two"}));
    pod.wait_for_file("a/password", "two");
}

#[test]
fn a_new_value_of_the_refresh_annotation_means_now() {
    let mut pod = Pod::new(&[]);
    pod.set_spec(&spec("24h", &FILES[..1]));
    pod.start(&[]);
    pod.wait_for_file("a/password", "one");
    pod.put("secret/data/db", json!({"password": "two"}));
    pod.replace("pod/refresh", "2026-11-24T03:00:00Z");
    pod.wait_for_file("a/password", "two");
}

#[test]
fn a_template_asks_for_the_secrets_that_it_needs() {
    let template = r#"{{ with secret "secret/api" }}{{ .key }}{{ end }}"#;
    let mut pod = Pod::new(&[("a", "conf", template)]);
    pod.start(&[]);
    pod.wait_for_file("a/conf", "k-1");
    pod.put("secret/data/api", json!({"key": "k-2"}));
    pod.wait_for_file("a/conf", "k-2");
}

#[test]
fn the_memory_of_a_running_refresher_is_closed_to_its_neighbours() {
    let mut pod = Pod::new(&FILES[..1]);
    pod.start(&[]);
    pod.wait_for_file("a/password", "one");
    // The kernel gives the files of a process that may not be dumped to root.
    let owner = std::os::unix::fs::MetadataExt::uid;
    let environ = std::fs::metadata(format!("/proc/{}/environ", pod.process())).expect("a process");
    assert_eq!(owner(&environ), 0);
}

#[test]
fn metrics_and_health_are_served_when_asked_for() {
    let mut pod = Pod::new(&FILES);
    pod.start(&["--metrics-address=127.0.0.1:0", "--log-format=json"]);
    pod.wait_until("ready", || pod.is_ready());
    let log = pod.text("log");
    let (_, rest) = log
        .split_once("serving metrics and health on ")
        .expect("the address");
    let address = rest.split('"').next().expect("the end").to_owned();
    let metrics = get(&address, "/metrics");
    for line in [
        "freshet_refresher_ready 1",
        "freshet_refresher_vault_requests_total{operation=\"login\",result=\"ok\"} 1",
        "freshet_refresher_mount_stale_seconds{volume=\"a\"} 0",
        "freshet_refresher_secret_version{volume=\"a\",name=\"password\"} 1",
        "freshet_refresher_writes_total{volume=\"a\",result=\"written\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(!metrics.contains("secret/"), "names, not paths: {metrics}");
    assert!(get(&address, "/healthz").ends_with("\r\n\r\nok\n"));
    assert!(get(&address, "/status").contains("\"ready\":true"));
    assert!(get(&address, "/").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_port_that_is_taken_keeps_no_secret_from_the_pod() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let mut pod = Pod::new(&FILES);
    pod.start(&[&format!("--metrics-address={address}")]);
    pod.wait_until("ready", || pod.is_ready());
    assert!(
        pod.text("log")
            .contains(&format!("cannot listen on {address}"))
    );
}
