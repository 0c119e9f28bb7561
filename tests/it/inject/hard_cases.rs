//! The hard cases of admission, each by its name.

use expect_test::expect;
use freshet::inject::{ClusterFacts, Decision, Operation, Request, SkipReason, decide};
use serde_json::{Value, json};

use super::{
    decision, decision_with, defaults, denied, injected, injection, lines, names, pod, refresher,
};

#[test]
fn every_admission_plans_anew_and_no_annotation_makes_the_webhook_look_away() {
    let clean = pod("{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}");
    let forged = pod("
        metadata:
          annotations:
            freshet.dev/inject: 'true'
            freshet.dev/secret-db: secret/db
            freshet.dev/status: injected
            freshet.dev/sync-spec: '{\"version\":1,\"mounts\":[]}'
        spec: {containers: [{name: web}]}");
    assert_eq!(injected(&forged), injected(&clean));
}

#[test]
fn an_injection_of_another_release_is_replaced() {
    let clean = pod(
        "{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}], initContainers: [{name: migrate}]}}",
    );
    let current = injected(&clean);
    let mut old = current.clone();
    old["spec"]["initContainers"]
        .as_array_mut()
        .expect("a list")
        .rotate_left(1);
    old["spec"]["initContainers"][1]["args"] =
        json!(["run", "--vault-address=https://evil.example"]);
    old["spec"]["volumes"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "freshet-tls", "secret": {"secretName": "x"}}));
    old["spec"]["volumes"][0]["emptyDir"] = json!({});
    let mounts = old["spec"]["containers"][0]["volumeMounts"]
        .as_array_mut()
        .expect("a list");
    mounts.push(json!({"name": "freshet-token", "mountPath": "/stolen"}));
    mounts[0]["readOnly"] = json!(false);
    assert_eq!(injected(&old), current);
}

#[test]
fn in_tree_plugins_edit_our_container_after_us_and_idempotence_and_removal_live_with_that() {
    let clean = pod("{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}");
    let injection = injection(&clean);
    let mut pod = injected(&clean);
    let spec = &mut pod["spec"];
    spec["initContainers"][0]["terminationMessagePath"] = json!("/dev/termination-log");
    spec["initContainers"][0]["terminationMessagePolicy"] = json!("File");
    spec["initContainers"][0]["imagePullPolicy"] = json!("IfNotPresent");
    spec["initContainers"][0]["image"] = json!("mirror.example/cache/freshet-refresher:1.2.3");
    spec["initContainers"][0]["env"] = json!([{"name": "HTTP_PROXY", "value": "http://proxy"}]);
    spec["initContainers"][0]["resources"]["limits"]["cpu"] = json!("500m");
    spec["initContainers"][0]["resources"]["requests"]["cpu"] = json!("0.005");
    spec["initContainers"][0]["resources"]["requests"]["memory"] = json!("52Mi");
    spec["initContainers"][0]["resources"]["limits"]["memory"] = json!("52Mi");
    spec["initContainers"][0]["volumeMounts"]
        .as_array_mut()
        .expect("a list")
        .insert(0, json!({"name": "trust", "mountPath": "/etc/ssl/certs"}));
    spec["volumes"][0]["emptyDir"]["sizeLimit"] = json!("3072Ki");
    spec["volumes"][1]["projected"]["defaultMode"] = json!(420);
    spec["volumes"][2]["downwardAPI"]["defaultMode"] = json!(420);
    for item in spec["volumes"][2]["downwardAPI"]["items"]
        .as_array_mut()
        .expect("a list")
    {
        item["fieldRef"]["apiVersion"] = json!("v1");
    }
    spec["volumes"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "trust", "emptyDir": {}}));
    assert_eq!(super::injection(&pod).patch.0, []);

    let inverse = injection.inverse(&clean).expect("the patch has an inverse");
    json_patch::patch(&mut pod, &inverse).expect("the inverse applies");
    assert_eq!(pod, clean);
}

#[test]
fn what_decides_how_the_refresher_runs_is_put_right() {
    let good = injected(&pod(
        "{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}",
    ));
    let evil: [fn(&mut Value); 8] = [
        |own| own["resources"]["limits"]["memory"] = json!("31Mi"),
        |own| own["securityContext"]["privileged"] = json!(true),
        |own| own["securityContext"]["capabilities"]["add"] = json!(["SYS_ADMIN"]),
        |own| {
            own["args"]
                .as_array_mut()
                .expect("a list")
                .push(json!("--log-level=debug"))
        },
        |own| own["command"] = json!(["/bin/sh"]),
        |own| own["image"] = json!("registry.example/freshet-refresher:0.9"),
        |own| own["livenessProbe"] = json!({"exec": {"command": ["false"]}}),
        |own| own["lifecycle"]["postStart"]["exec"]["command"] = json!(["true"]),
    ];
    for (index, change) in evil.iter().enumerate() {
        let mut changed = good.clone();
        change(&mut changed["spec"]["initContainers"][0]);
        assert_ne!(changed, good);
        assert_eq!(injected(&changed), good, "change {index}");
    }
}

