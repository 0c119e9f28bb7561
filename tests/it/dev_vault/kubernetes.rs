//! The `kubernetes` auth method, which a real Vault serves together with an API server alone.

use std::time::{Duration, SystemTime};

use freshet::spec::AuthType;
use freshet::vault::{Class, Engine, LoginCredentials, SecretsMount, VaultApi as _, VaultClient};
use serde_json::{Value, json};

use super::Served;
use super::target::{issuer, jwt, jwt_at, refused, vault_path};

pub(super) fn kv2() -> SecretsMount {
    SecretsMount {
        path: "secret".parse().expect("mount"),
        engine: Engine::KvV2,
    }
}

/// A method that trusts `issuer`, with the role `app`.
fn method(
    served: &Served,
    issuer: &freshet::dev_vault::ServiceAccountIssuer,
    role: Value,
) -> VaultClient {
    let vault = &served.vault;
    vault
        .write("sys/auth/kubernetes", &json!({ "type": "kubernetes" }))
        .expect("method");
    let keys = json!({ "pem_keys": issuer.public_key_pem() });
    vault
        .write("auth/kubernetes/config", &keys)
        .expect("config");
    let mut parameters = json!({
        "bound_service_account_names": "app", "bound_service_account_namespaces": "shop",
        "audience": "vault", "policies": "app", "ttl": "1h",
    });
    let fields = parameters.as_object_mut().expect("an object");
    fields.extend(role.as_object().expect("an object").clone());
    vault
        .write("auth/kubernetes/role/app", &parameters)
        .expect("role");
    let policy = json!({ "path": { "secret/data/db": { "capabilities": ["read"] } } }).to_string();
    vault
        .write("sys/policies/acl/app", &json!({ "policy": policy }))
        .expect("policy");
    served
        .target
        .client(AuthType::Kubernetes, "kubernetes", "app")
}

#[tokio::test]
async fn a_pod_logs_in_and_reads() {
    let (served, issuer) = (Served::start().await, issuer());
    served
        .vault
        .write("secret/data/db", &json!({ "data": { "user": "app" } }))
        .expect("written");
    let client = method(&served, &issuer, json!({}));
    let token = client.login(&jwt(&issuer, "vault")).await.expect("token");
    assert_eq!(token.lease.duration, Duration::from_secs(3600));
    let secret = client
        .read(&token, &kv2(), &vault_path("secret/db"), None)
        .await;
    assert_eq!(secret.expect("secret").version, Some(1));
}

#[tokio::test]
async fn the_token_has_to_be_genuine_current_and_meant_for_vault() {
    let (served, issuer) = (Served::start().await, issuer());
    let client = method(&served, &issuer, json!({}));
    refused(
        client.login(&jwt(&issuer, "other")).await,
        Class::Denied,
        &[
            "which is \"other\"",
            "vault write auth/kubernetes/role/app audience=other",
        ],
    );
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let expired = client.login(&jwt_at(&issuer, "vault", long_ago)).await;
    refused(
        expired,
        Class::Denied,
        &["the service-account token has expired"],
    );
    let forged = client.login(&jwt(&super::target::issuer(), "vault")).await;
    refused(
        forged,
        Class::Denied,
        &["Vault gives no reason", "TokenReview"],
    );
    let nonsense = client
        .login(&LoginCredentials::ServiceAccountToken(
            "a.b.c".to_owned().into(),
        ))
        .await;
    refused(nonsense, Class::Denied, &["unreadable (it is no JWT)"]);
}

#[tokio::test]
async fn the_service_account_has_to_be_the_roles() {
    let (served, issuer) = (Served::start().await, issuer());
    let client = method(
        &served,
        &issuer,
        json!({ "bound_service_account_names": "other,an*" }),
    );
    let line = "vault write auth/kubernetes/role/app bound_service_account_names=app \
                bound_service_account_namespaces=shop";
    let jwt = || jwt(&issuer, "vault");
    refused(
        client.login(&jwt()).await,
        Class::Denied,
        &["service account app of namespace shop", line],
    );
    let role =
        json!({ "bound_service_account_names": "a*", "bound_service_account_namespaces": "x" });
    served
        .vault
        .write("auth/kubernetes/role/app", &role)
        .expect("role");
    refused(
        client.login(&jwt()).await,
        Class::Denied,
        &["(HTTP 403: namespace not authorized)", line],
    );
    let role = json!({ "bound_service_account_namespaces": ["x", "shop"] });
    served
        .vault
        .write("auth/kubernetes/role/app", &role)
        .expect("role");
    client.login(&jwt()).await.expect("the role's");
}

#[tokio::test]
async fn a_role_without_an_audience_takes_tokens_for_the_api_server() {
    let (served, issuer) = (Served::start().await, issuer());
    let client = method(&served, &issuer, json!({ "audience": [] }));
    refused(
        client.login(&jwt(&issuer, "vault")).await,
        Class::Denied,
        &[
            "Vault gives no reason",
            "vault write auth/kubernetes/role/app audience=vault",
        ],
    );
    let own = "https://kubernetes.default.svc.cluster.local";
    client
        .login(&jwt(&issuer, own))
        .await
        .expect("the API server's own");
}
