//! The dev Vault beside a real one: the same requests, the same answers, but for identifiers and
//! times.

use std::sync::Arc;
use std::time::SystemTime;

use freshet::dev_vault::DevVault;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::target::{RawAnswer, Target, issuer};
use crate::support::vault_server::{ROOT_TOKEN, Vault};

/// Method, path, body; as root.
const REQUESTS: &[(&str, &str, &str)] = &[
    (
        "POST",
        "sys/mounts/faithful/one",
        r#"{"type":"kv","options":{"version":"1"}}"#,
    ),
    ("POST", "sys/mounts/faithful/one", r#"{"type":"kv"}"#),
    ("GET", "faithful/one/db", ""),
    ("POST", "faithful/one/db", r#"{"user":"app","port":5432}"#),
    ("GET", "faithful/one/db", ""),
    ("PUT", "faithful/one/hint", r#"{"ttl":60}"#),
    ("GET", "faithful/one/hint", ""),
    ("POST", "faithful/one/folder/db", r#"{"user":"app"}"#),
    ("LIST", "faithful/one", ""),
    ("GET", "faithful/one?list=true", ""),
    ("LIST", "faithful/one/nothing", ""),
    ("POST", "faithful/one/empty", ""),
    ("DELETE", "faithful/one/db", ""),
    ("GET", "faithful/one/db", ""),
    ("GET", "secret/data/f", ""),
    ("GET", "secret/metadata/f", ""),
    ("POST", "secret/data/f", r#"{"data":{"a":1234567890}}"#),
    ("GET", "secret/data/f", ""),
    (
        "POST",
        "secret/metadata/f",
        r#"{"custom_metadata":{"owner":"team-a"}}"#,
    ),
    ("GET", "secret/metadata/f", ""),
    (
        "PUT",
        "secret/data/f",
        r#"{"data":{"a":"b"},"options":{"cas":1}}"#,
    ),
    (
        "POST",
        "secret/data/f",
        r#"{"data":{"a":"b"},"options":{"cas":1}}"#,
    ),
    ("POST", "secret/data/f", r#"{"a":"b"}"#),
    ("GET", "secret/data/f?version=1", ""),
    ("GET", "secret/data/f?version=0", ""),
    ("GET", "secret/data/f?version=9", ""),
    ("GET", "secret/metadata/f", ""),
    ("DELETE", "secret/data/f", ""),
    ("GET", "secret/data/f", ""),
    ("POST", "secret/undelete/f", r#"{"versions":[2]}"#),
    ("GET", "secret/data/f", ""),
    ("POST", "secret/delete/f", r#"{"versions":["1"]}"#),
    ("GET", "secret/data/f?version=1", ""),
    ("PUT", "secret/destroy/f", r#"{"versions":[1]}"#),
    ("POST", "secret/destroy/f", "{}"),
    ("POST", "secret/delete/f", "{}"),
    ("GET", "secret/data/f?version=1", ""),
    ("GET", "secret/metadata/f", ""),
    ("LIST", "secret/metadata", ""),
    ("GET", "secret/f", ""),
    ("DELETE", "secret/metadata/f", ""),
    ("GET", "secret/metadata/f", ""),
    ("GET", "sys/internal/ui/mounts/secret/f", ""),
    ("GET", "sys/internal/ui/mounts/faithful/one/db", ""),
    ("GET", "sys/internal/ui/mounts/nothing/here", ""),
    ("GET", "nothing/here", ""),
    ("POST", "auth/nothing/login", r#"{"role":"x","jwt":"y"}"#),
    ("POST", "sys/auth/faithful", r#"{"type":"jwt"}"#),
    (
        "POST",
        "auth/faithful/login",
        r#"{"role":"nobody","jwt":"a.b.c"}"#,
    ),
    ("POST", "auth/faithful/login", r#"{"jwt":"a.b.c"}"#),
    ("POST", "sys/auth/faithful-k8s", r#"{"type":"kubernetes"}"#),
    (
        "POST",
        "auth/faithful-k8s/login",
        r#"{"role":"nobody","jwt":"a.b.c"}"#,
    ),
    ("POST", "auth/faithful-k8s/login", r#"{"role":"nobody"}"#),
    ("POST", "sys/auth/faithful-ids", r#"{"type":"approle"}"#),
    ("POST", "auth/faithful-ids/login", r#"{"role_id":"nobody"}"#),
    (
        "POST",
        "auth/faithful-ids/role/app",
        r#"{"token_policies":"default"}"#,
    ),
    (
        "POST",
        "auth/faithful-ids/role/app/role-id",
        r#"{"role_id":"app"}"#,
    ),
    ("GET", "auth/faithful-ids/role/app/role-id", ""),
    ("GET", "auth/faithful-ids/role/nobody/role-id", ""),
    ("POST", "auth/faithful-ids/login", r#"{"role_id":"app"}"#),
    (
        "POST",
        "auth/faithful-ids/login",
        r#"{"role_id":"app","secret_id":"x"}"#,
    ),
    (
        "POST",
        "auth/faithful-ids/role/app/secret-id/destroy",
        r#"{"secret_id":"x"}"#,
    ),
    ("DELETE", "auth/faithful-ids/role/app", ""),
    ("POST", "sys/auth/faithful-certs", r#"{"type":"cert"}"#),
    ("POST", "auth/faithful-certs/login", "{}"),
    (
        "POST",
        "auth/faithful-certs/certs/app",
        r#"{"certificate":"none"}"#,
    ),
    ("POST", "auth/token/renew-self", ""),
    ("GET", "sys/seal-status", ""),
    ("GET", "sys/health", ""),
    ("GET", "sys/leader", ""),
];

#[tokio::test]
async fn the_dev_vault_answers_as_a_real_one() {
    let (dev, real) = (dev_vault().await, super::target(Vault::shared()));
    let key = json!({ "jwt_validation_pubkeys": [issuer().public_key_pem()] }).to_string();
    let mut differences = Vec::new();
    for (method, path, body) in REQUESTS {
        // A method without keys has nothing to say about roles.
        if *path == "auth/faithful/login" {
            for target in [&dev, &real] {
                target
                    .request("POST", "auth/faithful/config", ROOT_TOKEN, &key)
                    .await;
            }
        }
        let got = dev.request(method, path, ROOT_TOKEN, body).await;
        let want = real.request(method, path, ROOT_TOKEN, body).await;
        differences.extend(difference(&format!("{method} {path} {body}"), &got, &want));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[tokio::test]
async fn strangers_are_told_the_same() {
    let (dev, real) = (dev_vault().await, super::target(Vault::shared()));
    let mut differences = Vec::new();
    for token in ["", "hvs.nobody"] {
        for path in [
            "secret/data/x",
            "sys/internal/ui/mounts/secret/x",
            "auth/token/lookup-self",
        ] {
            let (got, want) = (
                dev.request("GET", path, token, "").await,
                real.request("GET", path, token, "").await,
            );
            differences.extend(difference(&format!("GET {path} as {token:?}"), &got, &want));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[tokio::test]
async fn policies_decide_the_same() {
    let targets = [dev_vault().await, super::target(Vault::shared())];
    let policies: [&[(&str, &str)]; 8] = [
        &[("secret/data/p/a", "read")],
        &[("secret/data/p/*", "read")],
        &[("secret/data/p*", "read"), ("secret/data/p/a", "list")],
        &[("secret/+/p/a", "read"), ("secret/data/+/b", "deny")],
        &[("secret/*", "deny"), ("secret/data/p/a", "read")],
        &[("secret/data/+/a", "deny"), ("secret/data/p/*", "read")],
        &[("sec*", "read"), ("secret/metadata/*", "deny")],
        &[("other/*", "read")],
    ];
    let paths = [
        "secret/data/p/a",
        "secret/data/p/a/deep",
        "secret/data/p/b",
        "secret/data/pq",
        "secret/data/q",
        "secret/metadata/p/a",
        "sys/internal/ui/mounts/secret/p/a",
        "auth/token/lookup-self",
        "sys/mounts",
    ];
    let mut differences = Vec::new();
    for (index, rules) in policies.iter().enumerate() {
        let name = format!("faithful-{index}");
        let mut tokens = Vec::new();
        for target in &targets {
            target.policy(&name, rules).await;
            let parameters = json!({ "policies": [name], "ttl": "1h" });
            let created = target.write("auth/token/create", parameters).await;
            let token = created["auth"]["client_token"].as_str().expect("a token");
            tokens.push(token.to_owned());
        }
        for path in paths {
            let got = targets[0].request("GET", path, &tokens[0], "").await;
            let want = targets[1].request("GET", path, &tokens[1], "").await;
            if got.status != want.status {
                let (dev, real) = (got.status, want.status);
                differences.push(format!("{path} with {rules:?}: dev {dev}, real {real}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A dev Vault for one test.
pub(super) async fn dev_vault() -> Target {
    let random = |bytes: &mut [u8]| {
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).expect("random");
    };
    let vault = DevVault::new(ROOT_TOKEN, Arc::new(SystemTime::now), Arc::new(random));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("address").to_string();
    tokio::spawn(vault.serve(listener, None, std::future::pending()));
    Target {
        address,
        root_token: ROOT_TOKEN.to_owned(),
    }
}

fn difference(request: &str, got: &RawAnswer, want: &RawAnswer) -> Option<String> {
    let (dev, real) = (masked(got), masked(want));
    (dev != real).then(|| format!("{request}\n dev  {dev}\n real {real}"))
}

/// Status and body, without what differs from server to server, and only what the dev Vault has a
/// notion of.
fn masked(answer: &RawAnswer) -> Value {
    let mut body = answer.json();
    mask(&mut body);
    json!({ "status": answer.status, "body": body })
}

/// What a real Vault says beside, which neither the refresher nor a person at the demo looks at.
const BESIDE: &[&str] = &[
    "request_id",
    "mount_type",
    "created_by",
    "deleted_by",
    "last_updated_by",
    "accessor",
    "config",
    "deprecation_status",
    "description",
    "external_entropy_access",
    "plugin_version",
    "running_plugin_version",
    "running_sha256",
    "seal_wrap",
    "uuid",
    "nonce",
    "build_date",
    "migration",
    "cluster_name",
    "cluster_id",
    "recovery_seal",
    "performance_standby",
    "replication_performance_mode",
    "replication_dr_mode",
    "server_time_utc",
    "enterprise",
    "echo_duration_ms",
    "clock_skew_ms",
    "replication_primary_canary_age_ms",
];

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .filter(|(name, _)| !BESIDE.contains(&name.as_str()))
                .map(|(name, mut value)| {
                    let is_time = name.ends_with("_time") && value != "";
                    if is_time && value.is_string() {
                        value = json!("a time");
                    }
                    mask(&mut value);
                    (name, value)
                })
                .collect::<Map<_, _>>();
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}
