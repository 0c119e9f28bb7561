//! The application is told of a switch: a server takes over its next certificate without one failed
//! handshake, a process starts anew in the same container, and neighbours are signalled.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::measured::count;
use crate::support::namespace::Namespace;
use crate::support::pod::APP;
use crate::support::tls::{Authority, Leaf, Visitor};
use crate::support::{app, image, vault};

/// Certificates that the server gets one after the other.
const GENERATIONS: usize = 5;

/// How long each is served at least.
const SERVED: Duration = Duration::from_secs(3);

/// A server that reads its certificate at its start, and anew at SIGHUP: Vault, sealed.
const CONFIG: &str = r#"
storage "inmem" {}
listener "tcp" {
  address       = "0.0.0.0:8443"
  tls_cert_file = "/secrets/tls.crt"
  tls_key_file  = "/secrets/tls.key"
}
disable_mlock = true
"#;

#[test]
fn five_certificates_are_served_without_one_failed_handshake() {
    let namespace = app::namespace("reload");
    let authority = Authority::new();
    let first = authority.issue();
    store(&namespace, &first);
    for object in server(&namespace) {
        namespace.apply(&object);
    }
    namespace.wait_for_pod("web");
    let before = namespace.get(&["pod", "web"]);
    let node = before["status"]["hostIP"].as_str().expect("a node");
    let service = namespace.get(&["service", "web"]);
    let port = &service["spec"]["ports"][0]["nodePort"];
    let address = format!("{node}:{port}");

    let visitor = Visitor::start(&address, authority.certificate());
    for next in std::iter::once(first).chain((1..GENERATIONS).map(|_| authority.issue())) {
        store(&namespace, &next);
        namespace.wait_for("the next certificate", || {
            match visitor.last().as_ref() == Some(&next.certificate_der) {
                true => Ok(()),
                false => Err(format!("failures: {:?}", visitor.failures())),
            }
        });
        thread::sleep(SERVED);
    }
    let visits = visitor.end();
    let failed = visits.failures.len();
    count(
        "handshakes while five certificates were served",
        visits.done,
        "",
    );
    count("of them failed", failed, "<= 0");
    assert_eq!(failed, 0, "of {}: {:?}", visits.done, visits.failures);
    assert_eq!(visits.certificates, GENERATIONS);
    let seconds = GENERATIONS * usize::try_from(SERVED.as_secs()).expect("seconds");
    assert!(visits.done > seconds * 5, "{} visits", visits.done);
    let after = namespace.get(&["pod", "web"]);
    assert_eq!(started(&after), started(&before), "it went on all the time");
}

#[test]
fn a_restart_is_one_of_the_process_alone() {
    let namespace = app::namespace("restart");
    let script = "trap 'echo ends; exit 0' TERM; echo \"starts with $(cat /secrets/password)\"; \
                  while :; do sleep 0.1; done";
    let mut pod = app::pod(&namespace, "app", script);
    pod["metadata"]["annotations"]["freshet.dev/on-change"] = json!("restart:1s");
    namespace.apply(&pod);
    namespace.wait_for_pod("app");
    let before = namespace.get(&["pod", "app"]);
    let mut want = format!("starts with {}\n", app::PASSWORD);
    for password in ["marker-two", "marker-three"] {
        vault::put(
            &format!("secret/{}/db", namespace.name),
            &[&format!("password={password}")],
        );
        want.push_str(&format!("ends\nstarts with {password}\n"));
        wait_for_log(&namespace, "pod/app", &want);
    }
    let after = namespace.get(&["pod", "app"]);
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(started(&after), started(&before), "the same container");
    assert_eq!(after["status"]["containerStatuses"][0]["restartCount"], 0);
    // Told to end, the container does.
    namespace.exec("app", APP, &["kill", "1"]);
    let status = namespace.wait_for("the container's end", || {
        let pod = namespace.get(&["pod", "app"]);
        let status = &pod["status"]["containerStatuses"][0];
        match status["lastState"]["terminated"].is_object() {
            true => Ok(status.clone()),
            false => Err(status.to_string()),
        }
    });
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 0, "{status}");
}

