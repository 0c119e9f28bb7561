use expect_test::{Expect, expect};
use serde_json::{from_value, json};

use super::*;

const MINIMAL: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
    "uid":"u-1","resource":{"group":"","version":"v1","resource":"pods"}}}"#;

#[track_caller]
fn check_unreadable(body: &str, want: Expect) {
    let problem = parse(body.as_bytes()).expect_err("unreadable");
    want.assert_eq(&problem.to_string());
}

#[test]
fn what_cannot_be_read_is_named() {
    check_unreadable(
        "",
        expect!["the body is not an AdmissionReview: it ends too early at line 1 column 0"],
    );
    check_unreadable(
        "hvs.marker",
        expect!["the body is not an AdmissionReview: it is not JSON at line 1 column 1"],
    );
    check_unreadable(
        r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"marker","resource":7}}"#,
        expect![
            "the body is not an AdmissionReview: a field is missing or has another type at line 1 column 99"
        ],
    );
    check_unreadable(
        r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#,
        expect!["request: missing"],
    );
    check_unreadable(
        &MINIMAL.replace("k8s.io/v1", "k8s.io/v1beta1"),
        expect![[
            r#"apiVersion "admission.k8s.io/v1beta1", kind "AdmissionReview": must be admission.k8s.io/v1, AdmissionReview: set admissionReviewVersions: ["v1"] in the webhook configuration"#
        ]],
    );
    check_unreadable(
        r#"{"apiVersion":"admission.k8s.io/v2","kind":"AdmissionReview","request":["another shape"]}"#,
        expect![[
            r#"apiVersion "admission.k8s.io/v2", kind "AdmissionReview": must be admission.k8s.io/v1, AdmissionReview: set admissionReviewVersions: ["v1"] in the webhook configuration"#
        ]],
    );
    check_unreadable(
        "{}",
        expect![[
            r#"apiVersion "", kind "": must be admission.k8s.io/v1, AdmissionReview: set admissionReviewVersions: ["v1"] in the webhook configuration"#
        ]],
    );
}

#[test]
fn nesting_has_an_end() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = MINIMAL.replace("\"u-1\"", &format!("\"u-1\",\"object\":{deep}"));
    check_unreadable(
        &body,
        expect!["the body is not an AdmissionReview: it is not JSON at line 2 column 151"],
    );
}

#[test]
fn unknown_fields_are_skipped_and_strings_are_borrowed() {
    let body = MINIMAL.replace("\"u-1\"", r#""u-1","since":{"v":"1.99"},"dryRun":true"#);
    let request = parse(body.as_bytes()).expect("readable");
    assert!(matches!(request.uid, Cow::Borrowed("u-1")));
    assert_eq!(request.dry_run, Some(true));
    assert_eq!(request.object, Value::Null);
    assert_eq!(request.to_string(), "v1 pods");
}

#[track_caller]
fn check_answer(verdict: Verdict, want: Expect) {
    let json = verdict.to_json("u-1").expect("JSON");
    want.assert_eq(&String::from_utf8(json).expect("UTF-8"));
}

fn allow(patch: Value, warnings: &[&str]) -> Verdict {
    Verdict::Allow {
        patch: from_value(patch).expect("a patch"),
        warnings: warnings.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn answers_are_what_the_api_server_takes() {
    check_answer(
        allow(json!([]), &[]),
        expect![[
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1","allowed":true}}"#
        ]],
    );
    check_answer(
        allow(json!([{ "op": "remove", "path": "/a" }]), &["two\nlines"]),
        expect![[
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1","allowed":true,"patchType":"JSONPatch","patch":"W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2EifV0=","warnings":["two lines"]}}"#
        ]],
    );
    check_answer(
        Verdict::Deny {
            message: "one\ntwo".to_owned(),
            warnings: Vec::new(),
        },
        expect![[
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1","allowed":false,"status":{"status":"Failure","message":"one\ntwo","reason":"Forbidden","code":403}}}"#
        ]],
    );
}

#[test]
fn warnings_keep_within_what_the_api_server_passes_on() {
    let within = vec!["é".repeat(1000); 4];
    assert_eq!(presentable(&within), within);

    let kept = presentable(&vec!["é".repeat(300); 20]);
    assert_eq!(kept.len(), 16);
    assert!(kept[..15].iter().all(|text| text.chars().count() == 256));
    assert_eq!(
        kept[15],
        "5 more warnings are left out; freshet lint prints them all"
    );
    let characters: usize = kept.iter().map(|text| text.chars().count()).sum();
    assert!(characters <= WARNING_CHARACTERS);
}
