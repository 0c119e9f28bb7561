//! What a pod gets where its author says nothing: the options that `webhook`, `inject` and `lint`
//! share, so that the commands answer as the webhook does.

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;

use super::vault_k8s::VaultK8sArgs;
use crate::dialect::{DialectDefaults, Quantity, Resources};
use crate::inject::Defaults;
use crate::spec::{Audience, AuthType, MountPath, ObjectName, VaultAddress, VaultNamespace};
use crate::telemetry::{LogFormat, LogLevel};

const VAULT: &str = "Vault, where a pod's annotations say nothing";
const REFRESHER: &str = "The refresher";

/// Options that become [`Defaults`].
#[derive(Clone, Debug, Args)]
pub struct DefaultsArgs {
    /// The Vault server; without it every pod names its own
    #[arg(long, value_name = "URL", help_heading = VAULT)]
    pub vault_address: Option<VaultAddress>,

    /// The Vault namespace
    #[arg(long, value_name = "NAMESPACE", help_heading = VAULT)]
    pub vault_namespace: Option<VaultNamespace>,

    /// The auth method: kubernetes, jwt, approle or cert
    #[arg(long, value_name = "METHOD", default_value = "kubernetes", help_heading = VAULT)]
    pub auth_type: AuthType,

    /// Where the auth method is mounted; by default under its name
    #[arg(long, value_name = "MOUNT", help_heading = VAULT)]
    pub auth_path: Option<MountPath>,

    /// The audience of the service account's token
    #[arg(long, value_name = "AUDIENCE", default_value = "vault", help_heading = VAULT)]
    pub auth_audience: Audience,

    /// The ConfigMap of the pod's namespace whose key ca.crt holds the CA certificates that Vault's is
    /// checked against; by default the Mozilla roots
    #[arg(long, value_name = "CONFIGMAP", help_heading = VAULT)]
    pub ca_config_map: Option<ObjectName>,

    /// The refresher's image
    #[arg(long, value_name = "IMAGE", default_value_t = default_image(), help_heading = REFRESHER,
          value_parser = image)]
    pub refresher_image: String,

    /// The full refresher's image, for templates with heavy functions (regexMatch, pkcs12key,
    /// bcrypt …); without it such a pod is refused
    #[arg(long, value_name = "IMAGE", help_heading = REFRESHER, value_parser = image)]
    pub refresher_full_image: Option<String>,

    /// When the image is pulled; by default as Kubernetes decides
    #[arg(long, value_name = "POLICY", help_heading = REFRESHER,
          value_parser = PossibleValuesParser::new(["Always", "IfNotPresent", "Never"]))]
    pub refresher_image_pull_policy: Option<String>,

    /// A Secret of the pod's namespace that is added to its imagePullSecrets
    #[arg(long, value_name = "SECRET", help_heading = REFRESHER)]
    pub refresher_image_pull_secret: Option<String>,

    /// The CPU it requests, or none
    #[arg(long, value_name = "QUANTITY", default_value = "5m", help_heading = REFRESHER)]
    pub refresher_requests_cpu: Amount,

    /// The memory it requests, or none
    #[arg(long, value_name = "QUANTITY", default_value = "8Mi", help_heading = REFRESHER)]
    pub refresher_requests_memory: Amount,

    /// Its CPU limit, or none
    #[arg(long, value_name = "QUANTITY", default_value = "none", help_heading = REFRESHER)]
    pub refresher_limits_cpu: Amount,

    /// Its memory limit, or none; raised where a pod's files need more
    #[arg(long, value_name = "QUANTITY", default_value = "32Mi", help_heading = REFRESHER)]
    pub refresher_limits_memory: Amount,

    /// The port of its /metrics; 0 serves none
    #[arg(long, value_name = "PORT", default_value_t = 9102, help_heading = REFRESHER)]
    pub refresher_metrics_port: u16,

    /// The format of its log: text or json
    #[arg(long, value_name = "FORMAT", help_heading = REFRESHER)]
    pub refresher_log_format: Option<LogFormat>,

    /// The level of its log: error, warn, info or debug
    #[arg(long, value_name = "LEVEL", help_heading = REFRESHER)]
    pub refresher_log_level: Option<LogLevel>,

    /// What holds for the pods of another injector
    #[command(flatten)]
    pub vault_k8s: VaultK8sArgs,
}

/// A Kubernetes quantity, or `none`.
#[derive(Clone, Debug)]
pub struct Amount(Option<Quantity>);

