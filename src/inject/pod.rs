//! The few facts of a pod that a decision looks at, read from its JSON.
//!
//! The view leaves out what Freshet added itself, so a plan is always made from what the author and
//! others wrote. Names alone are no proof: only a container that looks like the refresher's makes
//! the reserved names ours. Whatever it holds is compared with the plan, never trusted.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::{items, objects, text};
use super::sidecar::PROGRAM;
use super::{conversion, secret_variables};
use crate::dialect::Problem;
use crate::spec::layout::{
    APPROLE_VOLUME, CA_VOLUME, CONTAINER, ENVIRONMENT_VOLUME, EXTRA_VOLUME, POD_VOLUME,
    PROGRAM_VOLUME, SECRETS_VOLUME, STATE_VOLUME, SUPERVISION_VOLUME, TEMPLATES_VOLUME, TLS_VOLUME,
    TOKEN_VOLUME, VAULT_TLS_VOLUME,
};
use crate::spec::{ANNOTATION, Profile};

/// The annotation that tells people that the pod was injected. Nothing reads it.
pub(super) const STATUS_ANNOTATION: &str = "freshet.dev/status";

/// A pod without what Freshet added to it.
#[derive(Debug)]
pub(super) struct PodView<'a> {
    /// The annotations that the author may have written.
    pub(super) annotations: BTreeMap<String, String>,
    /// `spec`.
    pub(super) spec: &'a Map<String, Value>,
    /// Init containers, then containers; the refresher is not among them.
    pub(super) containers: Vec<ContainerView<'a>>,
    /// The volumes, with their index in `spec.volumes`; ours are not among them.
    pub(super) volumes: Vec<(usize, &'a Map<String, Value>)>,
    /// Where the refresher stands in `spec.initContainers`.
    pub(super) refresher: Option<usize>,
    /// What an earlier pass noted of the volumes that it replaced, by their names.
    pub(super) replaced: BTreeMap<String, Map<String, Value>>,
    /// The variables that an earlier pass made optional.
    pub(super) optional_variables: secret_variables::Notes,
    /// Whether the API server's copy of a pod that a kubelet runs from a file.
    owned_by_node: bool,
}

/// A container that is not ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContainerView<'a> {
    pub(super) list: List,
    /// Its index in the list.
    pub(super) index: usize,
    pub(super) fields: &'a Map<String, Value>,
}

/// The lists of containers that exist when a pod is created. Ephemeral containers come later, and
/// by another road.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Init,
    App,
}

impl<'a> PodView<'a> {
    /// Reads a pod.
    ///
    /// # Errors
    /// What keeps it from being one: the API server never sends such a thing, a file may hold it.
    pub(super) fn of(
        pod: &'a Value,
        annotations: BTreeMap<String, String>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let Some(spec) = pod.get("spec").and_then(Value::as_object) else {
            problems.push(Problem::new("spec", "must be the spec of a pod"));
            return Err(problems);
        };
        let mut list =
            |field: &str| objects(spec.get(field), || format!("spec.{field}"), &mut problems);
        let inits = list(List::Init.field());
        let apps = list(List::App.field());
        let volumes = list("volumes");
        for (list, containers) in [(List::Init, &inits), (List::App, &apps)] {
            for (index, container) in containers {
                objects(
                    container.get("volumeMounts"),
                    || format!("spec.{}[{index}].volumeMounts", list.field()),
                    &mut problems,
                );
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let refresher = inits
            .iter()
            .find(|(_, container)| is_refresher(container))
            .map(|(index, _)| *index);
        let list = |list: List, containers: Vec<(usize, &'a Map<String, Value>)>| {
            containers
                .into_iter()
                .filter(move |(index, _)| list == List::App || Some(*index) != refresher)
                .map(move |(index, fields)| ContainerView {
                    list,
                    index,
                    fields,
                })
        };
        Ok(Self {
            annotations,
            spec,
            containers: list(List::Init, inits)
                .chain(list(List::App, apps))
                .collect(),
            volumes: volumes
                .into_iter()
                .filter(|(_, volume)| {
                    refresher.is_none() || !is_reserved_volume(text(volume, "name"))
                })
                .collect(),
            refresher,
            replaced: match refresher {
                Some(_) => conversion::noted(pod),
                None => BTreeMap::new(),
            },
            optional_variables: match refresher {
                Some(_) => secret_variables::noted(pod),
                None => BTreeMap::new(),
            },
            owned_by_node: is_owned_by_node(pod),
        })
    }

    /// The name of the pod's service account; the API server calls an unnamed one `default`.
    pub(super) fn service_account(&self) -> &'a str {
        ["serviceAccountName", "serviceAccount"]
            .into_iter()
            .map(|field| text(self.spec, field))
            .find(|name| !name.is_empty())
            .unwrap_or("default")
    }

    /// Whether the field `name` of the spec is `true`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.spec.get(name).and_then(Value::as_bool) == Some(true)
    }

    /// The containers of one list.
    pub(super) fn list(&self, list: List) -> impl Iterator<Item = &ContainerView<'a>> {
        self.containers
            .iter()
            .filter(move |container| container.list == list)
    }

    /// Why a kubelet runs the pod from a file of its node, when it does.
    pub(super) fn static_pod(&self) -> Option<&'static str> {
        const MIRROR: &str = "metadata.annotations[kubernetes.io/config.mirror]";
        if self.annotations.contains_key("kubernetes.io/config.mirror") {
            return Some(MIRROR);
        }
        let source = self.annotations.get("kubernetes.io/config.source");
        if source.is_some_and(|source| source != "api") {
            return Some("metadata.annotations[kubernetes.io/config.source]");
        }
        self.owned_by_node.then_some("metadata.ownerReferences")
    }
}

