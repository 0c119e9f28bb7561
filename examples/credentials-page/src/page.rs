//! The page, the data behind it, and the health of the application.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use serde::Serialize;

use crate::watch::Watched;

const PAGE: &str = include_str!("page.html");

/// The routes.
pub(crate) fn router(watched: Arc<Watched>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/api/credentials", get(credentials))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(watched)
}

/// What the page shows.
#[derive(Serialize)]
struct View {
    ready: bool,
    /// The path that the application was given.
    file: String,
    /// The directory of the file behind all symbolic links.
    directory: String,
    connection: String,
    user: String,
    password: String,
    version: Option<String>,
    /// Milliseconds since 1970.
    loaded_at: Option<u64>,
    age_seconds: Option<f64>,
    changes: u64,
    problem: Option<String>,
}

impl View {
    fn of(watched: &Watched) -> Self {
        let loaded = watched.loaded();
        let credentials = loaded.as_ref().map(|loaded| loaded.credentials.clone());
        let ready = credentials.is_some();
        let credentials = credentials.unwrap_or_default();
        let resolved = loaded
            .as_ref()
            .map_or(watched.path(), |loaded| &loaded.resolved);
        let directory = resolved.parent().unwrap_or(Path::new("/"));
        let at = loaded.as_ref().map(|loaded| loaded.at);
        let since =
            |earlier| move |later: SystemTime| later.duration_since(earlier).unwrap_or_default();
        Self {
            ready,
            file: watched.path().display().to_string(),
            directory: directory.display().to_string(),
            connection: credentials.connection,
            user: credentials.user,
            password: credentials.password,
            version: credentials.version,
            loaded_at: at
                .map(since(UNIX_EPOCH))
                .and_then(|time| time.as_millis().try_into().ok()),
            age_seconds: at.map(|at| since(at)(SystemTime::now()).as_secs_f64()),
            changes: loaded.map_or(0, |loaded| loaded.changes),
            problem: watched.error(),
        }
    }
}

async fn credentials(State(watched): State<Arc<Watched>>) -> impl IntoResponse {
    // Strings, numbers and nothing always have a JSON form.
    let json = serde_json::to_string(&View::of(&watched)).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, json)
}

/// The values stand in the page itself, so that it can be read without scripts too.
async fn page(State(watched): State<Arc<Watched>>) -> impl IntoResponse {
    let view = View::of(&watched);
    let values = [
        ("file", view.file.as_str()),
        ("directory", &view.directory),
        ("connection", &view.connection),
        ("user", &view.user),
        ("password", &view.password),
        ("version", view.version.as_deref().unwrap_or_default()),
        ("problem", view.problem.as_deref().unwrap_or_default()),
    ];
    (
        [(header::CACHE_CONTROL, "no-store")],
        Html(filled(PAGE, &values)),
    )
}

/// The template with each `{{name}}` replaced, in one pass: a value is never searched again.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) = rest
        .split_once("{{")
        .and_then(|(before, after)| Some((before, after.split_once("}}")?)))
    {
        text.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        text.push_str(&escaped(value.map_or("", |(_, value)| value)));
        rest = after;
    }
    text.push_str(rest);
    text
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
        escaped
    })
}

async fn live() -> &'static str {
    "alive\n"
}

async fn ready(State(watched): State<Arc<Watched>>) -> (StatusCode, String) {
    match watched.loaded() {
        Some(_) => (StatusCode::OK, "ready\n".to_owned()),
        None => {
            let reason = watched.error().unwrap_or_else(|| "not read yet".to_owned());
            (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"))
        }
    }
}

#[cfg(test)]
mod tests;
