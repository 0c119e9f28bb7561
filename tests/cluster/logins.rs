//! A pod that logs in by an AppRole: kubelet mounts its Secret in the sidecar alone, and the sidecar has
//! no service account's token.

use serde_json::json;

use crate::support::namespace::{ENABLED, Namespace};
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