impl<'a> ContainerView<'a> {
    /// Its name; empty when it has none.
    pub(super) fn name(&self) -> &'a str {
        text(self.fields, "name")
    }

    /// `spec.containers[1]`.
    pub(super) fn path(&self) -> String {
        format!("spec.{}[{}]", self.list.field(), self.index)
    }

    /// Its list, and its index in that: no other container of the pod has them.
    pub(super) fn place(&self) -> (List, usize) {
        (self.list, self.index)
    }

    /// Whether it is one of these containers of the same pod.
    pub(super) fn is_among(&self, containers: &[&ContainerView<'_>]) -> bool {
        let mut containers = containers.iter();
        containers.any(|other| other.place() == self.place())
    }

    /// Whether it is a native sidecar.
    pub(super) fn is_sidecar(&self) -> bool {
        self.list == List::Init && text(self.fields, "restartPolicy") == "Always"
    }

    /// Its `volumeMounts`, with their index; those of our volumes too.
    pub(super) fn mounts(&self) -> impl Iterator<Item = (usize, &'a Map<String, Value>)> + use<'a> {
        items(self.fields.get("volumeMounts"))
            .enumerate()
            .filter_map(|(index, mount)| Some((index, mount.as_object()?)))
    }
}

impl List {
    /// The field of the spec.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::App => "containers",
        }
    }
}

/// Whether a volume's name is one that Freshet gives.
pub(super) fn is_reserved_volume(name: &str) -> bool {
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
    };
    let of_profile = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        let rest = rest.and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|profile| profile.parse::<Profile>().is_ok())
    };
    [
        SECRETS_VOLUME,
        TOKEN_VOLUME,
        POD_VOLUME,
        STATE_VOLUME,
        CA_VOLUME,
        TEMPLATES_VOLUME,
        TLS_VOLUME,
        APPROLE_VOLUME,
        PROGRAM_VOLUME,
        VAULT_TLS_VOLUME,
        EXTRA_VOLUME,
    ]
    .contains(&name)
        || numbered(SECRETS_VOLUME)
        || numbered(ENVIRONMENT_VOLUME)
        || numbered(SUPERVISION_VOLUME)
        || [CA_VOLUME, TLS_VOLUME, APPROLE_VOLUME]
            .into_iter()
            .any(of_profile)
}

/// Whether an init container is a refresher that some release of Freshet added. A JSON patch of the
/// author's may call it as they like.
fn is_refresher(container: &Map<String, Value>) -> bool {
    let mut args = items(container.get("args")).filter_map(Value::as_str);
    let is_ours = || items(container.get("command")).any(|word| word == PROGRAM);
    (text(container, "name") == CONTAINER || is_ours())
        && matches!(args.next(), Some("run" | "once"))
        && args.any(|arg| arg.starts_with("--vault-address="))
}

/// The refresher of a pod, where it has one.
pub fn refresher(pod: &Value) -> Option<&Value> {
    let mut inits = items(pod.pointer("/spec/initContainers"));
    inits.find(|container| container.as_object().is_some_and(is_refresher))
}

/// Whether a pod has a refresher that some release of Freshet added.
pub fn is_injected(pod: &Value) -> bool {
    refresher(pod).is_some()
}

/// The annotations, without those that the webhook writes, and what is wrong with the others.
pub(super) fn annotations(pod: &Value) -> (BTreeMap<String, String>, Vec<Problem>) {
    let path = "metadata.annotations";
    let mut problems = Vec::new();
    let map = match pod.pointer("/metadata/annotations") {
        None | Some(Value::Null) => return (BTreeMap::new(), problems),
        Some(Value::Object(map)) => map,
        Some(_) => {
            problems.push(Problem::new(path, "must be a map of text to text"));
            return (BTreeMap::new(), problems);
        }
    };
    let mut annotations = BTreeMap::new();
    for (key, value) in map {
        match value {
            _ if [ANNOTATION, STATUS_ANNOTATION, conversion::ANNOTATION]
                .contains(&key.as_str()) => {}
            Value::String(value) => {
                annotations.insert(key.clone(), value.clone());
            }
            other => problems.push(Problem::of_value(
                format!("{path}[{key}]"),
                other.to_string(),
                "must be text: put it in quotes",
            )),
        }
    }
    (annotations, problems)
}

/// A refresher in a pod that asks for none, e.g. from a manifest that was exported from a cluster.
pub(super) fn left_over(pod: &Value) -> Option<Problem> {
    let inits = items(pod.pointer("/spec/initContainers"));
    let mut inits = inits.filter_map(Value::as_object).enumerate();
    let (index, container) = inits.find(|(_, container)| is_refresher(container))?;
    Some(Problem::of_value(
        format!("spec.initContainers[{index}]"),
        text(container, "name"),
        "was added when injection was on, and injection is off: remove it, the volumes that begin with freshet- and their mounts",
    ))
}

/// Kubelets name themselves as the owner of the copies of their static pods.
fn is_owned_by_node(pod: &Value) -> bool {
    items(pod.pointer("/metadata/ownerReferences"))
        .any(|owner| owner.get("kind").and_then(Value::as_str) == Some("Node"))
}
