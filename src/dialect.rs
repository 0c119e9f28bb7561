//! From what a user wrote on a pod to what Freshet does: settings, a SyncSpec, warnings, or *all*
//! the problems at once.
//!
//! Each dialect ends in the same [`Parsed`]; everything after it is the same code. A pod may speak
//! several at once ([`read`]).

mod appearance;
mod combination;
pub mod external_secret;
mod findings;
pub mod native;
mod problem;
mod quantity;
mod refusal;
mod suggest;
pub mod vault_k8s;

use std::collections::{BTreeMap, BTreeSet};

use self::external_secret::VariableEntry;
use self::vault_k8s::VaultK8sDefaults;
use crate::spec::target::TargetSpec;
use crate::spec::{
    Audience, AuthType, CaBundle, ContainerName, FileSpec, GoDuration, Header, MountPath,
    ObjectName, OnChange, PROFILES_VERSION, Profile, Role, SyncSpec, TlsName, VERSION,
    VaultAddress, VaultNamespace,
};

pub use self::appearance::{Appearance, ContainerPatch, MountedSecret, NeededFile, Position};
pub use self::combination::{beside, read, speaks_vault_k8s};
pub use self::problem::Problem;
pub use self::quantity::Quantity;
pub use self::refusal::Refusal;
pub(crate) use self::suggest::closest;

/// What a dialect found on a pod that has no problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing is asked for. The warnings say what looks as if it were, e.g. `freshet.dev/secret-db`
    /// without `freshet.dev/inject`.
    NotAsked(Vec<Problem>),
    /// Injection is asked for.
    Asked(Box<Parsed>),
}

impl Reading {
    /// The same with more warnings.
    fn with(mut self, more: Vec<Problem>) -> Self {
        match &mut self {
            Self::NotAsked(warnings) => warnings.extend(more),
            Self::Asked(parsed) => parsed.warnings.extend(more),
        }
        self
    }
}

/// What a dialect makes of a pod's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Who to be, whom to ask, and how the sidecar shall look.
    pub settings: Settings,
    /// What to fetch and how to write it.
    pub spec: SyncSpec,
    /// The functions of its templates that the full refresher has and the slim one has not.
    pub heavy_functions: BTreeSet<&'static str>,
    /// The environment variables of each container that sees the files, in the order of their names:
    /// each as a file that is called as the variable is.
    pub variables: Vec<FileSpec>,
    /// What containers take from ExternalSecrets in their environment.
    pub environments: Vec<Environment>,
    /// What containers run, where their author says so because their manifest does not.
    pub commands: BTreeMap<ContainerName, Vec<String>>,
    /// What is doubtful but not wrong; the API server shows these to the user.
    pub warnings: Vec<Problem>,
}

/// The variables that one container takes from the targets of ExternalSecrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The container: `spec.containers[0]`.
    pub container: String,
    /// What makes the variables, each as a file that is called as the variable is; of two at the same
    /// path the later target's counts.
    pub targets: Vec<TargetSpec>,
    /// The entries of the container that kubelet shall not wait for.
    pub entries: Vec<VariableEntry>,
    /// Whether the container may start without any of them.
    pub optional: bool,
    /// How often they are looked at; zero looks once.
    pub refresh_interval: GoDuration,
    /// Any new value means: look now.
    pub revision: Option<String>,
}

/// The values that a dialect falls back to: the webhook's flags, here as they are when none is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialectDefaults {
    /// The Vault server; without it every pod has to name one.
    pub vault_address: Option<VaultAddress>,
    /// The Vault namespace.
    pub vault_namespace: Option<VaultNamespace>,
    /// The auth method.
    pub auth_type: AuthType,
    /// Where it is mounted; `None` is the method's name.
    pub auth_path: Option<MountPath>,
    /// The audience of the projected token in the native dialect.
    pub audience: Audience,
    /// The ConfigMap with the CA bundle for Vault; `None` is the Mozilla roots.
    pub ca_config_map: Option<ObjectName>,
    /// What the Vault Agent Injector's operators set beside these.
    pub vault_k8s: VaultK8sDefaults,
}

