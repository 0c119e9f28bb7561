//! A Vault of a test's own: it may crash, be sealed and be cut off, and no other test notices.
//!
//! Not in dev mode: it keeps its data when its container starts anew, and is sealed then, as a Vault
//! in production.

use std::time::Instant;

use serde_json::{Value, json};

use super::image;
use super::kubectl;
use super::namespace::{ENABLED, Namespace};
use super::node::Node;
use super::vault::Server;

const CONFIG: &str = r#"
storage "file" { path = "/data" }
listener "tcp" {
  address     = "0.0.0.0:8200"
  tls_disable = true
}
disable_mlock = true
"#;

/// The Deployment and the Service `vault` of a namespace.
pub(crate) struct OwnVault {
    /// Its namespace, in which Freshet serves pods, too.
    pub(crate) namespace: Namespace,
    key: String,
}

impl OwnVault {
    /// Starts it in a namespace of its own, whose default account may read `secret/NAMESPACE/`.
    #[track_caller]
    pub(crate) fn start(name: &str) -> Self {
        let namespace = Namespace::new(name, &[ENABLED]);
        for object in objects() {
            namespace.apply(&object);
        }
        namespace.wait_for_deployment("vault");
        let server = Server {
            namespace: &namespace.name,
        };
        let init = namespace.wait_for("an initialised Vault", || {
            let init = [
                "operator",
                "init",
                "-key-shares=1",
                "-key-threshold=1",
                "-format=json",
            ];
            let done = server.try_to_run(&init, "");
            serde_json::from_str::<Value>(&done.stdout).map_err(|_| done.stderr)
        });
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let key = text(&init["unseal_keys_b64"][0]);
        let vault = Self { namespace, key };
        vault.unseal();
        let server = vault.server();
        let root = text(&init["root_token"]);
        let reviewer = kubectl::run(&[
            "create",
            "token",
            "vault",
            "--namespace=vault",
            "--duration=2h",
        ]);
        server.run(&["login", "-no-print", "-"], &root);
        server.run(
            &["secrets", "enable", "-path=secret", "-version=2", "kv"],
            "",
        );
        server.run(&["auth", "enable", "kubernetes"], "");
        let config = [
            "write",
            "auth/kubernetes/config",
            "kubernetes_host=https://kubernetes.default.svc",
            &format!("token_reviewer_jwt={reviewer}"),
        ];
        server.run(&config, "");
        let name = server.namespace;
        server.allow(name, name, "default");
        vault
    }

    /// Where pods reach it.
    pub(crate) fn address(&self) -> String {
        format!("http://vault.{}:8200", self.namespace.name)
    }

    /// `vault ARGS` as root.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> String {
        self.server().run(args, "")
    }

    /// What the pods of this namespace are served.
    #[track_caller]
    pub(crate) fn set_password(&self, password: &str) {
        let path = format!("secret/{}/db", self.namespace.name);
        self.server().put(&path, &[&format!("password={password}")]);
    }

    /// It crashes, and its address refuses connections until [`come_back`](Self::come_back).
    /// Since when.
    #[track_caller]
    pub(crate) fn go_down(&self) -> Instant {
        self.serve("nobody");
        self.crash()
    }

    /// It answers again, with all that it knew.
    #[track_caller]
    pub(crate) fn come_back(&self) {
        self.unseal();
        self.serve("vault");
    }

    /// Its process is killed; it starts anew, and is sealed. When that was.
    #[track_caller]
    pub(crate) fn crash(&self) -> Instant {
        let pod = || {
            let pods = self.namespace.get(&["pods", "--selector=app=vault"]);
            pods["items"][0].clone()
        };
        let before = pod();
        let id = |pod: &Value| pod["status"]["containerStatuses"][0]["containerID"].clone();
        let node = Node::of(&self.namespace, &before);
        let killed = Instant::now();
        node.kill(&id(&before));
        self.namespace
            .wait_for("a new process of Vault", || match pod() {
                now if id(&now) == id(&before) => Err(now["status"].to_string()),
                _ => Ok(()),
            });
        killed
    }

    /// As its operator does after each start.
    #[track_caller]
    pub(crate) fn unseal(&self) {
        self.namespace.wait_for("an unsealed Vault", || {
            let done = self
                .server()
                .try_to_run(&["operator", "unseal", &self.key], "");
            match done.ok {
                true => Ok(()),
                false => Err(done.stderr),
            }
        });
    }

    #[track_caller]
    fn serve(&self, app: &str) {
        let patch = json!({ "spec": { "selector": { "app": app } } }).to_string();
        self.namespace
            .run(&["patch", "service", "vault", "--patch", &patch]);
    }

    fn server(&self) -> Server<'_> {
        Server {
            namespace: &self.namespace.name,
        }
    }
}

fn objects() -> [Value; 3] {
    let labels = json!({ "app": "vault" });
    let config = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "vault" },
        "data": { "vault.hcl": CONFIG },
    });
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "vault" },
        "spec": {
            "selector": { "matchLabels": labels },
            "strategy": { "type": "Recreate" },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{
                        "name": "vault",
                        "image": image::of_tests("vault:1.21.0"),
                        "args": ["server", "-config=/config/vault.hcl"],
                        "env": [
                            { "name": "VAULT_ADDR", "value": "http://127.0.0.1:8200" },
                            // Where `vault login` keeps the root token.
                            { "name": "HOME", "value": "/data" },
                        ],
                        "volumeMounts": [
                            { "name": "config", "mountPath": "/config" },
                            { "name": "data", "mountPath": "/data" },
                        ],
                    }],
                    "volumes": [
                        { "name": "config", "configMap": { "name": "vault" } },
                        { "name": "data", "emptyDir": {} },
                    ],
                },
            },
        },
    });
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "vault" },
        "spec": { "selector": labels, "ports": [{ "port": 8200 }] },
    });
    [config, deployment, service]
}
