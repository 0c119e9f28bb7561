//! How a pod stands against a fresh plan for it.

use serde_json::Value;

use crate::dialect::Problem;
use crate::inject::{
    ClusterFacts, Decision, Defaults, Following, Operation, Request, decide, follow, is_injected,
    secret_use,
};

/// What a fresh plan says of a pod that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is served as planned, or there is nothing to serve.
    Fine,
    /// Its annotation has to follow.
    Behind,
    /// It has to be started anew; what differs.
    Restart(Vec<String>),
    /// It could not be injected today; all problems, one a line.
    Refused(String),
    /// It was not injected, and would be today.
    NotInjected,
}

impl Standing {
    /// Plans for a pod of `namespace` as if it were made now.
    pub fn of(namespace: &str, pod: &Value, defaults: &Defaults, cluster: &ClusterFacts) -> Self {
        if is_injected(pod) {
            // What annotations ask for is fixed when the pod is made.
            let uses = secret_use(pod);
            let mut manifests = cluster.external_secrets.external_secrets();
            if !manifests.any(|manifest| uses.volumes.contains(manifest.target())) {
                return Self::Fine;
            }
            return match follow(pod, defaults, cluster) {
                Following::Current | Following::NotAsked => Self::Fine,
                Following::Behind(_) => Self::Behind,
                Following::Restart(differences) => Self::Restart(differences),
                Following::Refused(problems) => Self::Refused(lines(&problems)),
            };
        }
        let request = Request {
            namespace,
            operation: Operation::Create,
            pod,
        };
        match decide(&request, defaults, cluster) {
            Decision::Skip { .. } => Self::Fine,
            Decision::Inject(_) => Self::NotInjected,
            Decision::Deny { problems, .. } => Self::Refused(lines(&problems)),
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}
