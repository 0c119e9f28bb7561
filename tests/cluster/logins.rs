//! Other logins: by an AppRole, whose Secret kubelet mounts in the sidecar alone, which then has no
//! service account's token; and several in one pod.

use serde_json::json;

use crate::support::namespace::{ENABLED, Namespace};
use crate::support::own_vault::OwnVault;
use crate::support::pod::{Pod, REFRESHER};
use crate::support::{freshet, vault};

#[test]
fn an_approle_logs_in_with_a_secret_that_the_sidecar_alone_has() {
    freshet::install();
    let namespace = Namespace::new("approle", &[ENABLED]);
    let name = namespace.name.as_str();
    // Its policy; the role of the Kubernetes method is of no use to it.
    vault::allow(name, name, "nobody");
    vault::put(&format!("secret/{name}/db"), &["password=marker-one"]);
    vault::vault(&["auth", "enable", &format!("-path={name}"), "approle"]);
    let role = format!("auth/{name}/role/app");
    vault::vault(&["write", &role, &format!("token_policies={name}")]);
    let id = |args: &[&str], field: &str| {
        let field = format!("-field={field}");
        let path = format!("{role}/{}", args[1]);
        let mut words = vec![args[0], field.as_str()];
        words.extend(&args[2..]);
        words.push(&path);
        vault::vault(&words).trim().to_owned()
    };
    let role_id = id(&["read", "role-id"], "role_id");
    let secret_id = id(&["write", "secret-id", "-f"], "secret_id");
    namespace.apply(&json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": "app-role" },
        "stringData": { "role-id": role_id, "secret-id": secret_id },
    }));

    let annotations = [
        ("freshet.dev/auth-type", "approle"),
        ("freshet.dev/auth-path", name),
        ("freshet.dev/approle-secret", "app-role"),
    ];
    let pod = Pod::create(&namespace, "app", vault::ADDRESS, &annotations);
    pod.wait_until_ready();
    assert_eq!(pod.file(), "marker-one");
    let found = namespace.get(&["pod", "app"]);
    let mounts = |list: &str, container: &str| {
        let all = found["spec"][list].as_array().expect("containers");
        let one = all.iter().find(|one| one["name"] == container);
        one.expect("the container")["volumeMounts"].to_string()
    };
    let sidecar = mounts("initContainers", REFRESHER);
    assert!(sidecar.contains("freshet-approle"), "{sidecar}");
    // The ServiceAccount plugin has added its volume to the application and to nobody else.
    assert!(!sidecar.contains("kube-api-access"), "{sidecar}");
    let application = mounts("containers", "app");
    assert!(application.contains("kube-api-access"), "{application}");
    assert!(!application.contains("freshet-approle"), "{application}");
    vault::vault(&["auth", "disable", name]);
}

#[test]
fn a_pod_comes_to_one_vault_as_two_roles_each_with_a_token_of_its_audience() {
    freshet::install();
    let namespace = Namespace::new("two-roles", &[ENABLED]);
    let name = namespace.name.as_str();
    vault::allow(name, name, "default");
    vault::put(&format!("secret/{name}/db"), &["password=marker-one"]);
    let admin = format!("{name}-admin");
    vault::allow(&admin, name, "default");
    vault::put(&format!("secret/{admin}/db"), &["password=of-admin"]);
    // The role takes the tokens of another audience alone.
    let role = format!("auth/kubernetes/role/{admin}");
    vault::vault(&["write", &role, "audience=admins"]);

    let secret = format!("admin:secret/{admin}/db#password");
    let annotations = [
        ("freshet.dev/secret-admin", secret.as_str()),
        ("freshet.dev/vault-admin-role", admin.as_str()),
        ("freshet.dev/vault-admin-auth-audience", "admins"),
    ];
    let pod = Pod::create(&namespace, "app", vault::ADDRESS, &annotations);
    pod.wait_until_ready();
    assert_eq!(pod.file(), "marker-one");
    let done = pod.exec(&["cat", "/secrets/admin"]);
    assert_eq!(done.stdout, "of-admin", "{}", done.stderr);
    let status = pod.status().stdout;
    assert!(
        status.contains("Vault token of profile admin: expires 20"),
        "{status}"
    );
}

#[test]
fn of_two_vaults_one_goes_away_and_the_others_secrets_stay_current() {
    freshet::install();
    let away = OwnVault::start("two-vaults");
    away.set_password("marker-one");
    let namespace = &away.namespace;
    let name = namespace.name.as_str();
    let shared = format!("{name}-shared");
    vault::allow(&shared, name, "default");
    let path = format!("secret/{shared}/db");
    vault::put(&path, &["password=shared-one"]);
    let secret = format!("shared:{path}#password");
    let annotations = [
        ("freshet.dev/secret-shared", secret.as_str()),
        ("freshet.dev/vault-shared-address", vault::ADDRESS),
        ("freshet.dev/vault-shared-role", shared.as_str()),
    ];
    let pod = Pod::create(namespace, "app", &away.address(), &annotations);
    pod.wait_until_ready();
    away.go_down();
    pod.wait_for_status("stale since 20");
    vault::put(&path, &["password=shared-two"]);
    namespace.wait_for("the other Vault's new value", || {
        match pod.exec(&["cat", "/secrets/shared"]) {
            done if done.stdout == "shared-two" => Ok(()),
            done => Err(format!("{done:?}")),
        }
    });
    assert_eq!(pod.file(), "marker-one");
    away.come_back();
    away.set_password("marker-two");
    pod.wait_for_file("marker-two");
}
