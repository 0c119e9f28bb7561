//! A registry that serves the example's image to the node, which always pulls it.
//!
//! It answers what a pull asks for, from the OCI layout that `tests/run` writes. On loopback, because
//! a runtime speaks plain HTTP with nobody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::kubectl::output;

/// Where it listens, in the network of the node.
const ADDRESS: &str = "127.0.0.1:5000";

/// The image, by the name that a manifest calls it.
#[track_caller]
pub(crate) fn image_of_the_page() -> String {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| serve(layout()));
    format!("{ADDRESS}/credentials-page:1")
}

/// The archive, unpacked where it goes with the cluster.
#[track_caller]
fn layout() -> PathBuf {
    let archive =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cluster/images/credentials-page.tar");
    let folder = PathBuf::from("/run/gitops/registry");
    fs::create_dir_all(&folder).expect("a folder below /run/gitops");
    let mut tar = Command::new("tar");
    tar.arg("--extract")
        .arg("--directory")
        .arg(&folder)
        .arg("--file")
        .arg(&archive);
    let done = output(&mut tar, "");
    assert!(done.ok, "{}: {}", archive.display(), done.stderr);
    folder
}

/// Until the end of the test's process.
#[track_caller]
fn serve(layout: PathBuf) {
    let (started, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind(ADDRESS).await;
            let listener = listener.unwrap_or_else(|error| panic!("{ADDRESS}: {error}"));
            let router = Router::new()
                .route("/v2/{*path}", get(pull))
                .with_state(layout);
            started.send(()).expect("somebody waits");
            axum::serve(listener, router).await.expect("serves");
        });
    });
    told.recv().expect("a registry that listens");
}

/// `/v2/NAME/manifests/TAG` or `DIGEST`, and `/v2/NAME/blobs/DIGEST`: there is one image.
async fn pull(State(layout): State<PathBuf>, uri: Uri) -> Response {
    let path = uri.path();
    let wanted = path.rsplit('/').next().unwrap_or_default();
    let manifest = manifest_of(&layout);
    let of_manifests = path.contains("/manifests/");
    let digest = match wanted.starts_with("sha256:") {
        true => wanted,
        false if of_manifests => manifest["digest"].as_str().unwrap_or_default(),
        false => return StatusCode::NOT_FOUND.into_response(),
    };
    let Ok(blob) = fs::read(layout.join("blobs").join(digest.replace(':', "/"))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media_type = match of_manifests {
        true => manifest["mediaType"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        false => "application/octet-stream".to_owned(),
    };
    let headers = [
        (header::CONTENT_TYPE.as_str(), media_type),
        ("docker-content-digest", digest.to_owned()),
    ];
    (headers, blob).into_response()
}

fn manifest_of(layout: &Path) -> Value {
    let index = fs::read_to_string(layout.join("index.json")).expect("an index");
    let index: Value = serde_json::from_str(&index).expect("JSON");
    index["manifests"][0].clone()
}
