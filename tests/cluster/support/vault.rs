//! The Vault of the cluster, as its administrator uses it.

use super::kubectl;

/// Where pods reach it.
pub(crate) const ADDRESS: &str = "http://vault.vault:8200";

/// `vault ARGS` as root, in Vault's own pod; it has to succeed.
#[track_caller]
pub(crate) fn vault(args: &[&str]) -> String {
    vault_with(args, "")
}

/// The same, with a standard input.
#[track_caller]
pub(crate) fn vault_with(args: &[&str], input: &str) -> String {
    let exec = [
        "exec",
        "--stdin",
        "--namespace=vault",
        "deployment/vault",
        "--",
        "/vault",
    ];
    let done = kubectl::kubectl(&[exec.as_slice(), args].concat(), input);
    assert!(done.ok, "vault {args:?}: {}", done.stderr);
    done.stdout
}

/// Writes a secret: `put("secret/app/db", &["user=app", "password=…"])`.
#[track_caller]
pub(crate) fn put(path: &str, pairs: &[&str]) {
    vault(&[&["kv", "put", path], pairs].concat());
}

/// Lets the account of a namespace log in with the role `name`, and read what is below
/// `secret/NAME/`.
#[track_caller]
pub(crate) fn allow(name: &str, namespace: &str, account: &str) {
    let rules = ["data", "metadata"]
        .map(|part| format!("path \"secret/{part}/{name}/*\" {{ capabilities = [\"read\"] }}\n"));
    vault_with(&["policy", "write", name, "-"], &rules.concat());
    vault(&[
        "write",
        &format!("auth/kubernetes/role/{name}"),
        &format!("policies={name}"),
        &format!("bound_service_account_names={account}"),
        &format!("bound_service_account_namespaces={namespace}"),
        "audience=vault",
        "ttl=1h",
    ]);
}
