//! A release on a real API server: installed, upgraded, uninstalled.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect;
use serde_json::{Value, json};

use super::equality::plain_manifests;
use crate::support::api_server::{ApiServer, Kubectl};
use crate::support::helm::{find, objects, overview};
use crate::support::process::{folder, program, wait_for};
use crate::support::release::Release;

const USER: &str = "system:serviceaccount:freshet:freshet";
const ACCOUNT: &str = "--as=system:serviceaccount:freshet:freshet";

#[test]
fn an_upgrade_keeps_the_ca_that_somebody_else_wrote() {
    let release = Release::install(&[]);
    assert_eq!(overview(&release.objects()), overview(&objects(&[])));
    let bundle = r#"[{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "Q0E="}]"#;
    let patch = [
        "patch",
        "mutatingwebhookconfiguration",
        "freshet",
        "--type=json",
        "-p",
        bundle,
    ];
    release.api.run(&[&patch[..], &[ACCOUNT]].concat(), "");

    release.upgrade(&["--set=webhook.timeoutSeconds=7,webhook.replicas=3"]);
    let objects = release.objects();
    let entry = &find(&objects, "MutatingWebhookConfiguration", "freshet")["webhooks"][0];
    assert_eq!(entry["clientConfig"]["caBundle"], "Q0E=");
    assert_eq!(entry["timeoutSeconds"], 7);
    assert_eq!(
        find(&objects, "Deployment", "freshet")["spec"]["replicas"],
        3
    );
}

#[test]
fn uninstalling_leaves_nothing_that_holds_up_a_pod() {
    let release = Release::install(&[]);
    let namespace = release
        .api
        .namespace("uninstall", &[("freshet.dev/injection", "enabled")]);
    let created = || create(release.api, &[], &annotated_pod(&namespace));
    // Nobody answers: the Deployment has no pods here.
    let refused = wait_for("the registration", || {
        let created = created();
        (!created.ok).then_some(created)
    });
    let unanswered = "failed calling webhook \"pods.freshet.dev\"";
    assert!(refused.stderr.contains(unanswered), "{}", refused.stderr);
    let certificate = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": "freshet-webhook-certificate", "namespace": "freshet" },
    });
    assert!(create(release.api, &[ACCOUNT], &certificate).ok);

    release.uninstall();
    assert_eq!(overview(&release.objects()), "");
    wait_for("the registration to be forgotten", || {
        created().ok.then_some(())
    });
    // The webhook made it, so it is not the chart's to delete; the next release goes on with it.
    let secret = [
        "delete",
        "secret",
        "-n",
        "freshet",
        "freshet-webhook-certificate",
    ];
    release.api.run(&secret, "");
}

#[test]
fn the_account_may_do_what_the_webhook_does_and_no_more() {
    let release = Release::install(&[]);
    let may = |question: &str| {
        let question: Vec<_> = question.split(' ').collect();
        let args = [&["auth", "can-i", "-n", "freshet", ACCOUNT], &question[..]].concat();
        release.api.kubectl(&args, "").ok
    };
    for question in [
        "list limitranges -A",
        "watch resourcequotas -A",
        "patch mutatingwebhookconfigurations/freshet",
        "update secrets/freshet-webhook-certificate",
        "create secrets",
        "update leases/freshet",
        "create leases",
    ] {
        assert!(may(question), "{question}");
    }
    for question in [
        "get secrets/other",
        "list secrets",
        "delete secrets/freshet-webhook-certificate",
        "get secrets/freshet-webhook-certificate -n default",
        "create secrets -n default",
        "create mutatingwebhookconfigurations",
        "delete mutatingwebhookconfigurations/freshet",
        "patch mutatingwebhookconfigurations/other",
        "update leases/other",
        "get pods",
    ] {
        assert!(!may(question), "{question}");
    }
    release.upgrade(&["--set=certificates.mode=files"]);
    for question in [
        "get secrets/freshet-webhook-certificate",
        "create secrets",
        "create leases",
        "patch mutatingwebhookconfigurations/freshet",
    ] {
        let gone = || (!may(question)).then_some(());
        wait_for(&format!("{question} to be forbidden"), gone);
    }
}

