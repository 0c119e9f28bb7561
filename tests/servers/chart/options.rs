//! The values of the chart that become options of `freshet webhook`.

use std::collections::BTreeSet;

use clap::{CommandFactory as _, Parser};
use freshet::cli::defaults::DefaultsArgs;
use freshet::webhook::args::WebhookArgs;
use serde_json::Value;

use crate::support::helm::{find, objects};

/// The options of `freshet webhook`, by the types that the program reads them with.
#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    webhook: WebhookArgs,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

/// What the program makes of the arguments of a Deployment.
///
/// # Errors
/// What the program would say.
pub(super) fn understood(deployment: &Value) -> Result<String, String> {
    let args = arguments(deployment);
    let (command, options) = args.split_first().expect("a command");
    assert_eq!(command, "webhook");
    let program = std::iter::once("freshet").chain(options.iter().map(String::as_str));
    let Program { webhook, defaults } =
        Program::try_parse_from(program).map_err(|error| error.to_string())?;
    let defaults = defaults
        .into_defaults()
        .map_err(|error| error.to_string())?;
    Ok(format!("{webhook:#?}\n{defaults:#?}"))
}

fn arguments(deployment: &Value) -> Vec<String> {
    let args = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    serde_json::from_value(args.clone()).expect("arguments")
}

/// Each value that becomes an option, and the option.
const VALUES: &[(&str, &str)] = &[
    ("certificates.secretName=pair", "--certificate-secret=pair"),
    ("certificates.lifetime=720h", "--certificate-lifetime=720h"),
    ("fullnameOverride=platform", "--service-name=platform"),
    (
        "fullnameOverride=platform",
        "--webhook-configuration=platform",
    ),
    ("fullnameOverride=platform", "--lease-name=platform"),
    (
        "vault.address=https://vault.example",
        "--vault-address=https://vault.example",
    ),
    ("vault.namespace=team", "--vault-namespace=team"),
    ("vault.authType=jwt", "--auth-type=jwt"),
    ("vault.authType=approle", "--auth-type=approle"),
    ("vault.authType=cert", "--auth-type=cert"),
    ("vault.authPath=cluster/jwt", "--auth-path=cluster/jwt"),
    (
        "vault.audience=https://vault.example",
        "--auth-audience=https://vault.example",
    ),
    (
        "vault.caConfigMap=platform-ca",
        "--ca-config-map=platform-ca",
    ),
    (
        "vaultK8s.externalVaultAddr=https://old.example",
        "--vault-k8s-address=https://old.example",
    ),
    ("vaultK8s.namespace=team", "--vault-k8s-namespace=team"),
    ("vaultK8s.authType=jwt", "--vault-k8s-auth-type=jwt"),
    ("vaultK8s.authPath=auth/eu", "--vault-k8s-auth-path=auth/eu"),
    (
        "vaultK8s.revokeOnShutdown=true",
        "--vault-k8s-revoke-on-shutdown=true",
    ),
    ("vaultK8s.runAsUser=1001", "--vault-k8s-run-as-user=1001"),
    ("vaultK8s.runAsGroup=0", "--vault-k8s-run-as-group=0"),
    (
        "vaultK8s.runAsSameUser=true",
        "--vault-k8s-run-as-same-user=true",
    ),
    (
        "vaultK8s.setSecurityContext=false",
        "--vault-k8s-set-security-context=false",
    ),
    (
        "vaultK8s.agentDefaults.cpuRequest=7m",
        "--vault-k8s-cpu-request=7m",
    ),
    (
        "vaultK8s.agentDefaults.cpuLimit=1",
        "--vault-k8s-cpu-limit=1",
    ),
    (
        "vaultK8s.agentDefaults.memRequest=9Mi",
        "--vault-k8s-mem-request=9Mi",
    ),
    (
        "vaultK8s.agentDefaults.memLimit=64Mi",
        "--vault-k8s-mem-limit=64Mi",
    ),
    (
        "vaultK8s.agentDefaults.ephemeralRequest=1Mi",
        "--vault-k8s-ephemeral-request=1Mi",
    ),
    (
        "vaultK8s.agentDefaults.ephemeralLimit=2Mi",
        "--vault-k8s-ephemeral-limit=2Mi",
    ),
    (
        "vaultK8s.agentDefaults.template=json",
        "--vault-k8s-default-template=json",
    ),
    (
        "vaultK8s.agentDefaults.templateConfig.staticSecretRenderInterval=1m",
        "--vault-k8s-static-secret-render-interval=1m",
    ),
    (
        "registry=registry.example/a/",
        concat!(
            "--refresher-image=registry.example/a/freshet-refresher:",
            env!("CARGO_PKG_VERSION")
        ),
    ),
    (
        "refresher.image.repository=small",
        concat!("--refresher-image=small:", env!("CARGO_PKG_VERSION")),
    ),
    (
        "refresher.image.tag=v2",
        "--refresher-image=freshet-refresher:v2",
    ),
    (
        "refresher.fullImage.repository=full",
        concat!("--refresher-full-image=full:", env!("CARGO_PKG_VERSION")),
    ),
    (
        "refresher.imagePullPolicy=Always",
        "--refresher-image-pull-policy=Always",
    ),
    (
        "refresher.imagePullSecret=registry",
        "--refresher-image-pull-secret=registry",
    ),
    (
        "refresher.resources.requests.cpu=7m",
        "--refresher-requests-cpu=7m",
    ),
    (
        "refresher.resources.requests.memory=null",
        "--refresher-requests-memory=none",
    ),
    (
        "refresher.resources.limits.cpu=1",
        "--refresher-limits-cpu=1",
    ),
    (
        "refresher.resources.limits.memory=48Mi",
        "--refresher-limits-memory=48Mi",
    ),
    (
        "externalSecrets.enabled=true",
        "--external-secrets-claim=freshet",
    ),
    (
        "externalSecrets.enabled=true,externalSecrets.claim=all",
        "--external-secrets-claim=all",
    ),
    (
        "externalSecrets.enabled=true,externalSecrets.status=false",
        "--external-secrets-status=false",
    ),
    (
        "externalSecrets.enabled=true,externalSecrets.patchPods=false",
        "--external-secrets-patch-pods=false",
    ),
    (
        "externalSecrets.enabled=true,fullnameOverride=platform",
        "--external-secrets-lease=platform-external-secrets",
    ),
    (
        "externalSecrets.enabled=true,externalSecrets.evictPods=jobs-too",
        "--external-secrets-evict-pods=jobs-too",
    ),
    ("refresher.metricsPort=0", "--refresher-metrics-port=0"),
    ("refresher.logFormat=json", "--refresher-log-format=json"),
    ("refresher.logLevel=debug", "--refresher-log-level=debug"),
    ("webhook.port=10250", "--listen-address=[::]:10250"),
    ("webhook.metricsPort=9090", "--metrics-address=[::]:9090"),
    ("webhook.bodyLimit=8388608", "--body-limit=8388608"),
    ("webhook.logFormat=json", "--log-format=json"),
    ("webhook.logLevel=warn", "--log-level=warn"),
    (
        "webhook.extraArgs={--shutdown-delay=10s}",
        "--shutdown-delay=10s",
    ),
];

