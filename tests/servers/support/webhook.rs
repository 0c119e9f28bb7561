//! The real `freshet webhook`, registered as `webhook-config/` registers it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::api_server::ApiServer;
use super::http;
use super::process::{Process, folder, free_port};
use super::vault_server::Vault;

/// The label of a namespace whose pods are injected.
pub(crate) const ENABLED: (&str, &str) = ("freshet.dev/injection", "enabled");

/// A running webhook.
pub(crate) struct Webhook {
    /// The program.
    pub(crate) process: Process,
    metrics: String,
}

impl Webhook {
    /// The registered one that tests share. It gives pods the address of the shared Vault.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Webhook> = LazyLock::new(|| {
            let api = ApiServer::shared();
            // Its pods share this machine, and with it the ports.
            let options = ["--refresher-metrics-port=0"];
            let (webhook, port) = Webhook::start(api, "webhook", &options);
            register(api, "freshet", &manifest(api), port);
            webhook.wait_until_asked(api, &[ENABLED]);
            webhook
        });
        &SHARED
    }

    /// One of a test's own, asked about the namespaces with [`own_label`] alone, so that nobody else
    /// is counted.
    #[track_caller]
    pub(crate) fn own(api: &ApiServer, name: &'static str, options: &[&str]) -> Self {
        let (webhook, port) = Self::start(api, name, options);
        register(api, name, &own_manifest(api, name), port);
        webhook.wait_until_asked(api, &[own_label(name)]);
        webhook
    }

    fn start(api: &ApiServer, name: &str, options: &[&str]) -> (Self, u16) {
        let (webhook, port) = Self::launch(api, name, &api.kubeconfig, options);
        webhook.wait_until_ready();
        (webhook, port)
    }

    /// Starts one as whoever `kubeconfig` is, registered nowhere, and tells its port; it may not be
    /// ready yet.
    pub(crate) fn launch(
        api: &ApiServer,
        name: &str,
        kubeconfig: &Path,
        options: &[&str],
    ) -> (Self, u16) {
        let (port, metrics) = (free_port(), free_port());
        let folder = folder(&format!("{name}-tls"));
        let leaf = api.authority.issue(name, "freshet", &["127.0.0.1"]);
        fs::copy(leaf.certificate, folder.join("tls.crt")).expect("tls.crt");
        fs::copy(leaf.key, folder.join("tls.key")).expect("tls.key");
        let mut command = Command::new(env!("CARGO_BIN_EXE_freshet"));
        command
            .args([
                "webhook",
                "--shutdown-delay=0s",
                "--log-format=json",
                "--log-level=debug",
                "--refresher-log-level=debug",
            ])
            .args(options)
            .arg(format!("--listen-address=127.0.0.1:{port}"))
            .arg(format!("--metrics-address=127.0.0.1:{metrics}"))
            .arg(format!("--certificate-dir={}", folder.display()))
            .arg(format!("--kubeconfig={}", kubeconfig.display()));
        if !options
            .iter()
            .any(|option| option.starts_with("--vault-address="))
        {
            command.arg(format!("--vault-address={}", Vault::shared().url()));
        }
        let webhook = Self {
            process: Process::start(name, &command),
            metrics: format!("127.0.0.1:{metrics}"),
        };
        (webhook, port)
    }

    /// Waits until it says that it is ready.
    #[track_caller]
    pub(crate) fn wait_until_ready(&self) {
        self.process.wait_for("the webhook's readiness", || {
            (self.readiness()?.status == 200).then_some(())
        });
    }

    /// What `/readyz` says.
    pub(crate) fn readiness(&self) -> Option<http::Reply> {
        http::request(&self.metrics, "GET", "/readyz", &[], "").ok()
    }

    /// What `/metrics` says.
    #[track_caller]
    pub(crate) fn metrics(&self) -> String {
        let reply = http::request(&self.metrics, "GET", "/metrics", &[], "");
        reply.expect("the webhook answers").body
    }

    /// How many reviews it has answered, whatever the result.
    #[track_caller]
    pub(crate) fn reviews(&self) -> u64 {
        let text = self.metrics();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("freshet_admission_reviews_total"));
        let counts = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        counts.sum()
    }

    /// The API server learns of a registration a moment after it accepted it.
    pub(crate) fn wait_until_asked(&self, api: &ApiServer, labels: &[(&str, &str)]) {
        let namespace = api.namespace("probe", labels);
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "probe",
                "namespace": namespace,
                "annotations": { "freshet.dev/inject": "perhaps" },
            },
            "spec": { "containers": [{ "name": "app", "image": "app" }] },
        });
        self.process.wait_for("the API server to ask it", || {
            let args = ["create", "--dry-run=server", "-f", "-"];
            (!api.kubectl(&args, &pod.to_string()).ok).then_some(())
        });
    }
}

/// The registration of `webhook-config/`, as the API takes it.
#[track_caller]
pub(crate) fn manifest(api: &ApiServer) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("webhook-config/mutatingwebhookconfiguration.yaml");
    let file = file.display().to_string();
    let args = ["create", "--dry-run=client", "-o", "json", "-f", &file];
    serde_json::from_str(&api.run(&args, "")).expect("kubectl prints JSON")
}

/// Registers under `name`. There is no cluster network here, so the Service becomes a URL; all else
/// stays as it is.
#[track_caller]
pub(crate) fn register(api: &ApiServer, name: &str, manifest: &Value, port: u16) {
    let mut manifest = manifest.clone();
    manifest["metadata"] = json!({ "name": name });
    let entries = manifest["webhooks"].as_array_mut().expect("webhooks");
    for entry in entries {
        let path = entry["clientConfig"]["service"]["path"]
            .as_str()
            .unwrap_or("/");
        entry["clientConfig"] = json!({
            "url": format!("https://127.0.0.1:{port}{path}"),
            "caBundle": BASE64.encode(api.authority.pem()),
        });
    }
    api.apply(&manifest);
}

/// The label of the namespaces that the webhook `name` of a test is asked about.
pub(crate) fn own_label(name: &'static str) -> (&'static str, &'static str) {
    ("tests.freshet.dev/webhook", name)
}

/// The registration of `webhook-config/` for the namespaces with [`own_label`] alone.
#[track_caller]
pub(crate) fn own_manifest(api: &ApiServer, name: &'static str) -> Value {
    let (key, value) = own_label(name);
    let mut manifest = manifest(api);
    for entry in manifest["webhooks"].as_array_mut().expect("webhooks") {
        entry["namespaceSelector"] = json!({ "matchLabels": { key: value } });
    }
    manifest
}
