//! Manifests that cannot be served: admission and the ExternalSecret's status say which object, which
//! field and what to do, and the last good files stay.

use std::thread;

use serde_json::json;

use crate::support::kubectl::{self, Done, get, kubectl, run, run_with};
use crate::support::namespace::Namespace;
use crate::{example, freshet_here};

/// A change of one of the example's files, and what is said of it.
struct Mistake {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    known: Known,
    /// What is said of it, in the condition's message and, when it is known at once, by admission.
    said: &'static [&'static str],
}

/// Who can know that it is a mistake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Whoever reads the manifests: a pod is refused.
    AtOnce,
    /// Vault: a new pod does not start.
    ByVault,
}

const EXTERNAL_SECRET: &str = "externalsecret.yaml";
const STORE: &str = "clustersecretstore.yaml";

/// In a file: the name of the store, which is the name of the namespace.
const NAME: &str = "NAME";

const MISTAKES: [Mistake; 10] = [
    Mistake {
        name: "unknown-store",
        file: EXTERNAL_SECRET,
        from: "name: NAME\n    kind: ClusterSecretStore",
        to: "name: elsewhere\n    kind: ClusterSecretStore",
        known: Known::AtOnce,
        said: &["spec.secretStoreRef.name: \"elsewhere\": there is no such ClusterSecretStore"],
    },
    Mistake {
        name: "store-of-another-namespace",
        file: EXTERNAL_SECRET,
        from: "name: NAME\n    kind: ClusterSecretStore",
        to: "name: store\n    kind: SecretStore",
        known: Known::AtOnce,
        said: &["spec.secretStoreRef.name: \"store\": there is no such SecretStore"],
    },
    Mistake {
        name: "conditions-exclude",
        file: STORE,
        from: "spec:\n",
        to: "spec:\n  conditions: [{namespaces: [elsewhere]}]\n",
        known: Known::AtOnce,
        said: &["does not allow namespace NAME (spec.conditions)"],
    },
    Mistake {
        name: "template-syntax",
        file: EXTERNAL_SECRET,
        from: "{{ .db_password }}",
        to: "{{ .db_password }",
        known: Known::AtOnce,
        said: &["spec.target.template.data[credentials]: template:3:"],
    },
    Mistake {
        name: "template-key",
        file: EXTERNAL_SECRET,
        from: "{{ .db_password }}",
        to: "{{ .db_passwort }}",
        known: Known::ByVault,
        said: &["credentials", "db_passwort"],
    },
    Mistake {
        name: "wrong-role",
        file: STORE,
        from: "role: \"demo\"",
        to: "role: \"nobody\"",
        known: Known::ByVault,
        said: &["nobody"],
    },
    Mistake {
        name: "denied-path",
        file: EXTERNAL_SECRET,
        from: "key: mysql_credentials\n      property: password",
        to: "key: denied\n      property: password",
        known: Known::ByVault,
        said: &["secret/denied"],
    },
    Mistake {
        name: "missing-key",
        file: EXTERNAL_SECRET,
        from: "key: mysql_credentials\n      property: password",
        to: "key: missing\n      property: password",
        known: Known::ByVault,
        said: &["secret/missing"],
    },
    Mistake {
        name: "missing-property",
        file: EXTERNAL_SECRET,
        from: "property: password",
        to: "property: passwort",
        known: Known::ByVault,
        said: &["passwort"],
    },
    Mistake {
        name: "wrong-version",
        file: EXTERNAL_SECRET,
        from: "property: password",
        to: "property: password\n      version: \"4711\"",
        known: Known::ByVault,
        said: &["4711"],
    },
];

#[test]
fn a_mistake_is_told_with_object_field_and_advice_and_the_last_good_files_stay() {
    freshet_here::install();
    let _peace = Namespace::new("mistakes", &[]);
    example::allow();
    // A store that is there, but elsewhere.
    let elsewhere = example::file(STORE).replace("ClusterSecretStore", "SecretStore");
    let elsewhere = elsewhere.replace("vault-backend", "store");
    make_namespace("mistake-elsewhere");
    run_with(
        &["apply", "--namespace", "mistake-elsewhere", "--filename=-"],
        &elsewhere,
    );
    thread::scope(|scope| {
        let checks: Vec<_> = MISTAKES
            .iter()
            .map(|mistake| (mistake.name, scope.spawn(|| check(mistake))))
            .collect();
        let failed = checks
            .into_iter()
            .filter_map(|(name, check)| check.join().is_err().then_some(name));
        let failed: Vec<_> = failed.collect();
        assert!(failed.is_empty(), "{failed:?}: see above");
    });
    run(&["delete", "namespace", "mistake-elsewhere", "--wait=false"]);
}

