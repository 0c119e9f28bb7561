//! One thing that is wrong with an object, in Kubernetes' own form: field path, bad value, what is
//! accepted.

use std::fmt;

/// A mistake that stops a pod, or among warnings a doubtful thing that does not:
/// `metadata.annotations[freshet.dev/mode-db]: "99": must be octal, e.g. 0640`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The object, where it is not the pod: `ExternalSecret db`.
    pub object: Option<String>,
    /// The field, as Kubernetes writes paths: `spec.containers[1].volumeMounts[0].mountPath`.
    pub path: String,
    /// The bad value, where showing it helps and it cannot be secret.
    pub value: Option<String>,
    /// What is accepted, or what to do: lower case, no full stop.
    pub message: String,
}

impl Problem {
    /// A problem of the field `path` as a whole.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            object: None,
            path: path.into(),
            value: None,
            message: message.into(),
        }
    }

    /// A problem of the field `path` with its value.
    pub fn of_value(
        path: impl Into<String>,
        value: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            object: None,
            path: path.into(),
            value: Some(value.into()),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(object) = &self.object {
            write!(f, "{object}: ")?;
        }
        match &self.value {
            Some(value) => write!(f, "{}: {value:?}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}
