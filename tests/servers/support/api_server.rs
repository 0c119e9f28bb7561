//! A real kube-apiserver on a real etcd, and the real `kubectl` for everything that is asked of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::http;
use super::pki::Authority;
use super::process::{Process, folder, free_port, program};

/// A running API server.
pub(crate) struct ApiServer {
    etcd: Process,
    server: Process,
    /// `https://127.0.0.1:PORT`.
    pub(crate) url: String,
    /// Signs the API server's certificate, and those of its clients.
    pub(crate) authority: Authority,
    /// For programs that talk to it, as a member of `system:masters`.
    pub(crate) kubeconfig: PathBuf,
}

/// What a `kubectl` command did.
#[derive(Debug)]
pub(crate) struct Kubectl {
    /// Whether it succeeded.
    pub(crate) ok: bool,
    /// What it printed.
    pub(crate) stdout: String,
    /// Warnings and errors, as the person at the terminal reads them.
    pub(crate) stderr: String,
}

impl ApiServer {
    /// The one that all tests share; each has a namespace of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<ApiServer> = LazyLock::new(|| ApiServer::start("kubernetes"));
        &SHARED
    }

    /// One for tests that change the whole cluster; its files are in the folder `name` of this run.
    pub(crate) fn start(name: &str) -> Self {
        let folder = folder(name);
        let authority = Authority::new(&folder);
        let (etcd, etcd_url) = start_etcd(name);
        let port = free_port();
        let url = format!("https://127.0.0.1:{port}");
        let command = api_server(&folder, &authority, &etcd_url, port);
        let server = Process::start(&format!("{name}/kube-apiserver"), &command);
        let kubeconfig = kubeconfig(&folder, &authority, &url);
        let api = Self {
            etcd,
            server,
            url,
            authority,
            kubeconfig,
        };
        api.server.wait_for("the API server", || {
            assert!(api.etcd.runs(), "etcd ended:\n{}", api.etcd.log());
            let ready = api.kubectl(&["get", "--raw", "/readyz"], "").ok;
            let defaults = || {
                api.kubectl(&["get", "namespace", "default", "kube-system"], "")
                    .ok
            };
            (ready && defaults()).then_some(())
        });
        api
    }

    /// `kubectl ARGS` as a member of `system:masters`, with `input` as its standard input.
    pub(crate) fn kubectl(&self, args: &[&str], input: &str) -> Kubectl {
        let mut child = Command::new(program("kubectl"))
            .arg(format!("--kubeconfig={}", self.kubeconfig.display()))
            .arg(format!("--cache-dir={}", folder("kubectl-cache").display()))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl");
        let mut stdin = child.stdin.take().expect("its standard input");
        // A command that reads nothing may have closed it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("its output");
        Kubectl {
            ok: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A command that has to succeed; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str], input: &str) -> String {
        let done = self.kubectl(args, input);
        assert!(done.ok, "kubectl {args:?}: {}", done.stderr);
        done.stdout
    }

    /// Creates or changes an object.
    #[track_caller]
    pub(crate) fn apply(&self, object: &Value) {
        self.run(&["apply", "-f", "-"], &object.to_string());
    }

    /// Creates an object and answers it as the API server keeps it.
    #[track_caller]
    pub(crate) fn create(&self, object: &Value) -> Value {
        let text = self.run(&["create", "-o", "json", "-f", "-"], &object.to_string());
        serde_json::from_str(&text).expect("kubectl prints JSON")
    }

    /// An object, as the API server keeps it.
    #[track_caller]
    pub(crate) fn get(&self, namespace: &str, kind: &str, name: &str) -> Value {
        let text = self.run(&["get", "-n", namespace, kind, name, "-o", "json"], "");
        serde_json::from_str(&text).expect("kubectl prints JSON")
    }

    /// A new namespace with these labels and the service account `default`, which a controller
    /// would make.
    #[track_caller]
    pub(crate) fn namespace(&self, name: &str, labels: &[(&str, &str)]) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let name = format!("{name}-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let labels: Value = labels.iter().map(|(key, value)| (*key, *value)).collect();
        self.apply(&json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": labels },
        }));
        self.service_account(&name, "default");
        name
    }

    /// A service account.
    #[track_caller]
    pub(crate) fn service_account(&self, namespace: &str, name: &str) {
        self.apply(&json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": { "name": name, "namespace": namespace },
        }));
    }

    /// A token of a service account, as the kubelet asks for one (TokenRequest).
    #[track_caller]
    pub(crate) fn token(&self, namespace: &str, account: &str, audience: Option<&str>) -> String {
        let audience = audience.map(|audience| format!("--audience={audience}"));
        let mut args = vec![
            "create",
            "token",
            "-n",
            namespace,
            account,
            "--duration=10m",
        ];
        args.extend(audience.as_deref());
        self.run(&args, "").trim().to_owned()
    }
}

fn start_etcd(name: &str) -> (Process, String) {
    let (client, peer) = (free_port(), free_port());
    let (client, peer) = (
        format!("http://127.0.0.1:{client}"),
        format!("http://127.0.0.1:{peer}"),
    );
    let mut command = Command::new(program("etcd"));
    command
        .arg("--data-dir")
        .arg(folder(name).join("etcd"))
        .args(["--name=tests", "--log-level=warn", "--unsafe-no-fsync"])
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=tests={peer}"));
    let etcd = Process::start(&format!("{name}/etcd"), &command);
    let address = client.trim_start_matches("http://").to_owned();
    etcd.wait_for("etcd", || {
        let health = http::request(&address, "GET", "/health", &[], "").ok()?;
        (health.status == 200).then_some(())
    });
    (etcd, client)
}

fn api_server(folder: &Path, authority: &Authority, etcd: &str, port: u16) -> Command {
    let hosts = ["127.0.0.1", "localhost", "kubernetes.default.svc"];
    let serving = authority.issue("kube-apiserver", "kubernetes", &hosts);
    let accounts = rcgen::KeyPair::generate().expect("a key");
    let (signing, verifying) = (folder.join("accounts.key"), folder.join("accounts.pub"));
    fs::write(&signing, accounts.serialize_pem()).expect("accounts.key");
    fs::write(&verifying, accounts.public_key_pem()).expect("accounts.pub");
    let file = |option: &str, path: &Path| format!("--{option}={}", path.display());
    let mut command = Command::new(program("kube-apiserver"));
    command
        .args([
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--profiling=false",
        ])
        .arg(format!("--etcd-servers={etcd}"))
        .arg(format!("--secure-port={port}"))
        .arg(file("client-ca-file", &authority.file()))
        .arg(file("tls-cert-file", &serving.certificate))
        .arg(file("tls-private-key-file", &serving.key))
        .arg(file("service-account-signing-key-file", &signing))
        .arg(file("service-account-key-file", &verifying))
        .arg(file("cert-dir", folder));
    command
}

fn kubeconfig(folder: &Path, authority: &Authority, url: &str) -> PathBuf {
    let admin = authority.issue("admin", "system:masters", &[]);
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "clusters": [{ "name": "tests", "cluster": {
            "server": url, "certificate-authority": authority.file(),
        }}],
        "users": [{ "name": "admin", "user": {
            "client-certificate": admin.certificate, "client-key": admin.key,
        }}],
        "contexts": [{ "name": "tests", "context": { "cluster": "tests", "user": "admin" } }],
    });
    let path = folder.join("kubeconfig");
    fs::write(&path, config.to_string()).expect("kubeconfig");
    path
}
