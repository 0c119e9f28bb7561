//! Workloads live with Freshet as they do without it: Jobs end, sets roll, init containers come after
//! the files.

use serde_json::{Value, json};

use crate::support::app::{self, PASSWORD, SERVE};
use crate::support::namespace::Namespace;

/// Prints the password and ends.
const READ: &str = "cat /secrets/password";

#[test]
fn a_job_with_a_live_sidecar_ends_with_its_application() {
    let namespace = app::namespace("job");
    let mut template = app::template(&namespace, READ);
    template["spec"]["restartPolicy"] = json!("Never");
    namespace.apply(&json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": "read" },
        "spec": { "backoffLimit": 0, "template": template },
    }));
    namespace.wait_for_status("job/read", "succeeded", 1);
    assert_eq!(namespace.log("job/read", "app"), PASSWORD);
    let pods = namespace.get(&["pods"]);
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(1), "{pods}");
    assert_eq!(pods["items"][0]["status"]["phase"], "Succeeded");
}

#[test]
fn a_job_whose_application_fails_fails_as_it_does_without_a_sidecar() {
    let namespace = app::namespace("failing-job");
    let mut template = app::template(&namespace, "exit 3");
    template["spec"]["restartPolicy"] = json!("Never");
    namespace.apply(&json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": "fail" },
        "spec": { "backoffLimit": 0, "template": template },
    }));
    namespace.wait_for_status("job/fail", "failed", 1);
    let pods = namespace.get(&["pods"]);
    let status = &pods["items"][0]["status"];
    assert_eq!(status["phase"], "Failed");
    let code = &status["containerStatuses"][0]["state"]["terminated"]["exitCode"];
    assert_eq!(code, 3, "{status}");
}

#[test]
fn a_cron_job_starts_jobs_that_end() {
    let namespace = app::namespace("cron-job");
    let mut template = app::template(&namespace, READ);
    template["spec"]["restartPolicy"] = json!("OnFailure");
    namespace.apply(&json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": { "name": "read" },
        "spec": {
            "schedule": "* * * * *",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": { "spec": { "backoffLimit": 0, "template": template } },
        },
    }));
    namespace.wait_for("a job of the schedule to end", || {
        let status = namespace.get(&["cronjob", "read"])["status"].clone();
        if status["lastSuccessfulTime"].is_string() {
            Ok(())
        } else {
            Err(status.to_string())
        }
    });
    let jobs = namespace.run(&["get", "jobs", "--output=name"]);
    let job = jobs.lines().next().expect("a job");
    assert_eq!(namespace.log(job, "app"), PASSWORD);
}

#[test]
fn a_stateful_set_rolls_one_pod_after_the_other() {
    let namespace = app::namespace("stateful-set");
    namespace.apply(&json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": { "name": "app" },
        "spec": {
            "replicas": 2,
            "serviceName": "app",
            "selector": { "matchLabels": { "app": "app" } },
            "template": app::template(&namespace, SERVE),
        },
    }));
    let first = rolled_out(&namespace, "statefulset/app");
    assert_eq!(first.len(), 2);
    namespace.run(&["rollout", "restart", "statefulset/app"]);
    let second = rolled_out(&namespace, "statefulset/app");
    let names = |pods: &[(String, String)]| -> Vec<String> {
        pods.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&second), ["app-0", "app-1"]);
    for (old, new) in first.iter().zip(&second) {
        assert_ne!(old.1, new.1, "{} is another pod", new.0);
        assert_eq!(namespace.log(&format!("pod/{}", new.0), "app"), printed());
    }
}

#[test]
fn a_rollout_restart_replaces_the_pods_of_a_deployment() {
    let namespace = app::namespace("restart");
    namespace.apply(&json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "app" },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "app" } },
            "template": app::template(&namespace, SERVE),
        },
    }));
    let first = rolled_out(&namespace, "deployment/app");
    namespace.run(&["rollout", "restart", "deployment/app"]);
    let second = rolled_out(&namespace, "deployment/app");
    assert_eq!(second.len(), 2);
    for pod in &second {
        assert!(!first.contains(pod), "{} is a new pod", pod.0);
        assert_eq!(namespace.log(&format!("pod/{}", pod.0), "app"), printed());
    }
}

#[test]
fn init_containers_read_the_files_before_the_application_starts() {
    let namespace = app::namespace("init");
    let mut pod = app::pod(&namespace, "app", READ);
    pod["spec"]["restartPolicy"] = json!("Never");
    pod["spec"]["initContainers"] = json!([
        app::container("migrate", "cat /secrets/password; date"),
        app::container("check", "test \"$(cat /secrets/password)\" = marker-one"),
    ]);
    namespace.apply(&pod);
    namespace.wait_for_status("pod/app", "phase", "Succeeded");
    let migrated = namespace.log("pod/app", "migrate");
    assert!(migrated.starts_with(PASSWORD), "{migrated}");
    assert_eq!(namespace.log("pod/app", "app"), PASSWORD);
}

/// What [`SERVE`] prints.
fn printed() -> String {
    format!("{PASSWORD}\n")
}

/// Waits until a workload has rolled out; its pods' names and ids, in the order of their names. Those
/// that it has replaced do not count.
#[track_caller]
fn rolled_out(namespace: &Namespace, workload: &str) -> Vec<(String, String)> {
    namespace.wait_for_rollout(workload);
    let pods = namespace.get(&["pods", "--sort-by=.metadata.name"]);
    let alive = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let pods = pods["items"].as_array().expect("a list").iter();
    pods.filter(alive)
        .map(|pod| {
            (
                text(&pod["metadata"]["name"]),
                text(&pod["metadata"]["uid"]),
            )
        })
        .collect()
}
