//! The dev Vault on its socket: TLS, and its end.

use freshet::spec::AuthType;
use freshet::vault::{Class, Engine, Limits, LoginCredentials, VaultApi as _, VaultClient};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::certificate_login::{self, Pki};
use super::target::{Target, refused, vault_path};
use super::{ROOT, Served, dev_vault};
use crate::vault_http::certificates::{Authority, server_config};

#[tokio::test]
async fn it_may_serve_tls() {
    let (authority, directory) = (Authority::new(), tempfile::tempdir().expect("dir"));
    let ca_file = directory.path().join("ca.crt");
    std::fs::write(&ca_file, &authority.pem).expect("ca.crt");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("address");
    let tls = server_config(&authority, "127.0.0.1", None);
    let served = dev_vault().serve(listener, Some(tls), std::future::pending());
    let target = Target {
        address: address.to_string(),
        root_token: ROOT.to_owned(),
    };
    let mut identity = target.identity(AuthType::Jwt, "jwt", "none");
    identity.vault_address = format!("https://{address}").parse().expect("address");
    identity.ca_file = Some(ca_file.display().to_string());
    let client = VaultClient::new(&identity, Limits::default()).expect("client");
    let (root, path) = (target.root(), vault_path("secret/db"));
    tokio::select! {
        () = served => panic!("it ended"),
        mount = client.mount(&root, &path) => {
            assert_eq!(mount.expect("mount").engine, Engine::KvV2);
        }
    }
}

#[tokio::test]
async fn a_client_certificate_logs_in() {
    let (servers, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let directory = tempfile::tempdir().expect("dir");
    let server_ca = directory.path().join("ca.crt");
    std::fs::write(&server_ca, &servers.pem).expect("ca.crt");
    clients.leaf("app").write(directory.path());
    let vault = dev_vault();
    let (plain, tls) = (
        TcpListener::bind("127.0.0.1:0").await.expect("a port"),
        TcpListener::bind("127.0.0.1:0").await.expect("a port"),
    );
    let target = Target {
        address: plain.local_addr().expect("address").to_string(),
        root_token: ROOT.to_owned(),
    };
    let address = tls.local_addr().expect("address").to_string();
    let pki = Pki {
        address: &address,
        server_ca: &server_ca,
        client_ca: &clients.pem,
        other_ca: &others.pem,
        client: directory.path(),
    };
    let config = server_config(&servers, "127.0.0.1", Some(&clients));
    tokio::select! {
        () = vault.clone().serve(plain, None, std::future::pending()) => panic!("it ended"),
        () = vault.serve(tls, Some(config), std::future::pending()) => panic!("it ended"),
        () = certificate_login::a_client_certificate_logs_in(&target, &pki) => {}
    }
}

#[tokio::test]
async fn without_tls_there_is_no_certificate_to_log_in_with() {
    let served = Served::start().await;
    let target = &served.target;
    target
        .write("sys/auth/certs", json!({ "type": "cert" }))
        .await;
    let client = target.client(AuthType::Cert, "certs", "app");
    refused(
        client.login(&LoginCredentials::ClientCertificate).await,
        Class::Denied,
        &[
            "Vault has not seen the client certificate",
            "tls connection required",
        ],
    );
}

#[tokio::test]
async fn open_connections_end_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("address");
    let (end, ended) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = ended.await;
    };
    let served = tokio::spawn(dev_vault().serve(listener, None, shutdown));
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    end.send(()).expect("still serving");
    served.await.expect("served");
    let mut rest = Vec::new();
    // The end of the stream, or a reset.
    let _ = connection.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}
