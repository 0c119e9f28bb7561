//! Replicas of the real `freshet webhook` that keep their certificate themselves, with the permissions
//! of `webhook-config/rbac.yaml` and no others.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::api_server::ApiServer;
use super::http;
use super::process::{Process, folder, free_port, wait_for};
use super::webhook::{own_label, own_manifest};

pub(crate) const SECRET: &str = "freshet-webhook-certificate";

/// A namespace with a Service, and ports for two replicas; each test has its own.
pub(crate) struct Installation {
    pub(crate) api: &'static ApiServer,
    pub(crate) name: &'static str,
    pub(crate) namespace: String,
    ports: [u16; 2],
    kubeconfig: PathBuf,
}

/// A running replica.
pub(crate) struct Replica {
    pub(crate) process: Process,
    port: u16,
    metrics: String,
    host: String,
}

impl Installation {
    /// Without anything of the certificate yet, and nobody registered.
    #[track_caller]
    pub(crate) fn new(name: &'static str) -> Self {
        let bare = Self::without_permissions(name);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("webhook-config/rbac.yaml");
        let file = file.display().to_string();
        let args = ["create", "--dry-run=client", "-o", "json", "-f", &file];
        // One document after the other.
        let objects = bare.api.run(&args, "");
        for object in serde_json::Deserializer::from_str(&objects).into_iter() {
            bare.api.apply(&bare.moved(object.expect("JSON")));
        }
        bare
    }

    /// With an account that may do nothing.
    #[track_caller]
    pub(crate) fn without_permissions(name: &'static str) -> Self {
        let api = ApiServer::shared();
        let namespace = api.namespace(name, &[]);
        api.service_account(&namespace, "freshet");
        // There is no cluster network here. For a Service of this type an API server calls the name.
        api.apply(&json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": { "name": "freshet", "namespace": namespace },
            "spec": { "type": "ExternalName", "externalName": "127.0.0.1" },
        }));
        Self {
            kubeconfig: kubeconfig(api, &namespace, name),
            ports: [free_port(), free_port()],
            api,
            name,
            namespace,
        }
    }

    /// A permission of the manifests, for this installation.
    fn moved(&self, mut object: Value) -> Value {
        if object["metadata"]["namespace"].is_string() {
            object["metadata"]["namespace"] = json!(self.namespace);
        } else {
            object["metadata"]["name"] = json!(self.name);
        }
        if object["kind"] == "ClusterRoleBinding" {
            object["roleRef"]["name"] = json!(self.name);
        }
        for subject in object["subjects"].as_array_mut().into_iter().flatten() {
            subject["namespace"] = json!(self.namespace);
        }
        for rule in object["rules"].as_array_mut().into_iter().flatten() {
            if rule["resources"] == json!(["mutatingwebhookconfigurations"]) {
                rule["resourceNames"] = json!([self.name]);
            }
        }
        object
    }

    /// Starts the replica of this number, 0 or 1, with these options; it may not be ready yet.
    pub(crate) fn start(&self, number: usize, options: &[&str]) -> Replica {
        let port = self.ports[number];
        let metrics = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_freshet"));
        command
            .args([
                "webhook",
                "--shutdown-delay=0s",
                "--log-format=json",
                "--vault-address=https://vault.example",
            ])
            .arg(format!("--certificate-secret={SECRET}"))
            .arg(format!("--namespace={}", self.namespace))
            .arg(format!("--webhook-configuration={}", self.name))
            .arg(format!("--kubeconfig={}", self.kubeconfig.display()))
            .arg(format!("--listen-address=127.0.0.1:{port}"))
            .arg(format!("--metrics-address={metrics}"))
            .args(options);
        Replica {
            process: Process::start(&format!("{}-{number}-{port}", self.name), &command),
            port,
            metrics,
            host: format!("freshet.{}.svc", self.namespace),
        }
    }

    /// The registration of `webhook-config/`, with an entry for each of `replicas`: a pod is admitted
    /// only if all of them are trusted.
    pub(crate) fn registration(&self, replicas: &[usize]) -> Value {
        let mut registration = own_manifest(self.api, self.name);
        registration["metadata"] = json!({ "name": self.name });
        let entry = registration["webhooks"][0].clone();
        let entry = |number: &usize| {
            let mut entry = entry.clone();
            entry["name"] = json!(format!("replica-{number}.freshet.dev"));
            entry["clientConfig"]["service"]["namespace"] = json!(self.namespace);
            entry["clientConfig"]["service"]["port"] = json!(self.ports[*number]);
            entry
        };
        registration["webhooks"] = replicas.iter().map(entry).collect();
        registration
    }

    /// The bundle of each entry that the API server keeps, PEM.
    pub(crate) fn bundles(&self) -> Vec<String> {
        let configuration = self.configuration();
        let entries = configuration["webhooks"].as_array().expect("entries");
        let bundle = |entry: &Value| {
            let bundle = entry["clientConfig"]["caBundle"].as_str();
            let pem = BASE64.decode(bundle.unwrap_or_default()).expect("base64");
            String::from_utf8(pem).expect("PEM")
        };
        entries.iter().map(bundle).collect()
    }

    pub(crate) fn configuration(&self) -> Value {
        self.api
            .get("default", "mutatingwebhookconfiguration", self.name)
    }

    /// A value of the Secret, decoded; empty where there is none.
    pub(crate) fn stored(&self, key: &str) -> String {
        let args = ["get", "-n", &self.namespace, "secret", SECRET, "-o", "json"];
        let found = self.api.kubectl(&args, "").stdout;
        let secret: Value = serde_json::from_str(&found).unwrap_or_default();
        let value = secret["data"][key].as_str().unwrap_or_default();
        String::from_utf8(BASE64.decode(value).expect("base64")).expect("PEM")
    }

    /// A namespace whose annotated pods the registered replicas are asked about.
    pub(crate) fn served_namespace(&self) -> String {
        self.api.namespace("served", &[own_label(self.name)])
    }

    /// Whether a pod that asks for secrets is admitted, and what is said when it is not.
    pub(crate) fn admit(&self, namespace: &str) -> Result<(), String> {
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": "app", "namespace": namespace, "annotations": {
                "freshet.dev/inject": "true", "freshet.dev/secret-db": "secret/db#password",
            }},
            "spec": { "containers": [{ "name": "app", "image": "app" }] },
        });
        let args = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
        let created = self.api.kubectl(&args, &pod.to_string());
        match created.ok && created.stdout.contains("freshet-secrets") {
            true => Ok(()),
            false => Err(created.stderr),
        }
    }
}

