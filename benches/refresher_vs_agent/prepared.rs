//! What a refresher or an agent finds: a policy, a role, one secret, and a service account's token.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::support::api_server::ApiServer;
use super::support::trust::{kubernetes_auth, role};
use super::support::vault_server::Vault;

/// A policy, a role for each, one secret, and one token of the same service account for both.
pub(crate) fn prepare(api: &ApiServer, vault: &Vault) {
    let namespace = api.namespace("bench", &[]);
    kubernetes_auth(vault, api, "bench");
    let policy = r#"path "secret/*" { capabilities = ["read"] }"#;
    vault.write("sys/policies/acl/bench", &json!({ "policy": policy }));
    role(vault, "bench", &namespace);
    rotate(vault, "hunter2");
    let token = api.token(&namespace, "default", Some("vault"));
    let directory = Path::new(freshet::spec::layout::TOKEN_DIR);
    fs::create_dir_all(directory).expect("the token's directory");
    fs::write(directory.join(freshet::spec::layout::TOKEN_FILE), token).expect("the token");
}

/// Gives the secret a new version.
pub(crate) fn rotate(vault: &Vault, password: &str) {
    vault.write(
        "secret/data/bench",
        &json!({ "data": { "user": "app", "password": password } }),
    );
}
