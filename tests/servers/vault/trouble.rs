//! A real Vault that is sealed, or limits the rate of requests.

use std::time::Duration;

use serde_json::{Value, json};

use super::{cases, target};
use crate::support::vault_server::Vault;

#[tokio::test]
async fn a_sealed_server_says_so() {
    let vault = Vault::start("vault-sealed");
    let sealed = vault.api("PUT", "sys/seal", &Value::Null);
    assert_eq!(sealed.status, 204, "{}", sealed.body);
    cases::a_sealed_server_says_so(&target(&vault)).await;
}

#[tokio::test]
async fn a_rate_limit_is_told() {
    let vault = Vault::start("vault-limited");
    let limit = json!({ "rate": 1, "interval": "2s", "path": "sys/internal/ui/mounts/*" });
    vault.write("sys/quotas/rate-limit/few", &limit);
    cases::a_rate_limit_is_told(&target(&vault), None).await;
    // By default Vault does not say how long to wait.
    let headers = json!({ "enable_rate_limit_response_headers": true });
    vault.write("sys/quotas/config", &headers);
    cases::a_rate_limit_is_told(&target(&vault), Some(Duration::from_secs(2))).await;
}
