//! The hard cases of Vault, by name.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::pod::Pod;

const FILES: [(&str, &str, &str); 1] = [("a", "password", "secret/db#password")];

#[test]
fn a_login_refused_for_the_audience_says_the_tokens_audience_and_the_line_that_mends_it() {
    let mut pod = Pod::new(&FILES);
    pod.project_token("https://kubernetes.default.svc", Duration::from_secs(600));
    pod.start(&[]);
    let line = "vault write auth/kubernetes/role/app audience=https://kubernetes.default.svc";
    pod.wait_until("the reason", || pod.text("termination-log").contains(line));
    assert!(!pod.is_ready());
    let words = pod.text("termination-log");
    assert!(
        !words.contains("waiting for Vault"),
        "somebody has to mend it"
    );
    // The token is read again at every login.
    pod.project_token("vault", Duration::from_secs(600));
    pod.wait_for_file("a/password", "one");
}

#[test]
fn when_the_tokens_max_ttl_is_near_log_in_again_before_the_end_and_revoke_the_old_one() {
    let mut pod = Pod::new(&FILES);
    pod.role(json!({"ttl": "3s", "token_max_ttl": "5s"}));
    pod.start(&[]);
    pod.wait_until("three logins", || pod.count("auth/kubernetes/login") >= 3);
    let refused = pod
        .vault
        .requests()
        .into_iter()
        .filter(|request| request.status == Some(403));
    assert_eq!(refused.count(), 0, "never with a token that has expired");
    assert_eq!(pod.status()["mounts"][0]["state"], "fresh");
}

#[test]
fn a_denied_metadata_path_is_remembered_for_the_login() {
    let mut pod = Pod::new(&FILES);
    pod.policy(&["secret/data/db"]);
    pod.start(&[]);
    pod.wait_until("three looks", || pod.count("secret/data/db") >= 4);
    assert_eq!(pod.count("secret/metadata/db"), 1);
    assert_eq!(pod.status()["mounts"][0]["state"], "fresh");
}

#[test]
fn sigterm_is_not_always_the_pods_end() {
    let mut pod = Pod::new(&FILES);
    pod.start(&["--revoke-on-shutdown"]);
    pod.wait_for_file("a/password", "one");
    assert_eq!(pod.terminate().code(), Some(0));
    pod.put("secret/data/db", json!({"password": "two"}));
    pod.start(&["--revoke-on-shutdown"]);
    pod.wait_for_file("a/password", "two");
    assert_eq!(pod.count("auth/kubernetes/login"), 2);
}

#[test]
fn while_the_api_server_is_down_renewal_carries_on_and_status_says_so() {
    let mut pod = Pod::new(&FILES);
    pod.role(json!({"ttl": "2s"}));
    pod.start(&[]);
    pod.wait_for_file("a/password", "one");
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    pod.project_token_of("vault", Duration::from_secs(600), long_ago);
    pod.wait_until("it is noticed", || {
        pod.status()["serviceAccountToken"]["message"].is_string()
    });
    let renewals = pod.count("auth/token/renew-self");
    pod.wait_until("two renewals", || {
        pod.count("auth/token/renew-self") >= renewals + 2
    });
    let text = String::from_utf8(pod.ask(&["status"]).stdout).expect("text");
    assert!(
        text.contains("the service-account token expired at 20"),
        "{text}"
    );
    assert_eq!(pod.count("auth/kubernetes/login"), 1);
    assert_eq!(pod.status()["mounts"][0]["state"], "fresh");
}
