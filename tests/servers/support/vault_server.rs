//! A real Vault in dev mode: unsealed, in memory, with a known root token.

use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

use super::http::{self, Reply};
use super::process::{Process, folder, free_port, program};

/// The root token of every dev Vault here.
pub(crate) const ROOT_TOKEN: &str = "root-of-the-tests";

/// A running Vault.
pub(crate) struct Vault {
    /// The server.
    pub(crate) process: Process,
    /// Where it listens: `127.0.0.1:PORT`, plain HTTP.
    pub(crate) address: String,
}

impl Vault {
    /// The one that tests share; each mounts what it needs at paths of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Vault> = LazyLock::new(|| Vault::start("vault"));
        &SHARED
    }

    /// Starts one for a test that seals it, limits it or reads its log.
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, &[])
    }

    /// The same with more options.
    pub(crate) fn start_with(name: &str, options: &[String]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(program("vault"));
        command
            .args(["server", "-dev", "-dev-no-store-token", "-log-level=info"])
            .arg(format!("-dev-root-token-id={ROOT_TOKEN}"))
            .arg(format!("-dev-listen-address={address}"))
            .args(options)
            .env("HOME", folder(name));
        let vault = Self {
            process: Process::start(name, &command),
            address,
        };
        vault.process.wait_for("Vault", || {
            let health = http::request(&vault.address, "GET", "/v1/sys/health", &[], "").ok()?;
            // The KV engine at secret/ is mounted after the server listens.
            let mounted = || vault.try_api("GET", "secret/config", &Value::Null).ok();
            (health.status == 200 && mounted()?.status == 200).then_some(())
        });
        vault
    }

    /// Its address as a URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request to its API as root: `("POST", "sys/policies/acl/app", …)`.
    #[track_caller]
    pub(crate) fn api(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.try_api(method, path, body).expect("Vault answers")
    }

    /// A request that has to succeed; the answer's JSON.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, body: &Value) -> Value {
        let reply = self.api("POST", path, body);
        assert!(
            reply.status < 300,
            "{path}: {}: {}",
            reply.status,
            reply.body
        );
        reply.json()
    }

    /// The `vault` command as root, as a person types it; it has to succeed.
    #[track_caller]
    pub(crate) fn command(&self, args: &[&str]) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(program("vault"))
            .args(args)
            .env("VAULT_ADDR", self.url())
            .env("VAULT_TOKEN", ROOT_TOKEN)
            .env("HOME", folder("home"))
            .output()
            .expect("the vault command");
        let stderr = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "vault {args:?}: {stderr}");
        String::from_utf8_lossy(&stdout).into_owned()
    }

    fn try_api(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Reply> {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [("X-Vault-Token", ROOT_TOKEN)];
        http::request(
            &self.address,
            method,
            &format!("/v1/{path}"),
            &headers,
            &text,
        )
    }
}
