//! The refresher's security context: what Pod Security *restricted* asks for, and the ids of the
//! application, so that a file may be kept from everybody else.

use serde_json::{Map, Value, json};

use super::pod::{ContainerView, List, PodView};
use crate::dialect::Settings;

/// The user of the refresher's image.
const IMAGE_USER: u32 = 65532;

/// The ids that the refresher is given; `None` leaves the field out, so that the image's hold, or
/// those that OpenShift assigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) user: Option<u32>,
    pub(super) group: Option<u32>,
}

impl Ids {
    /// What the author asked for, else those of the first container that sees the files when they
    /// are not root's, else the pod's when they are not.
    ///
    /// A pod whose user is root's hands that down to every container that names none; the refresher
    /// must name one then, or the kubelet refuses it.
    pub(super) fn of(
        settings: &Settings,
        pod: &PodView<'_>,
        targets: &[&ContainerView<'_>],
    ) -> Self {
        let context = pod.spec.get("securityContext");
        let first = targets
            .iter()
            .find(|container| container.list == List::App)
            .and_then(|container| container.fields.get("securityContext"));
        let inherited = |field: &str| {
            [first, context]
                .into_iter()
                .filter_map(|context| id(context, field))
                .find(|id| *id != 0)
        };
        let root = id(context, "runAsUser") == Some(0);
        Self {
            user: settings
                .user
                .or_else(|| inherited("runAsUser"))
                .or_else(|| root.then_some(IMAGE_USER)),
            group: settings.group.or_else(|| inherited("runAsGroup")),
        }
    }

    /// The security context of the refresher's container.
    pub(super) fn security_context(self) -> Value {
        let mut context = Map::new();
        let ids = [("runAsUser", self.user), ("runAsGroup", self.group)];
        for (field, id) in ids {
            if let Some(id) = id {
                context.insert(field.to_owned(), json!(id));
            }
        }
        let fixed = [
            // The author's own wish alone makes it root.
            ("runAsNonRoot", json!(self.user != Some(0))),
            ("allowPrivilegeEscalation", json!(false)),
            ("readOnlyRootFilesystem", json!(true)),
            ("capabilities", json!({"drop": ["ALL"]})),
            ("seccompProfile", json!({"type": "RuntimeDefault"})),
        ];
        context.extend(fixed.map(|(field, value)| (field.to_owned(), value)));
        Value::Object(context)
    }
}

/// An id of a security context.
pub(super) fn id(context: Option<&Value>, field: &str) -> Option<u32> {
    context?.get(field)?.as_u64()?.try_into().ok()
}
