//! What Freshet changes in the cluster is no drift: Argo CD, which heals by itself, leaves it alone.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::application::{Application, Apply, Wanted};
use crate::git::Repository;
use crate::support::kubectl::{self, get, run};
use crate::support::namespace::Namespace;
use crate::{example, freshet_here, peace};

#[test]
fn a_pod_that_is_patched_is_no_drift_with_client_side_apply() {
    check_example("drift-client", Apply::ClientSide);
}

#[test]
fn a_pod_that_is_patched_is_no_drift_with_server_side_apply() {
    check_example("drift-server", Apply::ServerSide);
}

#[track_caller]
fn check_example(name: &str, apply: Apply) {
    freshet_here::install();
    let _peace = Namespace::new(name, &[]);
    example::allow();
    let repository = Repository::new(name);
    let revision = repository.push("Deploy the example", &example::files(name));
    let application = Application::create(&Wanted::app(name, &repository, apply));
    application.wait_until_healthy(&revision);
    for (kind, object) in [
        ("ExternalSecret", "my-db-credentials"),
        ("ClusterSecretStore", name),
        ("Deployment", "gitops-secrets-deploy"),
    ] {
        assert_eq!(
            application.health(kind, object)["status"],
            "Healthy",
            "{kind}"
        );
    }
    let injected = get(&["pods", "--namespace", name]);
    let volume = &injected["items"][0]["spec"]["volumes"][0];
    assert_eq!(
        (&volume["name"], &volume["emptyDir"]["medium"]),
        (&json!("mysql"), &json!("Memory")),
        "{injected}"
    );
    peace::check(&application, &["pods", "--namespace", name]);
    check_heals(&application, name);
    application.delete();
    run(&["delete", "namespace", name, "--wait=false"]);
}

/// Argo CD does heal: what others change is as in Git again.
#[track_caller]
fn check_heals(application: &Application, namespace: &str) {
    let service = ["service/gitops-secrets-service", "--namespace", namespace];
    let patch = r#"--patch={"spec":{"ports":[{"port":8080,"targetPort":8081,"protocol":"TCP"}]}}"#;
    run(&[&["patch"], service.as_slice(), &["--type=merge", patch]].concat());
    kubectl::wait_for(namespace, "Argo CD to heal the Service", || {
        let ports = &get(&service)["spec"]["ports"];
        if ports[0]["targetPort"] == 8080 {
            Ok(())
        } else {
            Err(ports.to_string())
        }
    });
    let synced = kubectl::wait_for("argocd", "the end of healing", || {
        let status = application.status();
        if status["sync"]["status"] == "Synced" {
            Ok(application.last_sync())
        } else {
            Err(status["sync"].to_string())
        }
    });
    thread::sleep(Duration::from_secs(8));
    assert_eq!(application.last_sync(), synced, "healed once");
}
