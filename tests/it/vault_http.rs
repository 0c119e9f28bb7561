//! The Vault client against a loopback server: what it sends, what it makes of answers, and what it
//! refuses.

pub(crate) mod certificates;
mod kept;
mod quiet;
mod refused;
mod server;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use freshet::secret::write_json_map;
use freshet::spec::{Auth, Login, VaultPath};
use freshet::vault::{
    Class, Engine, Limits, LoginCredentials, SecretsMount, Token, TokenLease, VaultApi as _,
    VaultClient, VaultError,
};

use self::server::{Reply, Server, json};

const KV2: &str = r#"{"data":{"type":"kv","path":"secret/","options":{"version":"2"}}}"#;
const DB: &str =
    r#"{"data":{"data":{"user":"app","port":5432.0},"metadata":{"version":3}},"warnings":null}"#;

fn identity(address: &str) -> Login {
    Login {
        vault_address: address.parse().expect("address"),
        vault_namespace: None,
        auth_namespace: None,
        auth: Auth::Kubernetes("app".parse().expect("role")),
        auth_path: "kubernetes".parse().expect("mount"),
        audience: None,
        token_file: None,
        ca_file: None,
        ca_certificates: None,
        headers: Vec::new(),
        client_certificate_dir: None,
        tls_server_name: None,
    }
}

fn client(identity: &Login) -> VaultClient {
    let limits = Limits {
        connect: Duration::from_secs(5),
        request: Duration::from_secs(5),
        answer: 10_000,
    };
    VaultClient::new(identity, limits).expect("client")
}

fn plain_client(server: &Server) -> VaultClient {
    client(&identity(&format!("http://{}", server.address)))
}

fn jwt(text: &str) -> LoginCredentials {
    LoginCredentials::ServiceAccountToken(text.to_owned().into())
}

fn token(text: &str) -> Token {
    Token {
        secret: text.to_owned().into(),
        lease: TokenLease {
            duration: Duration::from_secs(60),
            renewable: true,
        },
    }
}

fn path(text: &str) -> VaultPath {
    text.parse().expect("path")
}

fn kv2() -> SecretsMount {
    SecretsMount {
        path: "secret".parse().expect("mount"),
        engine: Engine::KvV2,
    }
}

fn plain(mount: &str) -> SecretsMount {
    SecretsMount {
        path: mount.parse().expect("mount"),
        engine: Engine::Plain,
    }
}

async fn read(client: &VaultClient) -> Result<freshet::secret::VaultSecret, VaultError> {
    client
        .read(&token("hvs.t"), &kv2(), &path("secret/db"), None)
        .await
}

#[track_caller]
fn check_error<T>(outcome: Result<T, VaultError>, class: Class, texts: &[&str]) {
    let Err(error) = outcome else {
        panic!("succeeded");
    };
    let message = error.to_string();
    for text in texts {
        assert!(message.contains(text), "{text:?} in {message:?}");
    }
    assert_eq!(error.class(), class, "{message}");
}

