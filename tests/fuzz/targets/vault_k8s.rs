//! A pod of the Vault Agent Injector's, from its annotations and the ConfigMap that they name to the
//! decision: the same each time and under both prefixes, told in lines that can be read, and as a
//! patch that fits, settles and can be taken back.

#![no_main]

use std::collections::BTreeSet;

use freshet::dialect::Problem;
use freshet::dialect::vault_k8s::agent_config::{self, ConfigMap};
use freshet::inject::{ClusterFacts, Decision, Defaults, Injection, Operation, Request, decide};
use freshet::spec::{ANNOTATION, IdentityBuilder, OnChange, SyncSpec};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::{Value, json};

#[path = "vault_k8s/case.rs"]
mod case;
#[path = "vault_k8s/mutation.rs"]
mod mutation;
#[path = "vault_k8s/soundness.rs"]
mod soundness;

use self::case::Case;

/// What a person reads of one problem, in bytes, and how many problems of a pod.
const LINE: usize = 8 << 10;
const LINES: usize = 300;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match mutation::mutated(&data[..size], seed) {
        Some(text) if text.len() <= max_size => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});

fuzz_target!(|text: &str| {
    let case = Case::read(text);
    let decision = decided(&case.pod, &case);
    assert_eq!(decision, decided(&case.pod, &case), "decided in two ways");
    match &decision {
        Decision::Skip { warnings, .. } => check_lines(warnings),
        Decision::Deny { problems, warnings } => {
            assert!(!problems.is_empty(), "denied without a reason");
            check_lines(problems);
            check_lines(warnings);
        }
        Decision::Inject(injection) => {
            check_lines(&injection.warnings);
            check_patch(injection, &case);
        }
    }
    if let Some(other) = case.under_the_other_prefix() {
        let again = decided(&other, &case);
        let (one, two) = (outcome(&decision, &case.pod), outcome(&again, &other));
        assert_eq!(one, two, "the prefix decides");
    }
});

fn decided(pod: &Value, case: &Case) -> Decision {
    let mut defaults = Defaults::usual("freshet-refresher:fuzz");
    defaults.full_image = Some("freshet-refresher-full:fuzz".to_owned());
    defaults.dialect.vault_address = "https://vault:8200".parse().ok();
    let mut cluster = ClusterFacts::default();
    // As the webhook does it: the ConfigMap is read that the pod names.
    if let Some(name) = agent_config::named_by(pod).filter(|_| !case.data.is_empty()) {
        let map = ConfigMap {
            name: name.to_owned(),
            data: case.data.clone(),
        };
        cluster.agent_config_maps.insert(name.to_owned(), Ok(map));
    }
    let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str);
    let request = Request {
        namespace: namespace.unwrap_or("shop"),
        operation: Operation::Create,
        pod,
    };
    decide(&request, &defaults, &cluster)
}

/// What comes of a decision, but for the words: whether and how often something is said, the pod's
/// spec, and what is served.
fn outcome(decision: &Decision, pod: &Value) -> (&'static str, usize, Value) {
    match decision {
        Decision::Skip { warnings, .. } => ("skipped", warnings.len(), Value::Null),
        Decision::Deny { problems, .. } => ("denied", problems.len(), Value::Null),
        Decision::Inject(injection) => {
            let mut pod = pod.clone();
            json_patch::patch(&mut pod, &injection.patch).expect("the patch fits the pod");
            let served = pod["metadata"]["annotations"][ANNOTATION].take();
            let all = json!([pod["spec"], served]);
            ("injected", injection.warnings.len(), all)
        }
    }
}

fn check_lines(problems: &[Problem]) {
    assert!(problems.len() <= LINES, "{} lines", problems.len());
    let mut told = BTreeSet::new();
    for problem in problems {
        let line = problem.to_string();
        assert!(told.insert(problem), "told twice: {line}");
        assert!(!line.contains(char::is_control), "no line: {line:?}");
        assert!(line.len() <= LINE, "{} bytes: {line}", line.len());
        let (object, path) = (&problem.object, &problem.path);
        let is_place = match object {
            Some(object) => object.starts_with("ConfigMap ") && path.starts_with("data["),
            None => path.starts_with("metadata") || path.starts_with("spec"),
        };
        assert!(is_place, "told at no place: {line}");
    }
}

fn check_patch(injection: &Injection, case: &Case) {
    let mut pod = case.pod.clone();
    json_patch::patch(&mut pod, &injection.patch).expect("the patch fits the pod");
    match decided(&pod, case) {
        Decision::Inject(again) => assert_eq!(again.patch.0, [], "a second pass changes"),
        other => panic!("a second pass decides otherwise: {other:?}"),
    }
    check_refresher(&pod);
    if !case.patches_the_sidecar() && soundness::fault(&case.pod).is_none() {
        assert_eq!(
            soundness::fault(&pod),
            None,
            "the API server refuses the pod"
        );
    }
    let inverse = injection
        .inverse(&case.pod)
        .expect("the patch has an inverse");
    json_patch::patch(&mut pod, &inverse).expect("the inverse fits the pod");
    assert_eq!(pod, case.pod, "the inverse does not restore the pod");
}

/// The refresher of the patched pod can read what it is given.
fn check_refresher(pod: &Value) {
    let spec = pod["metadata"]["annotations"][ANNOTATION].as_str();
    let spec = SyncSpec::from_annotation(spec.expect("a sync-spec")).expect("a readable one");
    let again = SyncSpec::from_annotation(&spec.to_annotation());
    assert_eq!(again.as_ref(), Ok(&spec));
    let refresher = freshet::inject::refresher(pod).expect("a refresher");
    let args = refresher["args"].as_array().into_iter().flatten();
    let mut identity = IdentityBuilder::default();
    for arg in args.filter_map(Value::as_str) {
        let Some((name, value)) = arg.strip_prefix("--").and_then(|arg| arg.split_once('=')) else {
            continue;
        };
        identity.set(name, value);
        if name == "on-change" {
            let read = value.parse::<OnChange>();
            let read = read.unwrap_or_else(|invalid| panic!("{arg:?}: {invalid}"));
            assert_eq!(read.to_string(), value);
        }
    }
    if let Err(error) = identity.build() {
        panic!("no identity: {error:?}");
    }
}
