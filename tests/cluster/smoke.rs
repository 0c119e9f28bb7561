//! The cluster itself, without Freshet: what the other tests take for granted.

use serde_json::json;

use crate::support::image;
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
                "spec": { "containers": [busybox(
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

    let mut sidecar = busybox("sidecar", "trap exit TERM; sleep 3600 & wait");
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
                "containers": [busybox("fetch", &fetch)],
            } },
        },
    }));
    namespace.wait_for("the end of the job", || {
        let job = namespace.get(&["job", "fetch"]);
        if job["status"]["succeeded"] == 1 {
            Ok(())
        } else {
            Err(job["status"].to_string())
        }
    });
    let log = namespace.run(&["logs", "job/fetch", "--container=fetch"]);
    assert_eq!(log, "hello\n");
    let page = namespace.exec("deployment/web", "web", &["cat", "/page/index.html"]);
    assert_eq!(page.stdout, "hello\n", "{}", page.stderr);
}

fn busybox(name: &str, script: &str) -> serde_json::Value {
    json!({
        "name": name,
        "image": image::of_tests("busybox:1"),
        "command": ["sh", "-c", script],
    })
}
