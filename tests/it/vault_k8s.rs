//! Pods with the Vault Agent Injector's annotations: what that injector made of each is recorded in
//! `tests/data/vault_k8s/cases.json`, and Freshet's decision is compared with it, fact by fact.
//! Whatever may differ has a rule with a name and a reason (`vault_k8s/rules.rs`); nothing else does.

mod config_map;
mod native;
mod own;
mod rules;
mod shape;
mod sidecar;

use std::fs;
use std::path::Path;

use freshet::cli::facts::facts;
use freshet::inject::{ClusterFacts, Decision, Defaults, Operation, Request, decide};
use serde_json::Value;

use self::rules::RULES;

const IMAGE: &str = "registry.example/freshet-refresher:1.2.3";

/// A case as it was recorded.
struct Case {
    recorded: Value,
}

impl Case {
    fn name(&self) -> String {
        let text = |field: &str| self.recorded[field].as_str().unwrap_or_default();
        format!("{}: {}", text("group"), text("name"))
    }

    /// The value of an annotation, without its prefix.
    fn annotation(&self, word: &str) -> Option<&str> {
        let annotations = self.recorded["pod"]["metadata"].get("annotations")?;
        annotations
            .get(format!("vault.hashicorp.com/{word}"))?
            .as_str()
    }

    /// What differs from the plainest pod: key and value.
    fn special(&self) -> Vec<(String, String)> {
        let usual = [
            ("agent-inject", "true"),
            ("role", "shop"),
            ("agent-inject-secret-db", "secret/data/shop/db"),
        ];
        let annotations = self.recorded["pod"]["metadata"]["annotations"].as_object();
        let all = annotations.into_iter().flatten();
        all.filter_map(|(key, value)| {
            let (_, word) = key.split_once('/')?;
            let value = value.as_str()?;
            (!usual.contains(&(word, value))).then(|| (key.clone(), value.to_owned()))
        })
        .collect()
    }

    fn decision(&self) -> Decision {
        let operation = match self.recorded["operation"].as_str() {
            Some("CREATE") => Operation::Create,
            _ => Operation::Update,
        };
        let namespace = self.recorded["namespace"].as_str().unwrap_or_default();
        decision(&self.recorded["pod"], namespace, operation)
    }
}

fn defaults() -> Defaults {
    let mut defaults = Defaults::usual(IMAGE);
    let address = "http://vault.vault:8200".parse();
    defaults.dialect.vault_address = Some(address.expect("an address"));
    defaults
}

fn decision(pod: &Value, namespace: &str, operation: Operation) -> Decision {
    decision_with(pod, namespace, operation, &ClusterFacts::default())
}

fn decision_with(
    pod: &Value,
    namespace: &str,
    operation: Operation,
    cluster: &ClusterFacts,
) -> Decision {
    let request = Request {
        namespace,
        operation,
        pod,
    };
    decide(&request, &defaults(), cluster)
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vault_k8s/cases.json");
    let text = fs::read_to_string(path).expect("the cases");
    let mut all: Value = serde_json::from_str(&text).expect("JSON");
    let cases = all["cases"].as_array_mut().expect("cases");
    let cases: Vec<_> = cases.drain(..).map(|recorded| Case { recorded }).collect();
    assert_eq!(cases.len(), 230);
    cases
}

#[test]
fn every_case_is_decided_as_recorded_but_for_the_named_rules() {
    let mut touched = vec![0; RULES.len()];
    let mut failures = Vec::new();
    for case in cases() {
        let pod = &case.recorded["pod"];
        let mut ours = facts(pod, &case.decision()).expect("facts");
        let mut theirs = case.recorded.clone();
        for (rule, touched) in RULES.iter().zip(&mut touched) {
            *touched += usize::from((rule.rewrite)(&case, &mut theirs, &mut ours));
        }
        let mut found = Vec::new();
        for field in ["allowed", "patched", "message", "facts"] {
            let (want, have) = (theirs.get(field), ours.get(field));
            shape::differences(field, want, have, &mut found);
        }
        if !found.is_empty() {
            failures.push(format!(
                "{} {}\n  {}",
                case.name(),
                ours["message"],
                found.join("\n  ")
            ));
        }
    }
    for (rule, touched) in RULES.iter().zip(&touched) {
        println!("{touched:4}  {}: {}", rule.name, rule.reason);
        if *touched == 0 {
            failures.push(format!("the rule {:?} applies to no case", rule.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_second_pass_changes_nothing() {
    for case in cases() {
        let pod = &case.recorded["pod"];
        let Decision::Inject(injection) = case.decision() else {
            continue;
        };
        let mut patched = pod.clone();
        json_patch::patch(&mut patched, &injection.patch).expect("the patch fits");
        let namespace = case.recorded["namespace"].as_str().unwrap_or_default();
        match decision(&patched, namespace, Operation::Create) {
            Decision::Inject(again) => assert_eq!(again.patch.0, [], "{}", case.name()),
            other => panic!("{}: {other:?}", case.name()),
        }
        let inverse = injection.inverse(pod).expect("an inverse");
        json_patch::patch(&mut patched, &inverse).expect("the inverse fits");
        assert_eq!(&patched, pod, "{}", case.name());
    }
}
