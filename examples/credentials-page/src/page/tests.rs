use axum::body::{Body, to_bytes};
use axum::http::Request;
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::{certificate, credentials};

async fn get_text(watched: &Arc<Watched<Credentials>>, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let files = Files {
        credentials: Arc::clone(watched),
        login: None,
        certificate: None,
    };
    answered(files, request).await
}

async fn answered(files: Files, request: Request<Body>) -> (StatusCode, String) {
    let response = router(Arc::new(files))
        .oneshot(request)
        .await
        .expect("a response");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

fn watched(password: &str) -> (TempDir, Arc<Watched<Credentials>>) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("credentials");
    let text = format!("db_con=\"jdbc:mysql://db\"\ndb_user=\"app\"\ndb_password=\"{password}\"\n");
    std::fs::write(&path, text).expect("writes");
    (directory, Arc::new(Watched::new(path, credentials::parse)))
}

#[tokio::test]
async fn is_ready_once_the_file_was_read() {
    let (_directory, watched) = watched("s3cret");
    assert_eq!(get_text(&watched, "/health/live").await.0, StatusCode::OK);
    let (status, text) = get_text(&watched, "/health/ready").await;
    assert_eq!(
        (status, text.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "not read yet\n")
    );
    watched.look().expect("reads");
    assert_eq!(get_text(&watched, "/health/ready").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_page_shows_the_settings_and_where_they_are_from() {
    let (directory, watched) = watched("<b>&\"{{user}}");
    watched.look().expect("reads");
    let (_, page) = get_text(&watched, "/").await;
    let real = directory.path().canonicalize().expect("a directory");
    for text in [
        "jdbc:mysql://db",
        "&lt;b&gt;&amp;&quot;{{user}}",
        &watched.path().display().to_string(),
        &real.display().to_string(),
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (_, json) = get_text(&watched, "/api/credentials").await;
    assert!(json.contains(r#""password":"<b>&\"{{user}}""#), "{json}");
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let watched = Arc::new(Watched::new(
        "/nonexistent/credentials".into(),
        credentials::parse,
    ));
    watched.look().expect_err("is missing");
    let (status, text) = get_text(&watched, "/health/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text, "/nonexistent/credentials is not there\n");
}

#[tokio::test]
async fn what_is_short_lived_is_shown_as_far_as_it_was_given() {
    let ask = || {
        Request::get("/api/short-lived")
            .body(Body::empty())
            .expect("a request")
    };
    let (directory, credentials) = watched("p");
    let login = Arc::clone(&credentials);
    login.look().expect("reads");
    let path = directory.path().join("certificate");
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.not_after = rcgen::date_time_ymd(2100, 1, 1);
    let pem = params.self_signed(&key).expect("a certificate").pem();
    std::fs::write(&path, pem).expect("writes");
    let certificate = Arc::new(Watched::new(path, certificate::parse));
    certificate.look().expect("reads");

    let files = |login, certificate| Files {
        credentials: Arc::clone(&credentials),
        login,
        certificate,
    };
    let (_, nothing) = answered(files(None, None), ask()).await;
    assert_eq!(nothing, r#"{"login":null,"certificate":null}"#);
    let (_, both) = answered(files(Some(login), Some(certificate)), ask()).await;
    let both: serde_json::Value = serde_json::from_str(&both).expect("JSON");
    assert_eq!(both["login"]["password"], "p");
    assert!(
        both["certificate"]["left_seconds"].as_f64() > Some(2e9),
        "{both}"
    );
}
