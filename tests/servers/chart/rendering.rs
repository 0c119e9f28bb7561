//! What the chart renders for the values given, and what it refuses.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::support::helm::{CHART, find, helm, objects, overview, parse, template};

const OWN_CA: &str = "certificates.caBundle=-----BEGIN CERTIFICATE-----";

#[track_caller]
fn refused(options: &[&str], want: Expect) {
    let rendered = template(options);
    assert!(!rendered.ok, "{}", rendered.stdout);
    let advice = "Use --debug flag to render out invalid YAML";
    let stderr = rendered.stderr.replace(advice, "");
    let mut lines: Vec<_> = stderr.lines().filter(|line| !line.is_empty()).collect();
    // Helm tells the problems in no order.
    lines.sort_by_key(|line| (line.starts_with("- at"), *line));
    want.assert_eq(&lines.join("\n"));
}

#[test]
fn a_misspelt_value_is_refused_by_its_name() {
    refused(
        &["--set=webhook.replica=3,vault.adress=x,policy=off"],
        expect![[r#"
            Error: values don't meet the specifications of the schema(s) in the following chart(s):
            freshet:
            - at '': additional properties 'policy' not allowed
            - at '/vault': additional properties 'adress' not allowed
            - at '/webhook': additional properties 'replica' not allowed"#]],
    );
}

#[test]
fn a_value_that_cannot_be_is_refused() {
    refused(
        &[
            "--set=policies.unlabelledNamespace=maybe,vault.address=vault:8200,webhook.timeoutSeconds=60",
        ],
        expect![[r#"
            Error: values don't meet the specifications of the schema(s) in the following chart(s):
            freshet:
            - at '/policies/unlabelledNamespace': value must be one of 'warn', 'deny', 'off', false
            - at '/vault/address': 'vault:8200' does not match pattern '^(https?://[^\\s/]+/?)?$'
            - at '/webhook/timeoutSeconds': maximum: got 60, want 30"#]],
    );
    refused(
        &["--set=refresher.resources.limits.memory=much"],
        expect![[r#"
            Error: values don't meet the specifications of the schema(s) in the following chart(s):
            freshet:
            - at '/refresher/resources/limits/memory': 'much' does not match pattern '^([0-9]+(\\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?)?$'"#]],
    );
    refused(
        &[
            "--set=externalSecrets.claim=some,externalSecrets.enabled=maybe,externalSecrets.installCrds=true",
        ],
        expect![[r#"
            Error: values don't meet the specifications of the schema(s) in the following chart(s):
            freshet:
            - at '/externalSecrets': additional properties 'installCrds' not allowed
            - at '/externalSecrets/claim': value must be one of 'freshet', 'all'
            - at '/externalSecrets/enabled': got string, want boolean"#]],
    );
    refused(
        &["--set", OWN_CA],
        expect![
            "Error: execution error at (freshet/templates/mutatingwebhookconfiguration.yaml:4:4): certificates.caBundle: is for certificates.mode files alone; with self-managed it is filled in by itself"
        ],
    );
    let old = "--kube-version=1.29.0";
    refused(
        &[old, "--set=policies.unlabelledNamespace=deny"],
        expect![
            "Error: execution error at (freshet/templates/policy-unlabelled-namespace.yaml:1:15): policies.unlabelledNamespace: deny needs ValidatingAdmissionPolicies, which Kubernetes v1.29.0 has not: use off, or Kubernetes 1.30 or newer"
        ],
    );
    refused(
        &["--kube-version=1.28.0"],
        expect![
            "Error: chart requires kubeVersion: >=1.29.0-0 which is incompatible with Kubernetes v1.28.0"
        ],
    );
}

#[test]
fn lint_has_nothing_to_say() {
    for options in [
        &[][..],
        &["--set=certificates.mode=cert-manager,webhook.serviceMonitor.enabled=true"],
        &[
            "--set=certificates.mode=files,webhook.networkPolicy.enabled=true",
            "--set",
            OWN_CA,
        ],
        &["--set=fullnameOverride=other,webhook.hostNetwork=true,policies.namespaceLabel=off"],
        &["--set=externalSecrets.enabled=true,externalSecrets.installCRDs=true"],
    ] {
        let args = [&["lint", "--strict", "--quiet", CHART], options].concat();
        let said = helm(None, &args);
        assert!(said.ok && said.stdout.is_empty(), "{options:?}: {said:?}");
    }
}

/// The release `prod` of the namespace `platform`.
fn another_release() -> Vec<Value> {
    let args = ["template", "prod", CHART, "--namespace=platform"];
    parse(&helm(None, &args).stdout)
}

#[test]
fn all_objects_bear_the_name_of_the_release() {
    let objects = another_release();
    expect![[r#"
        ClusterRole prod-freshet
        ClusterRoleBinding prod-freshet
        Deployment prod-freshet
        MutatingWebhookConfiguration prod-freshet
        PodDisruptionBudget prod-freshet
        Role prod-freshet
        RoleBinding prod-freshet
        Service prod-freshet
        ServiceAccount prod-freshet
        ValidatingAdmissionPolicy prod-freshet-namespace-label
        ValidatingAdmissionPolicy prod-freshet-own-account
        ValidatingAdmissionPolicy prod-freshet-unlabelled-namespace
        ValidatingAdmissionPolicyBinding prod-freshet-namespace-label
        ValidatingAdmissionPolicyBinding prod-freshet-own-account
        ValidatingAdmissionPolicyBinding prod-freshet-unlabelled-namespace
    "#]]
    .assert_eq(&overview(&objects));
}

#[test]
fn what_belongs_together_finds_each_other_under_any_name() {
    let objects = another_release();
    let name = "prod-freshet";
    let deployment = find(&objects, "Deployment", name);
    let pod = &deployment["spec"]["template"];
    let account = &pod["spec"]["serviceAccountName"];
    let subject = json!([{ "kind": "ServiceAccount", "name": account, "namespace": "platform" }]);
    for (kind, role) in [
        ("RoleBinding", "Role"),
        ("ClusterRoleBinding", "ClusterRole"),
    ] {
        let binding = find(&objects, kind, name);
        assert_eq!(binding["subjects"], subject);
        find(
            &objects,
            role,
            binding["roleRef"]["name"].as_str().expect("a name"),
        );
    }
    for selector in [
        &deployment["spec"]["selector"]["matchLabels"],
        &find(&objects, "PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"],
        &find(&objects, "Service", name)["spec"]["selector"],
    ] {
        assert_eq!(selector, &pod["metadata"]["labels"]);
    }
    let registration = find(&objects, "MutatingWebhookConfiguration", name);
    let service = &registration["webhooks"][0]["clientConfig"]["service"];
    assert_eq!(
        (&service["name"], &service["namespace"]),
        (&json!(name), &json!("platform"))
    );
    let own = find(
        &objects,
        "ValidatingAdmissionPolicy",
        "prod-freshet-own-account",
    );
    assert_eq!(
        own["spec"]["matchConditions"][0]["expression"],
        "request.userInfo.username == 'system:serviceaccount:platform:prod-freshet'"
    );
    let bindings = objects
        .iter()
        .filter(|object| object["kind"] == "ValidatingAdmissionPolicyBinding");
    for binding in bindings {
        assert_eq!(binding["spec"]["policyName"], binding["metadata"]["name"]);
    }
}

/// What the mode of the certificate decides.
fn certificate(options: &[&str]) -> String {
    let objects = objects(options);
    let registration = find(&objects, "MutatingWebhookConfiguration", "freshet");
    let pod = &find(&objects, "Deployment", "freshet")["spec"]["template"]["spec"];
    let rule = |kind: &str| {
        find(&objects, kind, "freshet")["rules"]
            .as_array()
            .map_or(0, Vec::len)
    };
    let mut text = format!(
        "annotations {}\ncaBundle {}\nvolumes {}\nmounts {}\nrules of the ClusterRole {}\n",
        registration["metadata"]["annotations"],
        registration["webhooks"][0]["clientConfig"]["caBundle"],
        pod["volumes"],
        pod["containers"][0]["volumeMounts"],
        rule("ClusterRole"),
    );
    let of_certificates = |object: &&Value| {
        let kind = object["kind"].as_str().unwrap_or_default();
        ["Role", "RoleBinding", "Issuer", "Certificate"].contains(&kind)
    };
    let more: Vec<_> = objects.iter().filter(of_certificates).cloned().collect();
    text.push_str(&overview(&more));
    text
}

#[test]
fn the_mode_of_the_certificate_decides_who_makes_it() {
    expect![[r#"
        annotations null
        caBundle null
        volumes null
        mounts null
        rules of the ClusterRole 2
        Role freshet
        RoleBinding freshet
    "#]]
    .assert_eq(&certificate(&[]));
    expect![[r#"
        annotations {"cert-manager.io/inject-ca-from":"freshet/freshet-webhook"}
        caBundle null
        volumes [{"name":"tls","secret":{"secretName":"freshet-webhook-tls"}}]
        mounts [{"mountPath":"/etc/freshet/tls","name":"tls","readOnly":true}]
        rules of the ClusterRole 1
        Certificate freshet-ca
        Certificate freshet-webhook
        Issuer freshet-ca
        Issuer freshet-self-signed
    "#]]
    .assert_eq(&certificate(&["--set=certificates.mode=cert-manager"]));
    expect![[r#"
        annotations null
        caBundle null
        volumes [{"name":"tls","secret":{"secretName":"freshet-webhook-tls"}}]
        mounts [{"mountPath":"/etc/freshet/tls","name":"tls","readOnly":true}]
        rules of the ClusterRole 1
    "#]]
    .assert_eq(&certificate(&["--set=certificates.mode=files"]));
    let options = [
        "--set=certificates.mode=files,certificates.secretName=mine",
        "--set",
        OWN_CA,
    ];
    expect![[r#"
        annotations null
        caBundle "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"
        volumes [{"name":"tls","secret":{"secretName":"mine"}}]
        mounts [{"mountPath":"/etc/freshet/tls","name":"tls","readOnly":true}]
        rules of the ClusterRole 1
    "#]]
    .assert_eq(&certificate(&options));
}

#[test]
fn no_value_gives_the_account_a_secret_of_another() {
    let objects = objects(&["--set=externalSecrets.enabled=true,externalSecrets.installCRDs=true"]);
    let role = find(&objects, "ClusterRole", "freshet");
    let rules = role["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), 5);
    for rule in rules {
        let text = rule.to_string();
        assert!(
            !text.contains("\"secrets\"") && !text.contains('*'),
            "{rule}"
        );
    }
}

#[test]
fn external_secrets_have_an_entry_of_their_own_that_trusts_the_same() {
    let on = "--set=externalSecrets.enabled=true,webhook.timeoutSeconds=7,certificates.mode=files";
    let objects = objects(&[on, "--set", OWN_CA]);
    let registration = find(&objects, "MutatingWebhookConfiguration", "freshet");
    let entries = registration["webhooks"].as_array().expect("entries");
    let names: Vec<_> = entries.iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["pods.freshet.dev", "external-secrets.freshet.dev"]);
    for field in [
        "clientConfig",
        "rules",
        "failurePolicy",
        "timeoutSeconds",
        "reinvocationPolicy",
        "sideEffects",
    ] {
        assert_eq!(entries[0][field], entries[1][field], "{field}");
    }
    let selector = |entry: &Value| entry["namespaceSelector"]["matchExpressions"].clone();
    let (all, own) = (selector(&entries[0]), selector(&entries[1]));
    assert_eq!(own[0]["values"], json!(["external-secrets"]));
    assert_eq!(all[1], own[1]);
}

#[test]
fn an_issuer_of_the_platform_signs_where_it_is_named() {
    let options = "certificates.mode=cert-manager,certificates.issuerRef.name=platform,\
                   certificates.issuerRef.kind=ClusterIssuer";
    let objects = objects(&["--set", options]);
    assert!(objects.iter().all(|object| object["kind"] != "Issuer"));
    let certificate = find(&objects, "Certificate", "freshet-webhook");
    let issuer = json!({ "name": "platform", "kind": "ClusterIssuer", "group": "cert-manager.io" });
    assert_eq!(certificate["spec"]["issuerRef"], issuer);
    assert_eq!(certificate["spec"]["dnsNames"][0], "freshet.freshet.svc");
}

#[test]
fn policies_need_a_cluster_that_knows_them_and_can_be_left_out() {
    let policies = |options: &[&str]| {
        let objects = objects(options);
        let policy = |object: &&Value| object["kind"] == "ValidatingAdmissionPolicyBinding";
        let policies = objects.iter().filter(policy);
        policies
            .map(|binding| {
                format!(
                    "{} {}",
                    binding["metadata"]["name"], binding["spec"]["validationActions"]
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(policies(&["--kube-version=1.29.0"]), [""; 0]);
    let off =
        "policies.unlabelledNamespace=off,policies.namespaceLabel=false,policies.ownAccount=false";
    assert_eq!(policies(&["--set", off]), [""; 0]);
    assert_eq!(
        policies(&["--set=policies.unlabelledNamespace=deny"]),
        [
            r#""freshet-namespace-label" ["Warn"]"#,
            r#""freshet-own-account" ["Deny"]"#,
            r#""freshet-unlabelled-namespace" ["Deny"]"#,
        ]
    );
}

#[test]
fn what_is_off_by_default_can_be_turned_on() {
    let options = "webhook.networkPolicy.enabled=true,webhook.networkPolicy.apiServer[0].ipBlock.cidr=10.0.0.1/32,\
                   webhook.networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.a=b,\
                   webhook.serviceMonitor.enabled=true,webhook.serviceMonitor.interval=30s,\
                   webhook.serviceMonitor.labels.release=prometheus";
    let objects = objects(&["--set", options]);
    let network = &find(&objects, "NetworkPolicy", "freshet")["spec"];
    assert_eq!(
        network["ingress"],
        json!([
            { "ports": [{ "port": "https" }] },
            { "ports": [{ "port": "metrics" }], "from": [{ "namespaceSelector": { "matchLabels": { "a": "b" } } }] },
        ])
    );
    assert_eq!(
        network["egress"],
        json!([{ "ports": [{ "port": 443 }, { "port": 6443 }], "to": [{ "ipBlock": { "cidr": "10.0.0.1/32" } }] }])
    );
    let monitor = find(&objects, "ServiceMonitor", "freshet");
    assert_eq!(
        monitor["spec"]["endpoints"],
        json!([{ "port": "metrics", "interval": "30s" }])
    );
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
}

#[test]
fn where_the_pods_run_is_the_clusters_affair() {
    let objects = objects(&[
        "--set=webhook.replicas=3,webhook.priorityClassName=system-cluster-critical,webhook.hostNetwork=true",
        "--set=webhook.tolerations[0].key=a,webhook.tolerations[0].operator=Exists",
        "--set=webhook.imagePullSecrets[0].name=registry,webhook.podAnnotations.a=b,labels.team=platform",
        "--set-json=webhook.affinity={\"nodeAffinity\":{}}",
        "--set-json=webhook.topologySpreadConstraints=[{\"maxSkew\":1,\"topologyKey\":\"zone\",\"whenUnsatisfiable\":\"DoNotSchedule\"}]",
    ]);
    let deployment = find(&objects, "Deployment", "freshet");
    assert_eq!(deployment["spec"]["replicas"], 3);
    assert_eq!(deployment["metadata"]["labels"]["team"], "platform");
    let pod = &deployment["spec"]["template"];
    assert_eq!(pod["metadata"]["annotations"], json!({ "a": "b" }));
    assert_eq!(pod["metadata"]["labels"]["team"], "platform");
    let spec = &pod["spec"];
    assert_eq!(spec["priorityClassName"], "system-cluster-critical");
    assert_eq!(spec["hostNetwork"], true);
    assert_eq!(
        spec["tolerations"],
        json!([{ "key": "a", "operator": "Exists" }])
    );
    assert_eq!(spec["imagePullSecrets"], json!([{ "name": "registry" }]));
    assert_eq!(spec["affinity"], json!({ "nodeAffinity": {} }));
    assert_eq!(spec["nodeSelector"], json!({ "kubernetes.io/os": "linux" }));
    assert_eq!(spec["topologySpreadConstraints"][0]["topologyKey"], "zone");
}
