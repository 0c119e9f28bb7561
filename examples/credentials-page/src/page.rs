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

use crate::certificate::Certificate;
use crate::credentials::Credentials;
use crate::watch::{Loaded, Watched};

const PAGE: &str = include_str!("page.html");

/// The files that are shown.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) credentials: Arc<Watched<Credentials>>,
    pub(crate) login: Option<Arc<Watched<Credentials>>>,
    pub(crate) certificate: Option<Arc<Watched<Certificate>>>,
}

/// The routes.
pub(crate) fn router(files: Arc<Files>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/api/credentials", get(credentials))
        .route("/api/short-lived", get(short_lived))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(files)
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
    fn of(watched: &Watched<Credentials>) -> Self {
        let loaded = watched.loaded();
        let credentials = loaded.as_ref().map(|loaded| loaded.content.clone());
        let ready = credentials.is_some();
        let credentials = credentials.unwrap_or_default();
        let resolved = loaded
            .as_ref()
            .map_or(watched.path(), |loaded| &loaded.resolved);
        let directory = resolved.parent().unwrap_or(Path::new("/"));
        let at = loaded.as_ref().map(|loaded| loaded.at);
        Self {
            ready,
            file: watched.path().display().to_string(),
            directory: directory.display().to_string(),
            connection: credentials.connection,
            user: credentials.user,
            password: credentials.password,
            version: credentials.version,
            loaded_at: at.and_then(|at| {
                let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
                since.as_millis().try_into().ok()
            }),
            age_seconds: at.map(age),
            changes: loaded.map_or(0, |loaded| loaded.changes),
            problem: watched.error(),
        }
    }
}

/// What the page shows of things that are replaced before they end; nothing of a file that the
/// application was not given.
#[derive(Serialize)]
struct ShortLived {
    login: Option<LoginView>,
    certificate: Option<CertificateView>,
}

#[derive(Serialize)]
struct LoginView {
    user: String,
    password: String,
    age_seconds: f64,
    changes: u64,
}

#[derive(Serialize)]
struct CertificateView {
    name: String,
    serial: String,
    /// Negative when it is over.
    left_seconds: f64,
    life_seconds: i64,
    changes: u64,
}

impl ShortLived {
    fn of(files: &Files) -> Self {
        let login = files.login.as_ref().and_then(|watched| watched.loaded());
        let certificate = files.certificate.as_ref();
        let certificate = certificate.and_then(|watched| watched.loaded());
        Self {
            login: login.map(|loaded| LoginView::of(&loaded)),
            certificate: certificate.map(|loaded| CertificateView::of(&loaded)),
        }
    }
}

impl LoginView {
    fn of(loaded: &Loaded<Credentials>) -> Self {
        Self {
            user: loaded.content.user.clone(),
            password: loaded.content.password.clone(),
            age_seconds: age(loaded.at),
            changes: loaded.changes,
        }
    }
}

impl CertificateView {
    fn of(loaded: &Loaded<Certificate>) -> Self {
        let Certificate {
            name,
            serial,
            validity: (from, to),
        } = loaded.content.clone();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs_f64();
        // A year 10^15 is not to be had, so seconds fit.
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
        let to_seconds = to as f64;
        Self {
            name,
            serial,
            left_seconds: to_seconds - now,
            life_seconds: to - from,
            changes: loaded.changes,
        }
    }
}

fn age(since: SystemTime) -> f64 {
    let age = SystemTime::now().duration_since(since);
    age.unwrap_or_default().as_secs_f64()
}

async fn credentials(State(files): State<Arc<Files>>) -> impl IntoResponse {
    json(&View::of(&files.credentials))
}

async fn short_lived(State(files): State<Arc<Files>>) -> impl IntoResponse {
    json(&ShortLived::of(&files))
}

fn json<T: Serialize>(value: &T) -> impl IntoResponse + use<T> {
    // Strings, numbers and nothing always have a JSON form.
    let json = serde_json::to_string(value).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, json)
}

/// The values stand in the page itself, so that it can be read without scripts too.
async fn page(State(files): State<Arc<Files>>) -> impl IntoResponse {
    let view = View::of(&files.credentials);
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

async fn ready(State(files): State<Arc<Files>>) -> (StatusCode, String) {
    let watched = &files.credentials;
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
