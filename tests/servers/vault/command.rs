//! The `vault` command at the dev Vault, as a person at the demo types it.

use std::process::Command;

use super::faithful::dev_vault;
use crate::support::process::{folder, program};
use crate::support::vault_server::ROOT_TOKEN;

/// What `vault` prints when it succeeds.
async fn vault(address: &str, line: &str) -> String {
    let mut command = Command::new(program("vault"));
    command
        .args(line.split(' '))
        .env("VAULT_ADDR", format!("http://{address}"))
        .env("VAULT_TOKEN", ROOT_TOKEN)
        .env("HOME", folder("home"));
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("joined").expect("the vault command");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "vault {line}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_vault_command_writes_reads_and_deletes() {
    let address = dev_vault().await.address;
    let written = vault(&address, "kv put secret/db user=app password=one").await;
    assert!(written.contains("secret/data/db"), "{written}");
    vault(&address, "kv put secret/db user=app password=two").await;
    let read = |field| vault(&address, field);
    assert_eq!(read("kv get -field=password secret/db").await, "two");
    assert_eq!(
        read("kv get -version=1 -field=password secret/db").await,
        "one"
    );
    let metadata = read("kv metadata get secret/db").await;
    assert!(metadata.contains("Version 2"), "{metadata}");
    assert!(read("kv list secret").await.contains("db"));
    vault(&address, "kv delete secret/db").await;
    vault(&address, "kv undelete -versions=2 secret/db").await;
    assert_eq!(read("kv get -field=password secret/db").await, "two");
    vault(&address, "secrets enable -path=old -version=1 kv").await;
    vault(&address, "kv put old/db user=app").await;
    assert_eq!(read("kv get -field=user old/db").await, "app");
    assert!(read("secrets list").await.contains("old/"));
    assert!(read("status").await.contains("1.21.0"));
    assert!(read("token lookup").await.contains("root"));
}
