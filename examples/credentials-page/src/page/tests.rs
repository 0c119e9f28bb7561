use axum::body::{Body, to_bytes};
use axum::http::Request;
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;

async fn get_text(watched: &Arc<Watched>, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = router(Arc::clone(watched))
        .oneshot(request)
        .await
        .expect("a response");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

fn watched(password: &str) -> (TempDir, Arc<Watched>) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("credentials");
    let text = format!("db_con=\"jdbc:mysql://db\"\ndb_user=\"app\"\ndb_password=\"{password}\"\n");
    std::fs::write(&path, text).expect("writes");
    (directory, Arc::new(Watched::new(path)))
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
    let watched = Arc::new(Watched::new("/nonexistent/credentials".into()));
    watched.look().expect_err("is missing");
    let (status, text) = get_text(&watched, "/health/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text, "/nonexistent/credentials is not there\n");
}
