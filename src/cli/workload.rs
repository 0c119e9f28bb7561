//! Where a Kubernetes object describes pods: itself, or a template in it.

use json_patch::jsonptr::{Pointer, PointerBuf};
use serde_json::{Map, Value, json};

use crate::dialect::vault_k8s;

/// A pod that an object describes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DescribedPod {
    /// The pod, as the API server would get it.
    pub(super) pod: Value,
    /// `metadata.namespace` of the object.
    pub(super) namespace: Option<String>,
    /// The object's kind.
    pub(super) kind: String,
    /// Its `metadata.name`, or `metadata.generateName`.
    pub(super) name: String,
    /// Whether another object made it, and would make it anew as it was.
    pub(super) is_owned: bool,
    /// What stands before the pod's paths in the document: `spec.template.`; empty for a pod.
    pub(super) path: String,
    pointer: PointerBuf,
}

/// Fields from the object to the template of its pods.
fn template_of(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&[]),
        "PodTemplate" => Some(&["template"]),
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => Some(&["spec", "template"]),
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

/// The pods that a document describes: that of its object, or those of a list's.
pub(super) fn pods(document: &Value) -> Vec<DescribedPod> {
    let kind = text(document, "kind");
    let items = document.get("items").and_then(Value::as_array);
    match (kind.strip_suffix("List"), items) {
        (Some(kind), Some(items)) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let own = match text(item, "kind") {
                    "" => kind,
                    own => own,
                };
                described(
                    item,
                    own,
                    &format!("items[{index}]."),
                    &PointerBuf::from_tokens(["items", &index.to_string()]),
                )
            })
            .collect(),
        _ => described(document, kind, "", Pointer::root())
            .into_iter()
            .collect(),
    }
}

fn described(object: &Value, kind: &str, path: &str, pointer: &Pointer) -> Option<DescribedPod> {
    let fields = template_of(kind)?;
    let template = fields.iter().try_fold(object, |at, field| at.get(*field))?;
    let mut pod = Map::new();
    pod.insert("apiVersion".to_owned(), json!("v1"));
    pod.insert("kind".to_owned(), json!("Pod"));
    pod.extend(template.as_object()?.clone());
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let name = match text(metadata, "name") {
        "" => text(metadata, "generateName"),
        name => name,
    };
    let namespace = text(metadata, "namespace");
    Some(DescribedPod {
        pod: Value::Object(pod),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        kind: kind.to_owned(),
        name: name.to_owned(),
        is_owned: is_owned(metadata),
        path: fields
            .iter()
            .fold(path.to_owned(), |path, field| path + field + "."),
        pointer: pointer.concat(&PointerBuf::from_tokens(fields.iter().copied())),
    })
}

fn is_owned(metadata: &Value) -> bool {
    let owners = metadata.get("ownerReferences").and_then(Value::as_array);
    let mut owners = owners.into_iter().flatten();
    owners.any(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

impl DescribedPod {
    /// The keys of its annotations.
    pub(super) fn annotations(&self) -> impl Iterator<Item = (&str, &Value)> {
        let annotations = self.pod.pointer("/metadata/annotations");
        let entries = annotations.and_then(Value::as_object).into_iter().flatten();
        entries.map(|(key, value)| (key.as_str(), value))
    }

    /// Whether annotations of the Vault Agent Injector are among them.
    pub(super) fn speaks_vault_k8s(&self) -> bool {
        self.annotations()
            .any(|(key, _)| vault_k8s::is_its_key(key))
    }

    /// Where in the document the pod, or the template that it is made of, stands.
    pub(super) fn pointer(&self) -> &Pointer {
        &self.pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind, name, path and namespace of the pods that are found, and that each stands where it says.
    #[track_caller]
    fn check(document: Value, expected: &[(&str, &str, &str, Option<&str>)]) {
        let pods = pods(&document);
        let found: Vec<_> = pods
            .iter()
            .map(|pod| {
                let namespace = pod.namespace.as_deref();
                (
                    pod.kind.as_str(),
                    pod.name.as_str(),
                    pod.path.as_str(),
                    namespace,
                )
            })
            .collect();
        assert_eq!(found, expected);
        for described in pods {
            assert_eq!(described.pod["kind"], "Pod");
            assert_eq!(described.pod["spec"]["containers"][0]["name"], "app");
            let stands = described.pointer().resolve(&document).expect("a template");
            assert_eq!(stands["spec"], described.pod["spec"]);
        }
    }

    fn spec() -> Value {
        json!({"containers": [{"name": "app"}]})
    }

    #[test]
    fn a_pod_and_its_template_are_found() {
        let pod = json!({"kind": "Pod", "metadata": {"generateName": "x-"}, "spec": spec()});
        check(pod, &[("Pod", "x-", "", None)]);
        let template = json!({"metadata": {"annotations": {}}, "spec": spec()});
        let object =
            json!({"kind": "PodTemplate", "metadata": {"name": "x"}, "template": template});
        check(object, &[("PodTemplate", "x", "template.", None)]);
    }

    #[test]
    fn every_kind_of_owner_is_known() {
        let metadata = json!({"name": "x", "namespace": "team"});
        let template = json!({"spec": {"template": {"spec": spec()}}});
        for kind in [
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
        ] {
            let object = json!({"kind": kind, "metadata": metadata, "spec": template["spec"]});
            check(object, &[(kind, "x", "spec.template.", Some("team"))]);
        }
        let object =
            json!({"kind": "CronJob", "metadata": metadata, "spec": {"jobTemplate": template}});
        check(
            object,
            &[(
                "CronJob",
                "x",
                "spec.jobTemplate.spec.template.",
                Some("team"),
            )],
        );
    }

    #[test]
    fn other_objects_and_broken_ones_describe_none() {
        for object in [
            json!({"kind": "Service", "spec": {"template": {"spec": spec()}}}),
            json!({"kind": "Deployment", "spec": {"template": "x"}}),
            json!({"kind": "Deployment"}),
            json!({"kind": "List", "items": 1}),
            json!([1]),
            Value::Null,
        ] {
            check(object, &[]);
        }
    }

    #[test]
    fn a_list_is_searched_item_by_item() {
        let job = json!({"kind": "Job", "metadata": {"name": "b"}, "spec": {"template": {"spec": spec()}}});
        let pod = json!({"kind": "Pod", "metadata": {"name": "c"}, "spec": spec()});
        check(
            json!({"kind": "List", "items": [{"kind": "Service"}, job, pod]}),
            &[
                ("Job", "b", "items[1].spec.template.", None),
                ("Pod", "c", "items[2].", None),
            ],
        );
        let untyped = json!({"metadata": {"name": "d"}, "spec": spec()});
        check(
            json!({"kind": "PodList", "items": [untyped]}),
            &[("Pod", "d", "items[0].", None)],
        );
    }
}
