//! `POST /agent/v1/quit`, which the scripts of Jobs send to Vault Agent.

use std::net::TcpListener;
use std::time::Duration;

use super::pod::{Pod, ask};

const FILES: [(&str, &str, &str); 1] = [("a", "password", "secret/db#password")];
const LOGIN: &str = "auth/kubernetes/login";

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// A pod whose files are there, and where it takes the request.
fn running(options: &[&str]) -> (Pod, String) {
    let mut pod = Pod::new(&FILES);
    let address = free_address();
    let quit = format!("--quit-address={address}");
    let options: Vec<_> = options.iter().copied().chain([quit.as_str()]).collect();
    pod.start(&options);
    pod.wait_until("ready", || pod.is_ready());
    (pod, address)
}

#[test]
fn whoever_asks_gets_an_answer_and_the_upkeep_ends_but_not_the_process() {
    let (mut pod, address) = running(&["--revoke-on-shutdown"]);
    let answer = ask(&address, "POST", "/agent/v1/quit");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "an empty body: {answer}");
    pod.wait_until("revoked", || pod.count("auth/token/revoke-self") == 1);
    pod.wait_until("said", || pod.text("log").contains("asked to quit"));
    let asked = pod.vault.requests().len();
    pod.put("secret/data/db", serde_json::json!({"password": "two"}));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(
        pod.vault.requests().len(),
        asked,
        "nothing is asked any more"
    );
    assert_eq!(pod.count(LOGIN), 1);
    assert_eq!(pod.file("a/password").as_deref(), Some("one"));
    assert!(pod.is_ready(), "a hook that asks must not fail");
    let again = ask(&address, "POST", "/agent/v1/quit");
    assert!(again.starts_with("HTTP/1.1 200 "), "{again}");
    assert_eq!(pod.terminate().code(), Some(0));
}

#[test]
fn without_revocation_the_token_stays() {
    let (mut pod, address) = running(&[]);
    ask(&address, "POST", "/agent/v1/quit");
    pod.wait_until("said", || pod.text("log").contains("asked to quit"));
    assert_eq!(pod.terminate().code(), Some(0));
    assert_eq!(pod.count("auth/token/revoke-self"), 0);
}

#[test]
fn nothing_else_is_answered_there() {
    let (pod, address) = running(&[]);
    for (method, path, status) in [
        ("GET", "/agent/v1/quit", "405"),
        ("PUT", "/agent/v1/quit", "405"),
        ("POST", "/", "404"),
        ("GET", "/metrics", "404"),
        ("POST", "/agent/v1/quit/", "404"),
    ] {
        let answer = ask(&address, method, path);
        let wanted = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&wanted), "{method} {path}: {answer}");
    }
    pod.put("secret/data/db", serde_json::json!({"password": "two"}));
    pod.wait_for_file("a/password", "two");
}

#[test]
fn a_port_that_is_taken_keeps_nobody_from_their_files() {
    let mut pod = Pod::new(&FILES);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    pod.start(&[&format!("--quit-address={address}")]);
    pod.wait_for_file("a/password", "one");
    assert!(pod.text("log").contains("--quit-address: cannot listen on"));
}
