//! A pod on this machine: the folders that the kubelet would mount, a dev Vault, and the real
//! refresher as a process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use freshet::dev_vault::{DevVault, ServiceAccount, ServiceAccountIssuer};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The pod's two volumes.
const VOLUMES: [&str; 2] = ["a", "b"];

/// The root token of the dev Vault.
pub(crate) const DEV_ROOT_TOKEN: &str = "root-of-the-tests";

pub(crate) struct Pod {
    folder: TempDir,
    pub(crate) vault: DevVault,
    issuer: ServiceAccountIssuer,
    pub(crate) address: String,
    /// Who it is.
    pub(crate) login: Vec<String>,
    child: Option<Child>,
    server: Option<(tokio::sync::oneshot::Sender<()>, JoinHandle<()>)>,
}

/// A file of a SyncSpec: volume, name, and a reference, perhaps behind a format and a space, or a
/// template where it begins with a brace, the file of one where it begins with a slash, or the token.
pub(crate) type File<'a> = (&'a str, &'a str, &'a str);

impl Pod {
    /// A pod with a Vault that has `secret/db` and `secret/api`, which the pod's role may read.
    pub(crate) fn new(files: &[File<'_>]) -> Self {
        let vault = dev_vault();
        let (address, server) = serve(vault.clone());
        let mut pod = Self::beside(files, address);
        pod.vault = vault;
        pod.server = Some(server);
        pod.configure();
        pod.put("secret/data/db", json!({"user": "app", "password": "one"}));
        pod.put("secret/data/api", json!({"key": "k-1"}));
        pod
    }

    /// A pod beside the Vault at `address`, which knows nothing of it yet.
    pub(crate) fn beside(files: &[File<'_>], address: String) -> Self {
        let vault = dev_vault();
        let issuer = ServiceAccountIssuer::new("https://kubernetes.default.svc").expect("issuer");
        let folder = tempfile::tempdir().expect("a folder");
        let pod = Self {
            folder,
            vault,
            issuer,
            address,
            login: vec!["--role=app".to_owned(), "--audience=vault".to_owned()],
            child: None,
            server: None,
        };
        for volume in VOLUMES {
            fs::create_dir_all(pod.path(&format!("mounts/{volume}"))).expect("a volume");
        }
        for folder in ["pod", "token", "state"] {
            fs::create_dir(pod.path(folder)).expect("a folder");
        }
        pod.replace("termination-log", "");
        pod.replace("pod/refresh", "");
        pod.project_token("vault", Duration::from_secs(600));
        pod.set_spec(&spec("1s", files));
        pod
    }

    /// What the pod's service-account token is signed with.
    pub(crate) fn public_key_pem(&self) -> String {
        self.issuer.public_key_pem()
    }

    fn configure(&self) {
        let write = |path: &str, body: Value| {
            self.vault.write(path, &body).expect(path);
        };
        write("sys/auth/kubernetes", json!({"type": "kubernetes"}));
        write(
            "auth/kubernetes/config",
            json!({"pem_keys": self.public_key_pem()}),
        );
        self.role(json!({}));
        self.policy(&["secret/data/*", "secret/metadata/*"]);
    }

    /// Changes the pod's role.
    pub(crate) fn role(&self, change: Value) {
        let mut role = json!({
            "bound_service_account_names": "app", "bound_service_account_namespaces": "shop",
            "audience": "vault", "policies": "app", "ttl": "1h",
        });
        let fields = role.as_object_mut().expect("an object");
        fields.extend(change.as_object().expect("an object").clone());
        self.vault
            .write("auth/kubernetes/role/app", &role)
            .expect("role");
    }

    /// What the pod's role may read.
    pub(crate) fn policy(&self, paths: &[&str]) {
        let paths: BTreeMap<_, _> = paths
            .iter()
            .map(|path| (path, json!({"capabilities": ["read", "list"]})))
            .collect();
        let policy = json!({"policy": json!({"path": paths}).to_string()});
        self.vault
            .write("sys/policies/acl/app", &policy)
            .expect("policy");
    }

    /// Writes a KV v2 secret.
    pub(crate) fn put(&self, path: &str, data: Value) {
        self.vault.write(path, &json!({"data": data})).expect(path);
    }

    /// What the kubelet does: a new service-account token.
    pub(crate) fn project_token(&self, audience: &str, lifetime: Duration) {
        self.project_token_of(audience, lifetime, SystemTime::now());
    }

    /// The same, at another time.
    pub(crate) fn project_token_of(&self, audience: &str, lifetime: Duration, now: SystemTime) {
        self.project_token_at("token/token", (audience, lifetime), now);
    }

    /// The same, as another file.
    pub(crate) fn project_token_at(
        &self,
        file: &str,
        (audience, lifetime): (&str, Duration),
        now: SystemTime,
    ) {
        let account = ServiceAccount {
            namespace: "shop".to_owned(),
            name: "app".to_owned(),
            pod: "app-0".to_owned(),
        };
        let token = self
            .issuer
            .mint(&account, audience, lifetime, now)
            .expect("token");
        self.replace(file, &token);
    }

    pub(crate) fn set_spec(&self, spec: &str) {
        self.replace("pod/sync-spec", spec);
    }

    /// Replaces a file as the kubelet does: never half-written.
    #[expect(clippy::disallowed_methods, reason = "plays the kubelet")]
    pub(crate) fn replace(&self, name: &str, text: &str) {
        let next = self.path("next");
        fs::write(&next, text).expect(name);
        fs::rename(next, self.path(name)).expect(name);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The content of a file as the application sees it.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path("mounts").join(name)).ok()
    }

    /// Starts the sidecar.
    pub(crate) fn start(&mut self, options: &[&str]) {
        assert!(self.child.is_none(), "already running");
        self.child = Some(self.command("run", options).spawn().expect("the refresher"));
    }

    /// Runs the init container.
    pub(crate) fn once(&self, options: &[&str]) -> Output {
        self.command("once", options)
            .output()
            .expect("the refresher")
    }

    fn command(&self, name: &str, options: &[&str]) -> Command {
        let at = |option: &str, name: &str| format!("--{option}={}", self.path(name).display());
        #[expect(clippy::disallowed_methods, reason = "a log, not a secret")]
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .expect("a log");
        let mut command = refresher();
        command
            .arg(name)
            .arg(format!("--vault-address=http://{}", self.address))
            .args(&self.login)
            .arg("--log-level=debug")
            .args(VOLUMES.map(|volume| at(&format!("mount={volume}"), &format!("mounts/{volume}"))))
            .args([
                at("spec-file", "pod/sync-spec"),
                at("refresh-file", "pod/refresh"),
                at("token-file", "token/token"),
                at("templates-dir", "templates"),
                at("state-dir", "state"),
                at("termination-message", "termination-log"),
            ])
            .args(options)
            .stdout(Stdio::null())
            .stderr(log);
        command
    }

    /// `ready` or `status`, as the hook or a person calls it.
    pub(crate) fn ask(&self, command: &[&str]) -> Output {
        let state = format!("--state-dir={}", self.path("state").display());
        refresher()
            .args(command)
            .arg(state)
            .output()
            .expect("the refresher")
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ask(&["ready"]).status.success()
    }

    /// The status as JSON; null while nobody answers.
    pub(crate) fn status(&self) -> Value {
        let answer = self.ask(&["status", "-o", "json"]);
        serde_json::from_slice(&answer.stdout).unwrap_or_default()
    }

    /// How many requests with this path Vault has seen.
    pub(crate) fn count(&self, path: &str) -> usize {
        let requests = self.vault.requests();
        requests
            .iter()
            .filter(|request| request.path == path)
            .count()
    }

    /// Waits until `so`; fails with all that is known otherwise.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, so: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !so() {
            assert!(
                Instant::now() < end,
                "{what}: not so after 30 s\n{}\n{:#}",
                self.text("log"),
                self.status()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the content of a file.
    #[track_caller]
    pub(crate) fn wait_for_file(&self, name: &str, content: &str) {
        self.wait_until(&format!("{name} is {content:?}"), || {
            self.file(name).as_deref() == Some(content)
        });
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.as_ref().expect("a running refresher").id()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().expect("a running refresher");
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("sent");
        child.wait().expect("ended")
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.kill();
        if let Some((stop, server)) = self.server.take() {
            drop(stop);
            let _ = server.join();
        }
    }
}

/// An empty Vault in this process.
pub(crate) fn dev_vault() -> DevVault {
    let random = |bytes: &mut [u8]| {
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).expect("random");
    };
    DevVault::new(DEV_ROOT_TOKEN, Arc::new(SystemTime::now), Arc::new(random))
}

fn refresher() -> Command {
    Command::new(env!("CARGO_BIN_EXE_freshet-refresher"))
}

/// Serves on a port of its own until the sender is dropped.
pub(crate) fn serve(
    vault: DevVault,
) -> (String, (tokio::sync::oneshot::Sender<()>, JoinHandle<()>)) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (sender, address) = mpsc::channel();
    let server = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a port");
            let address = listener.local_addr().expect("an address");
            sender.send(address.to_string()).expect("somebody waits");
            let stopped = async {
                let _ = stopped.await;
            };
            vault.serve(listener, None, stopped).await;
        });
    });
    (address.recv().expect("an address"), (stop, server))
}

