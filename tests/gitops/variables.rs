//! An application that reads its environment alone, in a manifest written for External Secrets.

use serde_json::json;

use crate::support::image;
use crate::support::kubectl::{run, run_with};
use crate::support::namespace::Namespace;
use crate::{example, freshet_here};

#[test]
fn a_container_finds_the_keys_of_a_target_in_its_environment_and_kubelet_finds_no_secret() {
    freshet_here::install();
    let label = ("freshet.dev/injection", "external-secrets");
    let namespace = Namespace::new("variables", &[label]);
    example::allow();
    let name = &namespace.name;
    for file in ["clustersecretstore.yaml", "externalsecret.yaml"] {
        let text = example::file(file).replace("vault-backend", name);
        run_with(&["apply", "--namespace", name, "--filename=-"], &text);
    }
    namespace.apply(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "app" },
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "app",
                "image": image::of_tests("busybox:1"),
                "command": ["sleep", "$(SECONDS)"],
                "env": [
                    { "name": "SECONDS", "value": "3600" },
                    { "name": "CREDENTIALS", "valueFrom": {
                        "secretKeyRef": { "name": "mysql-credentials", "key": "credentials" },
                    } },
                    { "name": "AGAIN", "value": "$(CREDENTIALS)!" },
                    { "name": "NOTHING", "valueFrom": {
                        "secretKeyRef": { "name": "mysql-credentials", "key": "no", "optional": true },
                    } },
                ],
                "envFrom": [{ "prefix": "DB_", "secretRef": { "name": "mysql-credentials" } }],
            }],
        },
    }));
    namespace.wait_for_pod("app");
    let environ = namespace.exec("pod/app", "app", &["cat", "/proc/1/environ"]);
    assert!(environ.ok, "{}", environ.stderr);
    let value = format!("db_password=\"{}\"", example::PASSWORD);
    for variable in ["CREDENTIALS", "AGAIN", "DB_credentials"] {
        let start = format!("{variable}=db_con=");
        let mut all = environ.stdout.split('\0');
        let found = all.find(|one| one.starts_with(&start));
        let found = found.unwrap_or_else(|| panic!("{variable} in {}", environ.stdout));
        assert!(found.contains(&value), "{found}");
    }
    assert!(!environ.stdout.contains("NOTHING="), "{}", environ.stdout);
    let command = namespace.exec("pod/app", "app", &["cat", "/proc/1/cmdline"]);
    assert_eq!(command.stdout, "sleep\x003600\x00");
    let pod = namespace.get(&["pod", "app"]).to_string();
    assert!(!pod.contains(example::PASSWORD), "a value in the object");
    let secrets = namespace.get(&["secrets"]);
    assert_eq!(secrets["items"], json!([]), "a Secret in etcd");
    run(&["delete", "clustersecretstore", name]);
}
