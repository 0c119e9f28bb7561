//! A cluster whose pods are served from ExternalSecrets: the chart's registration, and the real webhook
//! with the chart's permissions and no others.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::api_server::{ApiServer, Kubectl};
use super::helm::{find, objects};
use super::process::wait_for;
use super::replica::kubeconfig;
use super::webhook::{Webhook, register};

/// The label of a namespace whose pods are served.
pub(crate) const SERVED: (&str, &str) = ("freshet.dev/injection", "external-secrets");

/// What the chart renders for it.
pub(crate) fn chart() -> Vec<Value> {
    objects(&["--set=externalSecrets.enabled=true,externalSecrets.installCRDs=true"])
}

/// An API server of a test's own, because the kinds concern the whole cluster.
pub(crate) struct Cluster {
    pub(crate) api: ApiServer,
    name: &'static str,
    kubeconfig: PathBuf,
}

impl Cluster {
    /// With an account for the webhook, which may do what the chart lets it do; without the kinds.
    pub(crate) fn start(name: &'static str) -> Self {
        let cluster = Self::without_permissions(name);
        let rendered = chart();
        for kind in ["ClusterRole", "ClusterRoleBinding"] {
            cluster.api.apply(find(&rendered, kind, "freshet"));
        }
        cluster
    }

    /// With an account that may do nothing.
    pub(crate) fn without_permissions(name: &'static str) -> Self {
        let api = ApiServer::start(name);
        api.run(&["create", "namespace", "freshet"], "");
        api.service_account("freshet", "freshet");
        Self {
            kubeconfig: kubeconfig(&api, "freshet", &format!("{name}-account")),
            api,
            name,
        }
    }

    /// Installs the kinds, in these versions of those that the chart has.
    #[track_caller]
    pub(crate) fn install_kinds(&self, versions: &[&str]) {
        for mut object in chart() {
            if object["kind"] != "CustomResourceDefinition" {
                continue;
            }
            let offered = object["spec"]["versions"].as_array_mut().expect("versions");
            offered.retain(|it| versions.contains(&it["name"].as_str().expect("a name")));
            offered[0]["storage"] = json!(true);
            self.api.apply(&object);
            let name = format!(
                "crd/{}",
                object["metadata"]["name"].as_str().expect("a name")
            );
            let args = ["wait", "--for=condition=Established", &name];
            self.api.run(&args, "");
        }
    }

    /// A webhook that may not be ready yet, and its port.
    pub(crate) fn launch(&self, options: &[&str]) -> (Webhook, u16) {
        let options = [options, &["--vault-address=https://vault.example"]].concat();
        Webhook::launch(&self.api, self.name, &self.kubeconfig, &options)
    }

    /// A webhook that is ready and registered as the chart registers it.
    pub(crate) fn serve(&self, options: &[&str]) -> Webhook {
        let (webhook, port) = self.launch(options);
        webhook.wait_until_ready();
        let rendered = chart();
        let registration = find(&rendered, "MutatingWebhookConfiguration", "freshet");
        register(&self.api, "freshet", registration, port);
        webhook.wait_until_asked(&self.api, &[SERVED]);
        webhook
    }

    /// Applies a file of the example, in a namespace.
    #[track_caller]
    pub(crate) fn apply_example(&self, namespace: &str, file: &str) {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/external_secrets/example");
        let file = folder.join(file).display().to_string();
        self.api.run(&["apply", "-n", namespace, "-f", &file], "");
    }

    /// A pod, as it would be stored.
    pub(crate) fn try_pod(&self, pod: &Value) -> Kubectl {
        let args = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
        self.api.kubectl(&args, &pod.to_string())
    }

    /// The pod as it would be stored, once that is as `expected`: what is applied reaches the webhook a
    /// moment later.
    #[track_caller]
    pub(crate) fn wait_for_pod(
        &self,
        what: &str,
        pod: &Value,
        expected: impl Fn(&Value) -> bool,
    ) -> Value {
        wait_for(what, || {
            let tried = self.try_pod(pod);
            let stored = serde_json::from_str(&tried.stdout).ok()?;
            expected(&stored).then_some(stored)
        })
    }

    /// Why the pod is refused, once it is for a reason that holds `part`.
    #[track_caller]
    pub(crate) fn wait_for_refusal(&self, pod: &Value, part: &str) -> String {
        wait_for(part, || {
            let tried = self.try_pod(pod);
            (!tried.ok && tried.stderr.contains(part)).then_some(tried.stderr)
        })
    }
}

/// A pod that mounts a Secret.
pub(crate) fn pod(namespace: &str, secret: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "app", "namespace": namespace },
        "spec": {
            "containers": [{
                "name": "app", "image": "app",
                "volumeMounts": [{ "name": "db", "mountPath": "/secrets", "readOnly": true }],
            }],
            "volumes": [{ "name": "db", "secret": { "secretName": secret } }],
        },
    })
}

/// Whether the pod's volume `db` is one in memory.
pub(crate) fn is_served(pod: &Value) -> bool {
    let volumes = pod["spec"]["volumes"].as_array();
    let mut volumes = volumes.into_iter().flatten();
    volumes.any(|volume| volume["name"] == "db" && volume["emptyDir"]["medium"] == "Memory")
}
