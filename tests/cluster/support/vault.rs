//! The Vault of the cluster, as its administrator uses it.

use super::kubectl;

/// Where pods reach it.
pub(crate) const ADDRESS: &str = "http://vault.vault:8200";

/// A Vault that runs as the Deployment `vault` of a namespace.
pub(crate) struct Server<'a> {
    /// Its namespace.
    pub(crate) namespace: &'a str,
}

/// The one that all tests share.
const SHARED: Server<'_> = Server { namespace: "vault" };

/// `vault ARGS` as root, in Vault's own pod; it has to succeed.
#[track_caller]
pub(crate) fn vault(args: &[&str]) -> String {
    SHARED.run(args, "")
}

/// The same, with a standard input.
#[track_caller]
pub(crate) fn vault_with(args: &[&str], input: &str) -> String {
    SHARED.run(args, input)
}

/// Writes a secret: `put("secret/app/db", &["user=app", "password=…"])`.
#[track_caller]
pub(crate) fn put(path: &str, pairs: &[&str]) {
    SHARED.put(path, pairs);
}

/// Lets the account of a namespace log in with the role `name`, and read what is below
/// `secret/NAME/`.
#[track_caller]
pub(crate) fn allow(name: &str, namespace: &str, account: &str) {
    SHARED.allow(name, namespace, account);
}

/// The same with the policy `rules`, whatever they allow.
#[track_caller]
pub(crate) fn grant(name: &str, namespace: &str, account: &str, rules: &str) {
    SHARED.grant(name, namespace, account, rules);
}

impl Server<'_> {
    /// `vault ARGS` as root, in Vault's own pod, with a standard input.
    pub(crate) fn try_to_run(&self, args: &[&str], input: &str) -> kubectl::Done {
        let namespace = format!("--namespace={}", self.namespace);
        let exec = [
            "exec",
            "--stdin",
            &namespace,
            "deployment/vault",
            "--",
            "/vault",
        ];
        kubectl::kubectl(&[exec.as_slice(), args].concat(), input)
    }

    /// The same; it has to succeed.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str], input: &str) -> String {
        let done = self.try_to_run(args, input);
        assert!(done.ok, "vault {args:?}: {}", done.stderr);
        done.stdout
    }

    /// See [`put`].
    #[track_caller]
    pub(crate) fn put(&self, path: &str, pairs: &[&str]) {
        self.run(&[&["kv", "put", path], pairs].concat(), "");
    }

    /// See [`allow`].
    #[track_caller]
    pub(crate) fn allow(&self, name: &str, namespace: &str, account: &str) {
        let rules = ["data", "metadata"].map(|part| {
            format!("path \"secret/{part}/{name}/*\" {{ capabilities = [\"read\"] }}\n")
        });
        self.grant(name, namespace, account, &rules.concat());
    }

    /// See [`grant`].
    #[track_caller]
    pub(crate) fn grant(&self, name: &str, namespace: &str, account: &str, rules: &str) {
        self.run(&["policy", "write", name, "-"], rules);
        let role = [
            "write",
            &format!("auth/kubernetes/role/{name}"),
            &format!("policies={name}"),
            &format!("bound_service_account_names={account}"),
            &format!("bound_service_account_namespaces={namespace}"),
            "audience=vault",
            "ttl=1h",
        ];
        self.run(&role, "");
    }
}
