//! The webhook, in this process, on a free port, with a certificate for the name of its Service.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use clap::Parser;

use super::admission::SERVICE;
use super::narrator::Narrator;
use super::workspace::{Workspace, replace};
use crate::certificate::{self, Authority};
use crate::cli::defaults::DefaultsArgs;
use crate::shutdown;
use crate::webhook::StartError;
use crate::webhook::args::WebhookArgs;

/// Why there is no webhook.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebhookError {
    /// No certificate can be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Its files cannot be written.
    #[error("cannot write the webhook's certificate: {0}")]
    Files(#[from] std::io::Error),
    /// Its options are wrong.
    #[error(transparent)]
    Options(#[from] clap::Error),
    /// It cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Longer than anybody watches a demo.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The options of `freshet webhook`.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    webhook: WebhookArgs,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

/// A webhook that serves until this is dropped.
pub(super) struct Webhook {
    pub(super) address: SocketAddr,
    /// The CA that its certificate is checked against, PEM: `caBundle` of a webhook configuration.
    pub(super) ca: String,
    _ends_when_dropped: shutdown::Trigger,
}

impl Webhook {
    /// Starts the webhook; pods that name no Vault get the one at `vault`.
    pub(super) async fn start(
        vault: SocketAddr,
        workspace: &Workspace,
        narrator: &Narrator,
    ) -> Result<Self, WebhookError> {
        let directory = workspace.directory("webhook-tls")?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs().cast_signed();
        let issued = certificate::issue(SERVICE, LIFETIME, now)?;
        replace(&directory.join("tls.crt"), issued.pem().chain())?;
        replace(&directory.join("tls.key"), issued.pem().key())?;
        let words = [
            "freshet webhook".to_owned(),
            format!("--vault-address=http://{vault}"),
            format!("--certificate-dir={}", directory.display()),
            "--listen-address=127.0.0.1:0".to_owned(),
            "--metrics-address=127.0.0.1:0".to_owned(),
            "--kubernetes-api=off".to_owned(),
            "--kubernetes-version=1.36".to_owned(),
            "--refresher-metrics-port=0".to_owned(),
        ];
        narrator.detail(&format!("$ {}", words.join(" ")));
        let Options { webhook, defaults } = Options::try_parse_from(words)?;
        let settings = webhook.into_settings(defaults.into_defaults()?)?;
        let bound = settings.bind().await?;
        let (address, _) = bound.addresses()?;
        let (trigger, shutdown) = shutdown::channel();
        tokio::spawn(bound.run(shutdown));
        Ok(Self {
            address,
            ca: Authority::bundle([issued.authority()]),
            _ends_when_dropped: trigger,
        })
    }
}