impl Replica {
    /// What `path` of the port for probes answers.
    pub(crate) fn ask(&self, path: &str) -> Option<http::Reply> {
        http::request(&self.metrics, "GET", path, &[], "").ok()
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&self) {
        self.process.wait_for("the replica's readiness", || {
            (self.ask("/readyz")?.status == 200).then_some(())
        });
    }

    /// The value of a metric.
    pub(crate) fn metric(&self, name: &str) -> Option<i64> {
        let text = self.ask("/metrics")?.body;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    }

    pub(crate) fn leads(&self) -> bool {
        self.metric("freshet_certificate_leader") == Some(1)
    }

    /// Waits for a line of the log with `problem` in it.
    #[track_caller]
    pub(crate) fn wait_for_log(&self, problem: &str) {
        self.process.wait_for(problem, || {
            self.process.log().contains(problem).then_some(())
        });
    }

    /// The certificate that is shown to a client that trusts `bundle`, as an API server checks it.
    ///
    /// # Errors
    /// When it is not trusted, or none is shown.
    pub(crate) fn shown(&self, bundle: &str) -> io::Result<Vec<u8>> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
            roots.add(root.expect("PEM")).expect("a certificate");
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(self.host.clone()).expect("a host name");
        let session = ClientConnection::new(Arc::new(config), name).expect("a session");
        let socket = TcpStream::connect(("127.0.0.1", self.port))?;
        socket.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut stream = StreamOwned::new(session, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let shown = stream.conn.peer_certificates().expect("a certificate");
        Ok(shown[0].to_vec())
    }
}

/// Both replicas, ready, and registered.
#[track_caller]
pub(crate) fn two(installation: &Installation, options: &[&str]) -> [Replica; 2] {
    installation.api.apply(&installation.registration(&[0, 1]));
    let replicas = [0, 1].map(|number| installation.start(number, options));
    replicas.iter().for_each(Replica::wait_until_ready);
    replicas
}

/// The number of the replica that leads, once there is one.
#[track_caller]
pub(crate) fn leader(replicas: &[Replica; 2]) -> usize {
    wait_for("a leader", || replicas.iter().position(Replica::leads))
}

/// For a program that talks to the API server as the service account `freshet`.
pub(crate) fn kubeconfig(api: &ApiServer, namespace: &str, name: &str) -> PathBuf {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "clusters": [{ "name": "tests", "cluster": {
            "server": api.url, "certificate-authority": api.authority.file(),
        }}],
        "users": [{ "name": "freshet", "user": {
            "token": api.token(namespace, "freshet", None),
        }}],
        "contexts": [{ "name": "tests", "context": { "cluster": "tests", "user": "freshet" } }],
    });
    let path = folder(name).join("kubeconfig");
    fs::write(&path, config.to_string()).expect("kubeconfig");
    path
}
