//! A real Vault behind a certificate of its own authority.

use std::path::Path;
use std::process::Command;

use freshet::spec::AuthType;
use freshet::vault::{Class, Engine, Limits, VaultApi as _, VaultClient};

use super::certificates::Authority;
use super::target::{Target, refused, vault_path};
use crate::support::process::{Process, folder, free_port, program};
use crate::support::vault_server::ROOT_TOKEN;

/// A dev Vault called `name` that makes a CA and a certificate for itself in `certificates`.
fn start(name: &str, certificates: &Path) -> (Process, Target) {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(program("vault"));
    command
        .args(["server", "-dev", "-dev-tls", "-dev-no-store-token"])
        .arg(format!("-dev-tls-cert-dir={}", certificates.display()))
        .arg(format!("-dev-root-token-id={ROOT_TOKEN}"))
        .arg(format!("-dev-listen-address={address}"))
        .env("HOME", folder(name));
    let process = Process::start(name, &command);
    process.wait_for("Vault with TLS", || {
        process
            .log()
            .contains("Vault server started!")
            .then_some(())
    });
    let root_token = ROOT_TOKEN.to_owned();
    (
        process,
        Target {
            address,
            root_token,
        },
    )
}

#[tokio::test]
async fn the_private_ca_is_trusted_and_no_other() {
    let certificates = folder("vault-tls-certificates");
    let (_process, target) = start("vault-tls", &certificates);
    let mut identity = target.identity(AuthType::Jwt, "jwt", "none");
    identity.vault_address = format!("https://{}", target.address)
        .parse()
        .expect("address");
    let find = |ca_file: Option<&Path>| {
        let (mut identity, target) = (identity.clone(), &target);
        identity.ca_file = ca_file.map(|file| file.display().to_string());
        let client = VaultClient::new(&identity, Limits::default()).expect("client");
        async move { client.mount(&target.root(), &vault_path("secret/db")).await }
    };
    let mount = find(Some(&certificates.join("vault-ca.pem"))).await;
    assert_eq!(mount.expect("mount").engine, Engine::KvV2);
    let other = certificates.join("other-ca.pem");
    std::fs::write(&other, Authority::new().pem).expect("other-ca.pem");
    let file = format!(
        "is not signed by the CA certificates in {}",
        other.display()
    );
    refused(find(Some(&other)).await, Class::Unavailable, &[&file]);
    let mozilla = "is not signed by the bundled Mozilla roots";
    refused(find(None).await, Class::Unavailable, &[mozilla]);
}

#[tokio::test]
async fn plain_http_to_a_tls_port_is_told() {
    let certificates = folder("vault-mistaken-certificates");
    let (_process, target) = start("vault-mistaken", &certificates);
    let client = target.client(AuthType::Jwt, "jwt", "none");
    let mount = client.mount(&target.root(), &vault_path("secret/db")).await;
    refused(
        mount,
        Class::Invalid,
        &["the address must begin with https://"],
    );
}
