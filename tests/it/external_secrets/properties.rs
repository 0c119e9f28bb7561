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

/// The environment of a container: `env` and `envFrom`.
fn environment() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    let optional = || {
        let said = select(vec![Value::Null, json!(false), json!(true)]);
        said.prop_map(|said| match said {
            Value::Null => json!({}),
            said => json!({"optional": said}),
        })
    };
    let with = |mut reference: Value, optional: Value| {
        let fields = reference.as_object_mut().expect("an object");
        fields.extend(optional.as_object().expect("an object").clone());
        reference
    };
    (optional(), optional()).prop_flat_map(move |(one, two)| {
        let key = |secret: &str, optional: &Value| {
            let reference = json!({"name": secret, "key": "password"});
            json!({"secretKeyRef": with(reference, optional.clone())})
        };
        let env = vec![
            json!({"name": "A", "value": "$(B) $$(B) $(X_password) $(D)"}),
            json!({"name": "B", "valueFrom": key("db", &one)}),
            json!({"name": "C", "valueFrom": key("foreign", &one)}),
            json!({"name": "D", "valueFrom": key("api", &two), "aFieldOfTheFuture": 1}),
        ];
        let all = |secret: &str| with(json!({"name": secret}), two.clone());
        let env_from = vec![
            json!({"secretRef": all("db")}),
            json!({"configMapRef": {"name": "db"}}),
            json!({"prefix": "X_", "secretRef": all("api")}),
            json!({"secretRef": all("foreign")}),
        ];
        (
            prop::sample::subsequence(env, 0..=4),
            prop::sample::subsequence(env_from, 0..=4),
        )
    })
}

fn any_pod() -> impl Strategy<Value = Value> {
    let volumes = (volume("one"), volume("two"), volume("three"));
    let mounts = prop::sample::subsequence(vec!["one", "two", "three"], 0..=3);
    let native = any::<bool>();
    let container = (environment(), prop::bool::weighted(0.8));
    (volumes, mounts, native, container).prop_map(|(volumes, mounts, native, container)| {
        let (one, two, three) = volumes;
        let ((env, env_from), has_command) = container;
        let mounts: Vec<_> = mounts
            .into_iter()
            .map(|name| json!({"name": name, "mountPath": format!("/{name}")}))
            .collect();
        let annotations = match native {
            true => json!({"freshet.dev/inject": "true", "freshet.dev/secret-x": "secret/x"}),
            false => json!({"other": "x"}),
        };
        let mut app = json!({"name": "app", "volumeMounts": mounts, "args": ["$(B)", "$(A)"]});
        for (field, list) in [("env", env), ("envFrom", env_from)] {
            if !list.is_empty() {
                app[field] = list.into();
            }
        }
        if has_command {
            app["command"] = json!(["/app", "$(X_password)"]);
        }
        json!({
            "metadata": {"annotations": annotations},
            "spec": {"volumes": [one, two, three], "containers": [app]},
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
                let mut spec = pod["spec"].clone();
                // A ConfigMap may be called as a target is.
                for source in spec["containers"][0]["envFrom"].as_array_mut().into_iter().flatten() {
                    source["configMapRef"] = Value::Null;
                }
                let text = spec.to_string();
                prop_assert!(!text.contains("\"db\"") && !text.contains("\"api\""), "{text}");
            }
        }
    }
}
