//! The options of `freshet webhook`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::limits::{Drain, Limits};
use super::startup::Settings;
use super::tls::CertificateFiles;
use crate::controller::ApiAccess;
use crate::inject::Defaults;
use crate::spec::GoDuration;
use crate::telemetry::{LogFormat, LogLevel};

/// Options of the admission server.
#[derive(Clone, Debug, Args)]
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

    /// Whether to read LimitRanges, ResourceQuotas and the version from the Kubernetes API
    #[arg(long, value_enum, default_value_t = KubernetesApi::InCluster)]
    pub kubernetes_api: KubernetesApi,

    /// Reach the Kubernetes API by the current context of this file, instead of as a pod
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// text or json
    #[arg(long, value_name = "FORMAT", default_value_t)]
    pub log_format: LogFormat,

    /// error, warn, info or debug
    #[arg(long, value_name = "LEVEL", default_value_t)]
    pub log_level: LogLevel,
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
    pub fn into_settings(self, defaults: Defaults) -> Settings {
        let certificate = match (self.certificate_file, self.key_file) {
            (Some(chain), Some(key)) => CertificateFiles::Pair { chain, key },
            _ => CertificateFiles::Directory(self.certificate_dir),
        };
        let api = match (self.kubeconfig, self.kubernetes_api) {
            (_, KubernetesApi::Off) => ApiAccess::Off,
            (Some(path), KubernetesApi::InCluster) => ApiAccess::Kubeconfig(path),
            (None, KubernetesApi::InCluster) => ApiAccess::InCluster,
        };
        Settings {
            listen: self.listen_address,
            observe: self.metrics_address,
            certificate,
            certificate_interval: self.certificate_interval.get(),
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
            api,
        }
    }
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
        check_refused(&["--log-level=loud"], "must be error, warn, info or debug");
    }
}
