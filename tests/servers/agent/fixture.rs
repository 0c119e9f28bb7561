//! What the Vault of these tests holds.

use freshet::dev_vault::DevVault;
use serde_json::{Value, json};

use crate::support::vault_server::Vault;

/// What the pod's role may do: what a policy for such templates has, and no metadata of `team/kv`.
const POLICY: &str = r#"
path "secret/data/*" { capabilities = ["read"] }
path "secret/metadata/*" { capabilities = ["read", "list"] }
path "secret/metadata/" { capabilities = ["list"] }
path "secret/subkeys/*" { capabilities = ["read"] }
path "identity/oidc/token/*" { capabilities = ["read"] }
path "team/kv/data/*" { capabilities = ["read"] }
path "kv/*" { capabilities = ["read", "list"] }
path "pki/issue/*" { capabilities = ["update"] }
path "transit/*" { capabilities = ["update"] }
path "database/creds/*" { capabilities = ["read"] }
path "auth/approle/role/ci/role-id" { capabilities = ["read"] }
path "auth/approle/role/ci/secret-id" { capabilities = ["update"] }
path "auth/token/create" { capabilities = ["update"] }
"#;

/// Engines, secrets, and the login of a pod whose tokens are signed with `key`; the database of `dev`.
pub(super) fn fill(vault: &Vault, dev: &DevVault, key: &str) {
    login(vault, key);
    secrets(vault);
    pki(vault);
    transit(vault);
    let write = |path: &str, body: Value| {
        dev.write(path, &body).expect(path);
    };
    write("sys/mounts/database", json!({"type": "database"}));
    let role = json!({"db_name": "shop", "default_ttl": "1h", "max_ttl": "24h"});
    write("database/roles/app", role);
}

fn login(vault: &Vault, key: &str) {
    vault.write("sys/policies/acl/app", &json!({"policy": POLICY}));
    vault.write("sys/auth/jwt", &json!({"type": "jwt"}));
    let keys = json!({"jwt_validation_pubkeys": [key]});
    vault.write("auth/jwt/config", &keys);
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
        "bound_subject": "system:serviceaccount:shop:app", "token_policies": ["app"],
    });
    vault.write("auth/jwt/role/app", &role);
    vault.write(
        "identity/oidc/role/app",
        &json!({"key": "default", "ttl": "1h"}),
    );
    vault.write("sys/auth/approle", &json!({"type": "approle"}));
    let role = json!({"secret_id_ttl": "1h", "token_policies": ["default"]});
    vault.write("auth/approle/role/ci", &role);
}

fn secrets(vault: &Vault) {
    let kv2 = json!({"type": "kv", "options": {"version": "2"}});
    vault.write("sys/mounts/team/kv", &kv2);
    let kv1 = json!({"type": "kv", "options": {"version": "1"}});
    vault.write("sys/mounts/kv", &kv1);
    let put = |path: &str, data: Value| {
        vault.write(path, &json!({"data": data}));
    };
    put(
        "secret/data/shop/db",
        json!({"username": "shop", "password": "first"}),
    );
    put(
        "secret/data/shop/db",
        json!({"username": "shop", "password": "p@ss\"w'ord<&>\\é", "db_name": "orders"}),
    );
    let owner = json!({"custom_metadata": {"owner": "team shop", "tier": "1"}});
    vault.write("secret/metadata/shop/db", &owner);
    let kinds = r#"{"data": {
        "text": "a<b>&c", "empty": "", "yes": true, "no": false, "nothing": null,
        "number": 5, "negative": -3, "float": 1.50, "exponent": 1e21, "big": 12345678901234567890,
        "list": ["a", "b", 3, null, {"k": "v"}], "map": {"b": [1, 2], "a": "x: y", "n": {}},
        "lines": "one\ntwo\n", "unicode": "\u2028 \u00e9 \ud83d\ude00 \u0001", "key: odd": "- z"
    }}"#;
    put_text(vault, "secret/data/shop/kinds", kinds);
    put(
        "secret/data/shop/tables",
        json!({"title": "shop", "port": 8080, "ratio": 0.5, "on": true, "tags": ["a", "b"],
               "owner": {"name": "team", "since": "2026"}}),
    );
    put(
        "secret/data/shop/json",
        json!({
            "config": r#"{"servers":[{"host":"a","port":1},{"host":"b","port":65535}],"ratio":0.25,"big":123456789}"#,
            "yaml": "a:\n  b: c\n  d: [1, 2.5, true, null]\n",
        }),
    );
    put(
        "secret/data/shop/paths",
        json!({"app/db/user": "u", "app/db/port": "5432", "app/name": "shop", "debug": "no"}),
    );
    put(
        "secret/data/shop/apps/web",
        json!({"color": "red", "size": "1"}),
    );
    put("secret/data/shop/apps/api", json!({"color": "blue"}));
    put(
        "team/kv/data/app",
        json!({"key": "team-key", "extra": "more"}),
    );
    vault.write(
        "kv/app",
        &json!({"key": "v1-key", "port": 8080, "nested": {"a": [1, "b"]}}),
    );
}

fn put_text(vault: &Vault, path: &str, body: &str) {
    // As text: a JSON library would round the numbers.
    let reply = crate::support::http::request(
        &vault.address,
        "POST",
        &format!("/v1/{path}"),
        &[("X-Vault-Token", crate::support::vault_server::ROOT_TOKEN)],
        body,
    );
    let reply = reply.expect("Vault answers");
    assert!(reply.status < 300, "{path}: {}", reply.body);
}

fn pki(vault: &Vault) {
    let mount = json!({"type": "pki", "config": {"max_lease_ttl": "8760h"}});
    vault.write("sys/mounts/pki", &mount);
    let root = json!({"common_name": "root", "key_type": "ec", "ttl": "8000h"});
    vault.write("pki/root/generate/internal", &root);
    for (name, leased) in [("web", false), ("leased", true)] {
        let role = json!({
            "allowed_domains": ["shop.svc"], "allow_subdomains": true, "key_type": "ec",
            "generate_lease": leased, "max_ttl": "48h", "ttl": "24h",
        });
        vault.write(&format!("pki/roles/{name}"), &role);
    }
}

fn transit(vault: &Vault) {
    vault.write("sys/mounts/transit", &json!({"type": "transit"}));
    vault.write("transit/keys/orders", &json!({}));
    let sealed = vault.write(
        "transit/encrypt/orders",
        &json!({"plaintext": "aHVudGVyMg=="}),
    );
    let data = json!({"data": {"ciphertext": sealed["data"]["ciphertext"]}});
    vault.write("secret/data/shop/sealed", &data);
}
