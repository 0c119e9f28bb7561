//! The body of an admission request, up to the answer: read, decided, patched, and decided again.

#![no_main]

use freshet::inject::{ClusterFacts, Decision, Defaults, Operation, Request, decide};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

// The codec alone: the server around it would make the fuzzer build all of kube and axum.
#[path = "../../../src/webhook/object.rs"]
mod object;
#[allow(dead_code, reason = "not all of it is met here")]
#[path = "../../../src/webhook/review.rs"]
mod review;

fn decision(namespace: &str, pod: &Value) -> Decision {
    let mut defaults = Defaults::usual("freshet-refresher:fuzz");
    defaults.dialect.vault_address = "https://vault:8200".parse().ok();
    let request = Request {
        namespace,
        operation: Operation::Create,
        pod,
    };
    decide(&request, &defaults, &ClusterFacts::default())
}

fuzz_target!(|body: &[u8]| {
    let request = match review::parse(body) {
        Ok(request) => request,
        Err(problem) => {
            assert!(!problem.to_string().is_empty(), "refused without a reason");
            return;
        }
    };
    let verdict = match decision(&request.namespace, &request.object) {
        Decision::Inject(injection) => {
            let mut pod = request.object.clone();
            json_patch::patch(&mut pod, &injection.patch).expect("the patch fits the pod");
            match decision(&request.namespace, &pod) {
                Decision::Inject(again) => assert!(again.patch.is_empty(), "a second pass changes"),
                other => panic!("a second pass decides otherwise: {other:?}"),
            }
            let inverse = injection.inverse(&request.object).expect("the patch has an inverse");
            json_patch::patch(&mut pod, &inverse).expect("the inverse fits the pod");
            assert_eq!(pod, request.object, "the inverse does not restore the pod");
            review::Verdict::Allow {
                patch: injection.patch,
                warnings: Vec::new(),
            }
        }
        Decision::Deny { problems, .. } => {
            assert!(!problems.is_empty(), "denied without a reason");
            let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
            review::Verdict::Deny {
                message: lines.join("\n"),
                warnings: lines,
            }
        }
        Decision::Skip { .. } => return,
    };
    let answer = verdict.to_json(&request.uid).expect("JSON");
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["response"]["uid"], *request.uid);
});
