//! A release of the chart on an API server of its own, for it concerns the whole cluster.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::api_server::ApiServer;
use super::helm::{CHART, helm};

/// The release `freshet` in the namespace `freshet`; one at a time, uninstalled when dropped.
pub(crate) struct Release {
    /// Where it is installed.
    pub(crate) api: &'static ApiServer,
    /// What `helm install` printed last.
    pub(crate) notes: String,
    _alone: MutexGuard<'static, ()>,
}

impl Release {
    /// `helm install`.
    #[track_caller]
    pub(crate) fn install(options: &[&str]) -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        static API: LazyLock<ApiServer> = LazyLock::new(|| ApiServer::start("chart"));
        // A test that failed has uninstalled its release.
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut release = Self {
            api: &API,
            notes: String::new(),
            _alone: alone,
        };
        let options = [&["--create-namespace", CHART], options].concat();
        release.notes = release.helm("install", &options);
        release
    }

    /// `helm upgrade`, and what it printed last.
    #[track_caller]
    pub(crate) fn upgrade(&self, options: &[&str]) -> String {
        self.helm("upgrade", &[&[CHART], options].concat())
    }

    /// The notes, where the command prints them.
    #[track_caller]
    fn helm(&self, command: &str, options: &[&str]) -> String {
        let args = [&[command, "freshet", "--namespace=freshet"], options].concat();
        let said = helm(Some(&self.api.kubeconfig), &args);
        assert!(said.ok, "helm {args:?}: {}", said.stderr);
        let notes = said.stdout.split_once("NOTES:\n");
        notes.map(|(_, notes)| notes.to_owned()).unwrap_or_default()
    }

    /// The objects that it consists of, as the API server keeps them.
    #[track_caller]
    pub(crate) fn objects(&self) -> Vec<Value> {
        const KINDS: &str = "serviceaccounts,services,deployments,poddisruptionbudgets,roles,\
            rolebindings,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,\
            validatingadmissionpolicies,validatingadmissionpolicybindings";
        let args = ["get", KINDS, "--all-namespaces", "-o", "json"];
        let selector = "--selector=app.kubernetes.io/instance=freshet";
        let list = self.api.run(&[&args[..], &[selector]].concat(), "");
        let mut list: Value = serde_json::from_str(&list).expect("kubectl prints JSON");
        serde_json::from_value(list["items"].take()).expect("a list")
    }

    /// `helm uninstall`; the API server is still this test's own.
    #[track_caller]
    pub(crate) fn uninstall(&self) {
        self.helm("uninstall", &["--ignore-not-found"]);
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        self.uninstall();
    }
}
