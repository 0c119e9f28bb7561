//! Vault trusts the API server: the Kubernetes auth method, which asks it about every token
//! (TokenReview).

use serde_json::json;

use super::api_server::ApiServer;
use super::vault_server::Vault;

/// The namespace of the account that Vault asks with.
const REVIEWER: &str = "kube-system";

/// Enables the auth method at `mount`, as an administrator does.
#[track_caller]
pub(crate) fn kubernetes_auth(vault: &Vault, api: &ApiServer, mount: &str) {
    api.service_account(REVIEWER, "vault");
    api.apply(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": { "name": "vault-token-review" },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "system:auth-delegator",
        },
        "subjects": [{ "kind": "ServiceAccount", "name": "vault", "namespace": REVIEWER }],
    }));
    vault.write(
        &format!("sys/auth/{mount}"),
        &json!({ "type": "kubernetes" }),
    );
    vault.write(
        &format!("auth/{mount}/config"),
        &json!({
            "kubernetes_host": api.url,
            "kubernetes_ca_cert": api.authority.pem(),
            "token_reviewer_jwt": api.token(REVIEWER, "vault", None),
        }),
    );
}

/// A role for the account `default` of a namespace, with the policy of the same name.
#[track_caller]
pub(crate) fn role(vault: &Vault, name: &str, namespace: &str) {
    vault.write(
        &format!("auth/{name}/role/{name}"),
        &json!({
            "bound_service_account_names": ["default"],
            "bound_service_account_namespaces": [namespace],
            "audience": "vault",
            "token_policies": [name],
            "token_ttl": "10m",
        }),
    );
}
