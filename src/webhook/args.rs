//! The options of `freshet webhook`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, ArgGroup, Args, ValueEnum};

use super::Reconciliation;
use super::limits::{Drain, Limits};
use super::startup::{CertificateSource, Settings};
use super::tls::{CertificateFiles, SelfManaged};
use crate::certificate::Lifetime;
use crate::controller::ApiAccess;
use crate::controller::reconciler::Duties;
use crate::dialect::external_secret::Claim;
use crate::inject::Defaults;
use crate::spec::{GoDuration, ObjectName};
use crate::telemetry::{LogFormat, LogLevel};

/// Options of the admission server.
#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("in_a_namespace").args(["certificate_secret", "external_secrets_claim"]).multiple(true)))]
pub struct WebhookArgs {
    /// Where the API server sends reviews, over TLS
    #[arg(long, value_name = "ADDRESS", default_value = "[::]:8443")]
    pub listen_address: SocketAddr,

    /// Where /metrics, /livez and /readyz are answered, in plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "[::]:8081")]
    pub metrics_address: SocketAddr,

    /// Directory with tls.crt and tls.key, such as a mounted Secret of type kubernetes.io/tls
    #[arg(long, value_name = "DIRECTORY", default_value = "/etc/freshet/tls")]
    pub certificate_dir: PathBuf,

    /// File with the certificate chain (PEM), instead of --certificate-dir
    #[arg(
        long,
        value_name = "FILE",
        requires = "key_file",
        conflicts_with = "certificate_dir"
    )]
    pub certificate_file: Option<PathBuf>,

    /// File with the private key (PEM), beside --certificate-file
    #[arg(long, value_name = "FILE", requires = "certificate_file")]
    pub key_file: Option<PathBuf>,

    /// How often the certificate files are looked at
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub certificate_interval: GoDuration,

    /// Keep the certificate in this Secret, made and rotated by the webhook itself, and the caBundle right
    #[arg(long, value_name = "NAME",
          conflicts_with_all = ["certificate_dir", "certificate_file", "key_file"])]
    pub certificate_secret: Option<ObjectName>,

    /// What it is for, and how long it lives
    #[command(flatten)]
    pub self_managed: SelfManagedArgs,

    /// The largest body of a review, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body,
          value_parser = clap::value_parser!(u64).range(1024..=64 << 20))]
    pub body_limit: u64,

    /// How long to go on accepting after SIGTERM, while endpoints are removed
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub shutdown_delay: GoDuration,

    /// How long after that open requests may take to end
    #[arg(long, value_name = "DURATION", default_value = "20s")]
    pub shutdown_grace: GoDuration,

    /// The cluster's version, e.g. 1.36, instead of asking the API server
    #[arg(long, value_name = "MAJOR.MINOR", value_parser = kubernetes_version)]
    pub kubernetes_version: Option<(u32, u32)>,

    /// Whether to read LimitRanges, ResourceQuotas, the version, and the ConfigMaps that the annotation
    /// agent-configmap names, from the Kubernetes API
    #[arg(long, value_enum, default_value_t = KubernetesApi::InCluster)]
    pub kubernetes_api: KubernetesApi,

    /// Reach the Kubernetes API by the current context of this file, instead of as a pod
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Serve pods of namespaces labelled freshet.dev/injection=external-secrets from ExternalSecrets whose
    /// stores are Freshet's: freshet, those with spec.controller: freshet; or all, those and the ones
    /// without spec.controller
    #[arg(long, value_name = "WHICH")]
    pub external_secrets_claim: Option<Claim>,

    /// What one of the replicas does about ExternalSecrets and pods that exist
    #[command(flatten)]
    pub reconciliation: ReconciliationArgs,

    /// text or json
    #[arg(long, value_name = "FORMAT", default_value_t)]
    pub log_format: LogFormat,

    /// error, warn, info or debug
    #[arg(long, value_name = "LEVEL", default_value_t)]
    pub log_level: LogLevel,
}

/// Options of the certificate that the webhook keeps itself.
#[derive(Clone, Debug, Args)]
pub struct SelfManagedArgs {
    /// The namespace of Secret, Service and Leases, instead of the pod's own
    #[arg(long, value_name = "NAME", requires = "in_a_namespace")]
    pub namespace: Option<ObjectName>,

    /// The Service that API servers call
    #[arg(
        long,
        value_name = "NAME",
        default_value = "freshet",
        requires = "certificate_secret"
    )]
    pub service_name: ObjectName,

    /// The MutatingWebhookConfiguration whose caBundle is kept right
    #[arg(
        long,
        value_name = "NAME",
        default_value = "freshet",
        requires = "certificate_secret"
    )]
    pub webhook_configuration: ObjectName,

    /// The Lease of the replica that rotates
    #[arg(
        long,
        value_name = "NAME",
        default_value = "freshet",
        requires = "certificate_secret"
    )]
    pub lease_name: ObjectName,

    /// How long a certificate lives; it is replaced after two thirds
    #[arg(long, value_name = "DURATION", default_value = "2160h", value_parser = lifetime,
          requires = "certificate_secret")]
    pub certificate_lifetime: Lifetime,
}