#[test]
fn config_maps_are_read_where_that_is_wanted_and_one_at_a_time() {
    let release = Release::install(&[]);
    let may = |verb: &str| {
        let args = [
            "auth",
            "can-i",
            verb,
            "configmaps",
            "-n",
            "default",
            "--as",
            USER,
        ];
        release.api.kubectl(&args, "").ok
    };
    assert!(!may("get"));
    release.upgrade(&["--set=vaultK8s.agentConfigMaps=true"]);
    wait_for("get configmaps to be granted", || may("get").then_some(()));
    for verb in ["list", "watch", "update"] {
        assert!(!may(verb), "{verb}");
    }
}

/// What one of the replicas does about objects that exist: the verb, the group and the resource.
const ACTS: [(&str, (&str, &str)); 7] = [
    ("patch", ("external-secrets.io", "externalsecrets/status")),
    (
        "patch",
        ("external-secrets.io", "clustersecretstores/status"),
    ),
    ("list", ("networking.k8s.io", "ingresses")),
    ("patch", ("", "pods")),
    ("create", ("", "pods/eviction")),
    ("create", ("events.k8s.io", "events")),
    ("watch", ("", "pods")),
];

#[test]
fn with_external_secrets_the_account_may_read_what_pods_are_served_from_and_never_a_secret() {
    let release = Release::install(&[]);
    // The kinds need not exist.
    let may = |verb: &str, (group, resource): (&str, &str)| {
        let asked = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": { "user": USER, "resourceAttributes": { "verb": verb, "group": group, "resource": resource } },
        });
        // A review is no object; its schema need not be fetched.
        let args = [
            "create",
            "--validate=false",
            "-o",
            "jsonpath={.status.allowed}",
            "-f",
            "-",
        ];
        release.api.run(&args, &asked.to_string()) == "true"
    };
    let group = "external-secrets.io";
    let resources = [
        (group, "externalsecrets"),
        (group, "secretstores"),
        (group, "clustersecretstores"),
        ("", "namespaces"),
        ("", "configmaps"),
    ];
    for resource in resources {
        assert!(!may("watch", resource), "{resource:?}");
    }
    release.upgrade(&["--set=externalSecrets.enabled=true"]);
    for resource in resources {
        let granted = || (may("list", resource) && may("watch", resource)).then_some(());
        wait_for(&format!("{resource:?} to be granted"), granted);
        for verb in ["create", "update", "patch", "delete"] {
            assert!(!may(verb, resource), "{verb} {resource:?}");
        }
    }
    assert!(may("get", ("", "configmaps")));
    for (verb, resource) in ACTS {
        assert!(may(verb, resource), "{verb} {resource:?}");
    }
    for verb in ["create", "update", "delete"] {
        assert!(!may(verb, ("", "pods")), "{verb}");
    }
    for verb in ["get", "list", "watch"] {
        assert!(!may(verb, ("", "secrets")), "{verb}");
    }
    let off = "--set=externalSecrets.enabled=true,externalSecrets.status=false,\
               externalSecrets.patchPods=false,externalSecrets.evictPods=none";
    release.upgrade(&[off]);
    for (verb, resource) in ACTS {
        wait_for(&format!("{verb} {resource:?} to be forbidden"), || {
            (!may(verb, resource)).then_some(())
        });
    }
}

