//! What the pods read, and who may read it.

use std::sync::OnceLock;

use crate::support::namespace::Namespace;
use crate::support::vault::{Server, put, vault, vault_with};

/// What every pod may read.
const RULES: &str = r#"
path "secret/data/docs/*" { capabilities = ["read"] }
path "secret/metadata/docs/*" { capabilities = ["read"] }
path "legacy/docs" { capabilities = ["read"] }
path "pki/issue/docs" { capabilities = ["update"] }
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
"#;

/// Writes the secrets, once for all tests of a run.
#[track_caller]
pub(crate) fn write() {
    static WRITTEN: OnceLock<()> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        put(
            "secret/docs/db",
            &["username=orders", "password=s3cret&\"<x>"],
        );
        enable(&["secrets", "enable", "-path=legacy", "-version=1", "kv"]);
        put(
            "legacy/docs",
            &["username=orders", "password=p w", "licence=4711"],
        );
        enable(&["secrets", "enable", "pki"]);
        vault(&[
            "write",
            "pki/root/generate/internal",
            "common_name=root",
            "key_type=ec",
        ]);
        vault(&[
            "write",
            "pki/roles/docs",
            "allowed_domains=docs.svc",
            "allow_subdomains=true",
            "key_type=ec",
        ]);
    });
}

/// Runs `vault ARGS`, which an earlier run in the same cluster may have done already.
#[track_caller]
pub(crate) fn enable(args: &[&str]) {
    let done = Server { namespace: "vault" }.try_to_run(args, "");
    assert!(
        done.ok || done.stderr.contains("already in use"),
        "vault {args:?}: {}",
        done.stderr
    );
}

/// Lets the account `default` of a namespace log in with the role of its name, by the API server's own
/// token, as pods of the injector do.
#[track_caller]
pub(crate) fn allow(namespace: &Namespace) {
    let name = &namespace.name;
    vault_with(&["policy", "write", name, "-"], RULES);
    vault(&[
        "write",
        &format!("auth/kubernetes/role/{name}"),
        &format!("policies={name}"),
        "bound_service_account_names=default",
        &format!("bound_service_account_namespaces={name}"),
        "ttl=1h",
    ]);
}