/// Options that no value is for, and why.
const WITHOUT_VALUE: &[(&str, &str)] = &[
    ("certificate-dir", "where the chart mounts the Secret"),
    ("certificate-file", "instead of the directory"),
    ("key-file", "instead of the directory"),
    (
        "certificate-interval",
        "for tests: 10 s suit a mounted Secret",
    ),
    ("namespace", "the service account knows it"),
    ("shutdown-delay", "fits terminationGracePeriodSeconds"),
    ("shutdown-grace", "fits terminationGracePeriodSeconds"),
    ("kubernetes-version", "the API server says it"),
    ("kubernetes-api", "for machines outside a cluster"),
    ("kubeconfig", "for machines outside a cluster"),
];

#[test]
fn a_value_becomes_its_option() {
    for (value, option) in VALUES {
        let objects = objects(&["--set", value]);
        let deployment = objects.iter().find(|object| object["kind"] == "Deployment");
        let deployment = deployment.expect("a Deployment");
        let args = arguments(deployment);
        assert!(args.iter().any(|arg| arg == option), "{value}: {args:?}");
        assert_eq!(understood(deployment).err(), None, "{value}");
    }
}

#[test]
fn every_option_has_a_value_or_a_reason() {
    let rendered = VALUES
        .iter()
        .filter_map(|(_, option)| option.split('=').next());
    let rendered = rendered.map(|option| option.trim_start_matches("--"));
    let reasoned = WITHOUT_VALUE.iter().map(|(option, _)| *option);
    let provided: BTreeSet<_> = rendered.chain(reasoned).collect();
    let command = Program::command();
    let known: BTreeSet<_> = command
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .collect();
    assert_eq!(provided, known);
}

#[test]
fn an_image_can_be_held_by_its_digest() {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let webhook = format!("webhook.image.digest={digest}");
    let objects = objects(&["--set", "registry=registry.example", "--set", &webhook]);
    let deployment = find(&objects, "Deployment", "freshet");
    assert_eq!(
        deployment["spec"]["template"]["spec"]["containers"][0]["image"],
        format!("registry.example/freshet@{digest}")
    );
}
