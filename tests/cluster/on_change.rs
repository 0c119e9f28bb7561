//! The application is told of a switch: a server takes over the next certificate of Vault's PKI engine
//! without one failed handshake, a process starts anew in the same container, and neighbours are signalled.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::measured::count;
use crate::support::namespace::Namespace;
use crate::support::pod::APP;
use crate::support::tls::{HOST, Visitor};
use crate::support::{app, image, vault};

/// Certificates that the server gets one after the other.
const GENERATIONS: usize = 5;

/// The life of one. Vault dates it back by half a minute, and it is replaced at two thirds of the whole.
const LIFE: Duration = Duration::from_secs(30);

/// A server that reads its certificate at its start, and anew at SIGHUP: Vault, sealed.
const CONFIG: &str = r#"
storage "inmem" {}
listener "tcp" {
  address       = "0.0.0.0:8443"
  tls_cert_file = "/secrets/web/tls.crt"
  tls_key_file  = "/secrets/web/tls.key"
}
disable_mlock = true
"#;

#[test]
fn five_certificates_are_served_without_one_failed_handshake() {
    let namespace = app::namespace("reload");
    let authority = engine(&namespace);
    for object in server(&namespace) {
        namespace.apply(&object);
    }
    namespace.wait_for_pod("web");
    let before = namespace.get(&["pod", "web"]);
    let node = before["status"]["hostIP"].as_str().expect("a node");
    let service = namespace.get(&["service", "web"]);
    let port = &service["spec"]["ports"][0]["nodePort"];
    let address = format!("{node}:{port}");
    // The node learns of a Service a moment after the API server.
    namespace.wait_for("the node's port", || {
        let connected = TcpStream::connect(&address);
        connected.map(drop).map_err(|error| error.to_string())
    });

    let (visitor, begin) = (Visitor::start(&address, &authority), Instant::now());
    namespace.wait_for("all certificates to be met", || {
        match visitor.certificates() >= GENERATIONS {
            true => Ok(()),
            false => Err(format!("failures: {:?}", visitor.failures())),
        }
    });
    let seconds = usize::try_from(begin.elapsed().as_secs()).expect("seconds");
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

/// An engine of the namespace's own, which its account may have certificates issued by; its root (PEM).
#[track_caller]
fn engine(namespace: &Namespace) -> String {
    let name = &namespace.name;
    let path = format!("pki-{name}");
    vault::vault(&["secrets", "enable", &format!("-path={path}"), "pki"]);
    let root = [
        "write",
        "-field=certificate",
        &format!("{path}/root/generate/internal"),
        "common_name=root",
        "key_type=ec",
    ];
    let authority = vault::vault(&root);
    let role = [
        "write",
        &format!("{path}/roles/web"),
        &format!("allowed_domains={HOST}"),
        "allow_bare_domains=true",
        "key_type=ec",
    ];
    vault::vault(&role);
    let rules = format!("path \"{path}/issue/web\" {{ capabilities = [\"update\"] }}\n");
    vault::grant(name, name, "default", &rules);
    authority
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
                "freshet.dev/secret-web":
                    format!("pki-{name}/issue/web?common_name={HOST}&ttl={}s", LIFE.as_secs()),
                "freshet.dev/format-web": "pem",
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
