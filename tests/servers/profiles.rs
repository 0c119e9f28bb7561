//! Several logins in one pod: two roles of one Vault and a Vault of its own, each with a token that
//! the API server has issued for its audience.

use std::fs;

use serde_json::{Value, json};

use crate::support::api_server::ApiServer;
use crate::support::pod::RunningPod;
use crate::support::process::Process;
use crate::support::trust::kubernetes_auth;
use crate::support::vault_server::Vault;
use crate::support::webhook::{ENABLED, Webhook};

/// What the auth mounts are called, and the pod's own role.
const NAME: &str = "profiles";

#[test]
fn each_login_has_its_own_role_and_audience_and_outlives_the_others_vault() {
    Webhook::shared();
    let api = ApiServer::shared();
    let (vault, eu) = (Vault::start("profiles"), Vault::start("profiles-eu"));
    let namespace = api.namespace(NAME, &[ENABLED]);
    for server in [&vault, &eu] {
        kubernetes_auth(server, api, NAME);
    }
    trust(&vault, (NAME, &namespace), "vault");
    trust(&vault, ("profiles-admin", &namespace), "admins");
    trust(&eu, (NAME, &namespace), "eu");
    put(&vault, NAME, "own-one");
    put(&vault, "profiles-admin", "admin-one");
    put(&eu, NAME, "eu-one");

    let created = api.create(&pod(&namespace, [&vault, &eu]));
    let running = RunningPod::new(api, &created);
    let refresher = running.start("freshet");
    let hook = running.post_start("freshet");
    assert!(hook.status.success(), "{hook:?}\n{}", refresher.log());
    let file = |directory: &str, name: &str| {
        let path = running.volume(volume(&created, directory)).join(name);
        fs::read_to_string(path).unwrap_or_else(|error| format!("{name}: {error}"))
    };
    assert_eq!(file("/secrets", "own"), "own-one");
    assert_eq!(file("/secrets", "admin"), "admin-one");
    assert_eq!(file("/eu", "eu"), "eu-one");
    let told = status(&running);
    for line in [
        "Vault token: expires 20",
        "Vault token of profile admin: expires 20",
        "Vault token of profile eu: expires 20",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }

    drop(eu);
    refresher.wait_for("the other Vault's absence in the status", || {
        status(&running).contains("stale since").then_some(())
    });
    put(&vault, NAME, "own-two");
    put(&vault, "profiles-admin", "admin-two");
    refresher.wait_for("the new values of the Vault that is there", || {
        let found = (file("/secrets", "own"), file("/secrets", "admin"));
        (found == ("own-two".to_owned(), "admin-two".to_owned())).then_some(())
    });
    assert_eq!(file("/eu", "eu"), "eu-one", "the last good one");
    no_credential_is_told(&refresher, &running, &created);
}

/// Nothing of a token in the log, in the status, and in the pod.
#[track_caller]
fn no_credential_is_told(refresher: &Process, running: &RunningPod, pod: &Value) {
    let told = [refresher.log(), status(running), pod.to_string()];
    let tokens = ["token", "token-admin", "token-eu"].map(|file| {
        let path = running.volume("freshet-token").join(file);
        fs::read_to_string(path).expect("a token of each audience")
    });
    let tokens = tokens.iter().map(|token| token.trim());
    for secret in tokens.chain(["hvs.", "own-one", "admin-one", "eu-one"]) {
        for text in &told {
            assert!(!text.contains(secret), "{secret} stands in {text}");
        }
    }
}

fn status(running: &RunningPod) -> String {
    let answer = running.exec("freshet", &["/freshet-refresher", "status"]);
    String::from_utf8_lossy(&answer.stdout).into_owned()
}

/// The role `name` for the namespace's tokens of `audience` alone, which may read the secrets below that name.
#[track_caller]
fn trust(vault: &Vault, (name, namespace): (&str, &str), audience: &str) {
    let rule = json!({ "capabilities": ["read"] });
    let path = |part: &str| format!("secret/{part}/{name}/*");
    let policy = json!({ "path": { path("data"): rule, path("metadata"): rule } });
    let policy = json!({ "policy": policy.to_string() });
    vault.write(&format!("sys/policies/acl/{name}"), &policy);
    vault.write(
        &format!("auth/{NAME}/role/{name}"),
        &json!({
            "bound_service_account_names": ["default"],
            "bound_service_account_namespaces": [namespace],
            "audience": audience,
            "token_policies": [name],
            "token_ttl": "10m",
        }),
    );
}

#[track_caller]
fn put(vault: &Vault, name: &str, password: &str) {
    let (secret, password) = (format!("secret/{name}/db"), format!("password={password}"));
    vault.command(&["kv", "put", &secret, &password]);
}

fn pod(namespace: &str, [own, eu]: [&Vault; 2]) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "app",
            "namespace": namespace,
            "annotations": {
                "freshet.dev/inject": "true",
                "freshet.dev/vault-address": own.url(),
                "freshet.dev/role": NAME,
                "freshet.dev/auth-path": NAME,
                "freshet.dev/refresh-interval": "1s",
                "freshet.dev/secret-own": format!("secret/{NAME}/db#password"),
                "freshet.dev/secret-admin": "admin:secret/profiles-admin/db#password",
                "freshet.dev/vault-admin-role": "profiles-admin",
                "freshet.dev/vault-admin-auth-audience": "admins",
                "freshet.dev/template-eu":
                    format!("{{{{ with secret \"eu:secret/{NAME}/db\" }}}}{{{{ .password }}}}{{{{ end }}}}"),
                "freshet.dev/mount-path-eu": "/eu",
                "freshet.dev/vault-eu-address": eu.url(),
                "freshet.dev/vault-eu-auth-audience": "eu",
            },
        },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    })
}

/// The volume that the application sees at `directory`.
#[track_caller]
fn volume<'p>(pod: &'p Value, directory: &str) -> &'p str {
    let mounts = pod["spec"]["containers"][0]["volumeMounts"].as_array();
    let mut mounts = mounts.expect("mounts").iter();
    let mount = mounts.find(|mount| mount["mountPath"] == directory);
    mount.expect(directory)["name"].as_str().expect("a name")
}
