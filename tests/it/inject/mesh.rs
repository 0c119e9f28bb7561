//! Pods of a service mesh.

use expect_test::expect;
use freshet::inject::Decision;
use serde_json::json;

use super::{decision, denied, injected, injection, lines, names, pod, refresher};

/// The init containers after injection, in their order; `inits` and `apps` are YAML.
#[track_caller]
fn order(inits: &str, apps: &str) -> Vec<String> {
    let pod = pod(&format!(
        "{{metadata: {{annotations: {{annotations}}}}, spec: {{initContainers: {inits}, containers: {apps}}}}}"
    ));
    let pod = injected(&pod);
    let names = names(&pod["spec"]["initContainers"]);
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn first_in_the_list_unless_a_meshs_own_native_sidecar_stands_before_it() {
    let native = "{name: istio-proxy, restartPolicy: Always}";
    let linkerd = "{name: linkerd-proxy, restartPolicy: Always}";
    let web = "[{name: web}]";
    assert_eq!(order("[{name: migrate}]", web), ["freshet", "migrate"]);
    assert_eq!(
        order("[{name: mine, restartPolicy: Always}]", web),
        ["freshet", "mine"]
    );
    assert_eq!(
        order(
            &format!("[{{name: istio-init}}, {native}, {{name: migrate}}]"),
            web
        ),
        ["istio-init", "istio-proxy", "freshet", "migrate"]
    );
    assert_eq!(
        order(&format!("[{{name: istio-validation}}, {native}]"), web),
        ["istio-validation", "istio-proxy", "freshet"]
    );
    // Nothing is redirected before linkerd-init has run.
    assert_eq!(
        order(
            &format!("[{{name: migrate}}, {{name: linkerd-init}}, {linkerd}]"),
            web
        ),
        ["freshet", "migrate", "linkerd-init", "linkerd-proxy"]
    );
    assert_eq!(
        order(
            "[{name: kuma-init}, {name: kuma-sidecar, restartPolicy: Always}, {name: migrate}]",
            web
        ),
        ["kuma-init", "kuma-sidecar", "freshet", "migrate"]
    );
    let plain = "[{name: web}, {name: linkerd-proxy}]";
    assert_eq!(
        order("[{name: linkerd-init}]", plain),
        ["freshet", "linkerd-init"]
    );
}

#[test]
fn behind_a_native_proxy_that_a_cni_plugin_sends_all_traffic_to() {
    let pod = pod("
        metadata: {annotations: {annotations}}
        spec:
          initContainers: [{name: migrate}, {name: linkerd-network-validator}, {name: linkerd-proxy, restartPolicy: Always}]
          containers: [{name: web}]");
    expect![[r#"spec.initContainers[0]: "migrate": runs before the refresher, which has to wait for the mesh's proxy: it finds an empty directory"#]]
        .assert_eq(&lines(&injection(&pod).warnings));
    assert_eq!(
        names(&injected(&pod)["spec"]["initContainers"]),
        [
            "migrate",
            "linkerd-network-validator",
            "linkerd-proxy",
            "freshet"
        ]
    );
}

#[test]
fn a_mesh_that_is_injected_after_us_moves_the_refresher_only_where_it_must() {
    let mut pod = injected(&pod(
        "{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}",
    ));
    let inits = pod["spec"]["initContainers"]
        .as_array_mut()
        .expect("a list");
    inits.insert(0, json!({"name": "istio-validation"}));
    let mut moved = pod.clone();
    pod["metadata"]["annotations"]["traffic.sidecar.istio.io/excludeOutboundPorts"] = json!("8200");
    pod["spec"]["containers"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "istio-proxy"}));
    assert_eq!(injection(&pod).patch.0, []);

    let inits = moved["spec"]["initContainers"]
        .as_array_mut()
        .expect("a list");
    inits.push(json!({"name": "istio-proxy", "restartPolicy": "Always"}));
    inits[1]["env"] = json!([{"name": "ADDED", "value": "by another webhook"}]);
    let moved = injected(&moved);
    assert_eq!(
        names(&moved["spec"]["initContainers"]),
        ["istio-validation", "istio-proxy", "freshet"]
    );
    assert_eq!(refresher(&moved)["env"][0]["name"], "ADDED");
}

#[test]
fn a_meshs_plain_proxy_with_cni_redirection_would_deadlock_the_gate_and_is_refused() {
    let istio = |annotation: &str| {
        pod(&format!("
            metadata: {{annotations: {{freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, {annotation}}}}}
            spec: {{containers: [{{name: web}}, {{name: istio-proxy}}]}}"))
    };
    expect![[r#"spec.containers[1]: Istio sends all traffic to this proxy, which starts only after the refresher has been at Vault: set the annotation traffic.sidecar.istio.io/excludeOutboundPorts: "8200", or let Istio run its proxy as a native sidecar"#]]
        .assert_eq(&denied(decision(&istio("a: b"))));
    for refused in [
        "traffic.sidecar.istio.io/excludeOutboundPorts: '443,18200'",
        "config.linkerd.io/skip-outbound-ports: '8200'",
        "freshet.dev/vault-address: 'https://vault', traffic.sidecar.istio.io/excludeOutboundPorts: '8200'",
        "freshet.dev/vault-eu-address: 'https://eu', traffic.sidecar.istio.io/excludeOutboundPorts: '8200'",
    ] {
        denied(decision(&istio(refused)));
    }
    let two = denied(decision(&istio(
        "freshet.dev/vault-eu-address: 'https://eu'",
    )));
    assert!(two.contains("excludeOutboundPorts: \"443,8200\""), "{two}");
    for accepted in [
        "freshet.dev/vault-eu-address: 'https://eu', traffic.sidecar.istio.io/excludeOutboundPorts: '8200,443'",
        "traffic.sidecar.istio.io/excludeOutboundPorts: '443, 8200'",
        "sidecar.istio.io/interceptionMode: NONE",
        "freshet.dev/user: '1337'",
    ] {
        let decision = decision(&istio(accepted));
        assert!(
            matches!(decision, Decision::Inject(_)),
            "{accepted}: {decision:?}"
        );
    }
    let linkerd = |annotation: &str| {
        pod(&format!("
            metadata: {{annotations: {{freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, {annotation}}}}}
            spec: {{initContainers: [{{name: linkerd-network-validator}}], containers: [{{name: linkerd-proxy}}, {{name: web}}]}}"))
    };
    expect![[r#"spec.containers[0]: Linkerd sends all traffic to this proxy, which starts only after the refresher has been at Vault: set the annotation config.linkerd.io/skip-outbound-ports: "8200", or let Linkerd run its proxy as a native sidecar"#]]
        .assert_eq(&denied(decision(&linkerd("freshet.dev/once: 'true'"))));
    injected(&linkerd(
        "config.linkerd.io/skip-outbound-ports: '25,8000-8300'",
    ));
}

#[test]
fn a_meshs_containers_see_no_secrets_unless_they_are_named() {
    let mut pod = pod("
        metadata: {annotations: {annotations}}
        spec:
          initContainers: [{name: istio-init}]
          containers: [{name: istio-proxy, securityContext: {runAsUser: 1337}}, {name: web, securityContext: {runAsUser: 1000}}]");
    let plain = injected(&pod);
    assert_eq!(plain["spec"]["containers"][0].get("volumeMounts"), None);
    assert_eq!(plain["spec"]["initContainers"][1].get("volumeMounts"), None);
    assert_eq!(refresher(&plain)["securityContext"]["runAsUser"], 1000);
    pod["metadata"]["annotations"]["freshet.dev/containers"] = json!("istio-proxy");
    let named = injected(&pod);
    assert_eq!(
        names(&named["spec"]["containers"][0]["volumeMounts"]),
        ["freshet-secrets"]
    );
}
