//! The API server with External Secrets' kinds, the replicas on it, and the objects of a test.

use std::fs;
use std::process::Command;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::support::api_server::ApiServer;
pub(crate) use crate::support::external_secrets::SERVED;
use crate::support::external_secrets::chart;
use crate::support::helm::find;
use crate::support::http;
use crate::support::process::{Process, folder, free_port, wait_for};
use crate::support::replica::kubeconfig;
use crate::support::webhook::register;

/// One test at a time, for each has replicas of its own.
pub(crate) struct Cluster {
    pub(crate) api: &'static ApiServer,
    _alone: MutexGuard<'static, ()>,
}

/// A running replica.
pub(crate) struct Replica {
    pub(crate) process: Process,
    metrics: String,
    port: u16,
}

impl Cluster {
    #[track_caller]
    pub(crate) fn take() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        static API: LazyLock<ApiServer> = LazyLock::new(start);
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            api: &API,
            _alone: alone,
        }
    }

    /// Starts a replica with these options, which may not lead yet, and registers it for new pods.
    #[track_caller]
    pub(crate) fn start(&self, options: &[&str]) -> Replica {
        let replica = self.start_unregistered(options);
        self.register(&replica);
        replica
    }

    /// Starts a replica that no API server asks about pods.
    #[track_caller]
    pub(crate) fn start_unregistered(&self, options: &[&str]) -> Replica {
        let (port, metrics) = (free_port(), free_port());
        let folder = folder(&format!("reconciler-tls-{port}"));
        let leaf = self
            .api
            .authority
            .issue("freshet", "freshet", &["127.0.0.1"]);
        fs::copy(leaf.certificate, folder.join("tls.crt")).expect("tls.crt");
        fs::copy(leaf.key, folder.join("tls.key")).expect("tls.key");
        let account = kubeconfig(self.api, "freshet", &format!("reconciler-account-{port}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_freshet"));
        command
            .args(["webhook", "--shutdown-delay=0s", "--log-format=json"])
            .args(["--external-secrets-claim=all", "--namespace=freshet"])
            .arg(format!("--listen-address=127.0.0.1:{port}"))
            .arg(format!("--metrics-address=127.0.0.1:{metrics}"))
            .arg(format!("--certificate-dir={}", folder.display()))
            .arg(format!("--kubeconfig={}", account.display()))
            .args(options);
        let replica = Replica {
            process: Process::start(&format!("reconciler-{port}"), &command),
            metrics: format!("127.0.0.1:{metrics}"),
            port,
        };
        replica.process.wait_for("the replica's readiness", || {
            let ready = http::request(&replica.metrics, "GET", "/readyz", &[], "").ok()?;
            (ready.status == 200).then_some(())
        });
        replica
    }

    /// New pods of served namespaces are this replica's to answer for.
    fn register(&self, replica: &Replica) {
        let rendered = chart();
        let registration = find(&rendered, "MutatingWebhookConfiguration", "freshet");
        register(self.api, "freshet", registration, replica.port);
        // The API server learns of it a moment later.
        let namespace = self.api.namespace("probe", &[SERVED]);
        let pod = pod(&namespace, "probe", "db");
        self.api.apply(&external_secret(&namespace));
        replica.process.wait_for("the API server to ask it", || {
            let args = ["create", "--dry-run=server", "-f", "-"];
            let said = self.api.kubectl(&args, &pod.to_string()).stderr;
            said.contains("there is no such SecretStore").then_some(())
        });
    }

    /// Nobody is asked about new pods.
    pub(crate) fn unregister(&self) {
        let args = [
            "delete",
            "mutatingwebhookconfiguration",
            "freshet",
            "--ignore-not-found",
        ];
        self.api.run(&args, "");
    }

    /// A namespace whose pods are served.
    #[track_caller]
    pub(crate) fn served(&self, name: &str) -> String {
        self.api.namespace(name, &[SERVED])
    }

    /// The condition `Ready` of an object, once it has one: status, reason and message.
    pub(crate) fn ready(&self, namespace: &str, kind: &str, name: &str) -> Option<[String; 3]> {
        let found = self.api.get(namespace, kind, name);
        let conditions = found.pointer("/status/conditions")?.as_array()?;
        let ready = conditions.iter().find(|it| it["type"] == "Ready")?;
        let text = |field: &str| ready[field].as_str().unwrap_or_default().to_owned();
        Some(["status", "reason", "message"].map(text))
    }

    /// Waits until the ExternalSecret `db` of a namespace has this status and reason; its message.
    #[track_caller]
    pub(crate) fn wait_for_condition(
        &self,
        (namespace, kind, name): (&str, &str, &str),
        want: (&str, &str),
    ) -> String {
        wait_for(&format!("{kind} {namespace}/{name} to be {want:?}"), || {
            let [status, reason, message] = self.ready(namespace, kind, name)?;
            ((status.as_str(), reason.as_str()) == want).then_some(message)
        })
    }

    /// The notes of the Events about an object of a namespace with this reason.
    pub(crate) fn events(&self, namespace: &str, name: &str, reason: &str) -> Vec<String> {
        let args = ["get", "events.events.k8s.io", "-n", namespace, "-o", "json"];
        let list: Value = serde_json::from_str(&self.api.run(&args, "")).expect("JSON");
        let events = list["items"].as_array().expect("a list").iter();
        let fitting =
            events.filter(|event| event["regarding"]["name"] == name && event["reason"] == reason);
        fitting
            .map(|event| event["note"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Waits for the note of such an Event.
    #[track_caller]
    pub(crate) fn wait_for_event(&self, namespace: &str, name: &str, reason: &str) -> String {
        wait_for(&format!("the Event {reason} of {name}"), || {
            self.events(namespace, name, reason).pop()
        })
    }

    /// Whether there is a pod.
    pub(crate) fn has_pod(&self, namespace: &str, name: &str) -> bool {
        self.api
            .kubectl(&["get", "pod", "-n", namespace, name], "")
            .ok
    }

    /// What a kubelet says of a pod, in its place.
    #[track_caller]
    pub(crate) fn set_status(&self, namespace: &str, name: &str, status: &Value) {
        let patch = json!({ "status": status }).to_string();
        let args = [
            "patch",
            "pod",
            "-n",
            namespace,
            name,
            "--subresource=status",
        ];
        self.api
            .run(&[&args[..], &["--type=merge", "-p", &patch]].concat(), "");
    }
}

impl Replica {
    /// The value of a metric.
    pub(crate) fn metric(&self, name: &str) -> i64 {
        let reply = http::request(&self.metrics, "GET", "/metrics", &[], "");
        let text = reply.map(|reply| reply.body).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().parse().ok())
            .unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn wait_until_it_leads(&self) {
        self.process.wait_for("the replica to lead", || {
            (self.metric("freshet_reconciler_leader ") == 1).then_some(())
        });
    }
}

/// A SecretStore `vault`.
pub(crate) fn store(namespace: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": { "name": "vault", "namespace": namespace },
        "spec": { "provider": { "vault": {
            "server": "https://vault.vault:8200",
            "path": "secret",
            "auth": { "kubernetes": { "role": "demo" } },
        }}},
    })
}

