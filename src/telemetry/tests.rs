use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::*;
use crate::secret::SecretBytes;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).expect("UTF-8")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(format: LogFormat, level: LogLevel, work: impl FnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = subscriber(format, level, move || writer.clone());
    tracing::subscriber::with_default(subscriber, work);
    log.text()
}

fn some_events() {
    tracing::error!("one");
    tracing::warn!("two");
    tracing::info!(pod.namespace = "shop", "three");
    tracing::debug!("four");
}

#[track_caller]
fn check_text(level: LogLevel, want: &[&str]) {
    let text = logged(LogFormat::Text, level, some_events);
    let without_time: Vec<_> = text
        .lines()
        .map(|line| line.split_once(' ').expect("a time").1.trim())
        .collect();
    assert_eq!(without_time, want);
}

#[test]
fn events_below_the_level_are_dropped() {
    let (error, warn, info, debug) = (
        "ERROR one",
        "WARN two",
        r#"INFO three pod.namespace="shop""#,
        "DEBUG four",
    );
    check_text(LogLevel::Error, &[error]);
    check_text(LogLevel::Warn, &[error, warn]);
    check_text(LogLevel::Info, &[error, warn, info]);
    check_text(LogLevel::Debug, &[error, warn, info, debug]);
}

#[test]
fn json_is_one_flat_object_a_line() {
    let text = logged(LogFormat::Json, LogLevel::Info, some_events);
    let last = text.lines().last().expect("a line");
    let mut object: Value = serde_json::from_str(last).expect("JSON");
    let time = object
        .as_object_mut()
        .and_then(|object| object.remove("timestamp"));
    assert!(time.is_some_and(|time| time.is_string()));
    assert_eq!(
        object,
        json!({ "level": "INFO", "message": "three", "pod.namespace": "shop" })
    );
}

#[test]
fn libraries_say_nothing() {
    let text = logged(LogFormat::Text, LogLevel::Debug, || {
        for _ in 0..2 {
            tracing::error!(target: "vaultrs::client", "X-Vault-Token: hvs.marker");
            tracing::error!(target: "rustify", "hvs.marker");
            tracing::error!(target: "reqwest::connect", "hvs.marker");
            tracing::error!(target: "hyper_util", "hvs.marker");
            tracing::error!(target: "freshet_of_somebody_else", "hvs.marker");
        }
        tracing::info!(target: "freshet_refresher", "ours");
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.trim_end().ends_with("INFO ours"), "{text}");
}

#[test]
fn a_secret_never_shows() {
    let secret = SecretBytes::new(b"hunter2".to_vec());
    for format in [LogFormat::Text, LogFormat::Json] {
        let text = logged(format, LogLevel::Debug, || {
            tracing::debug!(?secret, "read {:?}", secret);
        });
        assert!(text.contains("[redacted]"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_value_cannot_forge_a_line() {
    let text = logged(LogFormat::Text, LogLevel::Info, || {
        tracing::info!(
            pod.name = "web\n2026-11-24T00:00:00Z ERROR forged",
            "admitted"
        );
    });
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn options_are_read_as_they_are_written() {
    for format in [LogFormat::Text, LogFormat::Json] {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    for level in [
        LogLevel::Error,
        LogLevel::Warn,
        LogLevel::Info,
        LogLevel::Debug,
    ] {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    let problem = "loud".parse::<LogLevel>().expect_err("unknown");
    assert_eq!(problem.to_string(), "must be error, warn, info or debug");
}
