//! A login by client certificate, which needs TLS: the same case for the dev Vault here and for a
//! real one in `tests/servers`.

use std::path::Path;

use freshet::spec::{Auth, Login};
use freshet::vault::{Class, Limits, LoginCredentials, VaultApi as _, VaultClient};
use serde_json::json;

use super::target::{Target, refused, vault_path};

/// Where a server is found with TLS, and what a client of it holds.
pub(crate) struct Pki<'a> {
    /// `127.0.0.1:8200`.
    pub(crate) address: &'a str,
    /// The CA that the server's certificate is checked against.
    pub(crate) server_ca: &'a Path,
    /// The CA of the client's certificate, in PEM.
    pub(crate) client_ca: &'a str,
    /// Another CA.
    pub(crate) other_ca: &'a str,
    /// The folder with `tls.crt` and `tls.key` of the client.
    pub(crate) client: &'a Path,
}

impl Pki<'_> {
    /// A client that logs in at `auth/certs` for `role`.
    pub(crate) fn client(&self, target: &Target, role: Option<&str>, shows: bool) -> VaultClient {
        let role = role.map(|role| role.parse().expect("a role"));
        let identity = Login {
            vault_address: format!("https://{}", self.address)
                .parse()
                .expect("address"),
            auth: Auth::Cert(role),
            ca_file: Some(self.server_ca.display().to_string()),
            client_certificate_dir: shows.then(|| self.client.display().to_string()),
            ..target.identity(freshet::spec::AuthType::Cert, "certs", "none")
        };
        VaultClient::new(&identity, Limits::default()).expect("client")
    }
}

pub(crate) async fn a_client_certificate_logs_in(target: &Target, pki: &Pki<'_>) {
    target
        .policy("certs", &[("secret/data/certs", "read")])
        .await;
    target
        .write("secret/data/certs", json!({ "data": { "user": "app" } }))
        .await;
    target
        .write("sys/auth/certs", json!({ "type": "cert" }))
        .await;
    for (name, ca) in [("app", pki.client_ca), ("other", pki.other_ca)] {
        let role = json!({ "certificate": ca, "token_policies": ["certs"] });
        target
            .write(&format!("auth/certs/certs/{name}"), role)
            .await;
    }
    for role in [Some("app"), None] {
        let client = pki.client(target, role, true);
        let token = client.login(&LoginCredentials::ClientCertificate).await;
        let token = token.expect("a token");
        let path = vault_path("secret/certs");
        let mount = client.mount(&token, &path).await.expect("the mount");
        let secret = client.read(&token, &mount, &path, None).await;
        assert_eq!(secret.expect("the secret").version, Some(1));
        // A real Vault asks for the same certificate again.
        client.renew_token(&token).await.expect("renewed");
    }
    let stranger = pki.client(target, Some("other"), true);
    refused(
        stranger.login(&LoginCredentials::ClientCertificate).await,
        Class::Denied,
        &[
            "cannot log in at auth/certs with role other: no role there trusts the client certificate",
            "vault write auth/certs/certs/other certificate=@ca.crt",
            "failed to match all constraints",
        ],
    );
}
