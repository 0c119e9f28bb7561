//! Promises about every pod, with any mixture of volumes and annotations.

use freshet::dialect::external_secret::Claim;
use freshet::inject::Decision;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{EXTERNAL_SECRET, STORE, decision, facts, injected, injection};

/// A volume; `db` and `api` are targets of ExternalSecrets, `foreign` is not.
fn volume(name: &'static str) -> impl Strategy<Value = Value> {
    let secret = select(vec!["db", "api", "foreign"]);
    let mode = prop::option::of(select(vec![0o400, 0o440, 0o644]));
    let future = prop::option::of(Just(json!({"x": [1, null]})));
    let optional = prop::option::of(any::<bool>());
    let items = prop::option::of(Just(json!([{"key": "password", "path": "a/b"}])));
    let plain = (secret.clone(), mode, optional, items, future).prop_map(
        move |(secret, mode, optional, items, future)| {
            let mut source = json!({ "secretName": secret });
            let fields = [
                ("defaultMode", mode.map(Value::from)),
                ("optional", optional.map(Value::from)),
                ("items", items),
            ];
            for (field, value) in fields {
                if let Some(value) = value {
                    source[field] = value;
                }
            }
            let mut volume = json!({"name": name, "secret": source});
            if let Some(future) = future {
                volume["aFieldOfTheFuture"] = future;
            }
            volume
        },
    );
    let source = secret.prop_map(|secret| json!({"secret": {"name": secret}}));
    let projected = prop::collection::vec(source, 1..3)
        .prop_map(move |sources| json!({"name": name, "projected": {"sources": sources}}));
    prop_oneof![
        3 => plain,
        1 => projected,
        1 => Just(json!({"name": name, "emptyDir": {"medium": "Memory"}})),
    ]
}

fn any_pod() -> impl Strategy<Value = Value> {
    let volumes = (volume("one"), volume("two"), volume("three"));
    let mounts = prop::sample::subsequence(vec!["one", "two", "three"], 0..=3);
    let native = any::<bool>();
    (volumes, mounts, native).prop_map(|((one, two, three), mounts, native)| {
        let mounts: Vec<_> = mounts
            .into_iter()
            .map(|name| json!({"name": name, "mountPath": format!("/{name}")}))
            .collect();
        let annotations = match native {
            true => json!({"freshet.dev/inject": "true", "freshet.dev/secret-x": "secret/x"}),
            false => json!({"other": "x"}),
        };
        json!({
            "metadata": {"annotations": annotations},
            "spec": {
                "volumes": [one, two, three],
                "containers": [{"name": "app", "volumeMounts": mounts}],
            },
        })
    })
}

/// What an API server does to volumes between two passes.
fn defaulted(mut pod: Value) -> Value {
    for volume in pod["spec"]["volumes"].as_array_mut().expect("a list") {
        for source in ["secret", "projected"] {
            if volume
                .get(source)
                .is_some_and(|source| source.get("defaultMode").is_none())
            {
                volume[source]["defaultMode"] = json!(420);
            }
        }
    }
    pod
}

proptest! {
    #[test]
    fn a_second_pass_changes_nothing_and_the_inverse_restores(pod in any_pod()) {
        let api = EXTERNAL_SECRET.replace("{name: db}", "{name: api}");
        let facts = facts(&[STORE, EXTERNAL_SECRET, &api], Claim::All);
        match decision(&pod, &facts) {
            Decision::Inject(_) => {
                // `injected` holds every pod to the two promises.
                let patched = injected(&pod, &facts);
                let again = injection(&defaulted(patched.clone()), &facts);
                prop_assert!(again.patch.0.is_empty(), "{:?}", again.patch);
                let volumes = patched["spec"]["volumes"].to_string();
                prop_assert!(!volumes.contains("\"secretName\":\"db\""), "{volumes}");
                let own = pod["spec"]["containers"][0]["volumeMounts"].as_array().expect("mounts");
                let mounts = patched["spec"]["containers"][0]["volumeMounts"].as_array().expect("mounts");
                prop_assert_eq!(&mounts[..own.len()], own.as_slice());
            }
            Decision::Deny { problems, .. } => prop_assert!(!problems.is_empty()),
            Decision::Skip { .. } => {
                let text = pod["spec"]["volumes"].to_string();
                prop_assert!(!text.contains("\"db\"") && !text.contains("\"api\""), "{text}");
            }
        }
    }
}
