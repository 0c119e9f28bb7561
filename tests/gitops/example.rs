//! The system that Freshet is measured against: four files, unchanged but for the image.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{kubectl, vault};
use crate::{browser, http, registry};

/// What they are called.
pub(crate) const FILES: [&str; 4] = [
    "clustersecretstore.yaml",
    "deployment.yaml",
    "externalsecret.yaml",
    "service.yaml",
];

/// The password that [`allow`] writes.
pub(crate) const PASSWORD: &str = "marker-one";

/// What its Deployment is called.
pub(crate) const DEPLOYMENT: &str = "deployment/gitops-secrets-deploy";

/// The text of one of them.
#[track_caller]
pub(crate) fn file(name: &str) -> String {
    const IMAGE: &str = "docker.io/kostiscodefresh/simple-secret-app:latest";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/external_secrets/example");
    let text =
        fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(text.contains(IMAGE), name == "deployment.yaml", "{name}");
    text.replace(IMAGE, &registry::image_of_the_page())
}

/// Where its Service answers, for whoever is in the cluster's network.
fn address(namespace: &str) -> String {
    format!("gitops-secrets-service.{namespace}:8080")
}

/// What the application says that it would open its database with.
pub(crate) fn credentials(namespace: &str) -> Result<Value, String> {
    let address = address(namespace);
    let reply = http::request(&address, "GET", "/api/credentials", &[], "")
        .map_err(|error| format!("{address}: {error}"))?;
    match reply.status {
        200 => Ok(reply.json()),
        status => Err(format!("{status}: {}", reply.body)),
    }
}

/// Its page as a person sees it, kept as a picture of that name. A Service answers a moment after its
/// pods are ready.
#[track_caller]
pub(crate) fn page(namespace: &str, picture: &str) -> String {
    kubectl::wait_for(namespace, "the Service to answer", || {
        credentials(namespace)
    });
    browser::look(&format!("http://{}/", address(namespace)), picture)
}

/// The four, below the folder `app`, with a store of that name: of a kind that has no namespace there is
/// one of each name.
#[track_caller]
pub(crate) fn files(store: &str) -> Vec<(String, String)> {
    let file = |name: &&str| {
        (
            format!("app/{name}"),
            file(name).replace("vault-backend", store),
        )
    };
    FILES.iter().map(file).collect()
}

/// Lets the account `default` of every namespace read the secret that the example names, and one that
/// does not exist, and writes the first.
#[track_caller]
pub(crate) fn allow() {
    let rules = ["mysql_credentials", "missing"]
        .map(|name| format!("path \"secret/data/{name}\" {{ capabilities = [\"read\"] }}\n"));
    vault::vault_with(&["policy", "write", "demo", "-"], &rules.concat());
    vault::vault(&[
        "write",
        "auth/kubernetes/role/demo",
        "policies=demo",
        "bound_service_account_names=default",
        "bound_service_account_namespaces=*",
        "ttl=1h",
    ]);
    vault::put(
        "secret/mysql_credentials",
        &[
            "url=jdbc:mysql://db/shop",
            "username=shop",
            &format!("password={PASSWORD}"),
        ],
    );
}
