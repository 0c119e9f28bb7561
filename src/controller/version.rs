//! The API server's version: native sidecars need Kubernetes 1.29.

use std::time::Duration;

use kube::Client;
use tokio::time::{sleep, timeout};

use super::facts::NamespaceFacts;
use super::outage::Outage;

/// A control plane may be upgraded while the webhook runs.
const LOOK_AGAIN: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_DELAY: Duration = Duration::from_secs(1);
const LAST_DELAY: Duration = Duration::from_secs(60);

/// Asks for the version until it is known, and now and then again.
pub(super) async fn follow(client: &Client, facts: &NamespaceFacts) {
    let mut outage = Outage::new(
        "version",
        "the Kubernetes version is not checked; --kubernetes-version sets it",
    );
    let mut delay = FIRST_DELAY;
    loop {
        match ask(client).await {
            Ok(version) => {
                if outage.over() {
                    let (major, minor) = version;
                    tracing::info!(kubernetes.version = format!("{major}.{minor}"), "connected");
                }
                facts.set_kubernetes_version(version);
                delay = FIRST_DELAY;
                sleep(LOOK_AGAIN).await;
            }
            Err(reason) => {
                outage.begin(&reason);
                sleep(delay).await;
                delay = (delay * 2).min(LAST_DELAY);
            }
        }
    }
}

async fn ask(client: &Client) -> Result<(u32, u32), String> {
    let info = timeout(TIMEOUT, client.apiserver_version())
        .await
        .map_err(|_| format!("no answer within {TIMEOUT:?}"))?
        .map_err(|error| error.to_string())?;
    parse(&info.major, &info.minor)
        .ok_or_else(|| format!("version {:?}.{:?}: not a number", info.major, info.minor))
}

/// Some distributions write the minor version as `33+`.
fn parse(major: &str, minor: &str) -> Option<(u32, u32)> {
    let minor = minor.trim_end_matches(|c: char| !c.is_ascii_digit());
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_may_add_to_the_minor_version() {
        assert_eq!(parse("1", "36"), Some((1, 36)));
        assert_eq!(parse("1", "33+"), Some((1, 33)));
        assert_eq!(parse("1", ""), None);
        assert_eq!(parse("v1", "33"), None);
    }
}
