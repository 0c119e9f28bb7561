//! An Application of Argo CD, and what Argo CD says of it.

use serde_json::{Value, json};

use crate::git::Repository;
use crate::support::kubectl::{self, kubectl, run, run_with};

/// Where Argo CD keeps them.
const NAMESPACE: &str = "argocd";

/// How Argo CD writes to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Apply {
    ClientSide,
    ServerSide,
}

/// What an Application is made of.
pub(crate) struct Wanted<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The repository.
    pub(crate) repository: String,
    /// The folder in it.
    pub(crate) path: &'a str,
    /// Where its objects go.
    pub(crate) namespace: &'a str,
    /// Whether Argo CD makes that, and labels it for External Secrets' manifests.
    pub(crate) makes_namespace: bool,
    pub(crate) apply: Apply,
}

impl<'a> Wanted<'a> {
    /// The folder `app` of a repository, into a namespace of the Application's own name.
    pub(crate) fn app(name: &'a str, repository: &Repository, apply: Apply) -> Self {
        Self {
            name,
            repository: repository.url(),
            path: "app",
            namespace: name,
            makes_namespace: true,
            apply,
        }
    }
}

/// One that is synced by itself, prunes, and heals what others change; its objects go with it.
pub(crate) struct Application {
    name: String,
}

impl Application {
    /// Creates it.
    #[track_caller]
    pub(crate) fn create(wanted: &Wanted<'_>) -> Self {
        let Wanted {
            name,
            repository,
            path,
            namespace,
            makes_namespace,
            apply,
        } = wanted;
        let server_side = *apply == Apply::ServerSide;
        let mut sync = json!({
            "automated": { "prune": true, "selfHeal": true },
            "syncOptions": [
                format!("CreateNamespace={makes_namespace}"),
                format!("ServerSideApply={server_side}"),
            ],
        });
        if *makes_namespace {
            let labels = json!({ "freshet.dev/injection": "external-secrets" });
            sync["managedNamespaceMetadata"] = json!({ "labels": labels });
        }
        let application = json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            },
            "spec": {
                "project": "default",
                "source": { "repoURL": repository, "path": path, "targetRevision": "main" },
                "destination": { "server": "https://kubernetes.default.svc", "namespace": namespace },
                "syncPolicy": sync,
            },
        });
        run_with(&["create", "--filename=-"], &application.to_string());
        Self {
            name: (*name).to_owned(),
        }
    }

    /// One that somebody else has created.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    /// Waits until all objects of that commit are there as Git has them, and healthy.
    #[track_caller]
    pub(crate) fn wait_until_healthy(&self, revision: &str) {
        kubectl::wait_for(
            NAMESPACE,
            &format!("application {} to be healthy at {revision}", self.name),
            || {
                let status = self.status();
                let found = status["sync"]["revision"] == revision
                    && status["sync"]["status"] == "Synced"
                    && status["health"]["status"] == "Healthy";
                if found { Ok(()) } else { Err(brief(&status)) }
            },
        );
    }

    /// Argo CD compares anew, with nothing from its caches; what it says then.
    #[track_caller]
    pub(crate) fn refresh(&self) -> Value {
        const REFRESH: &str = "argocd.argoproj.io/refresh";
        self.kubectl(&[
            "annotate",
            "--overwrite",
            &self.object(),
            &format!("{REFRESH}=hard"),
        ]);
        kubectl::wait_for(NAMESPACE, "Argo CD to compare anew", || {
            let application = self.get();
            // Argo CD takes the annotation away when it is done.
            match application["metadata"]["annotations"][REFRESH].as_str() {
                None => Ok(application["status"].clone()),
                Some(_) => Err(brief(&application["status"])),
            }
        })
    }

    /// Its status.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        self.get()["status"].clone()
    }

    /// When it was last synced, by itself or not: another moment means another sync.
    #[track_caller]
    pub(crate) fn last_sync(&self) -> Value {
        self.status()["operationState"]["startedAt"].clone()
    }

    /// The health of one of its objects, and why: `health("ExternalSecret", "db")`.
    #[track_caller]
    pub(crate) fn health(&self, kind: &str, name: &str) -> Value {
        let status = self.status();
        let resources = status["resources"].as_array().cloned().unwrap_or_default();
        let mut named = resources
            .into_iter()
            .filter(|one| one["kind"] == kind && one["name"] == name);
        named.next().unwrap_or_default()["health"].clone()
    }

    /// Deletes it with all its objects, and waits until they are gone.
    #[track_caller]
    pub(crate) fn delete(self) {
        self.kubectl(&["delete", &self.object(), "--timeout=10m"]);
    }

    #[track_caller]
    fn get(&self) -> Value {
        kubectl::get(&["--namespace", NAMESPACE, &self.object()])
    }

    #[track_caller]
    fn kubectl(&self, args: &[&str]) {
        run(&[&["--namespace", NAMESPACE], args].concat());
    }

    fn object(&self) -> String {
        format!("application/{}", self.name)
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let shown = kubectl(
                &[
                    "get",
                    "--namespace",
                    NAMESPACE,
                    "--output=yaml",
                    &self.object(),
                ],
                "",
            );
            eprintln!(
                "application {} stays, to be looked at:\n{}",
                self.name, shown.stdout
            );
        }
    }
}

/// What a person looks at first.
fn brief(status: &Value) -> String {
    json!({
        "sync": status["sync"]["status"],
        "revision": status["sync"]["revision"],
        "health": status["health"],
        "conditions": status["conditions"],
        "operation": [&status["operationState"]["phase"], &status["operationState"]["message"]],
        "resources": status["resources"],
    })
    .to_string()
}