/// The text of a SyncSpec.
pub(crate) fn spec(interval: &str, files: &[File<'_>]) -> String {
    let mounts: Vec<_> = VOLUMES
        .into_iter()
        .filter(|volume| files.iter().any(|file| file.0 == *volume))
        .map(|volume| {
            let files: Vec<_> = files
                .iter()
                .filter(|file| file.0 == volume)
                .map(file)
                .collect();
            json!({"volume": volume, "mountPath": format!("/{volume}"), "files": files})
        })
        .collect();
    // Before version 2 a colon means nothing.
    let version = if files.iter().any(|file| file.2.contains(':')) {
        2
    } else {
        1
    };
    json!({"version": version, "refreshInterval": interval, "mounts": mounts}).to_string()
}

fn file((_, name, text): &File<'_>) -> Value {
    let content = if text.starts_with('{') {
        json!({"template": {"template": {
            "text": text, "functions": "external-secrets", "missingKey": "error",
            "delimiters": ["{{", "}}"],
        }}})
    } else if text.starts_with('/') {
        json!({"templateFile": {
            "path": text, "functions": "consul-template", "missingKey": "zero",
            "delimiters": ["{{", "}}"],
        }})
    } else if *text == "token" {
        json!("token")
    } else {
        let usual = if text.contains('#') { "raw" } else { "json" };
        let (format, text) = text.split_once(' ').unwrap_or((usual, text));
        json!({"secret": {"source": text, "format": format}})
    };
    json!({"name": name, "path": name, "mode": "0644", "content": content})
}

/// Where the current generation of a volume really is.
pub(crate) fn generation(pod: &Pod, volume: &str) -> PathBuf {
    fs::canonicalize(pod.path("mounts").join(volume).join("..data")).expect("a generation")
}

/// Whether `path` exists.
pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// What is served at `path`.
pub(crate) fn get(address: &str, path: &str) -> String {
    ask(address, "GET", path)
}

/// The answer to a request without a body.
pub(crate) fn ask(address: &str, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
