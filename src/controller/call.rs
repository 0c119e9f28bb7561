//! One request about one object: how long it may take, and an error that says what to grant.

use std::fmt;
use std::time::Duration;

use kube::core::Status;
use tokio::time::timeout;

use crate::spec::ObjectName;

/// An object that requests are about.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// The resource's plural name.
    pub(super) resource: &'static str,
    /// None for an object of the whole cluster.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// Whether requests about any object of the kind are granted, by a ClusterRole.
    pub(super) is_any: bool,
}

/// Why a request was not answered as hoped.
#[derive(Debug)]
pub(super) enum CallError {
    /// It has changed since it was read: it exists now, is gone, or is another.
    Conflict,
    /// Something else, in words.
    Failed(String),
}

impl Object {
    /// An object of a namespace.
    pub(super) fn namespaced(
        resource: &'static str,
        namespace: &ObjectName,
        name: &ObjectName,
    ) -> Self {
        Self {
            namespace: Some(namespace.to_string()),
            ..Self::of_the_cluster(resource, name)
        }
    }

    /// An object of the whole cluster.
    pub(super) fn of_the_cluster(resource: &'static str, name: &ObjectName) -> Self {
        Self {
            resource,
            namespace: None,
            name: name.to_string(),
            is_any: false,
        }
    }

    /// One of many objects of a kind; without a namespace it is the cluster's.
    pub(super) fn any(resource: &'static str, namespace: &str, name: &str) -> Self {
        Self {
            resource,
            namespace: Some(namespace.to_owned()).filter(|it| !it.is_empty()),
            name: name.to_owned(),
            is_any: true,
        }
    }

    /// Waits for `answer` to a request with `verb`, for `limit` at most.
    pub(super) async fn call<T>(
        &self,
        verb: &str,
        limit: Duration,
        answer: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, CallError> {
        match timeout(limit, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(kube::Error::Api(status))) => Err(self.refused(verb, &status)),
            Ok(Err(error)) => Err(CallError::Failed(format!("{self}: {verb}: {error}"))),
            Err(_) => Err(CallError::Failed(format!(
                "{self}: {verb}: no answer within {limit:?}"
            ))),
        }
    }

    fn refused(&self, verb: &str, status: &Status) -> CallError {
        match (status.code, verb) {
            (409, _) | (404, "update" | "patch") => CallError::Conflict,
            _ => CallError::Failed(self.refusal(verb, status)),
        }
    }

    /// The API server's words, and what to grant when that is what it asks for.
    pub(super) fn refusal(&self, verb: &str, status: &Status) -> String {
        let Status { code, message, .. } = status;
        if *code != 403 {
            return format!("{self}: {verb}: {message}");
        }
        let Self { resource, name, .. } = self;
        let role = match self.namespace {
            Some(_) if !self.is_any => "Role",
            _ => "ClusterRole",
        };
        // RBAC cannot limit the making of an object to a name.
        let names = match verb {
            _ if self.is_any => String::new(),
            "create" => String::new(),
            _ => format!(" with resourceNames [{name}]"),
        };
        format!(
            "{self}: {verb}: forbidden: the {role} of the webhook's service account must grant {verb} on {resource}{names} (the API server says: {message})"
        )
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflict => "it was changed meanwhile",
            Self::Failed(problem) => problem,
        })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.resource)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(namespace: Option<&str>, verb: &str, code: u16, want: &str) {
        let object = Object {
            resource: "secrets",
            namespace: namespace.map(str::to_owned),
            name: "pair".to_owned(),
            is_any: false,
        };
        let mut status = Status::failure("the server's words", "Reason");
        status.code = code;
        let have = match object.refused(verb, &status) {
            CallError::Failed(text) => text,
            other => format!("{other:?}"),
        };
        assert_eq!(have, want);
    }

    #[test]
    fn a_refusal_says_what_to_grant() {
        check(
            Some("freshet"),
            "update",
            403,
            "secrets freshet/pair: update: forbidden: the Role of the webhook's service account must grant update on secrets with resourceNames [pair] (the API server says: the server's words)",
        );
        check(
            None,
            "create",
            403,
            "secrets pair: create: forbidden: the ClusterRole of the webhook's service account must grant create on secrets (the API server says: the server's words)",
        );
        check(None, "update", 404, "Conflict");
        check(None, "create", 409, "Conflict");
        check(None, "get", 500, "secrets pair: get: the server's words");
    }
}