/// Options of the replica that looks after ExternalSecrets and pods that exist.
#[derive(Clone, Debug, Args)]
pub struct ReconciliationArgs {
    /// Whether to write the condition Ready of ExternalSecrets and stores, and Events about them
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set,
          requires = "external_secrets_claim")]
    pub external_secrets_status: bool,

    /// Whether running pods follow a change of their ExternalSecret, its store or a ConfigMap
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set,
          requires = "external_secrets_claim")]
    pub external_secrets_patch_pods: bool,

    /// Whether to evict pending pods that were made before their ExternalSecret, so that their owner makes
    /// them again: none, owned, or jobs-too
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Evict::Owned,
          requires = "external_secrets_claim")]
    pub external_secrets_evict_pods: Evict,

    /// The Lease of the replica that does so
    #[arg(
        long,
        value_name = "NAME",
        default_value = "freshet-external-secrets",
        requires = "external_secrets_claim"
    )]
    pub external_secrets_lease: ObjectName,
}

/// Which pods are evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Evict {
    /// None
    None,
    /// Those that somebody makes again, without those of Jobs
    Owned,
    /// Those of Jobs, too, which count it as a failure
    JobsToo,
}

impl ReconciliationArgs {
    /// Nothing where all of it is switched off.
    fn within(self, namespace: Option<ObjectName>) -> Option<Reconciliation> {
        let Self {
            external_secrets_status: status,
            external_secrets_patch_pods: patch,
            external_secrets_evict_pods: evict,
            external_secrets_lease: lease,
        } = self;
        let duties = Duties {
            status,
            patch,
            evict: evict != Evict::None,
            evict_jobs: evict == Evict::JobsToo,
        };
        (!duties.is_idle()).then_some(Reconciliation {
            duties,
            namespace,
            lease,
        })
    }
}

/// How the Kubernetes API is reached when no kubeconfig is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KubernetesApi {
    /// As a pod, with its service account
    InCluster,
    /// Not at all
    Off,
}

impl WebhookArgs {
    /// The settings of a webhook that gives pods `defaults`.
    ///
    /// # Errors
    /// When two options contradict each other.
    pub fn into_settings(self, defaults: Defaults) -> Result<Settings, clap::Error> {
        let certificate = match (
            self.certificate_secret,
            self.certificate_file,
            self.key_file,
        ) {
            (Some(_), _, _) if self.kubernetes_api == KubernetesApi::Off => {
                let problem = "--certificate-secret needs the Kubernetes API: leave out --kubernetes-api off\n";
                return Err(clap::Error::raw(ErrorKind::ArgumentConflict, problem));
            }
            (Some(secret), _, _) => {
                CertificateSource::SelfManaged(self.self_managed.clone().with(secret))
            }
            (None, chain, key) => CertificateSource::Files {
                files: match (chain, key) {
                    (Some(chain), Some(key)) => CertificateFiles::Pair { chain, key },
                    _ => CertificateFiles::Directory(self.certificate_dir),
                },
                interval: self.certificate_interval.get(),
            },
        };
        let api = match (self.kubeconfig, self.kubernetes_api) {
            (_, KubernetesApi::Off) => ApiAccess::Off,
            (Some(path), KubernetesApi::InCluster) => ApiAccess::Kubeconfig(path),
            (None, KubernetesApi::InCluster) => ApiAccess::InCluster,
        };
        if api == ApiAccess::Off && self.external_secrets_claim.is_some() {
            let problem = "--external-secrets-claim needs the Kubernetes API: leave out --kubernetes-api off\n";
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, problem));
        }
        Ok(Settings {
            listen: self.listen_address,
            observe: self.metrics_address,
            certificate,
            limits: Limits {
                body: self.body_limit,
                ..Limits::default()
            },
            drain: Drain {
                delay: self.shutdown_delay.get(),
                grace: self.shutdown_grace.get(),
            },
            defaults,
            kubernetes_version: self.kubernetes_version,
            external_secrets: self.external_secrets_claim,
            reconciliation: self
                .external_secrets_claim
                .and_then(|_| self.reconciliation.within(self.self_managed.namespace)),
            api,
        })
    }
}

impl SelfManagedArgs {
    fn with(self, secret: ObjectName) -> SelfManaged {
        SelfManaged {
            namespace: self.namespace,
            secret,
            service: self.service_name,
            configuration: self.webhook_configuration,
            lease: self.lease_name,
            lifetime: self.certificate_lifetime,
        }
    }
}

fn lifetime(text: &str) -> Result<Lifetime, String> {
    let length = text
        .parse::<GoDuration>()
        .map_err(|error| error.to_string())?;
    length.try_into().map_err(str::to_owned)
}

