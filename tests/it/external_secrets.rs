//! ExternalSecrets: what becomes of a pod that mounts their targets, and what is refused.

mod conversion;
pub(crate) mod example;
mod following;
mod properties;
mod refusals;
mod standing;
mod stores;
mod variables;

use std::sync::Arc;

use freshet::dialect::external_secret::{Claim, ExternalSecretFacts};
use freshet::inject::{ClusterFacts, Decision, Defaults, Injection, Operation, Request, decide};
use serde_json::Value;

/// A store, an ExternalSecret and a pod that goes with them.
const STORE: &str = "\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault}
spec:
  provider:
    vault:
      server: https://vault.vault:8200
      path: secret
      auth: {kubernetes: {mountPath: kubernetes, role: demo}}
";

const EXTERNAL_SECRET: &str = "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec:
  secretStoreRef: {name: vault}
  data:
  - secretKey: password
    remoteRef: {key: db, property: password}
";

const POD: &str = "\
metadata: {name: app}
spec:
  containers:
  - name: app
    image: app:1
    volumeMounts:
    - {name: db, mountPath: /db, readOnly: true}
  volumes:
  - name: db
    secret: {secretName: db}
";

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What these manifests say of namespace `shop`.
fn facts(manifests: &[&str], claim: Claim) -> ClusterFacts {
    let mut facts = ExternalSecretFacts::new("shop", claim);
    for text in manifests {
        for document in text.split("\n---\n") {
            facts.add(&yaml(document), "shop");
        }
    }
    ClusterFacts {
        external_secrets: Arc::new(facts),
        ..ClusterFacts::default()
    }
}

/// A webhook with the full refresher's image.
fn defaults() -> Defaults {
    Defaults {
        full_image: Some("full:1".to_owned()),
        ..Defaults::usual("slim:1")
    }
}

fn decision(pod: &Value, facts: &ClusterFacts) -> Decision {
    let request = Request {
        namespace: "shop",
        operation: Operation::Create,
        pod,
    };
    decide(&request, &defaults(), facts)
}

#[track_caller]
fn injection(pod: &Value, facts: &ClusterFacts) -> Injection {
    match decision(pod, facts) {
        Decision::Inject(injection) => *injection,
        other => panic!("not injected: {other:?}"),
    }
}

/// The pod after the webhook's answer, which a second pass leaves alone and the inverse undoes.
#[track_caller]
fn injected(pod: &Value, facts: &ClusterFacts) -> Value {
    let injection = injection(pod, facts);
    let mut patched = pod.clone();
    json_patch::patch(&mut patched, &injection.patch).expect("the patch applies");
    let again = self::injection(&patched, facts);
    assert_eq!(again.patch.0, [], "a second pass changes something");
    let mut restored = patched.clone();
    let inverse = injection.inverse(pod).expect("an inverse");
    json_patch::patch(&mut restored, &inverse).expect("the inverse applies");
    assert_eq!(restored.to_string(), pod.to_string(), "the inverse");
    patched
}

/// The SyncSpec that a pod carries.
fn sync_spec(pod: &Value) -> Value {
    let text = pod["metadata"]["annotations"]["freshet.dev/sync-spec"].as_str();
    serde_json::from_str(text.expect("a sync-spec")).expect("JSON")
}

/// The arguments of the refresher, one a line.
fn arguments(pod: &Value) -> String {
    let args = pod["spec"]["initContainers"][0]["args"]
        .as_array()
        .expect("arguments");
    let args: Vec<_> = args.iter().filter_map(Value::as_str).collect();
    args.join("\n")
}

fn lines<T: ToString>(problems: &[T]) -> String {
    let lines: Vec<_> = problems.iter().map(T::to_string).collect();
    lines.join("\n")
}
