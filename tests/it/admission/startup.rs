//! From settings to a running webhook, and why it does not start.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::http::StatusCode;
use expect_test::{Expect, expect};
use freshet::controller::ApiAccess;
use freshet::shutdown;
use freshet::spec::GoDuration;
use freshet::webhook::limits::{Drain, Limits};
use freshet::webhook::tls::{CertificateFiles, SelfManaged};
use freshet::webhook::{CertificateSource, Settings};

use super::client::{Identity, post};
use super::{defaults, loopback, review, within};

fn settings(certificate_dir: &Path) -> Settings {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    Settings {
        listen: any_port,
        observe: any_port,
        certificate: CertificateSource::Files {
            files: CertificateFiles::Directory(certificate_dir.to_owned()),
            interval: Duration::from_secs(10),
        },
        limits: Limits::default(),
        drain: Drain {
            delay: Duration::ZERO,
            grace: Duration::from_secs(5),
        },
        defaults: defaults(),
        reconciliation: None,
        kubernetes_version: Some((1, 36)),
        external_secrets: None,
        api: ApiAccess::Off,
    }
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let identity = Identity::new();
    let bound = settings(identity.directory()).bind().await.expect("bound");
    let (admission, _) = bound.addresses().expect("addresses");
    let (trigger, shutdown) = shutdown::channel();
    let running = tokio::spawn(bound.run(shutdown));
    let (mut client, _) = identity.http2(admission).await;
    let (status, _) = client.send(post(review("create"))).await;
    assert_eq!(status, StatusCode::OK);
    trigger.fire();
    let ended = within("the end", running).await.expect("no panic");
    assert!(ended.is_ok());
}

async fn check_problem(settings: Settings, want: Expect) {
    let problem = settings.bind().await.err().expect("a problem").to_string();
    want.assert_eq(&problem);
}

#[tokio::test]
async fn a_missing_certificate_is_named() {
    check_problem(
        settings(Path::new("/nowhere")),
        expect!["certificate: /nowhere/tls.crt: No such file or directory (os error 2)"],
    )
    .await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_option() {
    let identity = Identity::new();
    let taken = loopback().await;
    let mut settings = settings(identity.directory());
    settings.observe = taken.local_addr().expect("bound");
    let problem = settings.bind().await.err().expect("a problem").to_string();
    let want = format!(
        "--metrics-address {}: cannot listen: Address already in use (os error 98)",
        taken.local_addr().expect("bound")
    );
    assert_eq!(problem, want);
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_used_is_named() {
    let identity = Identity::new();
    let mut settings = settings(identity.directory());
    settings.api = ApiAccess::Kubeconfig("/nowhere/config".into());
    check_problem(
        settings,
        expect!["--kubeconfig /nowhere/config: failed to read kubeconfig from '\"/nowhere/config\"': No such file or directory (os error 2)"],
    )
    .await;
}

#[tokio::test]
async fn outside_of_a_cluster_it_serves_with_less() {
    let identity = Identity::new();
    let mut settings = settings(identity.directory());
    settings.api = ApiAccess::InCluster;
    assert!(settings.bind().await.is_ok());
}

#[tokio::test]
async fn a_self_managed_certificate_needs_the_kubernetes_api() {
    let name = |text: &str| text.parse().expect("a name");
    let lifetime = GoDuration::from_secs(3600).try_into();
    let mut settings = settings(Path::new("/nowhere"));
    settings.certificate = CertificateSource::SelfManaged(SelfManaged {
        namespace: Some(name("freshet")),
        secret: name("pair"),
        service: name("freshet"),
        configuration: name("freshet"),
        lease: name("freshet"),
        lifetime: lifetime.expect("an hour is accepted"),
    });
    check_problem(
        settings,
        expect!["--certificate-secret: needs the Kubernetes API: it is off"],
    )
    .await;
}
