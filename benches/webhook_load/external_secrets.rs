//! The webhook with hundreds of ExternalSecrets, and a pod for each.

use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::figures::Figure;
use super::load::{Client, REVIEW, Report};
use super::process::{Usage, Webhook};
use super::support::api_server::ApiServer;
use super::watches::wait_until_known;
use super::{Options, Result};

/// So many of them share a namespace.
const IN_A_NAMESPACE: usize = 50;

/// Starts a webhook on a real API server with as many ExternalSecrets as the options say, sends it the
/// pods that mount their targets, and looks at times and memory.
///
/// # Errors
/// When a pod is not served, or the webhook ends.
pub(crate) async fn measure(options: &Options) -> Result<Vec<Figure>> {
    let number = options.external_secrets;
    println!("with {number} ExternalSecrets and a pod for each ...");
    let api = ApiServer::shared();
    install(api, number);
    let kubeconfig = format!("--kubeconfig={}", api.kubeconfig.display());
    let claim = "--external-secrets-claim=all";
    let webhook = Webhook::start(&options.binary, &[&kubeconfig, claim])?;
    wait_until_known(
        &webhook,
        &[
            "externalsecrets",
            "secretstores",
            "clustersecretstores",
            "namespaces",
            "configmaps",
        ],
    );
    let idle = webhook.usage()?;
    let reviews: Result<Vec<_>> = (0..number).map(review).collect();
    let client = Client::connect(&webhook, options.connections).await?;
    let client = client.sending(reviews?);
    client.check().await?;
    let time = Duration::from_secs(options.seconds.max(1)) / 2;
    let trickle = client.trickle(100, time).await?;
    let flood = client.flood(options.streams, time).await?;
    Ok(figures(number, &trickle, &flood, &idle, &webhook.usage()?))
}

fn figures(
    number: usize,
    trickle: &Report,
    flood: &Report,
    idle: &Usage,
    after: &Usage,
) -> Vec<Figure> {
    let p99 = |report: &Report| report.quantile(0.99).as_secs_f64() * 1e3;
    let figure = |name, value, unit| Figure::new(name, value, unit, None);
    let memory = |name, value| Figure::new(name, value, "MiB", Some("<= 20"));
    vec![
        figure("ExternalSecrets", number as f64, "objects"),
        figure("ExternalSecrets p99 at 100/s", p99(trickle), "ms"),
        figure("ExternalSecrets p99 under load", p99(flood), "ms"),
        figure("ExternalSecrets anonymous", idle.anonymous, "MiB"),
        memory("ExternalSecrets RSS", idle.rss),
        memory("ExternalSecrets RSS under load", after.rss),
    ]
}

fn namespace(number: usize) -> String {
    format!("served-{}", number / IN_A_NAMESPACE)
}

fn install(api: &ApiServer, number: usize) {
    let kinds = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/webhook-config/external-secrets/crds.yaml"
    );
    api.run(&["apply", "-f", kinds], "");
    api.run(&["wait", "--for=condition=Established", "-f", kinds], "");
    let kubernetes = json!({ "mountPath": "kubernetes", "role": "demo" });
    let store = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": { "name": "vault" },
        "spec": { "provider": { "vault": {
            "server": "https://vault.vault:8200", "path": "secret", "auth": { "kubernetes": kubernetes },
        }}},
    });
    let mut objects = vec![store];
    for first in (0..number).step_by(IN_A_NAMESPACE) {
        let labels = json!({ "freshet.dev/injection": "external-secrets" });
        objects.push(json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": namespace(first), "labels": labels },
        }));
    }
    objects.extend((0..number).map(external_secret));
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    api.run(&["create", "-f", "-"], &list.to_string());
}

/// One like the example: three values and a template.
fn external_secret(number: usize) -> Value {
    let values = ["url", "username", "password"].map(|property| {
        let remote = json!({ "key": format!("team/app-{number}"), "property": property });
        json!({ "secretKey": format!("db_{property}"), "remoteRef": remote })
    });
    let template =
        "url={{ .db_url }}\nuser={{ .db_username | quote }}\npassword={{ .db_password | quote }}\n";
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": format!("app-{number}"), "namespace": namespace(number) },
        "spec": {
            "refreshInterval": "1m",
            "secretStoreRef": { "kind": "ClusterSecretStore", "name": "vault" },
            "target": {
                "name": format!("credentials-{number}"),
                "template": { "data": { "credentials": template } },
            },
            "data": values,
        },
    })
}

/// The review of a Deployment's pod without annotations, which mounts the target.
fn review(number: usize) -> Result<Bytes> {
    let mut review: Value = serde_json::from_slice(REVIEW)?;
    let request = &mut review["request"];
    request["namespace"] = json!(namespace(number));
    let pod = &mut request["object"];
    let metadata = pod["metadata"].as_object_mut().ok_or("no metadata")?;
    metadata.remove("annotations");
    let volume =
        json!({ "name": "db", "secret": { "secretName": format!("credentials-{number}") } });
    push(&mut pod["spec"]["volumes"], volume)?;
    let mount = json!({ "name": "db", "mountPath": "/credentials", "readOnly": true });
    push(&mut pod["spec"]["containers"][0]["volumeMounts"], mount)?;
    Ok(Bytes::from(review.to_string()))
}

fn push(list: &mut Value, item: Value) -> Result<()> {
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut().ok_or("no list")?.push(item);
    Ok(())
}
