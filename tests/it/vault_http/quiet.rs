//! What was sent and what came back shows in no log, whatever library writes it at whatever level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use freshet::vault::VaultApi as _;
use tracing_subscriber::fmt::MakeWriter;

use super::server::{Server, json};
use super::{jwt, plain_client, read, token};

/// Log lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lines").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_secret_is_logged_at_any_level_by_any_library() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::http(|seen| match seen.method.as_str() {
        "POST" => {
            let auth = r#""client_token":"marker-new","lease_duration":60"#;
            json(
                200,
                &format!(r#"{{"auth":{{{auth}}},"warnings":["a warning"]}}"#),
            )
        }
        _ if seen.target.contains("metadata") => json(403, r#"{"errors":["marker-token"]}"#),
        _ => {
            let data = r#"{"data":{"password":"marker-value"},"metadata":{"version":1}}"#;
            json(200, &format!(r#"{{"data":{data}}}"#))
        }
    })
    .await;
    let client = plain_client(&server);
    let new = client
        .login(&jwt("eyJ.marker-jwt.sig"))
        .await
        .expect("token");
    let secret = read(&client).await.expect("secret");
    let (token, path) = (token("marker-token"), super::path("secret/db"));
    let denied = client.kv_version(&token, &super::kv2(), &path).await;
    tracing::info!(?new, ?secret, ?token, ?denied, "shown by mistake");

    let text = String::from_utf8(lines.0.lock().expect("lines").clone()).expect("UTF-8");
    assert!(
        text.contains("a warning") && text.contains("shown by mistake"),
        "{text}"
    );
    let leaks: Vec<_> = text
        .lines()
        .filter(|line| line.contains("marker-"))
        .collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
