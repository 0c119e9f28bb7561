//! What the Vault Agent Injector's operators set for all pods, as options. An option that is left out
//! is as the injector has it, or as the other dialects have it.

use clap::{ArgAction, Args};

use super::defaults::over_limit;
use crate::dialect::vault_k8s::{DefaultTemplate, VaultK8sDefaults};
use crate::dialect::{Quantity, Resources};
use crate::spec::{AuthType, GoDuration, MountPath, VaultAddress, VaultNamespace};

const HEADING: &str = "Pods with annotations of the Vault Agent Injector";

/// Options that become [`VaultK8sDefaults`].
#[derive(Clone, Debug, Args)]
pub struct VaultK8sArgs {
    /// The Vault server of these pods, where it is not --vault-address (AGENT_INJECT_VAULT_ADDR)
    #[arg(long, value_name = "URL", help_heading = HEADING)]
    pub vault_k8s_address: Option<VaultAddress>,

    /// Their Vault namespace, where it is not --vault-namespace (AGENT_INJECT_VAULT_NAMESPACE)
    #[arg(long, value_name = "NAMESPACE", help_heading = HEADING)]
    pub vault_k8s_namespace: Option<VaultNamespace>,

    /// Their auth method, where it is not --auth-type (AGENT_INJECT_VAULT_AUTH_TYPE)
    #[arg(long, value_name = "METHOD", help_heading = HEADING)]
    pub vault_k8s_auth_type: Option<AuthType>,

    /// Where it is mounted, where that is not --auth-path (AGENT_INJECT_VAULT_AUTH_PATH)
    #[arg(long, value_name = "MOUNT", help_heading = HEADING)]
    pub vault_k8s_auth_path: Option<MountPath>,

    /// How a secret without a template is written: map or json (AGENT_INJECT_DEFAULT_TEMPLATE)
    #[arg(long, value_name = "TEMPLATE", default_value = "map", help_heading = HEADING)]
    pub vault_k8s_default_template: DefaultTemplate,

    /// The time between two looks at Vault (AGENT_INJECT_TEMPLATE_STATIC_SECRET_RENDER_INTERVAL)
    #[arg(long, value_name = "DURATION", default_value = "5m", help_heading = HEADING)]
    pub vault_k8s_static_secret_render_interval: GoDuration,

    /// Whether the Vault token is revoked when the pod ends (AGENT_INJECT_REVOKE_ON_SHUTDOWN)
    #[arg(long, value_name = "BOOL", default_value_t = false, action = ArgAction::Set, help_heading = HEADING)]
    pub vault_k8s_revoke_on_shutdown: bool,

    /// The user id of the sidecar (AGENT_INJECT_RUN_AS_USER)
    #[arg(long, value_name = "ID", default_value_t = 100, value_parser = id(), help_heading = HEADING)]
    pub vault_k8s_run_as_user: u32,

    /// Its group id (AGENT_INJECT_RUN_AS_GROUP)
    #[arg(long, value_name = "ID", default_value_t = 1000, value_parser = id(), help_heading = HEADING)]
    pub vault_k8s_run_as_group: u32,

    /// Whether it runs as the user of the pod's first container (AGENT_INJECT_RUN_AS_SAME_USER)
    #[arg(long, value_name = "BOOL", default_value_t = false, action = ArgAction::Set, help_heading = HEADING)]
    pub vault_k8s_run_as_same_user: bool,

    /// Whether it gets user and group at all (AGENT_INJECT_SET_SECURITY_CONTEXT)
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set, help_heading = HEADING)]
    pub vault_k8s_set_security_context: bool,

    /// The CPU it requests; by default as in every pod (AGENT_INJECT_CPU_REQUEST)
    #[arg(long, value_name = "QUANTITY", help_heading = HEADING)]
    pub vault_k8s_cpu_request: Option<Quantity>,

    /// Its CPU limit (AGENT_INJECT_CPU_LIMIT)
    #[arg(long, value_name = "QUANTITY", help_heading = HEADING)]
    pub vault_k8s_cpu_limit: Option<Quantity>,

    /// The memory it requests (AGENT_INJECT_MEM_REQUEST)
    #[arg(long, value_name = "QUANTITY", help_heading = HEADING)]
    pub vault_k8s_mem_request: Option<Quantity>,

    /// Its memory limit (AGENT_INJECT_MEM_LIMIT)
    #[arg(long, value_name = "QUANTITY", help_heading = HEADING)]
    pub vault_k8s_mem_limit: Option<Quantity>,

    /// The ephemeral storage it requests (AGENT_INJECT_EPHEMERAL_STORAGE_REQUEST)
    #[arg(long, value_name = "QUANTITY", help_heading = HEADING)]
    pub vault_k8s_ephemeral_request: Option<Quantity>,

    /// Its limit of ephemeral storage (AGENT_INJECT_EPHEMERAL_STORAGE_LIMIT)
    #[arg(long, value_name = "QUANTITY", help_heading = HEADING)]
    pub vault_k8s_ephemeral_limit: Option<Quantity>,
}

/// An id that Kubernetes takes.
fn id() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(0..=i64::from(i32::MAX))
}

impl VaultK8sArgs {
    /// The defaults. Where a request is over its limit, or an interval too short, `problems` says so.
    pub fn into_defaults(self, problems: &mut Vec<String>) -> VaultK8sDefaults {
        let pairs = [
            (
                "cpu",
                &self.vault_k8s_cpu_request,
                &self.vault_k8s_cpu_limit,
            ),
            (
                "mem",
                &self.vault_k8s_mem_request,
                &self.vault_k8s_mem_limit,
            ),
            (
                "ephemeral",
                &self.vault_k8s_ephemeral_request,
                &self.vault_k8s_ephemeral_limit,
            ),
        ];
        problems.extend(pairs.into_iter().filter_map(|(name, request, limit)| {
            let options = ["request", "limit"].map(|end| format!("--vault-k8s-{name}-{end}"));
            over_limit(options, request.as_ref(), limit.as_ref())
        }));
        let interval = self.vault_k8s_static_secret_render_interval;
        if interval.get().as_secs() == 0 {
            problems.push(format!(
                "--vault-k8s-static-secret-render-interval {interval} must be at least 1s, to spare Vault"
            ));
        }
        let text = |quantity: Option<Quantity>| quantity.map(|quantity| quantity.to_string());
        VaultK8sDefaults {
            vault_address: self.vault_k8s_address,
            vault_namespace: self.vault_k8s_namespace,
            auth_type: self.vault_k8s_auth_type,
            auth_path: self.vault_k8s_auth_path,
            template: self.vault_k8s_default_template,
            revoke_on_shutdown: self.vault_k8s_revoke_on_shutdown,
            run_as_user: self.vault_k8s_run_as_user,
            run_as_group: self.vault_k8s_run_as_group,
            run_as_same_user: self.vault_k8s_run_as_same_user,
            set_security_context: self.vault_k8s_set_security_context,
            static_secret_render_interval: interval,
            resources: Resources {
                requests_cpu: text(self.vault_k8s_cpu_request),
                requests_memory: text(self.vault_k8s_mem_request),
                limits_cpu: text(self.vault_k8s_cpu_limit),
                limits_memory: text(self.vault_k8s_mem_limit),
            },
            ephemeral_storage: (
                text(self.vault_k8s_ephemeral_request),
                text(self.vault_k8s_ephemeral_limit),
            ),
        }
    }
}
