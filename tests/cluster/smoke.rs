//! The cluster itself, without Freshet: what the other tests take for granted.

use serde_json::json;

use crate::support::app::container;
use crate::support::namespace::Namespace;

#[test]
fn a_job_with_a_native_sidecar_reaches_a_service_by_name_and_ends() {
    let namespace = Namespace::new("smoke", &[]);
    namespace.apply(&json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "web" },
        "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [container(
                    "web",
                    "mkdir /page && echo hello > /page/index.html && exec httpd -f -p 8080 -h /page",
                )] },
            },
        },
    }));
    namespace.apply(&json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "web" },
        "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80, "targetPort": 8080 }] },
    }));
    namespace.wait_for_deployment("web");

    let mut sidecar = container("sidecar", "trap exit TERM; sleep 3600 & wait");
    sidecar["restartPolicy"] = json!("Always");
    let fetch = format!(
        "wget -q -O - http://web.{}.svc.cluster.local",
        namespace.name
    );
    namespace.apply(&json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": "fetch" },
        "spec": {
            "backoffLimit": 0,
            "template": { "spec": {
                "restartPolicy": "Never",
                "initContainers": [sidecar],
                "containers": [container("fetch", &fetch)],
            } },
        },
    }));
    namespace.wait_for_status("job/fetch", "succeeded", 1);
    assert_eq!(namespace.log("job/fetch", "fetch"), "hello\n");
    let page = namespace.look("deployment/web", "web", &["cat", "/page/index.html"]);
    assert_eq!(page, "hello");
}