#[test]
fn neighbours_in_a_shared_process_namespace_are_signalled_and_stay_as_their_images_start_them() {
    let namespace = app::namespace("sharing");
    let script = "trap 'echo told' HUP; echo starts; while :; do sleep 0.1; done";
    let mut pod = app::pod(&namespace, "app", script);
    pod["metadata"]["annotations"]["freshet.dev/on-change"] = json!("signal:HUP");
    // Without a command of its own: what the image starts.
    let container = &mut pod["spec"]["containers"][0];
    container["args"] = container["command"].take();
    let fields = container.as_object_mut().expect("an object");
    fields.remove("command");
    pod["spec"]["shareProcessNamespace"] = json!(true);
    pod["spec"]["securityContext"] = json!({ "runAsUser": 1000 });
    namespace.apply(&pod);
    namespace.wait_for_pod("app");
    vault::put(
        &format!("secret/{}/db", namespace.name),
        &["password=marker-two"],
    );
    wait_for_log(&namespace, "pod/app", "starts\ntold\n");
    let pod = namespace.get(&["pod", "app"]);
    assert_eq!(pod["spec"]["containers"][0]["command"], Value::Null);
    assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0);
}

/// Waits until the application, and nobody else, has printed that.
#[track_caller]
fn wait_for_log(namespace: &Namespace, target: &str, want: &str) {
    namespace.wait_for(&format!("{want:?}"), || {
        let log = namespace.log(target, APP);
        let lines = log.split_inclusive('\n');
        let own: String = lines
            .filter(|line| !line.starts_with("freshet-refresher exec: "))
            .collect();
        match own == want {
            true => Ok(()),
            false => Err(log),
        }
    });
}

/// When which container of the application started.
fn started(pod: &Value) -> (&Value, &Value) {
    let status = &pod["status"]["containerStatuses"][0];
    (
        &status["containerID"],
        &status["state"]["running"]["startedAt"],
    )
}

/// What the server is given.
#[track_caller]
fn store(namespace: &Namespace, leaf: &Leaf) {
    let data = json!({ "certificate": leaf.certificate, "key": leaf.key });
    let path = format!("secret/{}/tls", namespace.name);
    vault::vault_with(&["kv", "put", &path, "-"], &data.to_string());
}

/// The server's configuration, its pod, and a port of the node that leads to it.
fn server(namespace: &Namespace) -> [Value; 3] {
    let name = &namespace.name;
    let config = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "web" },
        "data": { "web.hcl": CONFIG },
    });
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web",
            "labels": { "app": "web" },
            "annotations": {
                "freshet.dev/inject": "true",
                "freshet.dev/role": name,
                "freshet.dev/refresh-interval": "1s",
                "freshet.dev/secret-certificate": format!("secret/{name}/tls#certificate"),
                "freshet.dev/file-certificate": "tls.crt",
                "freshet.dev/secret-key": format!("secret/{name}/tls#key"),
                "freshet.dev/file-key": "tls.key",
                "freshet.dev/on-change": "signal:HUP",
            },
        },
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": APP,
                "image": image::of_tests("vault:1.21.0"),
                "command": ["/vault", "server", "-config=/etc/web/web.hcl"],
                "readinessProbe": { "tcpSocket": { "port": 8443 }, "periodSeconds": 1 },
                "volumeMounts": [{ "name": "config", "mountPath": "/etc/web" }],
            }],
            "volumes": [{ "name": "config", "configMap": { "name": "web" } }],
        },
    });
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "web" },
        "spec": {
            "type": "NodePort",
            "selector": { "app": "web" },
            "ports": [{ "port": 8443 }],
        },
    });
    [config, pod, service]
}