/// An ExternalSecret `db` of that store.
pub(crate) fn external_secret(namespace: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": "db", "namespace": namespace },
        "spec": {
            "secretStoreRef": { "name": "vault" },
            "data": [{ "secretKey": "password", "remoteRef": { "key": "db", "property": "password" } }],
        },
    })
}

/// A pod that mounts a Secret.
pub(crate) fn pod(namespace: &str, name: &str, secret: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "containers": [{
                "name": "app", "image": "app",
                "volumeMounts": [{ "name": "db", "mountPath": "/db", "readOnly": true }],
            }],
            "volumes": [{ "name": "db", "secret": { "secretName": secret } }],
        },
    })
}

/// The same, of this controller.
pub(crate) fn owned(mut pod: Value, api_version: &str, kind: &str, uid: &str) -> Value {
    pod["metadata"]["ownerReferences"] = json!([{
        "apiVersion": api_version, "kind": kind, "name": "owner", "uid": uid, "controller": true,
    }]);
    pod
}

/// What a kubelet says of a pod whose refresher waits at the gate after it has failed.
pub(crate) fn failed(message: &str) -> Value {
    json!({ "phase": "Pending", "initContainerStatuses": [{
        "name": "freshet", "image": "", "imageID": "", "ready": false, "restartCount": 1, "started": false,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error", "message": message } },
    }]})
}

/// What it says of one that serves.
pub(crate) fn serving() -> Value {
    json!({ "phase": "Running", "initContainerStatuses": [{
        "name": "freshet", "image": "", "imageID": "", "ready": true, "restartCount": 0, "started": true,
        "state": { "running": { "startedAt": "2026-01-31T12:00:00Z" } },
        "lastState": {},
    }]})
}

/// With the chart's kinds, and its account, which may do what the chart lets it do.
fn start() -> ApiServer {
    let api = ApiServer::start("reconciler");
    api.run(&["create", "namespace", "freshet"], "");
    api.service_account("freshet", "freshet");
    for object in chart() {
        match object["kind"].as_str().unwrap_or_default() {
            "CustomResourceDefinition" => {
                let name = object["metadata"]["name"].as_str().expect("a name");
                let kind = format!("crd/{name}");
                api.apply(&object);
                api.run(&["wait", "--for=condition=Established", &kind], "");
            }
            "ClusterRole"
            | "ClusterRoleBinding"
            | "Role"
            | "RoleBinding"
            | "ValidatingAdmissionPolicy"
            | "ValidatingAdmissionPolicyBinding" => api.apply(&object),
            _ => {}
        }
    }
    api
}
