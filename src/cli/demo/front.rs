//! What the browser sees: the application's page as it is, with the demo's bar below it.
//!
//! The application must not know of the demo, so this stands in front of it: every request is passed
//! on but those below `/demo/`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::rotation::Rotation;

/// The bar: the version in Vault, and the button.
const BAR: &str = include_str!("bar.html");

/// A page of another origin cannot send this without asking, and is not answered when it asks.
const OWN_HEADER: &str = "x-freshet-demo";

#[derive(Clone)]
struct Front {
    application: SocketAddr,
    client: reqwest::Client,
    rotation: Arc<Rotation>,
}

/// The routes, in front of the application at `application`.
pub(super) fn router(
    application: SocketAddr,
    client: reqwest::Client,
    rotation: Arc<Rotation>,
) -> Router {
    Router::new()
        .route("/demo/state", get(state))
        .route("/demo/rotate", post(rotate))
        .route("/demo/seal", post(seal))
        .fallback(pass_on)
        .with_state(Front {
            application,
            client,
            rotation,
        })
}

async fn state(State(front): State<Front>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, front.rotation.state().to_string()).into_response()
}

async fn rotate(State(front): State<Front>, headers: HeaderMap) -> Response {
    if !headers.contains_key(OWN_HEADER) {
        return not_ours();
    }
    if front.rotation.is_sealed() {
        return (StatusCode::SERVICE_UNAVAILABLE, "Vault is sealed\n").into_response();
    }
    match front.rotation.rotate() {
        Ok(_) => state(State(front)).await,
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

async fn seal(State(front): State<Front>, headers: HeaderMap) -> Response {
    if !headers.contains_key(OWN_HEADER) {
        return not_ours();
    }
    front.rotation.toggle_seal();
    state(State(front)).await
}

fn not_ours() -> Response {
    let message = format!("send the header {OWN_HEADER}: it keeps other web pages out\n");
    (StatusCode::FORBIDDEN, message).into_response()
}

async fn pass_on(State(front): State<Front>, request: Request) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let url = format!("http://{}{path}", front.application);
    let request = front.client.request(request.method().clone(), url);
    let Ok(answer) = request.send().await else {
        return no_application();
    };
    let status = answer.status();
    let passed = [header::CONTENT_TYPE, header::CACHE_CONTROL];
    let headers: HeaderMap = passed
        .into_iter()
        .filter_map(|name| Some((name.clone(), answer.headers().get(&name)?.clone())))
        .collect();
    let Ok(body) = answer.bytes().await else {
        return no_application();
    };
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    match str::from_utf8(&body) {
        Ok(page) if is_page => (status, headers, with_bar(page)).into_response(),
        _ => (status, headers, body).into_response(),
    }
}

fn no_application() -> Response {
    (StatusCode::BAD_GATEWAY, "the application does not answer\n").into_response()
}

/// The page with the bar at the end of its body.
fn with_bar(page: &str) -> String {
    match page.rfind("</body>") {
        Some(at) => {
            let (before, after) = page.split_at(at);
            format!("{before}{BAR}{after}")
        }
        None => format!("{page}{BAR}"),
    }
}
