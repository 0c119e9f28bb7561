//! A Vault that cases run against, and what they ask it for beside the client under test.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use freshet::dev_vault::{ServiceAccount, ServiceAccountIssuer};
use freshet::spec::{Auth, AuthType, Login, VaultPath};
use freshet::vault::{
    Limits, LoginCredentials, SecretsMount, Token, VaultApi as _, VaultClient, VaultError,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server with a root token. Each case mounts what it needs below a name of its own, so that
/// cases can share a server.
pub(crate) struct Target {
    /// `127.0.0.1:8200`, plain HTTP.
    pub(crate) address: String,
    pub(crate) root_token: String,
}

/// A raw answer.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl RawAnswer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// A policy: paths and the one capability at each.
pub(crate) type Rules<'a> = &'a [(&'a str, &'a str)];

impl Target {
    /// A request as it is, with `token`.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> RawAnswer {
        let mut stream = TcpStream::connect(&self.address)
            .await
            .expect("a connection");
        // HTTP/1.0: the answer is not chunked, and ends with the connection.
        let request = format!(
            "{method} /v1/{path} HTTP/1.0\r\nHost: {}\r\nX-Vault-Token: {token}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        let status = head.split(' ').nth(1).expect("a status line");
        RawAnswer {
            status: status.parse().expect("a status"),
            body: body.to_owned(),
        }
    }

    /// A write of the root token that has to succeed.
    pub(crate) async fn write(&self, path: &str, body: Value) -> Value {
        let body = body.to_string();
        let answer = self.request("POST", path, &self.root_token, &body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer.json()
    }

    /// Mounts a KV engine.
    pub(crate) async fn mount_kv(&self, path: &str, version: &str) -> SecretsMount {
        let options = json!({ "type": "kv", "options": { "version": version } });
        self.write(&format!("sys/mounts/{path}"), options).await;
        // Version 2 sets itself up after it is mounted.
        loop {
            let probe = format!("{path}/{}probe", if version == "2" { "data/" } else { "" });
            let answer = self.request("GET", &probe, &self.root_token, "").await;
            if answer.status == 404 {
                break;
            }
            assert!(answer.body.contains("pgrading"), "{answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let client = self.client(AuthType::Jwt, "jwt", "none");
        let secret = format!("{path}/secret");
        client
            .mount(&self.root(), &vault_path(&secret))
            .await
            .expect("mount")
    }

    /// The root token, for the client.
    pub(crate) fn root(&self) -> Token {
        Token {
            secret: self.root_token.clone().into(),
            lease: freshet::vault::TokenLease {
                duration: Duration::ZERO,
                renewable: false,
            },
        }
    }

    /// Writes the policy `name`.
    pub(crate) async fn policy(&self, name: &str, rules: Rules<'_>) {
        let rules: BTreeMap<_, _> = rules
            .iter()
            .map(|(path, capability)| (path, json!({ "capabilities": [capability] })))
            .collect();
        let policy = json!({ "policy": json!({ "path": rules }).to_string() });
        self.write(&format!("sys/policies/acl/{name}"), policy)
            .await;
    }

    /// Mounts a `jwt` auth method at `name` that trusts `issuer`, with a role of that name for
    /// service account `app` of namespace `shop` and the audience `vault`.
    pub(crate) async fn jwt_method(
        &self,
        name: &str,
        issuer: &ServiceAccountIssuer,
        role: Value,
    ) -> VaultClient {
        self.write(&format!("sys/auth/{name}"), json!({ "type": "jwt" }))
            .await;
        let keys = json!({ "jwt_validation_pubkeys": [issuer.public_key_pem()] });
        self.write(&format!("auth/{name}/config"), keys).await;
        let mut parameters = json!({
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
            "bound_subject": "system:serviceaccount:shop:app", "token_policies": [name],
        });
        let fields = parameters.as_object_mut().expect("an object");
        fields.extend(role.as_object().expect("an object").clone());
        self.write(&format!("auth/{name}/role/{name}"), parameters)
            .await;
        self.client(AuthType::Jwt, name, name)
    }

    /// A client that logs in at `auth/<path>` with `role`.
    pub(crate) fn client(&self, auth_type: AuthType, path: &str, role: &str) -> VaultClient {
        let identity = self.identity(auth_type, path, role);
        VaultClient::new(&identity, Limits::default()).expect("client")
    }

    pub(crate) fn identity(&self, auth_type: AuthType, path: &str, role: &str) -> Login {
        let role = role.parse().expect("role");
        let auth = match auth_type {
            AuthType::Kubernetes => Auth::Kubernetes(role),
            AuthType::Jwt => Auth::Jwt(role),
            AuthType::AppRole => Auth::AppRole("/ids".to_owned()),
            AuthType::Cert => Auth::Cert(Some(role)),
        };
        Login {
            vault_address: format!("http://{}", self.address).parse().expect("address"),
            vault_namespace: None,
            auth_namespace: None,
            auth,
            auth_path: path.parse().expect("mount path"),
            audience: None,
            token_file: None,
            ca_file: None,
            ca_certificates: None,
            headers: Vec::new(),
            client_certificate_dir: None,
            tls_server_name: None,
        }
    }
}

pub(crate) fn vault_path(text: &str) -> VaultPath {
    text.parse().expect("path")
}

pub(crate) fn issuer() -> ServiceAccountIssuer {
    ServiceAccountIssuer::new("https://kubernetes.default.svc.cluster.local").expect("issuer")
}

/// A token for service account `app` of namespace `shop`, valid for ten minutes.
pub(crate) fn jwt(issuer: &ServiceAccountIssuer, audience: &str) -> LoginCredentials {
    jwt_at(issuer, audience, SystemTime::now())
}

pub(crate) fn jwt_at(
    issuer: &ServiceAccountIssuer,
    audience: &str,
    now: SystemTime,
) -> LoginCredentials {
    let account = ServiceAccount {
        namespace: "shop".to_owned(),
        name: "app".to_owned(),
        pod: "app-0".to_owned(),
    };
    let token = issuer.mint(&account, audience, Duration::from_secs(600), now);
    LoginCredentials::ServiceAccountToken(token.expect("token").into())
}

/// What an AppRole's files hold.
pub(crate) fn app_role(role_id: &str, secret_id: Option<&str>) -> LoginCredentials {
    LoginCredentials::AppRole {
        role_id: role_id.to_owned().into(),
        secret_id: secret_id.map(|text| text.to_owned().into()),
    }
}

/// Fails unless `outcome` is an error of `class` whose text holds all of `texts`.
#[track_caller]
pub(crate) fn refused<T>(
    outcome: Result<T, VaultError>,
    class: freshet::vault::Class,
    texts: &[&str],
) {
    let Err(error) = outcome else {
        panic!("succeeded");
    };
    let message = error.to_string();
    for text in texts {
        assert!(message.contains(text), "{text:?} in {message:?}");
    }
    assert_eq!(error.class(), class, "{message}");
}