#[track_caller]
fn check(mistake: &Mistake) {
    let name = format!("mistake-{}", mistake.name);
    let text = |text: &str| text.replace(NAME, &name);
    make_namespace(&name);
    let files = example::files(&name);
    let apply = |text: &str| run_with(&["apply", "--namespace", &name, "--filename=-"], text);
    for (_, text) in &files {
        apply(text);
    }
    let restart = || {
        run(&[
            "rollout",
            "restart",
            "--namespace",
            &name,
            example::DEPLOYMENT,
        ])
    };
    wait_for_condition(&name, "True", &[]);
    wait_for_rollout(&name);
    let before = containers(&name);

    let (_, good) = files
        .iter()
        .find(|(path, _)| path.ends_with(mistake.file))
        .expect("a file");
    let bad = good.replacen(&text(mistake.from), &text(mistake.to), 1);
    assert_ne!(&bad, good, "{name}");
    apply(&bad);
    let said: Vec<_> = mistake.said.iter().map(|said| text(said)).collect();
    if mistake.known == Known::AtOnce {
        let refused = kubectl::wait_for(&name, "a pod to be refused", || match create_pod(&name) {
            done if done.ok => Err(done.stdout),
            done => Ok(done.stderr),
        });
        check_said(&refused, &said);
    } else {
        // A new pod stays at its gate, beside the old one.
        restart();
    }
    let told = wait_for_condition(&name, "False", &said);
    eprintln!("{name}: {told}");
    let shown = example::credentials(&name).expect("the old pod answers");
    assert_eq!(shown["password"], example::PASSWORD, "{name}");
    let after = containers(&name);
    for container in &before {
        assert!(
            after.contains(container),
            "{name}: {container} is untouched among {after:?}"
        );
    }

    apply(good);
    if mistake.known == Known::ByVault {
        // The pod at the gate may be in back-off, and a role needs another pod.
        restart();
    }
    wait_for_condition(&name, "True", &[]);
    wait_for_rollout(&name);
    run(&["delete", "clustersecretstore", &name]);
    run(&["delete", "namespace", &name, "--wait=false"]);
}

/// Asks for a pod as the Deployment would make it, and makes none.
fn create_pod(namespace: &str) -> Done {
    let deployment = get(&["--namespace", namespace, example::DEPLOYMENT]);
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("asked");
    let create = [
        "create",
        "--dry-run=server",
        "--namespace",
        namespace,
        "--filename=-",
    ];
    kubectl(&create, &pod.to_string())
}

/// Waits for the ExternalSecret's condition Ready with that status and a message that has all that; the
/// message.
#[track_caller]
fn wait_for_condition(namespace: &str, status: &str, said: &[String]) -> String {
    kubectl::wait_for(
        namespace,
        &format!("Ready to be {status} with {said:?}"),
        || {
            let object = get(&["--namespace", namespace, "externalsecret/my-db-credentials"]);
            let conditions = object["status"]["conditions"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let ready = conditions.iter().find(|one| one["type"] == "Ready");
            let ready = ready.ok_or("there is none")?;
            let message = ready["message"].as_str().unwrap_or_default();
            let fits = ready["status"] == status && said.iter().all(|said| message.contains(said));
            if fits {
                Ok(message.to_owned())
            } else {
                Err(ready.to_string())
            }
        },
    )
}

#[track_caller]
fn wait_for_rollout(namespace: &str) {
    kubectl::wait_for(namespace, "the Deployment to roll out", || {
        let args = [
            "rollout",
            "status",
            "--namespace",
            namespace,
            "--timeout=1s",
            example::DEPLOYMENT,
        ];
        let done = kubectl(&args, "");
        if done.ok { Ok(()) } else { Err(done.stderr) }
    });
}

#[track_caller]
fn check_said(text: &str, said: &[String]) {
    for said in said {
        assert!(text.contains(said), "{said:?} is missing: {text}");
    }
}

/// The ids of the application's containers that are ready: at least one.
///
/// A pod beside the one that serves may have none: a ReplicaSet that hears nothing of its request for
/// a pod asks again, and takes one of the two back.
#[track_caller]
fn containers(namespace: &str) -> Vec<String> {
    kubectl::wait_for(namespace, "a container to be ready", || {
        let pods = get(&["pods", "--namespace", namespace]);
        let pods = pods["items"].as_array().cloned().unwrap_or_default();
        let statuses = pods
            .iter()
            .map(|pod| &pod["status"]["containerStatuses"][0]);
        let ready = statuses.filter(|status| status["ready"] == true);
        let ids: Vec<_> = ready
            .filter_map(|status| status["containerID"].as_str().map(str::to_owned))
            .collect();
        match ids.is_empty() {
            true => Err(format!("{pods:?}")),
            false => Ok(ids),
        }
    })
}

#[track_caller]
fn make_namespace(name: &str) {
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": { "name": name, "labels": { "freshet.dev/injection": "external-secrets" } },
    });
    run_with(&["create", "--filename=-"], &namespace.to_string());
}
