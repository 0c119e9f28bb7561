//! Variables from Vault: the application has them, is process 1 of its container, and starts, is told
//! and ends as it would without them.

use serde_json::{Value, json};

use crate::support::namespace::Namespace;
use crate::support::pod::{APP, REFRESHER};
use crate::support::{app, vault};

const VARIABLE: &str = "DB_PASSWORD";

/// Says that it runs, serves, and ends with a code of its own when it is told to.
const SERVE: &str = "trap 'exit 7' TERM; echo runs; while :; do sleep 0.1; done";

/// Ends by itself.
const END: &str = "echo \"$0 $1\"; exit 9";

#[test]
fn a_deployment_gets_variables_and_all_else_is_as_without_them() {
    let namespace = app::namespace("variables");
    for deployment in ["with", "without"] {
        namespace.apply(&deployment_of(&namespace, deployment));
    }
    for deployment in ["with", "without"] {
        namespace.wait_for_deployment(deployment);
    }

    let look = |command: &[&str]| namespace.look("deployment/with", APP, command);
    let set = format!("{VARIABLE}={}", app::PASSWORD);
    assert_eq!(
        look(&["grep", "-zx", &set, "/proc/1/environ"]).trim_end_matches('\0'),
        set
    );
    assert_eq!(look(&["readlink", "/proc/1/exe"]), "/bin/busybox");
    let processes = look(&["ps", "-o", "args"]);
    assert!(!processes.contains("freshet"), "{processes}");

    assert!(
        !look(&["env"]).contains(VARIABLE),
        "an exec of kubectl sees it"
    );
    let wrapped = [
        "/run/freshet/program/freshet-refresher",
        "exec",
        "--env-dir=/run/freshet/environment",
        "--",
        "env",
    ];
    assert!(look(&wrapped).lines().any(|line| line == set));

    let object = namespace.run(&["get", "pods,replicasets,deployments", "--output=json"]);
    assert!(!object.contains(app::PASSWORD), "it stands in an object");
    let log = namespace.log("deployment/with", REFRESHER);
    assert!(!log.contains(app::PASSWORD), "{log}");

    // Whoever is told to end does, with its own code; the next start has the values of that day.
    vault::put(&secret(&namespace), &["password=marker-two"]);
    namespace.wait_for("the new value", || {
        let done = namespace.exec("deployment/with", APP, &wrapped);
        match done.stdout.contains("marker-two") {
            true => Ok(()),
            false => Err(done.stderr),
        }
    });
    for deployment in ["with", "without"] {
        let target = format!("deployment/{deployment}");
        namespace.exec(&target, APP, &["kill", "1"]);
        let status = namespace.wait_for("another start", || {
            let status = container(&namespace, deployment);
            match status["restartCount"] == 1 && status["ready"] == true {
                true => Ok(status),
                false => Err(status.to_string()),
            }
        });
        let ended = &status["lastState"]["terminated"]["exitCode"];
        assert_eq!(*ended, 7, "{deployment}: {status}");
    }
    let set = format!("{VARIABLE}=marker-two");
    assert_eq!(
        look(&["grep", "-zx", &set, "/proc/1/environ"]).trim_end_matches('\0'),
        set
    );
}

#[test]
fn a_pod_ends_with_the_exit_code_of_its_application_and_arguments_name_the_variable() {
    let namespace = app::namespace("exit-code");
    let mut pod = app::pod(&namespace, "app", END);
    pod["metadata"]["annotations"][format!("freshet.dev/env-{VARIABLE}")] =
        json!(format!("{}#password", secret(&namespace)));
    pod["spec"]["restartPolicy"] = json!("Never");
    let references = [format!("<$({VARIABLE})>"), format!("$$({VARIABLE})")];
    pod["spec"]["containers"][0]["args"] = json!(references);
    namespace.apply(&pod);
    namespace.wait_for_status("pod/app", "phase", "Failed");
    let pod = namespace.get(&["pod", "app"]);
    let status = &pod["status"]["containerStatuses"][0];
    assert_eq!(status["state"]["terminated"]["exitCode"], 9, "{status}");
    let printed = namespace.log("pod/app", APP);
    assert_eq!(printed, format!("<{}> $({VARIABLE})\n", app::PASSWORD));
}

/// A Deployment of that name, which runs [`SERVE`], and gets the variable when it is called `with`.
fn deployment_of(namespace: &Namespace, name: &str) -> Value {
    let mut template = app::template(namespace, SERVE);
    let annotations = &mut template["metadata"]["annotations"];
    match name {
        "with" => {
            annotations[format!("freshet.dev/env-{VARIABLE}")] =
                json!(format!("{}#password", secret(namespace)));
        }
        _ => *annotations = json!({}),
    }
    template["metadata"]["labels"] = json!({ "app": name });
    template["spec"]["terminationGracePeriodSeconds"] = json!(1);
    let mut deployment = app::deployment(&template);
    deployment["metadata"]["name"] = json!(name);
    deployment["spec"]["selector"]["matchLabels"] = json!({ "app": name });
    deployment
}

/// The status of the application's container.
fn container(namespace: &Namespace, deployment: &str) -> Value {
    let pods = namespace.get(&["pods", &format!("--selector=app={deployment}")]);
    pods["items"][0]["status"]["containerStatuses"][0].clone()
}

fn secret(namespace: &Namespace) -> String {
    format!("secret/{}/db", namespace.name)
}
