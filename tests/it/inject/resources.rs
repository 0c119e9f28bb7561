//! The refresher's resources beside the pod's and the namespace's.

use expect_test::expect;
use freshet::inject::{ClusterFacts, Decision, LimitRange, ResourceQuota};
use serde_json::Value;

use super::{decision_with, defaults, denied, injected, injection, lines, pod, refresher};

/// The refresher's `resources` in a pod of one container with `resources`, with `annotations` more.
#[track_caller]
fn resources(spec: &str, annotations: &str) -> String {
    let pod = pod(&format!(
        "{{metadata: {{annotations: {{freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, {annotations}}}}}, spec: {spec}}}"
    ));
    refresher(&injected(&pod))
        .get("resources")
        .map_or_else(|| "none".to_owned(), Value::to_string)
}

#[test]
fn guaranteed_pods_stay_guaranteed() {
    let guaranteed = "{containers: [{name: a, resources: {limits: {cpu: 1, memory: 1Gi}}}, {name: b, resources: {limits: {cpu: '2', memory: 1Gi}, requests: {cpu: 2000m, memory: 1024Mi}}}]}";
    let with = |annotations| resources(guaranteed, annotations);
    expect![[
        r#"{"limits":{"cpu":"50m","memory":"32Mi"},"requests":{"cpu":"50m","memory":"32Mi"}}"#
    ]]
    .assert_eq(&with("a: b"));
    expect![[
        r#"{"limits":{"cpu":"20m","memory":"64Mi"},"requests":{"cpu":"20m","memory":"64Mi"}}"#
    ]]
    .assert_eq(&with(
        "freshet.dev/requests-cpu: 20m, freshet.dev/limits-memory: 64Mi",
    ));
    let burstable = "{initContainers: [{name: i}], containers: [{name: a, resources: {limits: {cpu: 1, memory: 1Gi}}}]}";
    expect![[r#"{"limits":{"memory":"32Mi"},"requests":{"cpu":"5m","memory":"8Mi"}}"#]]
        .assert_eq(&resources(burstable, "a: b"));
}

#[test]
fn pod_level_resources_ours_omitted() {
    let spec = "{resources: {limits: {cpu: 1, memory: 1Gi}}, containers: [{name: a}]}";
    assert_eq!(resources(spec, "freshet.dev/requests-cpu: 20m"), "none");
}

#[test]
fn a_request_is_never_over_its_limit() {
    let with = |annotations| resources("{containers: [{name: a}]}", annotations);
    expect![[r#"{"limits":{"memory":"48Mi"},"requests":{"cpu":"5m","memory":"48Mi"}}"#]]
        .assert_eq(&with("freshet.dev/requests-memory: 48Mi"));
    expect![[r#"{"limits":{"cpu":"2m","memory":"32Mi"},"requests":{"cpu":"2m","memory":"8Mi"}}"#]]
        .assert_eq(&with("freshet.dev/limits-cpu: 2m"));
    expect![[r#"{"limits":{"memory":"4Mi"},"requests":{"cpu":"5m","memory":"4Mi"}}"#]]
        .assert_eq(&with("freshet.dev/limits-memory: 4Mi"));
}

#[test]
fn size_limit_and_memory_limit_by_a_formula_of_two_generations() {
    let many: String = (0..20)
        .map(|index| format!("freshet.dev/secret-s{index}: 's/{index}', "))
        .collect();
    let keys: String = (0..20)
        .map(|index| format!("freshet.dev/secret-k{index}: 's/one#{index}', "))
        .collect();
    for (annotations, size, limit) in [
        ("freshet.dev/secret-a: a/b", "3Mi", "32Mi"),
        (many.as_str(), "41Mi", "58Mi"),
        (keys.as_str(), "3Mi", "32Mi"),
        (
            "freshet.dev/secret-a: a/b, freshet.dev/format-a: dir",
            "3Mi",
            "32Mi",
        ),
    ] {
        let pod = pod(&format!(
            "{{metadata: {{annotations: {{freshet.dev/inject: 'true', {annotations}}}}}, spec: {{containers: [{{name: a}}]}}}}"
        ));
        let patched = injected(&pod);
        assert_eq!(patched["spec"]["volumes"][0]["emptyDir"]["sizeLimit"], size);
        assert_eq!(refresher(&patched)["resources"]["limits"]["memory"], limit);
        let memory = injection(&pod).summary.memory;
        assert_eq!(
            memory
                .volumes
                .values()
                .next()
                .map(ToString::to_string)
                .as_deref(),
            Some(size)
        );
    }
}

#[test]
fn a_memory_limit_that_full_volumes_would_break_is_a_warning() {
    let pod = pod(
        "{metadata: {annotations: {freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, freshet.dev/limits-memory: 16Mi}}, spec: {containers: [{name: a}]}}",
    );
    expect![[r#"metadata.annotations[freshet.dev/limits-memory]: "16Mi": is less than the 20Mi that the refresher needs when each secret is as large as Vault allows: it may be killed and started again"#]]
        .assert_eq(&lines(&injection(&pod).warnings));
}

/// The problems in a namespace with one LimitRange, whose `spec.limits` is YAML, and with a
/// ResourceQuota on `quota`.
#[track_caller]
fn in_namespace(limits: &str, quota: &[&str], annotations: &str, spec: &str) -> Decision {
    let cluster = ClusterFacts {
        kubernetes_version: Some((1, 36)),
        limit_ranges: vec![LimitRange {
            name: "defaults".to_owned(),
            limits: serde_saphyr::from_str(limits).expect("YAML"),
        }],
        resource_quotas: vec![ResourceQuota {
            name: "team".to_owned(),
            hard: quota
                .iter()
                .map(|name| ((*name).to_owned(), "10".to_owned()))
                .collect(),
        }],
        ..ClusterFacts::default()
    };
    let pod = pod(&format!(
        "{{metadata: {{annotations: {{freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, {annotations}}}}}, spec: {spec}}}"
    ));
    decision_with(&pod, &defaults(), &cluster)
}

#[test]
fn a_limit_range_in_the_way_is_named_with_the_annotation_that_mends_it() {
    let web = "{containers: [{name: a}]}";
    let range = "[{type: Container, min: {cpu: 10m, memory: 16Mi}, max: {cpu: '1', memory: 24Mi}, default: {cpu: 100m}}]";
    expect![[r#"
        metadata.annotations[freshet.dev/requests-cpu]: "5m": must be at least 10m, says LimitRange defaults of the namespace
        metadata.annotations[freshet.dev/requests-memory]: "8Mi": must be at least 16Mi, says LimitRange defaults of the namespace"#]]
    .assert_eq(&denied(in_namespace(range, &[], "a: b", web)));
    expect![[r#"metadata.annotations[freshet.dev/limits-memory]: "32Mi": must be at most 24Mi, says LimitRange defaults of the namespace"#]]
        .assert_eq(&denied(in_namespace(range, &[], "freshet.dev/requests-cpu: 10m, freshet.dev/requests-memory: 16Mi", web)));
    let mended = "freshet.dev/requests-cpu: 10m, freshet.dev/requests-memory: 16Mi, freshet.dev/limits-memory: 24Mi";
    assert!(matches!(
        in_namespace(range, &[], mended, web),
        Decision::Inject(_)
    ));

    let ratio = "[{type: Container, maxLimitRequestRatio: {memory: '3.5'}}]";
    expect![[r#"metadata.annotations[freshet.dev/requests-memory]: "8Mi": the limit, 32Mi, may be at most 3.5 times the request, says LimitRange defaults of the namespace"#]]
        .assert_eq(&denied(in_namespace(ratio, &[], "a: b", web)));
    let mended = "freshet.dev/limits-memory: 28Mi";
    assert!(matches!(
        in_namespace(ratio, &[], mended, web),
        Decision::Inject(_)
    ));

    let whole =
        "[{type: Pod, max: {memory: 1Gi}}, {type: PersistentVolumeClaim, max: {storage: 1}}]";
    let large = "{containers: [{name: a, resources: {limits: {memory: 1000Mi}}}]}";
    expect![[r#"metadata.annotations[freshet.dev/limits-memory]: "32Mi": is too much beside the other containers: a pod may have 1Gi in all, says LimitRange defaults of the namespace"#]]
        .assert_eq(&denied(in_namespace(whole, &[], "a: b", large)));
    let once = in_namespace(whole, &[], "freshet.dev/once: 'true'", large);
    assert!(
        matches!(once, Decision::Inject(_)),
        "an init container's limit is not added"
    );
}

#[test]
fn a_quota_in_the_way_is_named_with_the_annotation_that_mends_it() {
    let web = "{containers: [{name: a}]}";
    let quota = ["pods", "limits.cpu", "limits.memory", "requests.cpu"];
    expect!["metadata.annotations[freshet.dev/limits-cpu]: must be set: ResourceQuota team of the namespace counts limits.cpu"]
        .assert_eq(&denied(in_namespace("[]", &quota, "a: b", web)));
    let unset = in_namespace("[]", &["cpu", "memory"], "a: b", web);
    assert!(
        matches!(unset, Decision::Inject(_)),
        "requests are set: {unset:?}"
    );
    for (limits, annotations, spec) in [
        ("[]", "freshet.dev/limits-cpu: 100m", web),
        ("[{type: Container, default: {cpu: 100m}}]", "a: b", web),
        (
            "[]",
            "a: b",
            "{resources: {limits: {cpu: 1}}, containers: [{name: a}]}",
        ),
    ] {
        let decision = in_namespace(limits, &quota, annotations, spec);
        assert!(matches!(decision, Decision::Inject(_)), "{decision:?}");
    }
}

#[test]
fn a_certificate_as_pkcs12_gets_the_full_refresher_or_is_refused() {
    let pod = pod(
        "{metadata: {annotations: {freshet.dev/inject: 'true', freshet.dev/format-web: pkcs12, \
         freshet.dev/secret-web: 'pki/issue/web?common_name=web'}}, spec: {containers: [{name: a}]}}",
    );
    let denial = denied(decision_with(&pod, &defaults(), &ClusterFacts::default()));
    assert!(denial.contains("needs the full refresher"), "{denial}");
    let mut with_full = defaults();
    with_full.full_image = Some("registry.example/freshet-refresher-full:1.2.3".to_owned());
    let decision = decision_with(&pod, &with_full, &ClusterFacts::default());
    let Decision::Inject(injection) = decision else {
        panic!("not injected");
    };
    let patched = super::apply(&pod, &injection);
    let image = &refresher(&patched)["image"];
    assert_eq!(*image, "registry.example/freshet-refresher-full:1.2.3");
}

#[test]
fn a_template_with_a_heavy_function_gets_the_full_refresher_or_is_refused() {
    let pod = pod(
        "{metadata: {annotations: {freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, \
         freshet.dev/template-a: '{{ regexFind \"x\" .b }}'}}, spec: {containers: [{name: a}]}}",
    );
    expect!["metadata.annotations: regexFind needs the full refresher: name its image to the webhook with --refresher-full-image, or do without"]
        .assert_eq(&denied(decision_with(&pod, &defaults(), &ClusterFacts::default())));
    let mut with_full = defaults();
    with_full.full_image = Some("registry.example/freshet-refresher-full:1.2.3".to_owned());
    let Decision::Inject(injection) = decision_with(&pod, &with_full, &ClusterFacts::default())
    else {
        panic!("not injected");
    };
    let patched = super::apply(&pod, &injection);
    let container = refresher(&patched);
    assert_eq!(
        container["image"],
        "registry.example/freshet-refresher-full:1.2.3"
    );
    assert_eq!(container["resources"]["limits"]["memory"], "60Mi");
}
