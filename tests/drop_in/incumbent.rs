//! The real Vault Agent Injector, as its Helm chart installs it: it is asked about every pod of the
//! cluster.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::support::image;
use crate::support::kubectl::{kubectl, run, run_with, wait_for};
use crate::support::vault;

const NAMESPACE: &str = "vault-injector";

/// The name of its webhook, which stands in each refusal.
const WEBHOOK: &str = "vault.hashicorp.com";

/// The versions of the images that the part of the run makes.
const INJECTOR: &str = "vault-k8s:1.6.2";
const AGENT: &str = "vault-agent:1.21.0";

/// Where its registration stands among the cluster's, which ask in the order of their names.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// Its own name, which comes after `freshet`.
    AfterFreshet,
    /// Another, which comes before.
    BeforeFreshet,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::AfterFreshet => "vault-agent-injector-cfg",
            Self::BeforeFreshet => "agent-injector-cfg",
        }
    }
}

/// Its registration; it is not asked any more when this is dropped.
pub(crate) struct Incumbent {
    name: &'static str,
}

impl Incumbent {
    /// Starts it once for all tests of a run, and registers it for the life of the answer.
    #[track_caller]
    pub(crate) fn register(place: Place) -> Self {
        static AUTHORITY: OnceLock<String> = OnceLock::new();
        let authority = AUTHORITY.get_or_init(start);
        let name = place.name();
        let registration = registration(name, authority).to_string();
        run_with(&["apply", "--filename=-"], &registration);
        let incumbent = Self { name };
        wait_until_asked();
        incumbent
    }
}

impl Drop for Incumbent {
    fn drop(&mut self) {
        let args = ["delete", "mutatingwebhookconfiguration", self.name];
        let done = kubectl(&args, "");
        assert!(
            done.ok || std::thread::panicking(),
            "its registration: {}",
            done.stderr
        );
    }
}

/// The API server learns of a registration a moment after it accepted it.
#[track_caller]
fn wait_until_asked() {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "probe",
            "namespace": "default",
            "annotations": { "vault.hashicorp.com/agent-inject": "perhaps" },
        },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    });
    wait_for(NAMESPACE, "the API server to ask the injector", || {
        let refused = kubectl(
            &["create", "--dry-run=server", "--filename=-"],
            &pod.to_string(),
        );
        match refused.stderr.contains(WEBHOOK) {
            true => Ok(()),
            false => Err(format!("{refused:?}")),
        }
    });
}

/// Starts it; the certificate that it serves, in base64.
#[track_caller]
fn start() -> String {
    let host = format!("injector.{NAMESPACE}.svc");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([host]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    let objects = objects(&certificate, &key.serialize_pem());
    for object in objects.into_iter().chain(rights()) {
        run_with(&["apply", "--filename=-"], &object.to_string());
    }
    run(&[
        "rollout",
        "status",
        "--namespace",
        NAMESPACE,
        "--timeout=2m",
        "deployment/injector",
    ]);
    STANDARD.encode(certificate)
}

fn objects(certificate: &str, key: &str) -> [Value; 4] {
    let metadata = |name: &str| json!({ "name": name, "namespace": NAMESPACE });
    let labels = json!({ "app": "injector" });
    let env = [
        ("AGENT_INJECT_LISTEN", ":8080".to_owned()),
        ("AGENT_INJECT_VAULT_ADDR", vault::ADDRESS.to_owned()),
        ("AGENT_INJECT_VAULT_IMAGE", image::of_tests(AGENT)),
        ("AGENT_INJECT_TLS_CERT_FILE", "/tls/tls.crt".to_owned()),
        ("AGENT_INJECT_TLS_KEY_FILE", "/tls/tls.key".to_owned()),
    ];
    let env = env.map(|(name, value)| json!({ "name": name, "value": value }));
    [
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata("tls"),
            "stringData": { "tls.crt": certificate, "tls.key": key },
        }),
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata("injector"),
            "spec": {
                "selector": { "matchLabels": labels },
                "template": {
                    "metadata": { "labels": labels },
                    "spec": {
                        "containers": [{
                            "name": "injector",
                            "image": image::of_tests(INJECTOR),
                            "args": ["agent-inject"],
                            "env": env,
                            "readinessProbe": {
                                "httpGet": { "path": "/health/ready", "port": 8080, "scheme": "HTTPS" },
                                "periodSeconds": 1,
                            },
                            "volumeMounts": [{ "name": "tls", "mountPath": "/tls" }],
                        }],
                        "volumes": [{ "name": "tls", "secret": { "secretName": "tls" } }],
                    },
                },
            },
        }),
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata("injector"),
            "spec": { "selector": labels, "ports": [{ "port": 443, "targetPort": 8080 }] },
        }),
    ]
}

/// It reads its registration before it serves, whoever writes that.
fn rights() -> [Value; 2] {
    [
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": { "name": NAMESPACE },
            "rules": [{
                "apiGroups": ["admissionregistration.k8s.io"],
                "resources": ["mutatingwebhookconfigurations"],
                "verbs": ["get", "list", "watch", "patch"],
            }],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": { "name": NAMESPACE },
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": NAMESPACE,
            },
            "subjects": [{ "kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE }],
        }),
    ]
}

fn registration(name: &str, authority: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": name },
        "webhooks": [{
            "name": WEBHOOK,
            "clientConfig": {
                "service": { "name": "injector", "namespace": NAMESPACE, "path": "/mutate" },
                "caBundle": authority,
            },
            "rules": [{
                "operations": ["CREATE"],
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "resources": ["pods"],
                "scope": "Namespaced",
            }],
            "failurePolicy": "Ignore",
            "matchPolicy": "Exact",
            "sideEffects": "None",
            "timeoutSeconds": 30,
            "admissionReviewVersions": ["v1", "v1beta1"],
        }],
    })
}
