//! What the recorded pods ask for, in Freshet's own annotations: the same files, from the same server,
//! by the same login.

use freshet::cli::facts::facts;
use freshet::dialect::native::written;
use freshet::inject::{ClusterFacts, Operation, Request, parsed};
use serde_json::{Value, json};

use super::{cases, decision, defaults};

/// What the container that was added does, without what is another container's way.
fn config(pod: &Value) -> Value {
    let decided = decision(pod, "shop", Operation::Create);
    let facts = facts(pod, &decided).expect("facts");
    let injected = facts["facts"]["injected"].as_object();
    let injected = injected.unwrap_or_else(|| panic!("{}", facts["message"]));
    let mut config = injected.values().next().expect("a container")["config"].clone();
    // Its own token has the same place in both.
    config["auto_auth"]["method"]["config"]["token_path"] = Value::Null;
    config["auto_auth"]["method"]["config"]["path"] = Value::Null;
    config
}

#[test]
fn whatever_can_be_written_leads_to_the_same_files() {
    let (mut written_anew, mut left) = (0, Vec::new());
    for case in cases() {
        let pod = &case.recorded["pod"];
        let request = Request {
            namespace: "shop",
            operation: Operation::Create,
            pod,
        };
        let dialect = defaults().dialect;
        let Some(asked) = parsed(&request, &dialect, &ClusterFacts::default()) else {
            continue;
        };
        if asked.spec.mounts.iter().all(|mount| mount.files.is_empty()) {
            continue;
        }
        let native = written(&asked, &dialect);
        if !native.obstacles.is_empty() {
            left.push(format!("{}: {}", case.name(), native.obstacles.join("; ")));
            continue;
        }
        let mut other = pod.clone();
        other["metadata"]["annotations"] = json!(native.annotations);
        if pod["status"].is_object() || !config_is_decided(pod) {
            continue;
        }
        assert_eq!(config(&other), config(pod), "{}", case.name());
        written_anew += 1;
    }
    assert!(
        written_anew > 3 * left.len() && written_anew > 100,
        "{written_anew} are written anew, and these are not:\n{}",
        left.join("\n")
    );
}

/// Whether the pod is one that is injected; some are refused for what the plan finds.
fn config_is_decided(pod: &Value) -> bool {
    let decided = decision(pod, "shop", Operation::Create);
    facts(pod, &decided).is_ok_and(|facts| facts["patched"] == true)
}
