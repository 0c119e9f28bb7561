//! Whom the client trusts, and how it follows rotated files.

use freshet::spec::CaBundle;
use freshet::vault::{Class, VaultApi as _, VaultClient};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::certificates::{Authority, server_config};
use super::server::{Reply, Seen, Server, json};
use super::{DB, check_error, client, identity, jwt, read};

fn answers(seen: &Seen) -> Reply {
    match seen.method.as_str() {
        "POST" => json(200, r#"{"auth":{"client_token":"t","lease_duration":1}}"#),
        _ => json(200, DB),
    }
}

/// A client with `ca` in its CA file and, if asked, a client certificate in `tls`.
fn trusting(directory: &TempDir, ca: &str, certificate: bool, server: &Server) -> VaultClient {
    let ca_file = directory.path().join("ca.crt");
    std::fs::write(&ca_file, ca).expect("ca.crt");
    let mut identity = identity(&format!("https://{}", server.address));
    identity.ca_file = Some(ca_file.display().to_string());
    identity.client_certificate_dir = certificate.then(|| directory.path().display().to_string());
    client(&identity)
}

#[tokio::test]
async fn the_given_ca_is_trusted_and_no_other() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (directory, server) = (
        tempfile::tempdir().expect("dir"),
        Server::https(&ours, None, answers).await,
    );
    let bundle = format!("{}{}", other.pem, ours.pem);
    read(&trusting(&directory, &bundle, false, &server))
        .await
        .expect("secret");
    let file = directory.path().join("ca.crt").display().to_string();
    check_error(
        read(&trusting(&directory, &other.pem, false, &server)).await,
        Class::Unavailable,
        &["is not signed by the CA certificates in", &file],
    );
    let public = client(&identity(&format!("https://{}", server.address)));
    check_error(
        read(&public).await,
        Class::Unavailable,
        &[
            "is not signed by the bundled Mozilla roots",
            "freshet.dev/ca-config-map",
        ],
    );
}

#[tokio::test]
async fn certificates_of_the_identity_itself_are_trusted_and_no_others() {
    use base64::Engine as _;
    let (ours, other) = (Authority::new(), Authority::new());
    let server = Server::https(&ours, None, answers).await;
    let trusting = |authority: &Authority| {
        let lines = authority.pem.lines().filter(|line| !line.starts_with('-'));
        let der = base64::prelude::BASE64_STANDARD.decode(lines.collect::<String>());
        let bundle = CaBundle::from_der(vec![der.expect("base64")]);
        let mut identity = identity(&format!("https://{}", server.address));
        identity.ca_certificates = Some(bundle.expect("a certificate"));
        client(&identity)
    };
    read(&trusting(&ours)).await.expect("secret");
    check_error(
        read(&trusting(&other)).await,
        Class::Unavailable,
        &["is not signed by the CA certificates of the store"],
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let ca = Authority::new();
    let acceptor = TlsAcceptor::from(server_config(&ca, "vault.example", None));
    let server = Server::start(Some(acceptor), answers).await;
    let directory = tempfile::tempdir().expect("dir");
    check_error(
        read(&trusting(&directory, &ca.pem, false, &server)).await,
        Class::Unavailable,
        &["is for another name", "127.0.0.1", "vault.example"],
    );
}

#[tokio::test]
async fn a_server_is_found_by_its_name_at_whichever_address_it_listens() {
    let ca = Authority::new();
    let acceptor = TlsAcceptor::from(server_config(&ca, "localhost", None));
    // On one of the two addresses that a machine mostly has by this name.
    let server = Server::start(Some(acceptor), answers).await;
    let directory = tempfile::tempdir().expect("dir");
    let ca_file = directory.path().join("ca.crt");
    std::fs::write(&ca_file, &ca.pem).expect("ca.crt");
    let mut identity = identity(&format!("https://localhost:{}", server.address.port()));
    identity.ca_file = Some(ca_file.display().to_string());
    read(&client(&identity)).await.expect("secret");
}

#[tokio::test]
async fn a_rotated_ca_file_is_taken_over_without_a_restart() {
    let (old, new) = (Authority::new(), Authority::new());
    let (directory, server) = (
        tempfile::tempdir().expect("dir"),
        Server::https(&new, None, answers).await,
    );
    let client = trusting(&directory, &old.pem, false, &server);
    read(&client).await.expect_err("the old CA");
    std::fs::write(directory.path().join("ca.crt"), &new.pem).expect("ca.crt");
    read(&client).await.expect("the new CA");
    // A file that is broken later does not take away what works.
    std::fs::write(directory.path().join("ca.crt"), "nothing").expect("ca.crt");
    client.login(&jwt("a.b.c")).await.expect("the new CA still");
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_followed() {
    let (ca, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let server = Server::https(&ca, Some(&clients), answers).await;
    let directory = tempfile::tempdir().expect("dir");
    check_error(
        read(&trusting(&directory, &ca.pem, false, &server)).await,
        Class::Unavailable,
        &[
            "refuses our client certificate, or asks for one",
            "freshet.dev/tls-secret",
        ],
    );
    strangers.leaf("app").write(directory.path());
    let client = trusting(&directory, &ca.pem, true, &server);
    read(&client).await.expect_err("a stranger's certificate");
    clients.leaf("app").write(directory.path());
    read(&client).await.expect("our own");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let (ca, directory) = (Authority::new(), tempfile::tempdir().expect("dir"));
    let server = Server::https(&ca, None, answers).await;
    let want = ["ca.crt: holds no certificate in PEM"];
    check_error(
        read(&trusting(&directory, "", false, &server)).await,
        Class::Unavailable,
        &want,
    );
    let want = ["tls.crt: No such file"];
    check_error(
        read(&trusting(&directory, &ca.pem, true, &server)).await,
        Class::Unavailable,
        &want,
    );
}

#[tokio::test]
async fn a_mistaken_scheme_is_told() {
    let server = Server::http(answers).await;
    let https = client(&identity(&format!("https://{}", server.address)));
    check_error(
        read(&https).await,
        Class::Unavailable,
        &["does not speak TLS"],
    );
    // What Go's HTTPS servers answer to plain HTTP.
    let server = Server::http(|_| {
        Reply::Answer(
            400,
            Vec::new(),
            "Client sent an HTTP request to an HTTPS server.\n".to_owned(),
        )
    })
    .await;
    let http = client(&identity(&format!("http://{}", server.address)));
    check_error(
        read(&http).await,
        Class::Invalid,
        &["must begin with https://"],
    );
}