#[test]
fn containers_that_a_later_webhook_injects_get_no_mount() {
    let clean = pod(
        "{metadata: {annotations: {annotations}}, spec: {containers: [{name: web, securityContext: {runAsUser: 1000}}], initContainers: [{name: migrate}]}}",
    );
    let mut pod = injected(&clean);
    let tracer = json!({"name": "tracer", "image": "tracer", "securityContext": {"runAsUser": 5}});
    pod["spec"]["containers"]
        .as_array_mut()
        .expect("a list")
        .insert(0, tracer);
    pod["spec"]["initContainers"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "setup"}));
    let again = injection(&pod);
    assert_eq!(again.patch.0, []);
    expect![[r#"
        spec.initContainers[2]: "setup": was added after the secrets were mounted, and does not see them: if it should, name all that do in freshet.dev/containers
        spec.containers[0]: "tracer": was added after the secrets were mounted, and does not see them: if it should, name all that do in freshet.dev/containers"#]]
    .assert_eq(&lines(&again.warnings));

    pod["metadata"]["annotations"]["freshet.dev/containers"] = json!("tracer");
    let named = injected(&pod);
    assert_eq!(
        names(&named["spec"]["containers"][0]["volumeMounts"]),
        ["freshet-secrets"]
    );
    assert_eq!(named["spec"]["containers"][1]["volumeMounts"], json!([]));
}

#[test]
fn kubernetes_from_1_29_on_before_that_refused_with_the_reason() {
    let cluster = |major, minor| ClusterFacts {
        kubernetes_version: Some((major, minor)),
        ..ClusterFacts::default()
    };
    let sidecar =
        pod("{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}");
    expect![[r#"spec.initContainers: Kubernetes 1.28 has no native sidecars, which exist from 1.29 on: set freshet.dev/once: "true" for an init container that fetches once, or upgrade"#]]
        .assert_eq(&denied(decision_with(&sidecar, &defaults(), &cluster(1, 28))));
    let mut once = sidecar.clone();
    once["metadata"]["annotations"]["freshet.dev/once"] = json!("true");
    for (pod, version) in [(&once, (1, 28)), (&sidecar, (1, 29)), (&sidecar, (2, 0))] {
        let decision = decision_with(pod, &defaults(), &cluster(version.0, version.1));
        assert!(
            matches!(decision, Decision::Inject(_)),
            "{version:?} {decision:?}"
        );
    }
}

#[test]
fn windows_mirror_and_static_pods_are_refused_with_the_reason() {
    for (what, problem) in [
        ("spec: {os: {name: windows}", "spec.os.name"),
        (
            "spec: {nodeSelector: {kubernetes.io/os: windows}",
            "spec.nodeSelector[kubernetes.io/os]",
        ),
    ] {
        let pod = pod(&format!(
            "{{metadata: {{annotations: {{annotations}}}}, {what}, containers: [{{name: web}}]}}}}"
        ));
        let text = denied(decision(&pod));
        assert!(
            text.starts_with(&format!("{problem}: \"windows\": ")),
            "{text}"
        );
    }
    for (metadata, problem) in [
        (
            "annotations: {freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, kubernetes.io/config.mirror: '1'}",
            "metadata.annotations[kubernetes.io/config.mirror]",
        ),
        (
            "annotations: {freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, kubernetes.io/config.source: file}",
            "metadata.annotations[kubernetes.io/config.source]",
        ),
        (
            "annotations: {annotations}, ownerReferences: [{kind: Node}]",
            "metadata.ownerReferences",
        ),
    ] {
        let pod = pod(&format!(
            "{{metadata: {{{metadata}}}, spec: {{containers: [{{name: web}}]}}}}"
        ));
        let text = denied(decision(&pod));
        assert!(
            text.starts_with(&format!(
                "{problem}: a pod that a kubelet runs from a file "
            )),
            "{text}"
        );
    }
}

#[test]
fn update_leaves_a_pod_alone() {
    let pod = pod("{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}");
    for operation in [Operation::Update, Operation::Other] {
        let request = Request {
            namespace: "team-a",
            operation,
            pod: &pod,
        };
        assert_eq!(
            decide(&request, &defaults(), &ClusterFacts::default()),
            Decision::Skip {
                reason: SkipReason::NotCreated,
                warnings: Vec::new()
            }
        );
    }
}

#[test]
fn what_an_earlier_injection_left_is_told_when_injection_is_off() {
    let mut pod = injected(&pod(
        "{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}",
    ));
    pod["metadata"]["annotations"]["freshet.dev/inject"] = json!("false");
    let Decision::Skip {
        reason: SkipReason::NotAsked,
        warnings,
    } = decision(&pod)
    else {
        panic!("not skipped");
    };
    expect![[r#"spec.initContainers[0]: "freshet": was added when injection was on, and injection is off: remove it, the volumes that begin with freshet- and their mounts"#]]
        .assert_eq(&lines(&warnings));
}

#[test]
fn sync_spec_over_16_kib_is_compressed_over_64_kib_a_warning_over_128_kib_our_own_refusal() {
    let pod = |kib: u32| {
        let mut pod = pod(
            "{metadata: {annotations: {freshet.dev/inject: 'true'}}, spec: {containers: [{name: web}]}}",
        );
        // Text that compresses badly: the digits of a linear congruential sequence.
        let mut state = 1u32;
        let mut text = String::new();
        while text.len() < (kib as usize) << 10 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push(char::from(b' ' + (state >> 24) as u8 % 90));
        }
        pod["metadata"]["annotations"]["freshet.dev/template-a"] = json!(text.replace("{{", "[["));
        pod
    };
    let text = |kib| {
        let patched = injected(&pod(kib));
        patched["metadata"]["annotations"]["freshet.dev/sync-spec"].to_string()
    };
    assert!(text(10).starts_with(r#""{\"version"#));
    assert!(text(20).starts_with(r#""zlib:"#));
    assert_eq!(injection(&pod(20)).warnings, []);
    expect!["metadata.annotations[freshet.dev/sync-spec]: will take 90 KiB of at most 128 KiB: spread the files over several pods, or keep long templates in the application and fetch values alone"].assert_eq(&lines(&injection(&pod(80)).warnings));
    expect!["metadata.annotations[freshet.dev/sync-spec]: would take 224 KiB; at most 128 KiB, and 1 MiB before compression, are accepted: spread the files over several pods, or keep long templates in the application and fetch values alone"].assert_eq(&denied(decision(&pod(200))));
}

#[test]
fn an_image_pull_secret_is_added_once() {
    let mut defaults = defaults();
    defaults.image_pull_secret = Some("registry".to_owned());
    let mut pod =
        pod("{metadata: {annotations: {annotations}}, spec: {containers: [{name: web}]}}");
    for secrets in [
        json!([{"name": "other"}, {"name": "registry"}]),
        json!([{"name": "registry"}]),
        Value::Null,
    ] {
        pod["spec"]["imagePullSecrets"] = secrets.clone();
        let mut patched = pod.clone();
        for _ in 0..2 {
            let Decision::Inject(injection) =
                decision_with(&patched, &defaults, &ClusterFacts::default())
            else {
                panic!("not injected");
            };
            json_patch::patch(&mut patched, &injection.patch).expect("the patch applies");
        }
        let expected = if secrets.is_null() {
            json!([{"name": "registry"}])
        } else {
            secrets
        };
        assert_eq!(patched["spec"]["imagePullSecrets"], expected);
    }
}

#[test]
fn host_network_switches_the_metrics_off() {
    let pod = pod(
        "{metadata: {annotations: {annotations}}, spec: {hostNetwork: true, containers: [{name: web}]}}",
    );
    let own = injected(&pod);
    assert_eq!(refresher(&own).get("ports"), None);
    assert!(!refresher(&own)["args"].to_string().contains("metrics"));
}

#[test]
fn the_ids_of_the_refresher_are_the_first_containers_or_the_pods_unless_they_are_roots() {
    for (pod_context, context, user, group) in [
        ("{}", "{}", None, None),
        ("{runAsUser: 7, runAsGroup: 8}", "{}", Some(7), Some(8)),
        (
            "{runAsUser: 7, runAsGroup: 8}",
            "{runAsUser: 9}",
            Some(9),
            Some(8),
        ),
        ("{runAsUser: 7}", "{runAsUser: 0}", Some(7), None),
        ("{}", "{runAsUser: 0, runAsGroup: 0}", None, None),
        ("{runAsUser: 0}", "{}", Some(65532), None),
        ("{runAsUser: 0}", "{runAsUser: 9}", Some(9), None),
    ] {
        let pod = pod(&format!(
            "{{metadata: {{annotations: {{annotations}}}}, spec: {{securityContext: {pod_context}, containers: [{{name: web, securityContext: {context}}}, {{name: b, securityContext: {{runAsUser: 5}}}}]}}}}"
        ));
        let pod = injected(&pod);
        let own = &refresher(&pod)["securityContext"];
        let id = |field: &str| own.get(field).and_then(Value::as_u64);
        assert_eq!(
            (id("runAsUser"), id("runAsGroup")),
            (user, group),
            "{pod_context} {context}"
        );
        assert_eq!(own["runAsNonRoot"], json!(true));
    }
}
