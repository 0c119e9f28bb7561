//! Failing on order.

use std::time::Duration;

use freshet::dev_vault::Fault;
use freshet::spec::AuthType;
use freshet::vault::{Class, Limits, VaultApi as _, VaultClient};
use serde_json::json;

use super::target::{issuer, jwt, refused, vault_path};
use super::{Served, cases};

#[tokio::test]
async fn a_sealed_server_says_so() {
    let served = Served::start().await;
    served.vault.order(Fault::Sealed);
    cases::a_sealed_server_says_so(&served.target).await;
    let health = served.target.request("GET", "sys/health", "", "").await;
    assert_eq!(
        (health.status, &health.json()["sealed"]),
        (503, &json!(true))
    );
    let status = served
        .target
        .request("GET", "sys/seal-status", "", "")
        .await;
    assert_eq!(
        (status.status, &status.json()["sealed"]),
        (200, &json!(true))
    );
    served.vault.heal();
    let health = served.target.request("GET", "sys/health", "", "").await;
    assert_eq!(
        (health.status, &health.json()["sealed"]),
        (200, &json!(false))
    );
}

#[tokio::test]
async fn a_rate_limit_is_told() {
    let served = Served::start().await;
    for seconds in [Some(2), None] {
        let order = Fault::RateLimited(seconds);
        served.vault.order_for("sys/internal", 1, order);
        let longest = seconds.map(Duration::from_secs);
        cases::a_rate_limit_is_told(&served.target, longest).await;
    }
    let client = served.target.client(AuthType::Jwt, "jwt", "none");
    let (root, path) = (served.target.root(), vault_path("secret/db"));
    let mount = client.mount(&root, &path).await;
    mount.expect("each order was for one request");
}

#[tokio::test]
async fn an_order_may_be_for_some_paths_alone() {
    let served = Served::start().await;
    served
        .vault
        .write("secret/data/db", &json!({ "data": { "a": "b" } }))
        .expect("written");
    served
        .vault
        .order_for("secret/data/", 2, Fault::OutOfService(None));
    let (client, root) = (
        served.target.client(AuthType::Jwt, "jwt", "none"),
        served.target.root(),
    );
    let path = vault_path("secret/db");
    let mount = client.mount(&root, &path).await.expect("another path");
    for _ in 0..2 {
        let read = client.read(&root, &mount, &path, None).await;
        refused(read, Class::Unavailable, &["out of service"]);
    }
    client
        .read(&root, &mount, &path, None)
        .await
        .expect("healed by itself");
}

#[tokio::test]
async fn a_connection_may_be_cut_and_an_answer_be_late() {
    let served = Served::start().await;
    let limits = Limits {
        request: Duration::from_secs(1),
        ..Limits::default()
    };
    let identity = served.target.identity(AuthType::Jwt, "jwt", "none");
    let client = VaultClient::new(&identity, limits).expect("client");
    let (root, path) = (served.target.root(), vault_path("secret/db"));
    served.vault.order_for("sys/", 1, Fault::Cut);
    refused(
        client.mount(&root, &path).await,
        Class::Unavailable,
        &["the connection to"],
    );
    served
        .vault
        .order_for("sys/", 1, Fault::Slow(Duration::from_secs(60)));
    refused(
        client.mount(&root, &path).await,
        Class::Unavailable,
        &["did not answer within 1 s"],
    );
    client.mount(&root, &path).await.expect("neither");
    let statuses: Vec<_> = served
        .vault
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [None, Some(200), Some(200)]);
}

#[tokio::test]
async fn all_tokens_may_be_revoked_at_once() {
    let (served, issuer) = (Served::start().await, issuer());
    served.target.policy("all", &[("secret/*", "read")]).await;
    let client = served.target.jwt_method("all", &issuer, json!({})).await;
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    client.renew_token(&token).await.expect("valid");
    served.vault.revoke_tokens();
    refused(
        client.renew_token(&token).await,
        Class::TokenInvalid,
        &["expired or was revoked"],
    );
    client
        .login(&jwt(&issuer, "vault"))
        .await
        .expect("a new one");
}

#[tokio::test]
async fn the_log_knows_requests_but_no_values() {
    let served = Served::start().await;
    let mut identity = served.target.identity(AuthType::Jwt, "jwt", "none");
    identity.vault_namespace = Some("team-a".parse().expect("namespace"));
    let client = VaultClient::new(&identity, Limits::default()).expect("client");
    served
        .target
        .write(
            "secret/data/a%20b",
            json!({ "data": { "password": "marker" } }),
        )
        .await;
    client
        .kv_version(
            &served.target.root(),
            &super::kubernetes::kv2(),
            &vault_path("secret/a b"),
        )
        .await
        .expect("version");
    let log = served.vault.requests();
    let seen: Vec<_> = log
        .iter()
        .map(|request| {
            (
                request.method,
                request.path.as_str(),
                request.namespace.as_deref(),
                request.status,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("POST", "secret/data/a b", None, Some(200)),
            ("GET", "secret/metadata/a b", Some("team-a"), Some(200)),
        ]
    );
    let shown = format!("{log:?}");
    assert!(
        !shown.contains("marker") && !shown.contains(super::ROOT),
        "{shown}"
    );
    served.vault.clear_requests();
    assert!(served.vault.requests().is_empty());
}
