//! What the injector's operators set once for all pods.

use std::str::FromStr;

use crate::dialect::Resources;
use crate::spec::{AuthType, GoDuration, Invalid, MountPath, VaultAddress, VaultNamespace};

/// The operator's settings of this dialect, beside those that all dialects share; here as the
/// injector has them when nobody sets any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultK8sDefaults {
    /// The Vault server, where it is not that of all dialects.
    pub vault_address: Option<VaultAddress>,
    /// The Vault namespace, where it is not that of all dialects.
    pub vault_namespace: Option<VaultNamespace>,
    /// The auth method, where it is not that of all dialects.
    pub auth_type: Option<AuthType>,
    /// Where it is mounted, where that is not as in all dialects.
    pub auth_path: Option<MountPath>,
    /// How a secret without a template is written.
    pub template: DefaultTemplate,
    /// Whether the Vault token is revoked when the pod ends.
    pub revoke_on_shutdown: bool,
    /// The sidecar's user.
    pub run_as_user: u32,
    /// The sidecar's group.
    pub run_as_group: u32,
    /// Whether it runs as the user of the pod's first container.
    pub run_as_same_user: bool,
    /// Whether it gets user and group at all.
    pub set_security_context: bool,
    /// The time between two looks at Vault.
    pub static_secret_render_interval: GoDuration,
    /// The sidecar's resources; what is `None` is as in every dialect.
    pub resources: Resources,
    /// Its ephemeral storage: request and limit.
    pub ephemeral_storage: (Option<String>, Option<String>),
}

impl Default for VaultK8sDefaults {
    fn default() -> Self {
        Self {
            vault_address: None,
            vault_namespace: None,
            auth_type: None,
            auth_path: None,
            template: DefaultTemplate::Map,
            revoke_on_shutdown: false,
            run_as_user: 100,
            run_as_group: 1000,
            run_as_same_user: false,
            set_security_context: true,
            static_secret_render_interval: GoDuration::from_secs(300),
            resources: Resources::default(),
            ephemeral_storage: (None, None),
        }
    }
}

/// The templates of secrets that have none of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultTemplate {
    /// A line `key: value` for each key.
    Map,
    /// One line of JSON.
    Json,
}

impl DefaultTemplate {
    /// The template for the secret at `path`, which stands in it as a string that nothing ends
    /// before its end.
    pub(super) fn text(self, path: &str) -> String {
        let path = path
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        match self {
            Self::Map => format!(
                "{{{{ with secret \"{path}\" }}}}{{{{ range $k, $v := .Data }}}}{{{{ $k }}}}: {{{{ $v }}}}\n{{{{ end }}}}{{{{ end }}}}"
            ),
            Self::Json => {
                format!("{{{{ with secret \"{path}\" }}}}{{{{ .Data | toJSON }}}}\n{{{{ end }}}}")
            }
        }
    }
}

impl FromStr for DefaultTemplate {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.to_lowercase().as_str() {
            "map" => Ok(Self::Map),
            "json" => Ok(Self::Json),
            _ => Err(Invalid::new("must be map or json")),
        }
    }
}

impl std::fmt::Display for DefaultTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Map => "map",
            Self::Json => "json",
        })
    }
}