#[tokio::test]
async fn a_login_sends_role_and_token_and_brings_a_lease() {
    let server = Server::http(|_| {
        let auth = r#""client_token":"hvs.new","lease_duration":3600,"renewable":true"#;
        json(
            200,
            &format!(r#"{{"auth":{{{auth}}},"warnings":["take care"]}}"#),
        )
    })
    .await;
    let mut identity = identity(&format!("http://{}/team/vault/", server.address));
    identity.vault_namespace = Some("org/team-a".parse().expect("namespace"));
    identity.auth_path = "k8s/prod".parse().expect("mount");
    let token = client(&identity)
        .login(&jwt("eyJ.eyJ.sig\n"))
        .await
        .expect("token");
    assert_eq!(token.secret.expose(), b"hvs.new");
    assert_eq!(token.lease.duration, Duration::from_secs(3600));
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("POST", "/team/vault/v1/auth/k8s/prod/login")
    );
    assert_eq!(seen.body, r#"{"role":"app","jwt":"eyJ.eyJ.sig"}"#);
    assert_eq!(seen.header("x-vault-namespace"), Some("org/team-a"));
    assert_eq!(seen.header("x-vault-request"), Some("true"));
    assert_eq!(seen.header("x-vault-token"), None);
    assert_eq!(seen.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn headers_go_with_every_request_and_a_login_may_have_a_namespace_of_its_own() {
    let server = Server::http(|seen| match seen.method.as_str() {
        "POST" => json(200, r#"{"auth":{"client_token":"t","lease_duration":1}}"#),
        _ => json(200, DB),
    })
    .await;
    let mut identity = identity(&format!("http://{}", server.address));
    identity.vault_namespace = Some("team".parse().expect("namespace"));
    identity.auth_namespace = Some("root".parse().expect("namespace"));
    identity.headers = vec!["X-Team: shop".parse().expect("a header")];
    let client = client(&identity);
    client.login(&jwt("a.b.c")).await.expect("token");
    read(&client).await.expect("secret");
    let seen = server.seen();
    let namespaces = [&seen[0], &seen[1]].map(|seen| seen.header("x-vault-namespace"));
    assert_eq!(namespaces, [Some("root"), Some("team")]);
    assert!(
        seen.iter()
            .all(|seen| seen.header("x-team") == Some("shop"))
    );
}

#[tokio::test]
async fn a_jwt_login_sends_the_same_to_its_own_mount() {
    let server =
        Server::http(|_| json(200, r#"{"auth":{"client_token":"t","lease_duration":1}}"#)).await;
    let mut identity = identity(&format!("http://{}", server.address));
    identity.auth = Auth::Jwt("app".parse().expect("role"));
    identity.auth_path = "jwt".parse().expect("mount");
    client(&identity).login(&jwt("a.b.c")).await.expect("token");
    assert_eq!(server.seen()[0].target, "/v1/auth/jwt/login");
    assert_eq!(server.seen()[0].body, r#"{"role":"app","jwt":"a.b.c"}"#);
}

#[tokio::test]
async fn a_kv_v2_secret_is_read_by_the_path_that_the_user_wrote() {
    let server = Server::http(|seen| match seen.target.as_str() {
        "/v1/sys/internal/ui/mounts/secret/a%20b/d%25b" => json(200, KV2),
        "/v1/secret/metadata/a%20b/d%25b" => json(200, r#"{"data":{"current_version":3}}"#),
        "/v1/secret/data/a%20b/d%25b?version=3" => json(200, DB),
        _ => json(404, r#"{"errors":[]}"#),
    })
    .await;
    let (client, token, path) = (
        plain_client(&server),
        token("hvs.t"),
        path("secret/a b/d%b"),
    );
    let mount = client.mount(&token, &path).await.expect("mount");
    assert_eq!(mount, kv2());
    let version = client.kv_version(&token, &mount, &path).await;
    assert_eq!(version, Ok(3));
    let secret = client
        .read(&token, &mount, &path, Some(3))
        .await
        .expect("secret");
    let mut data = Vec::new();
    write_json_map(&secret.data, &mut data);
    assert_eq!(data, br#"{"port":5432.0,"user":"app"}"#);
    assert_eq!(secret.version, Some(3));
    for seen in server.seen() {
        assert_eq!(
            seen.header("x-vault-token"),
            Some("hvs.t"),
            "{}",
            seen.target
        );
        assert_eq!(seen.header("x-vault-namespace"), None);
        assert_eq!((seen.method.as_str(), seen.body.as_str()), ("GET", ""));
    }
}

#[tokio::test]
async fn every_other_engine_is_read_as_it_is() {
    let body = r#"{"lease_id":"database/creds/app/1","lease_duration":60,"renewable":true,
        "data":{"username":"u","password":"p"}}"#;
    let server = Server::http(move |_| json(200, body)).await;
    let client = plain_client(&server);
    let (mount, path) = (plain("database"), path("database/creds/app"));
    let secret = client.read(&token("t"), &mount, &path, None).await;
    let lease = secret.expect("secret").lease.expect("lease");
    assert_eq!((lease.duration.as_secs(), lease.renewable), (60, true));
    assert_eq!(server.seen()[0].target, "/v1/database/creds/app");
    let versioned = client.read(&token("t"), &mount, &path, Some(1)).await;
    check_error(versioned, Class::Invalid, &["KV version 2"]);
}

#[tokio::test]
async fn a_server_without_the_mount_look_up_has_plain_mounts() {
    let server = Server::http(|_| json(404, r#"{"errors":["unsupported path"]}"#)).await;
    let client = plain_client(&server);
    let mount = client.mount(&token("t"), &path("secret/a/b")).await;
    assert_eq!(mount, Ok(plain("secret")));
}

#[tokio::test]
async fn a_token_is_renewed_and_revoked() {
    let server = Server::http(|seen| match seen.target.as_str() {
        "/v1/auth/token/renew-self" => json(
            200,
            r#"{"auth":{"client_token":"t","lease_duration":7,"renewable":false}}"#,
        ),
        _ => Reply::Answer(204, Vec::new(), String::new()),
    })
    .await;
    let client = plain_client(&server);
    let lease = TokenLease {
        duration: Duration::from_secs(7),
        renewable: false,
    };
    assert_eq!(client.renew_token(&token("t")).await, Ok(lease));
    assert_eq!(client.revoke_token(&token("t")).await, Ok(()));
    let asked: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| format!("{} {}", seen.method, seen.target))
        .collect();
    assert_eq!(
        asked,
        [
            "POST /v1/auth/token/renew-self",
            "POST /v1/auth/token/revoke-self"
        ]
    );
}

#[tokio::test]
async fn a_token_is_sent_trimmed_or_not_at_all() {
    let server = Server::http(|_| json(200, DB)).await;
    let client = plain_client(&server);
    let read = |text: &str| {
        let (client, token) = (&client, token(text));
        async move { client.read(&token, &kv2(), &path("secret/db"), None).await }
    };
    read("hvs.t\n").await.expect("secret");
    assert_eq!(server.seen()[0].header("x-vault-token"), Some("hvs.t"));
    for text in ["a\nX-Vault-Namespace: root", "", "\u{7f}"] {
        check_error(
            read(text).await,
            Class::TokenInvalid,
            &["no header can hold"],
        );
    }
    let login = client.login(&jwt("a.b.c\nd")).await;
    check_error(login, Class::Invalid, &["holds no JWT"]);
    assert_eq!(server.seen().len(), 1, "nothing else was sent");
}

#[tokio::test]
async fn many_secrets_share_a_few_connections() {
    let server = Server::http(|_| json(200, DB)).await;
    let client = plain_client(&server);
    let reads = futures_util::future::join_all((0..20).map(|_| read(&client))).await;
    assert!(reads.iter().all(Result::is_ok));
    let connections = server.connections();
    assert!((2..=4).contains(&connections), "{connections}");
    read(&client).await.expect("secret");
    read(&client).await.expect("secret");
    assert_eq!(server.connections(), connections, "they are kept");
}

/// The address of a port where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    listener.expect("a port").local_addr().expect("address")
}
