//! Applications that log in to the database once a second, and count.

use serde::Deserialize;
use serde_json::json;

use crate::database;
use crate::support::image;
use crate::support::namespace::Namespace;

/// What one of them has said last.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) logins: u32,
    pub(crate) refused: u32,
    /// Users that it has been.
    pub(crate) users: u32,
    pub(crate) problem: Option<String>,
}

/// The Deployment.
pub(crate) const DEPLOYMENT: &str = "deployment/app";

/// Starts so many of them; `annotations` are further ones.
#[track_caller]
pub(crate) fn start(namespace: &Namespace, replicas: usize, annotations: &[(&str, &str)]) {
    let mut all = json!({
        "freshet.dev/inject": "true",
        "freshet.dev/role": namespace.name,
        "freshet.dev/secret-db": database::PATH,
        "freshet.dev/refresh-interval": "5s",
    });
    for (key, value) in annotations {
        all[*key] = json!(value);
    }
    namespace.apply(&json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "app" },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": "app" } },
            // A pod that ends early is a failure of the test, and is seen by its restarts.
            "template": {
                "metadata": { "labels": { "app": "app" }, "annotations": all },
                "spec": {
                    "terminationGracePeriodSeconds": 20,
                    "containers": [{
                        "name": "app",
                        "image": image::of_tests("database-client:1"),
                        "args": ["/secrets/db", database::HOST, database::PORT, database::DATABASE],
                    }],
                },
            },
        },
    }));
}

/// What each of them has said last, by pod.
#[track_caller]
pub(crate) fn reports(namespace: &Namespace) -> Vec<(String, Report)> {
    let pods = namespace.get(&["pods", "--selector=app=app"]);
    let pods = pods["items"].as_array().expect("pods");
    let names = pods.iter().map(|pod| {
        let name = pod["metadata"]["name"].as_str().expect("a name");
        assert_eq!(
            pod["status"]["containerStatuses"][0]["restartCount"], 0,
            "{name} was started once"
        );
        name.to_owned()
    });
    let said = |name: String| {
        let pod = format!("pod/{name}");
        let line = namespace.run(&["logs", &pod, "--container=app", "--tail=1"]);
        let report = serde_json::from_str(&line);
        (
            name,
            report.unwrap_or_else(|error| panic!("{pod}: {error}: {line}")),
        )
    };
    names.map(said).collect()
}