fn kubernetes_version(text: &str) -> Result<(u32, u32), &'static str> {
    let number = |text: &str| text.parse::<u32>().ok();
    let parts = text.strip_prefix('v').unwrap_or(text).split_once('.');
    parts
        .and_then(|(major, minor)| Some((number(major)?, number(minor)?)))
        .ok_or("must be MAJOR.MINOR, e.g. 1.36")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        webhook: WebhookArgs,
    }

    fn parse(arguments: &[&str]) -> Result<WebhookArgs, String> {
        let arguments = ["freshet"].iter().chain(arguments);
        Program::try_parse_from(arguments)
            .map(|program| program.webhook)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_the_defaults_of_each_part_hold() {
        let args = parse(&[]).expect("valid");
        assert_eq!(args.body_limit, 4 << 20);
        assert_eq!(args.shutdown_delay.get(), Drain::default().delay);
        assert_eq!(args.shutdown_grace.get(), Drain::default().grace);
    }

    #[track_caller]
    fn check_refused(arguments: &[&str], want: &str) {
        let problem = parse(arguments).expect_err("refused");
        assert!(problem.contains(want), "{problem}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        check_refused(&["--certificate-file=a"], "--key-file");
        check_refused(&["--kubernetes-version=latest"], "must be MAJOR.MINOR");
        check_refused(&["--certificate-interval=10"], "must be a duration");
        check_refused(&["--body-limit=12"], "1024..");
        check_refused(&["--certificate-secret=Pair"], "must be a DNS subdomain");
        check_refused(
            &["--certificate-secret=pair", "--certificate-dir=tls"],
            "cannot be used with '--certificate-dir <DIRECTORY>'",
        );
        check_refused(&["--namespace=freshet"], "--certificate-secret");
        check_refused(&["--lease-name=freshet"], "--certificate-secret");
        check_refused(&["--certificate-lifetime=9s"], "must be between 10s");
        check_refused(&["--external-secrets-claim=some"], "must be freshet or all");
        check_refused(
            &["--external-secrets-status=false"],
            "--external-secrets-claim",
        );
        check_refused(
            &[
                "--external-secrets-claim=all",
                "--external-secrets-evict-pods=all",
            ],
            "[possible values: none, owned, jobs-too]",
        );
        check_refused(&["--log-level=loud"], "must be error, warn, info or debug");
    }
    fn settings(arguments: &[&str]) -> Result<Settings, String> {
        let defaults = Defaults::usual("refresher");
        let settings = parse(arguments)?.into_settings(defaults);
        settings.map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_makes_the_certificate_self_managed() {
        let arguments = [
            "--certificate-secret=pair",
            "--namespace=shop",
            "--certificate-lifetime=48h",
        ];
        let source = settings(&arguments).expect("valid").certificate;
        let name = |text: &str| text.parse().expect("a name");
        let want = CertificateSource::SelfManaged(SelfManaged {
            namespace: Some(name("shop")),
            secret: name("pair"),
            service: name("freshet"),
            configuration: name("freshet"),
            lease: name("freshet"),
            lifetime: lifetime("48h").expect("valid"),
        });
        assert_eq!(source, want);
        let off = settings(&["--certificate-secret=pair", "--kubernetes-api=off"]);
        let want = "error: --certificate-secret needs the Kubernetes API: leave out --kubernetes-api off\n";
        assert_eq!(off.err().as_deref(), Some(want));
    }

    #[test]
    fn external_secrets_are_off_unless_they_are_claimed() {
        let claimed = |arguments: &[&str]| settings(arguments).map(|it| it.external_secrets);
        assert_eq!(claimed(&[]), Ok(None));
        let acts = |arguments: &[&str]| settings(arguments).map(|it| it.reconciliation);
        assert_eq!(acts(&[]), Ok(None));
        let options = [
            "--external-secrets-claim=all",
            "--external-secrets-status=false",
            "--external-secrets-evict-pods=jobs-too",
            "--namespace=shop",
        ];
        let acting = acts(&options).expect("valid").expect("not idle");
        let duties = Duties {
            status: false,
            evict_jobs: true,
            ..Duties::default()
        };
        assert_eq!(acting.duties, duties);
        assert_eq!(acting.namespace, Some("shop".parse().expect("a name")));
        let idle = [
            "--external-secrets-claim=all",
            "--external-secrets-status=false",
            "--external-secrets-patch-pods=false",
            "--external-secrets-evict-pods=none",
        ];
        assert_eq!(acts(&idle), Ok(None), "nobody has to lead");
        let all = claimed(&["--external-secrets-claim=all"]);
        assert_eq!(all, Ok(Some(Claim::All)));
        let off = claimed(&["--external-secrets-claim=all", "--kubernetes-api=off"]);
        let want = "error: --external-secrets-claim needs the Kubernetes API: leave out --kubernetes-api off\n";
        assert_eq!(off, Err(want.to_owned()));
    }
}
