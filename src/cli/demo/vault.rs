//! The demo's Vault: the embedded one, set up as an operator would set up a real one.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::narrator::Narrator;
use crate::dev_vault::{
    Clock, DevVault, Fault, IssuerError, Refused, ServiceAccount, ServiceAccountIssuer,
};

/// The secret that the application's file is made of, as `vault kv put` takes it.
pub(super) const PATH: &str = "secret/mysql_credentials";

/// The same, as the API takes it.
const API_PATH: &str = "secret/data/mysql_credentials";

/// As the webhook asks for it, and as the role expects it.
const AUDIENCE: &str = "vault";

/// What kubelet asks for.
const TOKEN_LIFE: Duration = Duration::from_secs(600);

/// Why there is no Vault.
#[derive(Debug, thiserror::Error)]
pub(super) enum VaultError {
    /// There is no port for it.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
    /// It refuses its own set-up.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There are no random numbers.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
}

/// The server and the cluster's token issuer that it trusts.
#[derive(Clone)]
pub(super) struct DemoVault {
    server: DevVault,
    issuer: Arc<ServiceAccountIssuer>,
    pub(super) address: SocketAddr,
    pub(super) root_token: Arc<str>,
}

impl DemoVault {
    /// Starts the server on a free port and sets it up.
    pub(super) async fn start(
        narrator: &Narrator,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, VaultError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let root_token: Arc<str> = format!("dev.{}", random_text(24)).into();
        let server = DevVault::new(&root_token, clock(), Arc::new(fill));
        tasks.spawn(server.clone().serve(listener, None, std::future::pending()));
        let issuer = ServiceAccountIssuer::new("https://kubernetes.default.svc.cluster.local")?;
        let vault = Self {
            server,
            issuer: Arc::new(issuer),
            address,
            root_token,
        };
        vault.set_up(narrator)?;
        Ok(vault)
    }

    /// What `vault write` and `vault kv put` would do.
    fn set_up(&self, narrator: &Narrator) -> Result<(), VaultError> {
        narrator.detail("secret/ is KV version 2, legacy/ is KV version 1");
        let v1 = json!({"type": "kv", "options": {"version": "1"}});
        self.server.write("sys/mounts/legacy", &v1)?;
        self.server
            .write("legacy/licence", &json!({"key": random_text(16)}))?;

        narrator.detail(
            "auth/kubernetes: role demo, for service account demo in namespace demo, audience vault",
        );
        let method = json!({"type": "kubernetes"});
        self.server.write("sys/auth/kubernetes", &method)?;
        let keys = json!({"pem_keys": [self.issuer.public_key_pem()]});
        self.server.write("auth/kubernetes/config", &keys)?;
        let role = json!({
            "bound_service_account_names": "demo",
            "bound_service_account_namespaces": "demo",
            "audience": AUDIENCE,
            "policies": "demo",
            "ttl": "20m",
        });
        self.server.write("auth/kubernetes/role/demo", &role)?;

        narrator.detail("database/ makes users that live for 45 s at most, pki/ certificates");
        for engine in ["database", "pki"] {
            let mount = json!({ "type": engine });
            self.server.write(&format!("sys/mounts/{engine}"), &mount)?;
        }
        let role = json!({"default_ttl": "15s", "max_ttl": "45s"});
        self.server.write("database/roles/orders", &role)?;
        let root = json!({"common_name": "Demo"});
        self.server.write("pki/root/generate/internal", &root)?;
        let role = json!({"allowed_domains": "demo.svc", "max_ttl": "1h"});
        self.server.write("pki/roles/web", &role)?;

        narrator.detail(
            "policy demo: may read the two secrets and the first one's metadata, and have a database user and a certificate made",
        );
        let read = json!({"capabilities": ["read"]});
        let policy = json!({"path": {
            API_PATH: read,
            "secret/metadata/mysql_credentials": read,
            "legacy/licence": read,
            "database/creds/orders": read,
            "pki/issue/web": {"capabilities": ["update"]},
        }});
        let policy = json!({"policy": policy.to_string()});
        self.server.write("sys/policies/acl/demo", &policy)?;
        Ok(())
    }

    /// Writes the credentials with a new password; answers the version and the password.
    pub(super) fn rotate(&self) -> Result<(u64, String), Refused> {
        let password = random_text(20);
        let data = json!({
            "url": "jdbc:mysql://mysql.demo.svc:3306/orders",
            "username": "orders",
            "password": password,
        });
        let answer = self.server.write(API_PATH, &json!({"data": data}))?;
        let body: Value = serde_json::from_str(answer.body()).unwrap_or_default();
        Ok((
            body["data"]["version"].as_u64().unwrap_or_default(),
            password,
        ))
    }

    /// Seals Vault, as an outage: every request is answered 503; or ends that.
    pub(super) fn set_sealed(&self, sealed: bool) {
        self.server.heal();
        if sealed {
            self.server.order(Fault::Sealed);
        }
    }

    /// Keeps the service account's token in the file at `path`, as kubelet does.
    pub(super) async fn keep_token(self, path: &Path) -> std::io::Error {
        let account = ServiceAccount {
            namespace: "demo".to_owned(),
            name: "demo".to_owned(),
            pod: "credentials-page".to_owned(),
        };
        self.issuer
            .keep_current(path, &account, AUDIENCE, TOKEN_LIFE, clock())
            .await
    }
}

fn clock() -> Clock {
    Arc::new(SystemTime::now)
}

/// Random letters and digits, none that look alike.
fn random_text(length: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0; length];
    fill(&mut bytes);
    bytes
        .into_iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}

/// Where the system has no random numbers, the issuer has said so before this is used.
fn fill(bytes: &mut [u8]) {
    let _ = SystemRandom::new().fill(bytes);
}
