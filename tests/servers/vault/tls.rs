//! A real Vault behind a certificate of its own authority.

use std::path::Path;
use std::process::Command;

use freshet::spec::AuthType;
use freshet::vault::{Class, Engine, Limits, LoginCredentials, VaultApi as _, VaultClient};

use super::certificate_login::{self, Pki};
use super::certificates::Authority;
use super::target::{Target, refused, vault_path};
use crate::support::process::{Process, folder, free_port, program};
use crate::support::vault_server::{ROOT_TOKEN, Vault};

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

#[tokio::test]
async fn a_client_certificate_logs_in() {
    let folder = folder("vault-certificates");
    let (servers, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let server_ca = folder.join("server-ca.pem");
    std::fs::write(&server_ca, &servers.pem).expect("server-ca.pem");
    let (server, client) = (folder.join("server"), folder.join("client"));
    for (place, leaf) in [
        (&server, servers.leaf("127.0.0.1")),
        (&client, clients.leaf("app")),
    ] {
        std::fs::create_dir_all(place).expect("a folder");
        leaf.write(place);
    }
    // Beside the plain listener of every dev server, one with TLS.
    let address = format!("127.0.0.1:{}", free_port());
    let config = folder.join("listener.hcl");
    let listener = format!(
        "listener \"tcp\" {{\n  address = \"{address}\"\n  tls_cert_file = \"{0}/tls.crt\"\n  \
         tls_key_file = \"{0}/tls.key\"\n}}\n",
        server.display()
    );
    std::fs::write(&config, listener).expect("listener.hcl");
    let vault = Vault::start_with(
        "vault-certificates",
        &[format!("-config={}", config.display())],
    );
    let target = super::target(&vault);
    let pki = Pki {
        address: &address,
        server_ca: &server_ca,
        client_ca: &clients.pem,
        other_ca: &others.pem,
        client: &client,
    };
    certificate_login::a_client_certificate_logs_in(&target, &pki).await;
    let nobody = pki.client(&target, None, false);
    refused(
        nobody.login(&LoginCredentials::ClientCertificate).await,
        Class::Denied,
        &[
            "Vault has not seen the client certificate",
            "must be supplied",
        ],
    );
}
