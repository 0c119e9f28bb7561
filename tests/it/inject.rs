//! The decision about a pod: fixtures, the hard cases by name, and properties over generated pods.

mod doubts;
mod fixtures;
mod hard_cases;
mod mesh;
mod profiles;
mod properties;
mod resources;

use freshet::dialect::Problem;
use freshet::inject::{ClusterFacts, Decision, Defaults, Injection, Operation, Request, decide};
use serde_json::Value;

/// A webhook without a flag beside the Vault address.
fn defaults() -> Defaults {
    let mut defaults = Defaults::usual("registry.example/freshet-refresher:1.2.3");
    defaults.dialect.vault_address = Some("https://vault.vault:8200".parse().expect("an address"));
    defaults
}

/// A pod of YAML; `{annotations}` stands for the two annotations that most tests need.
fn pod(yaml: &str) -> Value {
    let annotations = "{freshet.dev/inject: 'true', freshet.dev/secret-db: 'secret/db'}";
    serde_saphyr::from_str(&yaml.replace("{annotations}", annotations)).expect("YAML")
}

fn decision_with(pod: &Value, defaults: &Defaults, cluster: &ClusterFacts) -> Decision {
    let request = Request {
        namespace: "team-a",
        operation: Operation::Create,
        pod,
    };
    decide(&request, defaults, cluster)
}

fn decision(pod: &Value) -> Decision {
    decision_with(pod, &defaults(), &ClusterFacts::default())
}

#[track_caller]
fn injection(pod: &Value) -> Injection {
    match decision(pod) {
        Decision::Inject(injection) => *injection,
        other => panic!("not injected: {other:?}"),
    }
}

/// The pod as the API server has it after the webhook's answer. Every injection of every test is
/// held to the same promises: a second pass changes nothing, and the inverse restores the pod byte
/// for byte.
#[track_caller]
fn injected(pod: &Value) -> Value {
    let injection = injection(pod);
    let patched = apply(pod, &injection);
    let again = self::injection(&patched);
    assert_eq!(again.patch.0, [], "a second pass changes something");
    let mut restored = patched.clone();
    let inverse = injection.inverse(pod).expect("the patch has an inverse");
    json_patch::patch(&mut restored, &inverse).expect("the inverse applies");
    assert_eq!(restored.to_string(), pod.to_string(), "the inverse");
    patched
}

#[track_caller]
fn apply(pod: &Value, injection: &Injection) -> Value {
    let mut patched = pod.clone();
    json_patch::patch(&mut patched, &injection.patch).expect("the patch applies");
    patched
}

/// The problems of a pod that is refused, one a line.
#[track_caller]
fn denied(decision: Decision) -> String {
    match decision {
        Decision::Deny { problems, .. } => lines(&problems),
        other => panic!("not denied: {other:?}"),
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

/// The refresher's container.
#[track_caller]
fn refresher(pod: &Value) -> &Value {
    let mut inits = pod["spec"]["initContainers"]
        .as_array()
        .into_iter()
        .flatten();
    inits
        .find(|container| container["name"] == "freshet")
        .expect("a container named freshet")
}

/// The names of a list's items.
fn names(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item["name"].as_str()).collect()
}
