//! Who keeps the files of a pod.

use serde_json::Value;

/// Who keeps the files of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    Freshet,
    Incumbent,
    Nobody,
}

impl Keeper {
    /// By exactly one, or by nobody: a pod of both is a failure.
    #[track_caller]
    pub(crate) fn of(pod: &Value) -> Self {
        let all = ["initContainers", "containers"];
        let all = all
            .iter()
            .filter_map(|list| pod["spec"][list].as_array())
            .flatten();
        let images: Vec<_> = all
            .filter_map(|container| container["image"].as_str())
            .collect();
        let has = |part: &str| images.iter().any(|image| image.contains(part));
        match (has("freshet-refresher"), has("vault-agent")) {
            (true, false) => Self::Freshet,
            (false, true) => Self::Incumbent,
            (false, false) => Self::Nobody,
            (true, true) => panic!("taken by both: {pod}"),
        }
    }
}
