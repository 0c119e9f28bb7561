//! Pods on their way through the API server.

use crate::support::api_server::ApiServer;
use crate::support::vault_server::Vault;

#[test]
fn servers_answer() {
    let api = ApiServer::shared();
    let namespace = api.namespace("first", &[]);
    let token = api.token(&namespace, "default", Some("vault"));
    assert_eq!(token.split('.').count(), 3);
    let vault = Vault::shared();
    vault.command(&["kv", "put", "secret/first", "a=b"]);
    let secret = vault
        .api("GET", "secret/data/first", &serde_json::Value::Null)
        .json();
    assert_eq!(secret["data"]["data"]["a"], "b");
}
