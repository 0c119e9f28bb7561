//! Vault's database engine, with the PostgreSQL of the node.

use crate::support::vault::{grant, vault};

/// Where it listens, for Vault and for the applications; as `postgres/start` starts it.
pub(crate) const HOST: &str = "10.100.0.1";
pub(crate) const PORT: &str = "5432";
pub(crate) const DATABASE: &str = "app";

/// What is read to get a credential.
pub(crate) const PATH: &str = "database/creds/app";

/// Seconds that a lease lives, and seconds that it can be renewed for in all.
pub(crate) const TTL: u32 = 20;
pub(crate) const MAX_TTL: u32 = 60;

/// Sets the engine up.
#[track_caller]
pub(crate) fn set_up() {
    vault(&["secrets", "enable", "database"]);
    vault(&[
        "write",
        "database/config/app",
        "plugin_name=postgresql-database-plugin",
        "allowed_roles=app",
        &format!(
            "connection_url=postgresql://{{{{username}}}}:{{{{password}}}}@{HOST}:{PORT}/{DATABASE}?sslmode=disable"
        ),
        "username=vault",
        "password=vault",
    ]);
    vault(&[
        "write",
        "database/roles/app",
        "db_name=app",
        "creation_statements=CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'",
        &format!("default_ttl={TTL}s"),
        &format!("max_ttl={MAX_TTL}s"),
    ]);
}

/// Lets the account `default` of a namespace log in with the role `name`, and get credentials.
#[track_caller]
pub(crate) fn allow(name: &str, namespace: &str) {
    let rules = format!(
        "path \"{PATH}\" {{ capabilities = [\"read\"] }}\n\
         path \"sys/leases/revoke\" {{ capabilities = [\"update\"] }}\n"
    );
    grant(name, namespace, "default", &rules);
}
