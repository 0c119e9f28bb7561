//! Logs of both programs: one line for each event on standard error, as text or JSON.
//!
//! Only Freshet's own events are written. What a library logs is dropped at every level: HTTP and
//! Vault clients log requests, and a request may hold a token.

mod panic;

use std::fmt;
use std::io;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, SetGlobalDefaultError};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Filter, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people: time, level, message, `name=value` fields.
    #[default]
    Text,
    /// For collectors: one JSON object with `timestamp`, `level`, `message` and the fields.
    Json,
}

/// The least severe level that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What needs a person.
    Error,
    /// What may need one.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// Why it happened.
    Debug,
}

/// A log format or level that does not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct UnknownLogOption(&'static str);

impl LogFormat {
    /// The name that [`FromStr`] takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl FromStr for LogFormat {
    type Err = UnknownLogOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Text, Self::Json]
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or(UnknownLogOption("text or json"))
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl LogLevel {
    /// The name that [`FromStr`] takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}

impl FromStr for LogLevel {
    type Err = UnknownLogOption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Error, Self::Warn, Self::Info, Self::Debug]
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or(UnknownLogOption("error, warn, info or debug"))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Sends the process's events to standard error and makes a panic one log line. Called once, first
/// thing in `main`.
///
/// # Errors
/// When it was called before.
pub fn init(format: LogFormat, level: LogLevel) -> Result<(), SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber(format, level, io::stderr))?;
    panic::log_panics();
    Ok(())
}

/// What [`init`] installs, writing to `writer`.
pub fn subscriber<W>(
    format: LogFormat,
    level: LogLevel,
    writer: W,
) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(false)
        .with_target(false)
        .log_internal_errors(false);
    let layer = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed(),
    };
    Registry::default().with(layer.with_filter(OwnEvents(level.filter())))
}

/// Lets the events of this crate and its binaries pass, down to a level.
struct OwnEvents(LevelFilter);

impl OwnEvents {
    fn passes(&self, metadata: &Metadata<'_>) -> bool {
        let package = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= self.0 && matches!(package, "freshet" | "freshet_refresher")
    }
}

impl<S> Filter<S> for OwnEvents {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.passes(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.passes(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests;
