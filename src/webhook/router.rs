//! Which path answers what, on the admission port and on the port for probes and metrics.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, Method, StatusCode, Uri};
use axum::routing::{get, post};

use super::App;
use super::failure::Failure;
use super::handler::mutate;
use super::health::{livez, readyz};
use super::metrics::OPEN_METRICS;

/// What the API server reaches, over TLS: reviews, and health for whoever checks through the same
/// port.
pub fn admission(app: Arc<App>) -> Router {
    Router::new()
        .route("/mutate", post(mutate))
        .merge(health())
        .method_not_allowed_fallback(another_method)
        .fallback(async |method: Method, uri: Uri| not_here(&method, &uri, "POST /mutate"))
        .with_state(app)
}

/// What kubelet and Prometheus reach, in plain HTTP: health and metrics, nothing that can change
/// anything.
pub fn observation(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .merge(health())
        .method_not_allowed_fallback(another_method)
        .fallback(async |method: Method, uri: Uri| not_here(&method, &uri, "GET /metrics"))
        .with_state(app)
}

fn health() -> Router<Arc<App>> {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
}

async fn another_method(method: Method, uri: Uri) -> Failure {
    let message = format!("{method} {}: another method is expected", uri.path());
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, message)
}

fn not_here(method: &Method, uri: &Uri, offered: &str) -> Failure {
    let message = format!(
        "{method} {}: no such path: this port serves {offered}, GET /livez and GET /readyz",
        uri.path()
    );
    Failure::new(StatusCode::NOT_FOUND, message)
}

async fn metrics(State(app): State<Arc<App>>) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, OPEN_METRICS)], app.metrics.encode())
}
