//! What is kept of a pod: enough to say how it stands, and so little that thousands fit.

use serde_json::Value;

use crate::inject::{SecretUse, is_injected, secret_use};
use crate::spec::layout::{CONTAINER, WAITING_FOR_VAULT};

/// A pod of a namespace with the label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.creationTimestamp`, which sorts as text.
    pub created: String,
    /// The controller among its owners, which makes it again.
    pub owner: Option<Owner>,
    /// How far it is.
    pub phase: Phase,
    /// Whether it is being deleted.
    pub is_leaving: bool,
    /// The Secrets that it uses.
    pub secrets: SecretUse,
    /// How its refresher does; `None` in a pod that was not injected.
    pub refresher: Option<Refresher>,
}

/// The controller that owns a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `ReplicaSet`, `StatefulSet`, `Job` …
    pub kind: String,
    /// `metadata.uid`.
    pub uid: String,
}

/// How far a pod is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not all of its containers have started.
    Pending,
    /// It runs.
    Running,
    /// It has ended.
    Over,
}

/// How a refresher does, as far as the API server is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// It has not written its files yet, and nothing is known to be wrong.
    Starting,
    /// Vault does not answer; that is nobody's mistake.
    Waiting,
    /// It cannot write its files; its own words.
    Failing(String),
    /// It has written them.
    Serving,
}

impl Pod {
    /// Reads a pod as the API server has it.
    pub fn of(pod: &Value) -> Self {
        let text = |pointer: &str| {
            let found = pod.pointer(pointer).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        Self {
            name: text("/metadata/name"),
            uid: text("/metadata/uid"),
            created: text("/metadata/creationTimestamp"),
            owner: owner(pod),
            phase: match text("/status/phase").as_str() {
                "Running" => Phase::Running,
                "Succeeded" | "Failed" => Phase::Over,
                _ => Phase::Pending,
            },
            is_leaving: pod.pointer("/metadata/deletionTimestamp").is_some(),
            secrets: secret_use(pod),
            refresher: is_injected(pod).then(|| refresher(pod)),
        }
    }

    /// Whether it runs or is about to.
    pub fn is_there(&self) -> bool {
        self.phase != Phase::Over && !self.is_leaving
    }

    /// Whether it is to be served this Secret: as files or as variables.
    pub fn mounts(&self, secret: &str) -> bool {
        self.secrets.volumes.contains(secret) || self.secrets.environment.contains(secret)
    }
}

fn owner(pod: &Value) -> Option<Owner> {
    let owners = pod.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let text = |field: &str| Some(owner[field].as_str()?.to_owned());
    Some(Owner {
        kind: text("kind")?,
        uid: text("uid")?,
    })
}

fn refresher(pod: &Value) -> Refresher {
    let statuses = pod.pointer("/status/initContainerStatuses");
    let mut statuses = statuses.and_then(Value::as_array).into_iter().flatten();
    let Some(status) = statuses.find(|status| status["name"] == CONTAINER) else {
        return Refresher::Starting;
    };
    let state = &status["state"];
    let ended = &state["terminated"];
    // The kubelet ends a sidecar that waits too long at the gate, and it ends well: its last words say
    // why it waited. After the first files there are none.
    let is_done = ended["exitCode"] == 0 && last_words(ended).is_none();
    // `started` is true when the hook, which waits for the files, has ended well.
    if is_done || (state.get("running").is_some() && status["started"] != false) {
        return Refresher::Serving;
    }
    match last_words(ended).or_else(|| last_words(&status["lastState"]["terminated"])) {
        None => Refresher::Starting,
        Some(words) if words.contains(WAITING_FOR_VAULT) => Refresher::Waiting,
        Some(words) => Refresher::Failing(words.to_owned()),
    }
}

/// The termination message, unless it is blank.
fn last_words(end: &Value) -> Option<&str> {
    let words = end["message"].as_str()?.trim();
    Some(words).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests;
