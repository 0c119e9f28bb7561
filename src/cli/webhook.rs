//! `freshet webhook`: serves admission until it is told to stop.

use clap::Args;

use super::defaults::DefaultsArgs;
use super::{Outcome, run_until_signalled};
use crate::telemetry;
use crate::webhook::args::WebhookArgs;

const EXAMPLES: &str = "\
Examples:
  In the cluster, with a certificate that it keeps itself in a Secret:
    freshet webhook --certificate-secret freshet-webhook-certificate \\
      --vault-address https://vault.vault:8200

  In the cluster, with a mounted certificate:
    freshet webhook --certificate-dir /etc/freshet/tls --vault-address https://vault.vault:8200

  On this machine, without the Kubernetes API:
    freshet webhook --kubernetes-api off --listen-address 127.0.0.1:8443 \\
      --certificate-file tls.crt --key-file tls.key --vault-address https://vault.example";

/// Serve the admission webhook: HTTPS, AdmissionReview v1
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    webhook: WebhookArgs,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    let defaults = match arguments.defaults.into_defaults() {
        Ok(defaults) => defaults,
        Err(error) => error.exit(),
    };
    let WebhookArgs {
        log_format,
        log_level,
        ..
    } = arguments.webhook;
    if let Err(error) = telemetry::init(log_format, log_level) {
        return Outcome::unusable(error);
    }
    let settings = match arguments.webhook.into_settings(defaults) {
        Ok(settings) => settings,
        Err(error) => error.exit(),
    };
    // One thread answers thousands of reviews a second; a second one gains nothing (measured).
    run_until_signalled(async |shutdown| settings.bind().await?.run(shutdown).await)
}