#[test]
fn pod_security_restricted_admits_the_webhook() {
    let api = ApiServer::shared();
    let level = ("pod-security.kubernetes.io/enforce", "restricted");
    let namespace = api.namespace("chart-restricted", &[level]);
    for options in ["certificates.mode=self-managed", "certificates.mode=files"] {
        let objects = objects(&["--set", options]);
        let mut pod = find(&objects, "Deployment", "freshet")["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["namespace"] = json!(namespace);
        pod["metadata"]["generateName"] = json!("freshet-");
        pod["spec"]["serviceAccountName"] = json!("default");
        let created = create(api, &[], &pod);
        assert!(
            created.ok && created.stderr.is_empty(),
            "{}",
            created.stderr
        );
    }
}

#[test]
fn the_plain_manifests_apply_and_go_again() {
    let release = Release::install(&[]);
    release.uninstall();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/webhook-config");
    release.api.run(&["apply", "-k", folder], "");
    let mut plain = plain_manifests();
    plain.retain(|object| object["kind"] != "Namespace");
    assert_eq!(overview(&release.objects()), overview(&plain));
    // Without its controller a namespace would never be gone.
    let plain = json!({ "apiVersion": "v1", "kind": "List", "items": plain });
    release.api.run(&["delete", "-f", "-"], &plain.to_string());
    assert_eq!(overview(&release.objects()), "");
}

#[test]
fn the_notes_say_which_secret_a_login_needs() {
    let release = Release::install(&[]);
    let last = |auth_type: &str| {
        let notes = release.upgrade(&[&format!("--set=vault.authType={auth_type}")]);
        let start = notes.find("They log in").expect("the paragraph");
        notes[start..].to_owned()
    };
    expect![[r#"
        They log in to auth/approle of https://vault.vault:8200, each with a Secret of its own namespace: the keys
        role-id and secret-id of the one that its annotation freshet.dev/approle-secret names.
    "#]].assert_eq(&last("approle"));
    expect![[r#"
        They log in to auth/cert of https://vault.vault:8200, each with a Secret of its own namespace: the client
        certificate (kubernetes.io/tls) of the one that its annotation freshet.dev/tls-secret names.
    "#]].assert_eq(&last("cert"));
}

#[test]
fn the_notes_say_what_comes_next_in_each_mode() {
    let release = Release::install(&[]);
    for kind in ["Issuer", "Certificate"] {
        custom_resource(release.api, "cert-manager.io", kind);
    }
    expect![[r#"
        Freshet 0.1.0 is in the namespace freshet.

        Wait until it serves:

          kubectl --namespace freshet rollout status deployment freshet

        Let the pods of a namespace have secrets:

          kubectl label namespace MY-NAMESPACE freshet.dev/injection=enabled

        Their service accounts log in to auth/kubernetes of https://vault.vault:8200,
        in a role of the same name:

          vault write auth/kubernetes/role/MY-APP policies=MY-APP audience=vault \
            bound_service_account_names=MY-APP bound_service_account_namespaces=MY-NAMESPACE
    "#]]
    .assert_eq(&release.notes);
    let files = "--set=certificates.mode=files,vault.authType=jwt,vault.authPath=cluster";
    expect![[r#"
        Freshet 0.1.0 is in the namespace freshet.

        The webhook starts when its certificate is there. It must be valid for freshet.freshet.svc:

          kubectl --namespace freshet create secret tls freshet-webhook-tls --cert tls.crt --key tls.key

        And the API server has to trust it (or set certificates.caBundle):

          kubectl patch mutatingwebhookconfiguration freshet --type json --patch \
            "[{\"op\": \"add\", \"path\": \"/webhooks/0/clientConfig/caBundle\", \"value\": \"$(base64 < ca.crt | tr -d '\n')\"}]"

        Wait until it serves:

          kubectl --namespace freshet rollout status deployment freshet

        Let the pods of a namespace have secrets:

          kubectl label namespace MY-NAMESPACE freshet.dev/injection=enabled

        Their service accounts log in to auth/cluster of https://vault.vault:8200,
        in a role of the same name:

          vault write auth/cluster/role/MY-APP policies=MY-APP role_type=jwt user_claim=sub bound_audiences=vault \
            bound_subject=system:serviceaccount:MY-NAMESPACE:MY-APP
    "#]].assert_eq(&release.upgrade(&[files]));
    let cert_manager = "--set=certificates.mode=cert-manager,vault.address=";
    expect![[r#"
        Freshet 0.1.0 is in the namespace freshet.

        cert-manager makes the certificate, and its CA injector tells the API server of it:

          kubectl --namespace freshet wait --for=condition=Ready certificate/freshet-webhook

        Wait until it serves:

          kubectl --namespace freshet rollout status deployment freshet

        Let the pods of a namespace have secrets:

          kubectl label namespace MY-NAMESPACE freshet.dev/injection=enabled

        Their service accounts log in to auth/kubernetes of the Vault that their annotations name,
        in a role of the same name:

          vault write auth/kubernetes/role/MY-APP policies=MY-APP audience=vault \
            bound_service_account_names=MY-APP bound_service_account_namespaces=MY-NAMESPACE
    "#]]
    .assert_eq(&release.upgrade(&[cert_manager]));
}

#[test]
fn the_notes_name_both_labels_and_both_entries_with_external_secrets() {
    let options =
        "--set=certificates.mode=files,externalSecrets.enabled=true,externalSecrets.claim=all";
    let release = Release::install(&[options]);
    expect![[r#"
        Freshet 0.1.0 is in the namespace freshet.

        The webhook starts when its certificate is there. It must be valid for freshet.freshet.svc:

          kubectl --namespace freshet create secret tls freshet-webhook-tls --cert tls.crt --key tls.key

        And the API server has to trust it (or set certificates.caBundle):

          kubectl patch mutatingwebhookconfiguration freshet --type json --patch \
            "[{\"op\": \"add\", \"path\": \"/webhooks/0/clientConfig/caBundle\", \"value\": \"$(base64 < ca.crt | tr -d '\n')\"},
              {\"op\": \"add\", \"path\": \"/webhooks/1/clientConfig/caBundle\", \"value\": \"$(base64 < ca.crt | tr -d '\n')\"}]"

        Wait until it serves:

          kubectl --namespace freshet rollout status deployment freshet

        Let the pods of a namespace have secrets:

          kubectl label namespace MY-NAMESPACE freshet.dev/injection=enabled

        Or, in a namespace with ExternalSecrets, also those pods that mount their targets, with no Secret.
        Stores are Freshet's unless they name another spec.controller:

          kubectl label namespace MY-NAMESPACE freshet.dev/injection=external-secrets

        Their service accounts log in to auth/kubernetes of https://vault.vault:8200,
        in a role of the same name:

          vault write auth/kubernetes/role/MY-APP policies=MY-APP audience=vault \
            bound_service_account_names=MY-APP bound_service_account_namespaces=MY-NAMESPACE
    "#]].assert_eq(&release.notes);
}

#[test]
fn a_certificate_that_is_generated_is_trusted_by_every_entry() {
    let options = "--set=certificates.mode=files,externalSecrets.enabled=true";
    let release = Release::install(&[options]);
    let generated = folder("generated-certificates");
    let programs = program("kubectl");
    let path = format!(
        "{}:{}",
        programs.parent().expect("a folder").display(),
        std::env::var("PATH").expect("PATH")
    );
    for turn in ["first", "second"] {
        let said = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/certs/generate"))
            .arg("--apply")
            .arg(generated.join(turn))
            .env("PATH", &path)
            .env("KUBECONFIG", &release.api.kubeconfig)
            .output()
            .expect("certs/generate");
        assert!(said.status.success(), "{said:?}");
        let ca = fs::read_to_string(generated.join(turn).join("ca.crt")).expect("ca.crt");
        let registration = release
            .api
            .get("default", "mutatingwebhookconfiguration", "freshet");
        let entries = registration["webhooks"].as_array().expect("entries");
        assert_eq!(entries.len(), 2);
        for entry in entries {
            let bundle = entry["clientConfig"]["caBundle"]
                .as_str()
                .expect("a bundle");
            let bundle = STANDARD.decode(bundle).expect("base64");
            assert!(
                String::from_utf8(bundle).expect("PEM").starts_with(&ca),
                "{turn}"
            );
        }
    }
    release.api.run(
        &["delete", "secret", "-n", "freshet", "freshet-webhook-tls"],
        "",
    );
}

#[test]
fn what_is_off_by_default_applies_too() {
    let release = Release::install(&[]);
    custom_resource(release.api, "monitoring.coreos.com", "ServiceMonitor");
    let all = "webhook.networkPolicy.enabled=true,webhook.serviceMonitor.enabled=true,\
               webhook.hostNetwork=true,webhook.priorityClassName=system-cluster-critical,\
               webhook.podDisruptionBudget.maxUnavailable=50%,labels.team=platform";
    release.upgrade(&["--set", all]);
    release.upgrade(&[]);
    assert_eq!(overview(&release.objects()), overview(&objects(&[])));
}

/// A kind that comes with another project, without its schema.
fn custom_resource(api: &ApiServer, group: &str, kind: &str) {
    let singular = kind.to_lowercase();
    let name = format!("{singular}s.{group}");
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    api.apply(&json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": name },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": { "kind": kind, "singular": singular, "plural": format!("{singular}s") },
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": { "openAPIV3Schema": schema },
            }],
        },
    }));
    let definition = format!("customresourcedefinition/{name}");
    api.run(&["wait", "--for=condition=Established", &definition], "");
}

fn annotated_pod(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "app-",
            "namespace": namespace,
            "annotations": { "freshet.dev/inject": "true", "freshet.dev/secret-db": "secret/db" },
        },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
    })
}

fn create(api: &ApiServer, options: &[&str], object: &Value) -> Kubectl {
    api.kubectl(
        &[&["create", "-f", "-"], options].concat(),
        &object.to_string(),
    )
}