/// What a pod's author decided, or the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The pod's own login.
    pub login: LoginSettings,
    /// The logins that secrets name (`profile:path`).
    pub profiles: BTreeMap<Profile, LoginSettings>,
    /// The containers that get the mounts, init containers among them; `None` is all.
    pub containers: Option<BTreeSet<ContainerName>>,
    /// An ordinary init container and no sidecar.
    pub once: bool,
    /// How long the old credential of a dynamic secret lives beside the new one; `None` is as long
    /// as the refresher lets it.
    pub grace: Option<GoDuration>,
    /// Revoke the Vault token, and with it all credentials, when the refresher ends.
    pub revoke: bool,
    /// The user id of the refresher, when the pod's author names one.
    pub user: Option<u32>,
    /// The group id of the refresher, when the pod's author names one.
    pub group: Option<u32>,
    /// The sidecar's resources.
    pub resources: Resources,
    /// How the application is told that its files have switched.
    pub on_change: Vec<OnChange>,
    /// How the sidecar looks.
    pub appearance: Appearance,
}

/// One login: which Vault, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSettings {
    /// The Vault server.
    pub vault_address: VaultAddress,
    /// The Vault namespace.
    pub vault_namespace: Option<VaultNamespace>,
    /// The auth method.
    pub auth_type: AuthType,
    /// Where it is mounted.
    pub auth_path: MountPath,
    /// The role; `None` is the name of the pod's service account or, with `cert`, whichever fits the
    /// certificate. With `approle` there is none.
    pub role: Option<Role>,
    /// The audience of the projected token; `None` is the API server's own.
    pub audience: Option<Audience>,
    /// With `approle`, and only then, the Secret whose keys are `role-id` and `secret-id`; mounted in
    /// the sidecar only.
    pub approle_secret: Option<String>,
    /// The Vault namespace of the login, where it is another one.
    pub auth_namespace: Option<VaultNamespace>,
    /// The CA certificates for Vault; `None` is the bundled Mozilla roots.
    pub ca: Option<CaSource>,
    /// What is sent to Vault with every request.
    pub headers: Vec<Header>,
    /// The Secret (`kubernetes.io/tls`) with the client certificate for Vault; mounted in the
    /// sidecar only. With `cert` there always is one.
    pub tls_secret: Option<String>,
    /// The file of the service account's token in the sidecar's file system, where that is not one of
    /// the sidecar's own.
    pub token_file: Option<String>,
    /// The file with the CA certificates for Vault in the sidecar's file system, in place of `ca`.
    pub ca_file: Option<String>,
    /// The name in Vault's certificate, where it is not the server's.
    pub tls_server_name: Option<TlsName>,
}

impl Settings {
    /// All logins, the pod's own first.
    pub fn logins(&self) -> impl Iterator<Item = (Option<&Profile>, &LoginSettings)> {
        let profiles = self.profiles.iter();
        let profiles = profiles.map(|(profile, login)| (Some(profile), login));
        std::iter::once((None, &self.login)).chain(profiles)
    }

    /// The version of the SyncSpec that such a pod needs.
    pub(crate) fn spec_version(&self) -> u32 {
        match self.profiles.is_empty() {
            true => VERSION,
            false => PROFILES_VERSION,
        }
    }
}

/// Where the CA certificates for Vault are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaSource {
    /// A key of a ConfigMap of the pod's namespace; mounted in the sidecar only.
    ConfigMap {
        /// Its name.
        name: String,
        /// Its key.
        key: String,
    },
    /// The certificates themselves.
    Bundle(CaBundle),
}

/// The sidecar's resources as Kubernetes quantities, as the pod's author wrote them; of `None` nothing was said, and `inject`
/// decides. No request is over its limit, no limit is 0, and memory is whole bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// `requests.cpu`.
    pub requests_cpu: Option<String>,
    /// `requests.memory`.
    pub requests_memory: Option<String>,
    /// `limits.cpu`.
    pub limits_cpu: Option<String>,
    /// `limits.memory`.
    pub limits_memory: Option<String>,
}
