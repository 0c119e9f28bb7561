//! The memory of a webhook that watches the limits of a cluster, under load.

use std::time::Duration;

use serde_json::{Value, json};

use super::figures::Figure;
use super::load::Client;
use super::process::Webhook;
use super::support::api_server::ApiServer;
use super::support::http;
use super::support::process::wait_for;
use super::{Options, Result};

/// So many namespaces have a LimitRange and a ResourceQuota each.
const NAMESPACES: usize = 200;

/// Starts a webhook with a real API server behind it, floods it, and looks at its memory.
///
/// # Errors
/// When a review fails, or the webhook ends.
pub(crate) async fn measure(options: &Options) -> Result<Figure> {
    println!("the same with watches on {NAMESPACES} namespaces with limits ...");
    let api = ApiServer::shared();
    let limits: Vec<_> = (0..NAMESPACES).flat_map(limits).collect();
    api.apply(&json!({ "apiVersion": "v1", "kind": "List", "items": limits }));
    let kubeconfig = format!("--kubeconfig={}", api.kubeconfig.display());
    let webhook = Webhook::start(&options.binary, &[&kubeconfig])?;
    wait_until_known(&webhook, &["limitranges", "resourcequotas"]);
    let client = Client::connect(&webhook, options.connections).await?;
    client.check().await?;
    let time = Duration::from_secs(options.seconds.max(1)) / 2;
    client.flood(options.streams, time).await?;
    Ok(Figure::new(
        "webhook RSS under load, with watches",
        webhook.usage()?.rss,
        "MiB",
        Some("<= 20"),
    ))
}

/// Waits until the webhook has listed these resources.
pub(crate) fn wait_until_known(webhook: &Webhook, resources: &[&str]) {
    wait_for("the webhook to know the cluster", || {
        let address = webhook.metrics.to_string();
        let metrics = http::request(&address, "GET", "/metrics", &[], "").ok()?;
        let known = |kind: &&str| {
            let line = format!("freshet_kubernetes_watch_synced{{resource=\"{kind}\"}} 1");
            metrics.body.lines().any(|found| found == line)
        };
        resources.iter().all(known).then_some(())
    });
}

fn limits(number: usize) -> [Value; 3] {
    let name = format!("limited-{number}");
    let object = |version, kind, spec| {
        json!({
            "apiVersion": version,
            "kind": kind,
            "metadata": { "name": "limits", "namespace": name },
            "spec": spec,
        })
    };
    let range = json!({ "limits": [{
        "type": "Container",
        "default": { "cpu": "500m", "memory": "256Mi" },
        "defaultRequest": { "cpu": "50m", "memory": "64Mi" },
        "max": { "cpu": "4", "memory": "8Gi" },
    }] });
    let quota = json!({ "hard": { "pods": "50", "limits.cpu": "40", "limits.memory": "64Gi" } });
    [
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }),
        object("v1", "LimitRange", range),
        object("v1", "ResourceQuota", quota),
    ]
}
