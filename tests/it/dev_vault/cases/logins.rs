//! Logins, and how long their tokens live.

use std::time::{Duration, SystemTime};

use freshet::spec::AuthType;
use freshet::vault::{Class, TokenLease, VaultApi as _};
use serde_json::json;

use super::super::target::{Target, app_role, issuer, jwt, jwt_at, refused, vault_path};

pub(crate) async fn a_login_is_refused_with_the_line_that_mends_it(target: &Target) {
    let issuer = issuer();
    target.policy("mend", &[]).await;
    let client = target.jwt_method("mend", &issuer, json!({})).await;
    refused(
        client.login(&jwt(&issuer, "other")).await,
        Class::Denied,
        &[
            "another audience than the service-account token's, which is \"other\"",
            "vault write auth/mend/role/mend role_type=jwt bound_audiences=other",
        ],
    );
    let stranger = target.client(AuthType::Jwt, "mend", "nobody");
    refused(
        stranger.login(&jwt(&issuer, "vault")).await,
        Class::Denied,
        &[
            "the role does not exist",
            "vault write auth/mend/role/nobody role_type=jwt",
        ],
    );
    let subject = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
        "bound_subject": "system:serviceaccount:shop:other",
    });
    target.write("auth/mend/role/other", subject).await;
    refused(
        target
            .client(AuthType::Jwt, "mend", "other")
            .login(&jwt(&issuer, "vault"))
            .await,
        Class::Denied,
        &["the role is not for service account app of namespace shop"],
    );
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    refused(
        client.login(&jwt_at(&issuer, "vault", long_ago)).await,
        Class::Denied,
        &["the service-account token has expired"],
    );
    refused(
        client.login(&jwt(&self::issuer(), "vault")).await,
        Class::Denied,
        &["signature does not fit the keys"],
    );
    refused(
        target
            .client(AuthType::Jwt, "unmounted", "x")
            .login(&jwt(&issuer, "vault"))
            .await,
        Class::Denied,
        &["no auth method is mounted there"],
    );
    client
        .login(&jwt(&issuer, "vault"))
        .await
        .expect("the right one");
}

pub(crate) async fn an_approle_logs_in_with_its_role_id_and_a_secret_id(target: &Target) {
    target.policy("ids", &[]).await;
    target
        .write("sys/auth/ids", json!({ "type": "approle" }))
        .await;
    let role = json!({ "token_policies": ["ids"], "token_ttl": "1m", "secret_id_num_uses": 1 });
    target.write("auth/ids/role/app", role).await;
    let root = &target.root_token;
    let answer = target
        .request("GET", "auth/ids/role/app/role-id", root, "")
        .await;
    let role_id = answer.json()["data"]["role_id"].clone();
    let role_id = role_id.as_str().expect("a role id");
    let secret_id = async || {
        let answer = target.write("auth/ids/role/app/secret-id", json!({})).await;
        let id = answer["data"]["secret_id"].as_str();
        id.expect("a secret id").to_owned()
    };
    let client = target.client(AuthType::AppRole, "ids", "none");
    let login = async |role_id: &str, secret_id: Option<&str>| {
        client.login(&app_role(role_id, secret_id)).await
    };
    let first = secret_id().await;
    let token = login(&format!("{role_id}\n"), Some(&first)).await;
    let token = token.expect("a token");
    assert_eq!(token.lease.duration, Duration::from_secs(60));
    assert_eq!(client.revoke_token(&token).await, Ok(()));
    let refusal = [
        "cannot log in at auth/ids: either the role id in /ids/role-id is of no role there",
        "vault write -f auth/ids/role/ROLE/secret-id",
        "invalid role or secret ID",
    ];
    refused(login(role_id, Some(&first)).await, Class::Denied, &refusal);
    refused(login("nobody", Some("x")).await, Class::Denied, &refusal);
    refused(
        login(role_id, None).await,
        Class::Denied,
        &["the role asks for a secret id, and /ids/secret-id is not there"],
    );
    let second = secret_id().await;
    login(role_id, Some(&second))
        .await
        .expect("a new secret id");
    let unmounted = target.client(AuthType::AppRole, "no-ids", "none");
    refused(
        unmounted.login(&app_role(role_id, Some("x"))).await,
        Class::Denied,
        &["no auth method is mounted there"],
    );
}

pub(crate) async fn a_token_lives_as_long_as_its_role_says(target: &Target) {
    let issuer = issuer();
    let mount = target.mount_kv("short", "2").await;
    target.policy("short", &[("short/*", "read")]).await;
    target
        .write("short/data/db", json!({ "data": { "user": "app" } }))
        .await;
    let client = target
        .jwt_method("short", &issuer, json!({ "token_ttl": "1s" }))
        .await;
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    let lease = TokenLease {
        duration: Duration::from_secs(1),
        renewable: true,
    };
    assert_eq!(token.lease, lease);
    let path = vault_path("short/db");
    loop {
        match client.read(&token, &mount, &path, None).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            refusal => {
                let texts = [
                    "the Vault token has expired or was revoked",
                    "invalid token",
                ];
                break refused(refusal, Class::TokenInvalid, &texts);
            }
        }
    }
    refused(
        client.renew_token(&token).await,
        Class::TokenInvalid,
        &["expired or was revoked"],
    );
}

pub(crate) async fn a_renewal_ends_at_the_longest_life(target: &Target) {
    let issuer = issuer();
    target.policy("longest", &[]).await;
    let role = json!({ "token_ttl": "60s", "token_max_ttl": "61s" });
    let client = target.jwt_method("longest", &issuer, role).await;
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    assert_eq!(token.lease.duration, Duration::from_secs(60));
    loop {
        let lease = client.renew_token(&token).await.expect("renewed");
        if lease.duration < Duration::from_secs(60) {
            assert!(lease.duration > Duration::from_secs(50), "{lease:?}");
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn a_revoked_token_is_invalid(target: &Target) {
    let issuer = issuer();
    let mount = target.mount_kv("revoked", "2").await;
    target.policy("revoked", &[("revoked/*", "read")]).await;
    let client = target.jwt_method("revoked", &issuer, json!({})).await;
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    assert_eq!(token.lease.duration, Duration::from_secs(768 * 3600));
    assert_eq!(client.revoke_token(&token).await, Ok(()));
    let path = vault_path("revoked/db");
    let read = client.read(&token, &mount, &path, None).await;
    refused(read, Class::TokenInvalid, &["expired or was revoked"]);
    let mount = client.mount(&token, &path).await;
    refused(mount, Class::TokenInvalid, &["expired or was revoked"]);
}
