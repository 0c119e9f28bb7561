//! What stands between the client and a real Vault: a proxy below a path, a namespace, a standby.
//!
//! Namespaces are a feature of Vault Enterprise and OpenBao. The Vault here is the community
//! edition, which takes the header and ignores it, so what is asserted is what the proxy sees.

use freshet::spec::AuthType;
use freshet::vault::{Class, Limits, VaultApi as _, VaultClient};
use serde_json::json;

use super::server::{Reply, Seen, Server};
use super::target::{issuer, jwt, refused, vault_path};
use crate::support::http;
use crate::support::vault_server::Vault;

/// A proxy to the shared Vault that cuts `prefix` off the path.
async fn proxy(prefix: &'static str) -> Server {
    let address = &Vault::shared().address;
    Server::http(move |seen: &Seen| {
        let Some(path) = seen.target.strip_prefix(prefix) else {
            return Reply::Answer(404, Vec::new(), "no such site".to_owned());
        };
        let headers: Vec<_> = seen
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-vault-"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let reply = http::request(address, &seen.method, path, &headers, &seen.body);
        let reply = reply.expect("Vault answers");
        Reply::Answer(reply.status, Vec::new(), reply.body)
    })
    .await
}

#[tokio::test]
async fn namespace_and_prefix_are_sent_with_every_request() {
    let (target, issuer) = (super::target(Vault::shared()), issuer());
    target.mount_kv("proxied", "2").await;
    target.policy("proxied", &[("proxied/*", "read")]).await;
    target
        .write("proxied/data/db", json!({ "data": { "user": "app" } }))
        .await;
    target.jwt_method("proxied", &issuer, json!({})).await;

    let proxy = proxy("/team/vault").await;
    let mut identity = target.identity(AuthType::Jwt, "proxied", "proxied");
    let address = format!("http://{}/team/vault", proxy.address);
    identity.vault_address = address.parse().expect("address");
    identity.vault_namespace = Some("org/team-a".parse().expect("namespace"));
    let client = VaultClient::new(&identity, Limits::default()).expect("client");
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    let path = vault_path("proxied/db");
    let mount = client.mount(&token, &path).await.expect("mount");
    assert_eq!(client.kv_version(&token, &mount, &path).await, Ok(1));
    client
        .read(&token, &mount, &path, Some(1))
        .await
        .expect("secret");
    client.renew_token(&token).await.expect("renewed");
    client.revoke_token(&token).await.expect("revoked");

    let seen = proxy.seen();
    let asked: Vec<_> = seen
        .iter()
        .map(|seen| format!("{} {}", seen.method, seen.target))
        .collect();
    assert_eq!(
        asked,
        [
            "POST /team/vault/v1/auth/proxied/login",
            "GET /team/vault/v1/sys/internal/ui/mounts/proxied/db",
            "GET /team/vault/v1/proxied/metadata/db",
            "GET /team/vault/v1/proxied/data/db?version=1",
            "POST /team/vault/v1/auth/token/renew-self",
            "POST /team/vault/v1/auth/token/revoke-self",
        ]
    );
    for seen in seen {
        assert_eq!(
            seen.header("x-vault-namespace"),
            Some("org/team-a"),
            "{}",
            seen.target
        );
    }
}

#[tokio::test]
async fn a_standby_that_redirects_is_not_followed() {
    let vault = Vault::shared();
    // As a standby answers that does not forward requests: 307 to the active node.
    let location = vault.url();
    let standby = Server::http(move |seen: &Seen| {
        let active = format!("{location}{}", seen.target);
        Reply::Answer(307, vec![("location", active)], String::new())
    })
    .await;
    let target = super::target(vault);
    let mut identity = target.identity(AuthType::Jwt, "jwt", "none");
    identity.vault_address = format!("http://{}", standby.address)
        .parse()
        .expect("address");
    let client = VaultClient::new(&identity, Limits::default()).expect("client");
    let found = client.mount(&target.root(), &vault_path("secret/db")).await;
    let active = format!(
        "redirects to {}/v1/sys/internal/ui/mounts/secret/db",
        vault.url()
    );
    refused(
        found,
        Class::Unavailable,
        &[&active, "name the active node's address"],
    );
    assert_eq!(standby.seen().len(), 1);
}
