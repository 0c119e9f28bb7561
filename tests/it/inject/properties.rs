//! Promises about every pod, held against generated ones: lists that are absent, null or empty,
//! fields that nobody knows, several meshes' containers, any security context.

use freshet::inject::Decision;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::{decision, injected, names, refresher};

/// Anything: what a field of a later Kubernetes may hold.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z~/]{1,6}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// A field that may be absent or null.
fn perhaps(value: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        3 => value.prop_map(Some),
    ]
}

/// An object of the fields that are there, and perhaps of an unknown one before or after them.
fn object<const N: usize>(
    fields: [(&'static str, BoxedStrategy<Option<Value>>); N],
) -> impl Strategy<Value = Value> {
    let known: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| value.prop_map(move |value| value.map(|value| (name, value))))
        .collect();
    let unknown = |name| prop::option::of(anything().prop_map(move |value| (name, value)));
    (
        unknown("aFieldOfTheFuture"),
        known,
        unknown("zFieldOfTheFuture"),
    )
        .prop_map(|(first, known, last)| {
            let fields = first
                .into_iter()
                .chain(known.into_iter().flatten())
                .chain(last);
            Value::Object(
                fields
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            )
        })
}

fn list(item: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    perhaps(prop::collection::vec(item, 0..3).prop_map(Value::from)).boxed()
}

fn security_context() -> BoxedStrategy<Option<Value>> {
    let id = || perhaps(select(vec![json!(0), json!(1000), json!(2000)])).boxed();
    perhaps(object([
        ("runAsUser", id()),
        ("runAsGroup", id()),
        ("fsGroup", id()),
    ]))
    .boxed()
}

fn container(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let mount = select(vec!["/data", "/etc/app", "/var/log"])
        .prop_map(|path| json!({"name": "data", "mountPath": path}));
    let restart = prop::option::of(Just(json!("Always"))).boxed();
    let resources = perhaps(Just(json!({"limits": {"cpu": 1, "memory": "1Gi"}}))).boxed();
    object([
        (
            "name",
            select(names).prop_map(|name| Some(json!(name))).boxed(),
        ),
        ("volumeMounts", list(mount)),
        ("restartPolicy", restart),
        ("resources", resources),
        ("securityContext", security_context()),
    ])
}

fn any_pod() -> impl Strategy<Value = Value> {
    let annotations = json!({
        "freshet.dev/inject": "true",
        "freshet.dev/secret-db": "secret/db",
        "freshet.dev/secret-tls": "secret/tls",
        "freshet.dev/mount-path-tls": "/tls",
        "traffic.sidecar.istio.io/excludeOutboundPorts": "8200",
    });
    let once = prop::option::of(Just("freshet.dev/once"));
    let metadata = (once, prop::option::of(anything())).prop_map(move |(once, future)| {
        let mut annotations = annotations.clone();
        if let Some(once) = once {
            annotations[once] = json!("true");
        }
        let mut metadata = Map::from_iter([("annotations".to_owned(), annotations)]);
        metadata.extend(future.map(|future| ("zFuture".to_owned(), future)));
        Some(Value::Object(metadata))
    });
    let inits = container(&[
        "migrate",
        "istio-init",
        "istio-validation",
        "istio-proxy",
        "linkerd-proxy",
    ]);
    let apps = prop::collection::vec(container(&["web", "worker", "istio-proxy"]), 1..4);
    let spec = object([
        (
            "volumes",
            list(Just(json!({"name": "data", "emptyDir": {}}))),
        ),
        ("initContainers", list(inits)),
        (
            "containers",
            apps.prop_map(|apps| Some(Value::from(apps))).boxed(),
        ),
        ("securityContext", security_context()),
        (
            "hostNetwork",
            perhaps(any::<bool>().prop_map(Value::from)).boxed(),
        ),
        ("ephemeralContainers", list(anything())),
    ]);
    object([
        ("metadata", metadata.boxed()),
        ("spec", spec.prop_map(Some).boxed()),
    ])
}

/// Takes out what is ours, without the code under test: the names are reserved.
fn without_ours(mut pod: Value) -> Value {
    fn retain(list: &mut Value, field: &str) {
        if let Some(Value::Array(items)) = list.get_mut(field) {
            items.retain(|item| {
                !item["name"]
                    .as_str()
                    .unwrap_or_default()
                    .starts_with("freshet")
            });
        }
    }
    for annotation in ["freshet.dev/status", "freshet.dev/sync-spec"] {
        pod["metadata"]["annotations"]
            .as_object_mut()
            .expect("a map")
            .remove(annotation);
    }
    retain(&mut pod["spec"], "volumes");
    retain(&mut pod["spec"], "initContainers");
    for list in ["initContainers", "containers"] {
        let containers = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            retain(container, "volumeMounts");
        }
    }
    without_empty_lists(pod)
}

/// An absent list, null and an empty list mean the same.
fn without_empty_lists(mut pod: Value) -> Value {
    fn drop_empty(object: &mut Value, field: &str) {
        let empty = |value: &Value| value.is_null() || *value == json!([]);
        if object.get(field).is_some_and(empty) {
            object.as_object_mut().expect("an object").remove(field);
        }
    }
    for list in ["initContainers", "containers"] {
        let containers = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            drop_empty(container, "volumeMounts");
        }
    }
    drop_empty(&mut pod["spec"], "volumes");
    drop_empty(&mut pod["spec"], "initContainers");
    pod
}

/// What the API server and its plugins do to the refresher between two passes.
fn defaulted(mut pod: Value) -> Value {
    let inits = pod["spec"]["initContainers"]
        .as_array_mut()
        .expect("a list");
    for own in inits
        .iter_mut()
        .filter(|container| container["name"] == "freshet")
    {
        own["terminationMessagePath"] = json!("/dev/termination-log");
        own["imagePullPolicy"] = json!("IfNotPresent");
        own["resources"]["limits"]["ephemeral-storage"] = json!("1Gi");
    }
    for volume in pod["spec"]["volumes"].as_array_mut().expect("a list") {
        if volume.get("projected").is_some() {
            volume["projected"]["defaultMode"] = json!(420);
        }
    }
    pod
}

proptest! {
    #[test]
    fn the_patch_adds_and_the_inverse_restores_and_a_second_pass_changes_nothing(pod in any_pod()) {
        // `injected` holds every pod to the last two.
        let patched = injected(&pod);
        prop_assert_eq!(without_ours(patched.clone()), without_empty_lists(pod));
        prop_assert_eq!(&injected(&defaulted(patched.clone())), &defaulted(patched.clone()));
        let own = refresher(&patched);
        prop_assert_eq!(&own["securityContext"]["runAsNonRoot"], &json!(true));
        prop_assert_ne!(&own["securityContext"]["runAsUser"], &json!(0));
        let (volumes, mounts) = (names(&patched["spec"]["volumes"]), names(&own["volumeMounts"]));
        prop_assert!(mounts.iter().all(|mount| volumes.contains(mount)), "{mounts:?}");
    }

    #[test]
    fn any_json_is_decided_without_a_panic(mut pod in any_pod(), place in 0..9usize, value in anything()) {
        let places = [
            "/metadata", "/metadata/annotations", "/spec", "/spec/containers", "/spec/containers/0",
            "/spec/containers/0/volumeMounts", "/spec/containers/0/name", "/spec/volumes", "/spec/initContainers",
        ];
        if let Some(found) = pod.pointer_mut(places[place]) {
            *found = value;
        }
        if let Decision::Deny { problems, .. } = decision(&pod) {
            prop_assert!(!problems.is_empty());
        }
    }
}