impl DefaultsArgs {
    /// The defaults.
    ///
    /// # Errors
    /// When values do not go together; all that do not at once.
    pub fn into_defaults(self) -> Result<Defaults, clap::Error> {
        let resources = [
            (
                "cpu",
                &self.refresher_requests_cpu,
                &self.refresher_limits_cpu,
            ),
            (
                "memory",
                &self.refresher_requests_memory,
                &self.refresher_limits_memory,
            ),
        ];
        let over = |(name, Amount(request), Amount(limit)): (&str, &Amount, &Amount)| {
            let options = ["requests", "limits"].map(|kind| format!("--refresher-{kind}-{name}"));
            over_limit(options, request.as_ref(), limit.as_ref())
        };
        let mut problems: Vec<_> = resources.into_iter().filter_map(over).collect();
        let vault_k8s = self.vault_k8s.into_defaults(&mut problems);
        if !problems.is_empty() {
            let message = format!("{}\n", problems.join("\n"));
            return Err(clap::Error::raw(ErrorKind::ValueValidation, message));
        }
        let text = |Amount(quantity): Amount| quantity.map(|quantity| quantity.to_string());
        Ok(Defaults {
            image: self.refresher_image,
            full_image: self.refresher_full_image,
            image_pull_policy: self.refresher_image_pull_policy,
            image_pull_secret: self.refresher_image_pull_secret,
            dialect: DialectDefaults {
                vault_address: self.vault_address,
                vault_namespace: self.vault_namespace,
                auth_type: self.auth_type,
                auth_path: self.auth_path,
                audience: self.auth_audience,
                ca_config_map: self.ca_config_map,
                vault_k8s,
            },
            resources: Resources {
                requests_cpu: text(self.refresher_requests_cpu),
                requests_memory: text(self.refresher_requests_memory),
                limits_cpu: text(self.refresher_limits_cpu),
                limits_memory: text(self.refresher_limits_memory),
            },
            metrics_port: Some(self.refresher_metrics_port).filter(|port| *port != 0),
            log_format: self.refresher_log_format.map(|format| format.to_string()),
            log_level: self.refresher_log_level.map(|level| level.to_string()),
        })
    }
}

/// Says that a request is over its limit, if so; of the two options' names the request's comes first.
pub(super) fn over_limit(
    [request_name, limit_name]: [String; 2],
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let (request, limit) = (request?, limit?);
    (request > limit).then(|| format!("{request_name} {request} is over {limit_name} {limit}"))
}

impl std::str::FromStr for Amount {
    type Err = crate::spec::Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(None)),
            text => text.parse().map(|quantity| Self(Some(quantity))),
        }
    }
}

/// The image of this release, as it is built; a cluster that pulls images needs the registry, too.
fn default_image() -> String {
    concat!("freshet-refresher:", env!("CARGO_PKG_VERSION")).to_owned()
}

fn image(text: &str) -> Result<String, &'static str> {
    match text.is_empty() || text.contains(char::is_whitespace) {
        true => Err("must be an image, e.g. registry.example/freshet-refresher:0.1.0"),
        false => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Options {
        #[command(flatten)]
        defaults: DefaultsArgs,
    }

    fn defaults(options: &[&str]) -> Result<Defaults, clap::Error> {
        Options::try_parse_from(["freshet"].iter().chain(options))?
            .defaults
            .into_defaults()
    }

    #[test]
    fn without_options_they_are_the_usual_ones() {
        let defaults = defaults(&[]).expect("defaults");
        assert_eq!(defaults, Defaults::usual(default_image()));
    }

    #[test]
    fn a_quantity_can_be_left_out_and_a_port_closed() {
        let defaults = defaults(&[
            "--refresher-limits-memory=none",
            "--refresher-metrics-port=0",
        ])
        .expect("defaults");
        assert_eq!(
            (defaults.resources.limits_memory, defaults.metrics_port),
            (None, None)
        );
    }

    #[test]
    fn all_that_does_not_go_together_is_told_at_once() {
        let error = defaults(&[
            "--refresher-requests-memory=64Mi",
            "--vault-k8s-mem-request=2Mi",
            "--vault-k8s-mem-limit=1Mi",
            "--vault-k8s-static-secret-render-interval=10ms",
        ])
        .expect_err("an error");
        assert_eq!(
            error.to_string(),
            "error: --refresher-requests-memory 64Mi is over --refresher-limits-memory 32Mi\n\
             --vault-k8s-mem-request 2Mi is over --vault-k8s-mem-limit 1Mi\n\
             --vault-k8s-static-secret-render-interval 10ms must be at least 1s, to spare Vault\n"
        );
    }

    #[test]
    fn bad_values_are_refused() {
        for options in [
            &["--vault-address=vault"][..],
            &["--auth-type=ldap"],
            &["--ca-config-map=Vault_CA"],
            &["--refresher-image="],
            &["--refresher-image-pull-policy=Sometimes"],
            &["--refresher-requests-cpu=much"],
            &["--refresher-requests-memory=64Mi"],
            &["--refresher-limits-cpu=1m"],
            &["--refresher-log-level=all"],
            &["--vault-k8s-default-template=yaml"],
            &["--vault-k8s-run-as-user=-1"],
            &["--vault-k8s-mem-limit=1Mi", "--vault-k8s-mem-request=2Mi"],
            &["--vault-k8s-static-secret-render-interval=10ms"],
        ] {
            assert!(defaults(options).is_err(), "{options:?}");
        }
    }
}
